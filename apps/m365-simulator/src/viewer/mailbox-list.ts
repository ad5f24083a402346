import type { Simulation } from '../simulation.ts'
import { itemsIn } from '../state/store.ts'

export interface MailboxSummary {
  readonly address: string
  readonly displayName: string
  readonly kind: 'person' | 'shared-mailbox' | 'group' | 'external'
  readonly inbox: number
  readonly sentItems: number
  readonly lastSubject: string | null
}

/** Those of the directory, then every address elsewhere that mail was sent to. */
export function listMailboxes({ index, store }: Simulation): MailboxSummary[] {
  const { people, sharedMailboxes, groups } = index.directory
  const known = [
    ...people
      .filter((person) => person.hasMailbox && person.membership === 'member')
      .map((person) => ({
        address: person.mail ?? person.userPrincipalName,
        displayName: person.displayName,
        kind: 'person' as const,
      })),
    ...sharedMailboxes.map(({ address, displayName }) => ({ address, displayName, kind: 'shared-mailbox' as const })),
    ...groups.map(({ address, displayName }) => ({ address, displayName, kind: 'group' as const })),
  ]
  const addresses = new Set(known.map(({ address }) => address.toLowerCase()))
  const external = [...store.state.mailboxes.keys()]
    .filter((address) => !addresses.has(address))
    .map((address) => ({ address, displayName: address, kind: 'external' as const }))
  return [...known, ...external].map((mailbox) => {
    const stored = store.state.mailboxes.get(mailbox.address.toLowerCase())
    return Object.assign(mailbox, {
      inbox: itemsIn(stored, 'inbox').length,
      sentItems: itemsIn(stored, 'sentItems').length,
      lastSubject: stored?.items.at(-1)?.message.subject ?? null,
    })
  })
}

import type { Simulation } from '../simulation/simulation.ts'
import { itemsIn } from '../tenant/store.ts'

export type MailboxSummary = ReturnType<typeof listMailboxes>[number]

/** Lists the mailboxes of the directory, then every address elsewhere that mail was sent to. */
export function listMailboxes({ index, store, clock }: Simulation) {
  const { people, shared } = index.directory
  const members = people.filter(({ hasMailbox, membership }) => hasMailbox && membership === 'member')
  const known = [
    ...members.map(({ mail, displayName }) => ({ address: mail, displayName, kind: 'person' as const })),
    ...shared.map(({ address, displayName, kind }) => ({ address, displayName, kind })),
  ]
  const addresses = new Set(known.map(({ address }) => address.toLowerCase()))
  const external = [...store.state.mailboxes.keys()]
    .filter((address) => !addresses.has(address))
    .map((address) => ({ address, displayName: address, kind: 'external' as const }))
  const nowMs = clock().getTime()
  return [...known, ...external].map((mailbox) => {
    const stored = store.state.mailboxes.get(mailbox.address.toLowerCase())
    return Object.assign(mailbox, {
      inbox: itemsIn(stored, 'inbox', nowMs).length,
      sentItems: itemsIn(stored, 'sentItems', nowMs).length,
      drafts: itemsIn(stored, 'drafts', nowMs).length,
      lastSubject: stored?.items.at(-1)?.message.subject ?? null,
    })
  })
}

import type { Simulation } from '../simulation/simulation.ts'
import type { MailAddress } from '../tenant/message.ts'
import { itemsIn, type MailboxItem } from '../tenant/store.ts'

export type MailboxSummary = ReturnType<typeof listMailboxes>[number]

/** Lists the mailboxes of the directory, then every address elsewhere that mail was sent to. */
export function listMailboxes({ index, store, clock }: Simulation) {
  const { people, shared } = index
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
      lastSubject: [...(stored?.values() ?? [])].at(-1)?.message.subject ?? null,
    })
  })
}

/** A message as the owner of its mailbox sees it. */
export type VisibleMessage = ReturnType<typeof visibleMessage>

/** Only the sender and the blind copy's own recipient see it. */
export function visibleMessage({ id, sequence, folder, mailbox, message }: MailboxItem) {
  const isOwner = ({ address }: MailAddress): boolean => address.toLowerCase() === mailbox
  const bcc =
    folder === 'sentItems' || message.isDraft ? message.bcc : message.bcc.filter((recipient) => isOwner(recipient))
  return { ...message, id, sequence, folder, bcc }
}

/** Removes what recipients do not see. */
export function withoutBcc(source: Buffer): Buffer {
  const text = source.toString('latin1')
  const end = text.indexOf('\r\n\r\n') + 2
  const header = text.slice(0, end).replace(/^bcc:.*\r\n(?:[ \t].*\r\n)*/gim, '')
  return Buffer.from(header + text.slice(end), 'latin1')
}

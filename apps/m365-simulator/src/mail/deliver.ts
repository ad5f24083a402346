import { randomBytes, randomUUID } from 'node:crypto'
import { pickMs } from '../faults/settings.ts'
import type { Simulation } from '../simulation/simulation.ts'
import type { AcceptedMessage } from '../simulation/traffic.ts'
import type { DirectoryIndex } from '../tenant/directory.ts'
import type { MailAddress, MessageCopy, StoredMessage } from '../tenant/message.ts'

/** What happens to the sender's own copy. */
export type SentCopy =
  | { readonly kind: 'none' | 'new' }
  /** The draft itself moves to Sent Items. */
  | { readonly kind: 'draft'; readonly id: string }

/**
 * Delivers a message that may be sent: to its recipients' mailboxes, to Sent Items, and as a bounce for addresses of
 * our own domain that nobody has.
 *
 * @param from the address of the mailbox that sends, in lower case
 */
export function deliver(message: StoredMessage, from: string, sent: SentCopy, simulation: Simulation): AcceptedMessage {
  const { traffic, arrivals, store, settings, clock } = simulation
  const now = clock()
  traffic.accept(from)
  arrivals.record(message)
  if (settings.current.storeMail) placeCopies(message, from, sent, simulation)
  else if (sent.kind === 'draft') store.commit({ type: 'draft-sent', mailbox: from, id: sent.id, message, copies: [] })
  return {
    at: now.toISOString(),
    from: message.from.address.toLowerCase(),
    subject: message.subject,
    recipients: message.to.length + message.cc.length + message.bcc.length,
    extendedProperties: message.extendedProperties,
  }
}

/** As long as Exchange's ids, and case-sensitive like them. */
export function newItemId(): string {
  return randomBytes(105).toString('base64url')
}

export function newMessageId({ directory }: DirectoryIndex): string {
  return `<${randomUUID()}@${directory.domain}>`
}

function placeCopies(message: StoredMessage, from: string, sent: SentCopy, simulation: Simulation): void {
  const { index, store } = simulation
  const recipients = [...message.to, ...message.cc, ...message.bcc]
  const unknown = recipients.filter(({ address }) => mailboxOf(address, index) === null)
  const reached = new Set(recipients.flatMap(({ address }) => mailboxOf(address, index) ?? []))
  const copies: MessageCopy[] = [
    ...(sent.kind === 'none' ? [] : [copyInSentItems(from, sent, simulation)]),
    ...[...reached].map((mailbox): MessageCopy => ({ id: newItemId(), mailbox, folder: 'inbox' })),
  ]
  if (sent.kind === 'draft') store.commit({ type: 'draft-sent', mailbox: from, id: sent.id, message, copies })
  else store.commit({ type: 'message-accepted', message, copies })
  if (unknown.length > 0) bounce(message, unknown, simulation)
}

function copyInSentItems(mailbox: string, sent: SentCopy, { settings, clock }: Simulation): MessageCopy {
  const id = sent.kind === 'draft' ? sent.id : newItemId()
  const delayMs = pickMs(settings.current.sentCopyDelayMs)
  return { id, mailbox, folder: 'sentItems', ...(delayMs > 0 && { visibleFromMs: clock().getTime() + delayMs }) }
}

/**
 * Finds the lower-case address of the mailbox that mail to this address reaches: for a group its own, which the viewer
 * shows, and for an address outside the organization that address.
 *
 * @returns null when nobody in our domain has a mailbox with this address
 */
function mailboxOf(address: string, index: DirectoryIndex): string | null {
  const addressee = index.byAddress(address)
  if (addressee === undefined) return index.isLocal(address) ? null : address.toLowerCase()
  // A guest's mail goes to its home, which is outside and always takes it.
  const hasNoMailbox =
    addressee.kind === 'person' && !addressee.person.hasMailbox && addressee.person.membership === 'member'
  return hasNoMailbox ? null : addressee.address.toLowerCase()
}

function bounce(message: StoredMessage, unknown: readonly MailAddress[], { index, store }: Simulation): void {
  const postmaster: MailAddress = { address: `postmaster@${index.directory.domain}`, name: 'Microsoft Outlook' }
  const lines = unknown.map(
    ({ address }) => `${address}: 550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found`,
  )
  const report: StoredMessage = {
    internetMessageId: newMessageId(index),
    subject: `Undeliverable: ${message.subject}`,
    from: postmaster,
    sender: postmaster,
    to: [message.sender],
    cc: [],
    bcc: [],
    replyTo: [],
    body: { contentType: 'text', content: `Your message could not be delivered to:\r\n\r\n${lines.join('\r\n')}\r\n` },
    importance: 'normal',
    headers: [{ name: 'X-Failed-Recipients', value: unknown.map(({ address }) => address).join(', ') }],
    extendedProperties: [],
    attachments: [],
    sentAt: message.sentAt,
  }
  const mailbox = message.sender.address.toLowerCase()
  store.commit({ type: 'message-accepted', message: report, copies: [{ id: newItemId(), mailbox, folder: 'inbox' }] })
}

import { randomBytes, randomUUID } from 'node:crypto'
import type { DirectoryIndex } from '../directory/directory.ts'
import { pickMs } from '../faults/duration.ts'
import type { AcceptedMessage } from '../http/traffic.ts'
import type { Simulation } from '../simulation.ts'
import type { Folder, MailAddress, MessageCopy, StoredMessage } from '../state/events.ts'

/** What becomes of the sender's own copy. */
export type SentCopy =
  | { readonly kind: 'none' }
  | { readonly kind: 'new' }
  /** The draft itself moves. */
  | { readonly kind: 'draft'; readonly id: string }

/**
 * Takes a message that may be sent: copies for its recipients, one for Sent Items, and a bounce for those addresses of
 * our own domains that nobody has.
 *
 * @param from the mailbox that sends; lower case
 */
export function deliver(
  message: StoredMessage,
  from: string,
  sentCopy: SentCopy,
  simulation: Simulation,
): AcceptedMessage {
  const { traffic, arrivals, clock } = simulation
  const now = clock()
  traffic.accept(from)
  arrivals.record(message, now.getTime())
  placeCopies(message, from, sentCopy, simulation)
  return {
    at: now.toISOString(),
    from: message.from.address.toLowerCase(),
    subject: message.subject,
    recipients: message.to.length + message.cc.length + message.bcc.length,
    extendedProperties: message.extendedProperties,
  }
}

function placeCopies(message: StoredMessage, from: string, sentCopy: SentCopy, simulation: Simulation): void {
  const { index, store, settings } = simulation
  if (!settings.current.storeMail) {
    if (sentCopy.kind === 'draft')
      store.commit({ type: 'draft-sent', mailbox: from, id: sentCopy.id, message, copies: [] })
    return
  }
  const copies: MessageCopy[] = sentCopy.kind === 'none' ? [] : [copyInSentItems(from, sentCopy, simulation)]
  const unknown: MailAddress[] = []
  const reached = new Set<string>()
  for (const recipient of [...message.to, ...message.cc, ...message.bcc]) {
    const mailboxes = mailboxesOf(recipient.address, index)
    if (mailboxes === null) unknown.push(recipient)
    for (const mailbox of mailboxes ?? []) {
      if (reached.has(mailbox)) continue
      reached.add(mailbox)
      copies.push(newCopy(mailbox, 'inbox'))
    }
  }
  if (sentCopy.kind === 'draft') {
    store.commit({ type: 'draft-sent', mailbox: from, id: sentCopy.id, message, copies })
  } else {
    store.commit({ type: 'message-accepted', message, copies })
  }
  if (unknown.length > 0) bounce(message, unknown, simulation)
}

/** As long as Exchange's, and as sensitive to case. */
export function newItemId(): string {
  return randomBytes(105).toString('base64url')
}

function copyInSentItems(mailbox: string, sentCopy: SentCopy, simulation: Simulation): MessageCopy {
  const copy: MessageCopy = {
    id: sentCopy.kind === 'draft' ? sentCopy.id : newItemId(),
    mailbox,
    folder: 'sentItems',
  }
  const delayMs = pickMs(simulation.settings.current.sentCopyDelayMs)
  return delayMs === 0 ? copy : { ...copy, visibleFromMs: simulation.clock().getTime() + delayMs }
}

/** @returns the lower-case addresses it ends up at; null when a domain of ours knows nobody by that name */
function mailboxesOf(address: string, index: DirectoryIndex): string[] | null {
  const addressee = index.byAddress(address)
  if (addressee === undefined) return index.isLocal(address) ? null : [address.toLowerCase()]
  switch (addressee.kind) {
    case 'person':
      // A guest's mail goes to its home, which is outside and always takes it.
      if (!addressee.person.hasMailbox && addressee.person.membership === 'member') return null
      return [addressee.address.toLowerCase()]
    case 'shared-mailbox':
      return [addressee.address.toLowerCase()]
    case 'group':
      // The list itself keeps nothing. Its copy is for the viewer, which shows what was addressed to it.
      return [addressee.address, ...addressee.group.members].map((mailbox) => mailbox.toLowerCase())
    default:
      return addressee satisfies never
  }
}

function bounce(message: StoredMessage, unknown: readonly MailAddress[], { index, store }: Simulation): void {
  const postmaster: MailAddress = {
    address: `postmaster@${index.directory.domains[0]}`,
    name: 'Microsoft Outlook',
  }
  const lines = unknown.map(
    ({ address }) => `${address}: 550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found`,
  )
  const report: StoredMessage = {
    internetMessageId: `<${randomUUID()}@${index.directory.domains[0]}>`,
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
    submittedBy: null,
  }
  const mailbox = message.sender.address.toLowerCase()
  store.commit({ type: 'message-accepted', message: report, copies: [newCopy(mailbox, 'inbox')] })
}

function newCopy(mailbox: string, folder: Folder): MessageCopy {
  return { id: newItemId(), mailbox: mailbox.toLowerCase(), folder }
}

import { randomBytes, randomUUID } from 'node:crypto'
import type { DirectoryIndex } from '../directory/directory.ts'
import type { Folder, MailAddress, MessageCopy, StoredAttachment, StoredMessage } from '../state/events.ts'
import type { Store } from '../state/store.ts'

/**
 * Takes a message that may be sent: copies for its recipients, one for Sent Items, and a bounce for those addresses of
 * our own domains that nobody has.
 *
 * @param savedIn whose Sent Items; null for none
 */
export function deliver(message: StoredMessage, savedIn: string | null, index: DirectoryIndex, store: Store): void {
  const copies: MessageCopy[] = savedIn === null ? [] : [newCopy(savedIn, 'sentItems')]
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
  store.commit({ type: 'message-accepted', message, copies })
  if (unknown.length > 0) bounce(message, unknown, index, store)
}

export function newAttachmentId(): string {
  return newItemId()
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

function bounce(message: StoredMessage, unknown: readonly MailAddress[], index: DirectoryIndex, store: Store): void {
  const postmaster: MailAddress = {
    address: `postmaster@${index.directory.domains[0]}`,
    name: 'Microsoft Outlook',
  }
  const lines = unknown.map(
    ({ address }) => `${address}: 550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found`,
  )
  const attachments: readonly StoredAttachment[] = []
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
    attachments,
    sentAt: message.sentAt,
    submittedBy: null,
  }
  const mailbox = message.sender.address.toLowerCase()
  store.commit({ type: 'message-accepted', message: report, copies: [newCopy(mailbox, 'inbox')] })
}

function newCopy(mailbox: string, folder: Folder): MessageCopy {
  return { id: newItemId(), mailbox: mailbox.toLowerCase(), folder }
}

/** As long as Exchange's, and as sensitive to case. */
function newItemId(): string {
  return `AAMkAD${randomBytes(105).toString('base64url')}=`
}

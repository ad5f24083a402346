import { createHash } from 'node:crypto'
import type { Settings } from '../faults/settings.ts'
import { GraphError } from './graph-error.ts'
import { visibleMessage } from '../mail/mailbox-view.ts'
import {
  type Folder,
  type MailAddress,
  propertyKey,
  type StoredAttachment,
  type StoredMessage,
} from '../tenant/message.ts'
import { isVisible, type Mailbox, type MailboxItem } from '../tenant/store.ts'

/** The properties that `$select` may name, fewer than Graph's, and how they are derived from the item. */
const PROPERTIES: Readonly<Record<string, (item: MailboxItem) => unknown>> = {
  changeKey: (item) => changeKey(item),
  receivedDateTime: ({ message }) => dateTime(message.sentAt),
  sentDateTime: ({ message }) => dateTime(message.sentAt),
  hasAttachments: ({ message }) => message.attachments.some(({ isInline }) => !isInline),
  internetMessageId: ({ message }) => message.internetMessageId,
  subject: ({ message }) => message.subject,
  importance: ({ message }) => message.importance,
  isReadReceiptRequested: ({ message }) => message.readReceipt ?? false,
  isDeliveryReceiptRequested: ({ message }) => message.deliveryReceipt ?? false,
  isRead: ({ folder }) => folder !== 'inbox',
  isDraft: ({ message }) => message.isDraft ?? false,
  body: ({ message }) => message.body,
  sender: ({ message }) => recipient(message.sender),
  from: ({ message }) => recipient(message.from),
  toRecipients: ({ message }) => message.to.map((address) => recipient(address)),
  ccRecipients: ({ message }) => message.cc.map((address) => recipient(address)),
  bccRecipients: (item) => visibleMessage(item).bcc.map((address) => recipient(address)),
  replyTo: ({ message }) => message.replyTo.map((address) => recipient(address)),
  // The service does not return them once the message is sent.
  internetMessageHeaders: ({ message }) => (message.isDraft ? message.headers : undefined),
}

/** Returned only when selected. */
const NOT_BY_DEFAULT = new Set(['internetMessageHeaders'])
const DEFAULT_PROPERTIES = Object.keys(PROPERTIES).filter((name) => !NOT_BY_DEFAULT.has(name))

/**
 * The extended properties that Exchange knows: while the search is `ignored`, those in a `sendMail` body have no effect.
 */
export function knownProperties(
  message: StoredMessage,
  search: Settings['extendedPropertySearch'],
): StoredMessage['extendedProperties'] {
  return search !== 'ignored' || message.isDraft || message.isFromDraft ? message.extendedProperties : []
}

export function isMessageProperty(name: string): boolean {
  return name === 'id' || Object.hasOwn(PROPERTIES, name)
}

/**
 * A message as Graph returns it; `id` and etag are always included.
 *
 * @param select null: the default properties
 */
export function messageJson(
  item: MailboxItem,
  select: readonly string[] | null,
  idKind: IdKind,
): Record<string, unknown> {
  const names = (select ?? DEFAULT_PROPERTIES).filter((name) => name !== 'id')
  return {
    '@odata.etag': `W/"${changeKey(item)}"`,
    id: itemId(item, idKind),
    ...Object.fromEntries(names.map((name) => [name, PROPERTIES[name]?.(item)])),
  }
}

/** The member that `$expand` adds, where the message has one of the properties. */
export function expandedProperties(
  properties: StoredMessage['extendedProperties'],
  ids: readonly string[],
): Record<string, unknown> {
  const asked = new Set(ids.map((id) => propertyKey(id)))
  const found = properties.filter((property) => asked.has(propertyKey(property.id)))
  return found.length === 0 ? {} : { singleValueExtendedProperties: found }
}

/** Exchange counts what it stores of an attachment besides its content. */
const OVERHEAD_BYTES = 237

/** @param content null: not stored, or not requested */
export function attachmentJson(
  { id, name, contentType, contentId, isInline, sizeBytes }: StoredAttachment,
  content: Buffer | null,
  addedAt: string,
): Record<string, unknown> {
  return {
    '@odata.type': '#microsoft.graph.fileAttachment',
    id,
    lastModifiedDateTime: dateTime(addedAt),
    name,
    contentType,
    size: sizeBytes + OVERHEAD_BYTES,
    isInline,
    contentId,
    contentLocation: null,
    contentBytes: content?.toString('base64') ?? null,
  }
}

/** @param name a well-known name in any case */
export function findFolder(name: string): Folder | undefined {
  return (Object.keys(FOLDER_MARKS) as Folder[]).find((folder) => folder.toLowerCase() === name.toLowerCase())
}

/** Differs after every change. */
function changeKey({ folder, message }: MailboxItem): string {
  const hash = createHash('sha256')
    .update(`${folder}${JSON.stringify(message)}`)
    .digest('base64url')
  return `CQAAABYA${hash.slice(0, 32)}`
}

function recipient({ address, name }: MailAddress): unknown {
  return { emailAddress: { name: name === '' ? address : name, address } }
}

function dateTime(iso: string): string {
  return `${iso.slice(0, 19)}Z`
}

/** A `regular` id names the folder too, so it changes when the item moves. `immutable` ids are for clients that ask. */
export type IdKind = 'regular' | 'immutable'

const FOLDER_MARKS = { drafts: 'D', sentItems: 'S', inbox: 'I', deletedItems: 'T' } as const satisfies Record<
  Folder,
  string
>
const REGULAR = /^AAMkAD([DSIT])([\w-]+=?)=$/
const IMMUTABLE = /^AAkALg([\w-]+=?)=$/

/** @param prefer the request header of that name */
export function wantedIdKind(prefer: string | string[] | undefined): IdKind {
  return /(?:^|,)\s*IdType\s*=\s*"ImmutableId"\s*(?:,|;|$)/i.test(String(prefer ?? '')) ? 'immutable' : 'regular'
}

export function itemId({ id, folder }: MailboxItem, kind: IdKind): string {
  return kind === 'immutable' ? `AAkALg${id}=` : `AAMkAD${FOLDER_MARKS[folder]}${id}=`
}

/**
 * Finds a message by an id of the requested kind. Case matters, and so does the mailbox.
 *
 * @throws GraphError
 */
export function findItem(
  { mailbox, idKind, nowMs }: { mailbox: Mailbox | undefined; idKind: IdKind; nowMs: number },
  id: string,
): MailboxItem {
  const match = (idKind === 'immutable' ? IMMUTABLE : REGULAR).exec(id)
  if (match === null) throw new GraphError('ErrorInvalidIdMalformed')
  const item = mailbox?.get(match.at(-1) ?? '')
  if (item !== undefined && isVisible(item, nowMs) && itemId(item, idKind) === id) return item
  throw new GraphError('ErrorItemNotFound')
}

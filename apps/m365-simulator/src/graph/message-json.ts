import { createHash } from 'node:crypto'
import type { Settings } from '../faults/settings.ts'
import { visibleMessage } from '../mail/visible-message.ts'
import {
  type Folder,
  type MailAddress,
  propertyKey,
  type StoredAttachment,
  type StoredMessage,
} from '../tenant/message.ts'
import type { MailboxItem } from '../tenant/store.ts'
import { type IdKind, itemId } from './item-ids.ts'

const PREVIEW_LENGTH = 255

/** Every property that `$select` may name, and how it is derived from the item. */
const PROPERTIES: Readonly<Record<string, (item: MailboxItem, idKind: IdKind) => unknown>> = {
  createdDateTime: ({ message }) => dateTime(message.createdAt ?? message.sentAt),
  lastModifiedDateTime: ({ message }) => dateTime(message.sentAt),
  changeKey: (item) => changeKey(item),
  categories: () => [],
  receivedDateTime: ({ message }) => dateTime(message.sentAt),
  sentDateTime: ({ message }) => dateTime(message.sentAt),
  hasAttachments: ({ message }) => message.attachments.some(({ isInline }) => !isInline),
  internetMessageId: ({ message }) => message.internetMessageId,
  subject: ({ message }) => message.subject,
  bodyPreview: ({ message }) => message.body.content.replaceAll(/<[^>]*>/g, '').slice(0, PREVIEW_LENGTH),
  importance: ({ message }) => message.importance,
  parentFolderId: ({ mailbox, folder }) => folderId(mailbox, folder),
  conversationId: ({ id }) => `AAQkAD${hash(id)}=`,
  conversationIndex: ({ id }) => hash(id).slice(0, 28),
  isDeliveryReceiptRequested: () => false,
  isReadReceiptRequested: () => false,
  isRead: ({ folder }) => folder !== 'inbox',
  isDraft: ({ message }) => message.isDraft ?? false,
  webLink: (item, idKind) =>
    `https://outlook.office365.com/owa/?ItemID=${encodeURIComponent(itemId(item, idKind))}&exvsurl=1&viewmodel=ReadMessageItem`,
  inferenceClassification: () => 'focused',
  body: ({ message }) => message.body,
  sender: ({ message }) => recipient(message.sender),
  from: ({ message }) => recipient(message.from),
  toRecipients: ({ message }) => message.to.map((address) => recipient(address)),
  ccRecipients: ({ message }) => message.cc.map((address) => recipient(address)),
  bccRecipients: (item) => visibleMessage(item).bcc.map((address) => recipient(address)),
  replyTo: ({ message }) => message.replyTo.map((address) => recipient(address)),
  flag: () => ({ flagStatus: 'notFlagged' }),
  // The service does not return them once the message is sent.
  internetMessageHeaders: ({ message }) => (message.isDraft ? message.headers : undefined),
}

/** Returned only when selected. */
const NOT_BY_DEFAULT = new Set(['internetMessageHeaders'])
const DEFAULT_PROPERTIES = Object.keys(PROPERTIES).filter((name) => !NOT_BY_DEFAULT.has(name))

/** Which properties the messages of a response have. */
export interface MessageShape {
  /** null: the default properties */
  readonly select: readonly string[] | null
  /** Keys of the extended properties to add; see `propertyKey`. */
  readonly expand: ReadonlySet<string>
}

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

/** A message as Graph returns it; `id` and etag are always included. */
export function messageJson(
  item: MailboxItem,
  { select, expand }: MessageShape,
  idKind: IdKind,
  search: Settings['extendedPropertySearch'],
): Record<string, unknown> {
  const names = (select ?? DEFAULT_PROPERTIES).filter((name) => name !== 'id')
  const expanded = knownProperties(item.message, search).filter(({ id }) => expand.has(propertyKey(id)))
  return {
    '@odata.etag': `W/"${changeKey(item)}"`,
    id: itemId(item, idKind),
    ...Object.fromEntries(names.map((name) => [name, PROPERTIES[name]?.(item, idKind)])),
    // The service leaves the member out rather than returning an empty list.
    ...(expanded.length > 0 && { singleValueExtendedProperties: expanded.map(({ id, value }) => ({ id, value })) }),
  }
}

/** @param content null: not stored, or not requested */
export function attachmentJson(
  { id, name, contentType, contentId, isInline, sizeBytes }: StoredAttachment,
  content: Buffer | null,
  addedAt: string,
): Record<string, unknown> {
  return {
    '@odata.type': '#microsoft.graph.fileAttachment',
    '@odata.mediaContentType': contentType,
    id,
    lastModifiedDateTime: dateTime(addedAt),
    name,
    contentType,
    size: sizeBytes,
    isInline,
    contentId,
    contentLocation: null,
    contentBytes: content?.toString('base64') ?? null,
  }
}

const FOLDERS: readonly Folder[] = ['drafts', 'sentItems', 'inbox', 'deletedItems']

/** @param name a well-known name in any case, or an id as in `parentFolderId` */
export function findFolder(mailbox: string, name: string): Folder | undefined {
  return FOLDERS.find((folder) => folder.toLowerCase() === name.toLowerCase() || folderId(mailbox, folder) === name)
}

function folderId(mailbox: string, folder: Folder): string {
  return `AAMkADA${hash(`${mailbox}/${folder}`)}=`
}

/** Differs after every change. */
function changeKey({ folder, message }: MailboxItem): string {
  return `CQAAABYA${hash(`${folder}${JSON.stringify(message)}`).slice(0, 32)}`
}

function recipient({ address, name }: MailAddress): unknown {
  return { emailAddress: { name: name === '' ? address : name, address } }
}

function dateTime(iso: string): string {
  return `${iso.slice(0, 19)}Z`
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}

import { domainToASCII } from 'node:url'
import type { Recipient } from '@inforiver-mail/contract/message'
import type { OutgoingMessage, OutgoingMime } from './outgoing-message.ts'

/**
 * The longest MIME message that is handed to Graph. Encoded in base64 it fits into a request of 4 MB, but messages above
 * 2,240 KB have been answered with 200 and never sent (microsoftgraph/microsoft-graph-docs, issue 13979).
 */
export const MAX_MIME_BYTES = 2_200_000

/**
 * The header that carries our message id. Exchange keeps headers that begin with `x-` as named properties
 * ([MS-OXCMAIL] section 2.1.3.2.23), by which a message can be found. It must never change, because older messages carry it.
 */
export const MIME_ID_HEADER = 'x-inforivermail-message-id'

export interface MimeMessage extends OutgoingMessage {
  readonly mime: OutgoingMime
}

/**
 * Writes the MIME message as Graph takes it. To Graph the header is the envelope, and From has to be the mailbox that
 * sends, so these fields come from the message and not from the source: From, To, Cc, Bcc, Subject, and Reply-To where
 * the message has one. What says how the source travelled before is left out. Everything else is kept, and so is every
 * byte of the body, which a signature may cover; only line ends that are not CRLF become CRLF.
 */
export function toMimeMessage(message: MimeMessage): Buffer {
  const { mime, to, cc, bcc, replyTo, subject } = message
  const { fields, body } = readSource(mime.source)
  const isReplaced = (name: string) => REPLACED.has(name) || (name === 'reply-to' && replyTo.length > 0)
  const kept = fields.filter(({ name }) => !isReplaced(name) && !LEFT_OUT.test(name))
  const has = (name: string) => kept.some((field) => field.name === name)
  const header = [
    line('From', writeRecipient({ ...message.from, ...(mime.fromName !== null && { name: mime.fromName }) })),
    ...recipientLines('To', to),
    ...recipientLines('Cc', cc),
    ...recipientLines('Bcc', bcc),
    ...recipientLines('Reply-To', replyTo),
    ...(subject === '' ? [] : [line('Subject', writeText(subject))]),
    ...(has('date') ? [] : [line('Date', writeDate(mime.date))]),
    line('Message-ID', messageIdOf(fields, message)),
    line(MIME_ID_HEADER, message.id),
    ...(has('mime-version') ? [] : [line('MIME-Version', '1.0')]),
    ...withoutRepetitions(kept).map(({ text }) => text),
  ]
  return Buffer.from(`${header.join('')}\r\n${body}`, 'latin1')
}

/** Returns the Message-ID that the message has when it is handed to Graph, with the angle brackets. */
export function mimeMessageId(
  source: Buffer,
  message: { readonly id: string; readonly from: { readonly address: string } },
): string {
  return messageIdOf(readSource(source).fields, message)
}

function messageIdOf(fields: readonly Field[], { id, from }: Parameters<typeof mimeMessageId>[1]): string {
  const field = fields.find(({ name }) => name === 'message-id')
  const own = field && valueOf(field)
  // One that is not well-formed could not be searched for, and Exchange would replace it.
  if (own !== undefined && own.length <= MAX_MESSAGE_ID_CHARACTERS && /^<[!-;=?-~]+@[!-;=?-~]+>$/.test(own)) return own
  return ownMessageId(id, from.address)
}

/** Makes the Message-ID of a message out of our id, with the angle brackets. */
export function ownMessageId(id: string, from: string): string {
  return `<${id}@${toAsciiDomain(from.slice(from.lastIndexOf('@') + 1))}>`
}

/** Whoever chose it: the filter of a search has to hold it. */
const MAX_MESSAGE_ID_CHARACTERS = 500

/** A field of the header. Bytes are characters of latin1 throughout, so that none is lost. */
interface Field {
  /** In lower case. */
  readonly name: string
  /** The whole field, folded lines and the last CRLF included. */
  readonly text: string
}

const REPLACED = new Set(['from', 'sender', 'to', 'cc', 'bcc', 'subject', 'message-id', MIME_ID_HEADER])

/**
 * Traces of an earlier journey, signatures that cover the old header, our own instructions, and fields by which
 * recipients are named or Exchange is addressed.
 */
const LEFT_OUT =
  /^(?:received|return-path|delivered-to|envelope-to|apparently-to|x-original-to|received-spf|authentication-results|dkim-signature|domainkey-signature|arc-.*|resent-.*|x-inforiver-.*|x-ms-exchange-.*)$/

/** By these a mail program, or a server, answers to an address in the header by itself. */
const ASKS_FOR_ANSWER =
  /^(?:disposition-notification-(?:to|options)|(?:x-)?return-receipt-(?:to|requested)|(?:x-)?confirm-reading-to|(?:x-)?read-receipt-to|(?:x-)?receipt-(?:to|requested)|generate-delivery-report|(?:x-)?errors-to|notice-requested-upon-delivery-to|registered-mail-reply-requested-by|x-pmrqc|x-acknowledge-to)$/

/** Returns the source without what has others told that its message was received or read. */
export function withoutReceipts(source: Buffer): Buffer {
  const { fields, body } = readSource(source)
  const kept = fields.filter(({ name }) => !ASKS_FOR_ANSWER.test(name))
  return Buffer.from(`${kept.map(({ text }) => text).join('')}\r\n${body}`, 'latin1')
}

/** RFC 5322, section 3.6, and RFC 2045: at most one of each. */
const ONCE = new Set([
  'date',
  'reply-to',
  'in-reply-to',
  'references',
  'mime-version',
  'content-type',
  'content-transfer-encoding',
  'content-disposition',
  'content-id',
  'content-description',
])

function withoutRepetitions(fields: readonly Field[]): readonly Field[] {
  return fields.filter(({ name }, index) => !ONCE.has(name) || fields.findIndex((each) => each.name === name) === index)
}

function readSource(source: Buffer): { readonly fields: readonly Field[]; readonly body: string } {
  const text = toCrlf(source.toString('latin1'))
  const isHeaderless = text.startsWith('\r\n')
  const end = isHeaderless ? 0 : text.indexOf('\r\n\r\n')
  const header = end < 0 ? text : text.slice(0, end)
  const body = end < 0 ? '' : text.slice(end + (isHeaderless ? 2 : 4))
  const fields = header.split(/\r\n(?![ \t])/).flatMap((field): Field[] => {
    // A line without a name is no field; some programs would take it for the end of the header.
    const name = /^([!-9;-~]+)[ \t]*:/.exec(field)?.[1]
    return name === undefined ? [] : [{ name: name.toLowerCase(), text: `${field}\r\n` }]
  })
  return { fields, body }
}

function toCrlf(text: string): string {
  return /\r(?!\n)|(?<!\r)\n/.test(text) ? text.replace(/\r\n|\r|\n/g, '\r\n') : text
}

function valueOf({ text }: Field): string {
  return text
    .slice(text.indexOf(':') + 1)
    .replace(/\r\n/g, '')
    .trim()
}

/** Addresses may be internationalised (RFC 6532), so the line is UTF-8. */
function line(name: string, value: string): string {
  return Buffer.from(`${name}: ${value}\r\n`, 'utf8').toString('latin1')
}

function recipientLines(name: string, recipients: readonly Recipient[]): readonly string[] {
  return recipients.length === 0 ? [] : [line(name, recipients.map(writeRecipient).join(',\r\n '))]
}

/** A display name is always quoted: Exchange refuses one that holds an `@` without quotes, with ErrorSendAsDenied. */
function writeRecipient({ address, name = '' }: Recipient): string {
  const mailbox = toAsciiAddress(address)
  const shown = withoutControls(name)
  if (shown === '') return mailbox
  const isPlain = /^[ -~]{1,200}$/.test(shown)
  return `${isPlain ? `"${shown.replace(/["\\]/g, String.raw`\$&`)}"` : encodeWords(shown)} <${mailbox}>`
}

/** A domain has a spelling in ASCII (IDNA); a local part has none. */
function toAsciiAddress(address: string): string {
  const at = address.lastIndexOf('@') + 1
  return address.slice(0, at) + toAsciiDomain(address.slice(at))
}

function toAsciiDomain(domain: string): string {
  // Most domains are such, and would come back unchanged. One that ends in a number is read as an IP address.
  if (/^(?:[a-z0-9]+\.)*[a-z]+$/.test(domain)) return domain
  return domainToASCII(domain) || domain
}

function writeText(text: string): string {
  const shown = withoutControls(text)
  return /^[ -~]{1,900}$/.test(shown) && !shown.includes('=?') ? shown : encodeWords(shown)
}

function withoutControls(text: string): string {
  // oxlint-disable-next-line no-control-regex -- a line break would begin another field
  return text.replace(/[\u0000-\u001f\u007f]+/g, ' ').trim()
}

/** An encoded word has at most 75 characters, and holds whole characters (RFC 2047, sections 2 and 5). */
const ENCODED_WORD_BYTES = 45

function encodeWords(text: string): string {
  const words: string[] = []
  let word = ''
  for (const character of text) {
    if (Buffer.byteLength(word + character) > ENCODED_WORD_BYTES) {
      words.push(word)
      word = ''
    }
    word += character
  }
  return [...words, word].map((each) => `=?utf-8?B?${Buffer.from(each).toString('base64')}?=`).join('\r\n ')
}

function writeDate(date: Date): string {
  return date.toUTCString().replace('GMT', '+0000')
}

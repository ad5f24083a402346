import type { FastifyRequest } from 'fastify'
import PostalMime, { type Address, type Email } from 'postal-mime'
import type { Settings } from '../faults/settings.ts'
import { GraphError, requireAcceptableLength } from './graph-error.ts'
import { mediaType, rawBody } from '../http/body.ts'
import type { Submitted } from './read-message.ts'
import type { MailAddress, StoredMessage } from '../tenant/message.ts'

/** Larger messages have been seen to be answered 200 and never sent (microsoftgraph/microsoft-graph-docs, issue 13979). */
const MAX_MIME_BYTES = 2240 * 1024

/** Where Exchange keeps headers that begin with `x-`: PS_INTERNET_HEADERS ([MS-OXCMAIL] section 2.1.3.2.23). */
const HEADER_PROPERTIES = 'String {00020386-0000-0000-C000-000000000046} Name '

/** The other headers that are known to be kept. */
const KEPT_HEADERS = new Set(['references', 'in-reply-to', 'list-unsubscribe'])

type MimeKind = NonNullable<StoredMessage['mime']>['kind']

export function isMime(request: FastifyRequest): boolean {
  return mediaType(request) === 'text/plain'
}

/**
 * Reads a message that is sent as MIME in base64.
 *
 * @throws GraphError
 */
export async function readMime(request: FastifyRequest, settings: Settings): Promise<Submitted> {
  requireAcceptableLength(request, settings)
  const source = decode(rawBody(request).toString('latin1'))
  if (source.length > MAX_MIME_BYTES) throw new GraphError('RequestEntityTooLarge')
  const text = source.toString('latin1')
  if (/(?<!\r)\n|\r(?!\n)/.test(text)) throw new GraphError('ErrorMimeContentInvalid')
  const email = await parse(source)
  requireValidCalendar(email)
  const header = `${text.split('\r\n\r\n', 1)[0] ?? ''}\r\n`
  return {
    content: {
      subject: email.subject ?? '',
      to: addresses(email.to),
      cc: addresses(email.cc),
      bcc: addresses(email.bcc),
      replyTo: addresses(email.replyTo),
      body: bodyOf(email),
      importance: importanceOf(email),
      headers: keptHeaders(email),
      extendedProperties: settings.mimeHeaders === 'lost' ? [] : headerProperties(email),
    },
    from: settings.mimeFrom === 'ignored' ? null : requireFrom(header, email),
    internetMessageId: settings.mimeMessageId === 'rewritten' ? null : (email.messageId ?? null),
    attachments: email.attachments.map((attachment) => ({
      name: attachment.filename ?? 'attachment',
      contentType: attachment.mimeType,
      contentId: attachment.contentId?.replace(/^<|>$/g, '') ?? null,
      isInline: attachment.related ?? false,
      content: Buffer.from(attachment.content as ArrayBuffer),
    })),
    mime: { source, kind: kindOf(header, email) },
  }
}

function decode(body: string): Buffer {
  const base64 = body.replace(/[\r\n]/g, '')
  const isBase64 = base64 !== '' && base64.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(base64)
  if (isBase64) return Buffer.from(base64, 'base64')
  throw new GraphError('ErrorMimeContentInvalidBase64String')
}

async function parse(source: Buffer): Promise<Email> {
  try {
    return await PostalMime.parse(source, { forceRfc822Attachments: true })
  } catch {
    throw new GraphError('ErrorMimeContentInvalid')
  }
}

function requireValidCalendar({ attachments }: Email): void {
  const calendar = attachments.find(({ mimeType }) => mimeType === 'text/calendar')
  if (!calendar || /^BEGIN:VCALENDAR\r?\n/i.test(Buffer.from(calendar.content as ArrayBuffer).toString())) return
  throw new GraphError('ErrorMimeContentConversionFailed')
}

/** @throws GraphError unless there is one From, with an address, whose display name has no `@` outside quotes */
function requireFrom(header: string, { from }: Email): MailAddress {
  const fields = header.match(/^from:.*\r\n(?:[ \t].*\r\n)*/gim) ?? []
  const phrase = (fields[0] ?? '')
    .replace(/^from:/i, '')
    .replace(/"(?:[^"\\]|\\.)*"/g, '')
    .split('<')
  const [address] = addresses(from)
  if (address && fields.length === 1 && (phrase.length === 1 || !phrase[0]?.includes('@'))) return address
  throw new GraphError('ErrorSendAsDenied')
}

function addresses(list: Address | readonly Address[] | undefined): MailAddress[] {
  const all = list === undefined ? [] : 'length' in list ? list : [list]
  return all.flatMap((each) => each.group ?? [each]).map(({ address, name }) => ({ address: address ?? '', name }))
}

function bodyOf({ html, text }: Email): StoredMessage['body'] {
  return html === undefined ? { contentType: 'text', content: text ?? '' } : { contentType: 'html', content: html }
}

function importanceOf({ headers }: Email): StoredMessage['importance'] {
  const value = headers
    .find(({ key }) => key === 'importance')
    ?.value.trim()
    .toLowerCase()
  return value === 'high' || value === 'low' ? value : 'normal'
}

function keptHeaders({ headers }: Email): StoredMessage['headers'] {
  const kept = headers.filter(({ key }) => key.startsWith('x-') || KEPT_HEADERS.has(key))
  return kept.map(({ originalKey, value }) => ({ name: originalKey, value }))
}

function headerProperties({ headers }: Email): StoredMessage['extendedProperties'] {
  const kept = headers.filter(({ key }) => key.startsWith('x-'))
  return kept.map(({ key, value }) => ({ id: `${HEADER_PROPERTIES}${key}`, value }))
}

function kindOf(header: string, { attachments }: Email): MimeKind {
  const type = /^content-type:\s*((?:.|\r\n[ \t])*)/im.exec(header)?.[1]?.toLowerCase() ?? ''
  if (/^(?:application\/(?:x-)?pkcs7-mime|multipart\/signed)/.test(type)) return 'S/MIME'
  const method = attachments.find(({ mimeType }) => mimeType === 'text/calendar')?.method
  return method === undefined ? null : `Calendar ${method.toUpperCase()}`
}

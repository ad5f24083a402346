import { MAX_ATTACHMENTS } from '@inforiver-mail/contract/message-input'
import type { MimeNode, SplitterChunk } from '@zone-eu/mailsplit'
import libmime from 'libmime'
import type { AttachmentSink } from '../domain/arriving-message.ts'
import { fitFileName } from '../domain/file-name.ts'
import { decodeBase64, decodeQuotedPrintable, decodeText } from './decode.ts'
import { readMailHeader, type MailHeader } from './mail-headers.ts'
import { MAX_TEXT_BYTES } from './mail-memory.ts'
import { SmtpRefusal } from './reply.ts'

/** Each level of nesting is compared with every line that begins with two hyphens. */
const MAX_DEPTH = 128
/** The headers of all parts together stay in memory until the mail is stored. */
const MAX_HEADERS_BYTES = 1024 * 1024
const MEDIA_TYPE = /^[\w!#$&^.+-]{1,127}\/[\w!#$&^.+-]{1,127}$/
const TOKEN = /^[\w!#$&^.+-]{1,64}$/

/** A mail, taken apart. Its attachments went to the sink, in the same order. */
export interface ParsedMail {
  readonly header: MailHeader
  /** Null where there is none. Beside html, text is not kept. */
  readonly html: string | null
  readonly text: string | null
  readonly attachments: readonly MailAttachment[]
  /** Whether Graph's JSON cannot carry it, so that it has to go as it is. Then attachments are described only. */
  readonly needsMime: boolean
}

export interface MailAttachment {
  readonly filename: string
  readonly contentType: string
  readonly sizeBytes: number
  /** Set for an image that the HTML shows. */
  readonly contentId: string | null
}

export interface ParseHooks {
  readonly sink: AttachmentSink
  /** Waits for the memory of the bodies, which are held until the mail is stored. */
  readonly holdText: (bytes: number) => void
  readonly textEnded: (bytes: number) => void
  readonly onHeader: (header: MailHeader) => void
}

/** One place of the body that a reader sees: the alternatives of which one is shown, or a part of its own. */
interface Slot {
  readonly html: string[]
  readonly text: string[]
}

/**
 * Takes a mail apart while it arrives. Bodies are decoded and kept; everything else is an attachment.
 *
 * @throws {SmtpRefusal} where it cannot be taken apart
 */
export async function parseMail(
  source: AsyncIterable<SplitterChunk>,
  { sink, holdText, textEnded, onHeader }: ParseHooks,
): Promise<ParsedMail> {
  const chunks = source[Symbol.asyncIterator]()
  const depths = new Map<MimeNode, number>()
  const emptyMultiparts = new Set<MimeNode>()
  const slots = new Map<MimeNode, Slot>()
  const attachments: MailAttachment[] = []
  let needsMime = false
  let header: MailHeader | null = null
  let textBytes = 0
  let headersBytes = 0
  let next = await chunks.next()

  /** Yields what arrives of a part, still encoded, and ends where the next part begins. */
  async function* arriving(node: MimeNode): AsyncGenerator<Buffer> {
    next = await chunks.next()
    while (!next.done && next.value.type === 'body' && next.value.node === node) {
      yield next.value.value
      next = await chunks.next()
    }
  }

  function decoded(node: MimeNode): AsyncIterable<Buffer> {
    if (node.encoding === 'base64') return decodeBase64(arriving(node))
    return node.encoding === 'quoted-printable' ? decodeQuotedPrintable(arriving(node)) : arriving(node)
  }

  async function takeText(node: MimeNode): Promise<void> {
    const kept: Buffer[] = []
    for await (const data of decoded(node)) {
      textBytes += data.length
      if (textBytes > MAX_TEXT_BYTES)
        throw new SmtpRefusal(552, '5.3.4', `The text has more than ${MAX_TEXT_BYTES} bytes. Send it as an attachment.`)
      holdText(textBytes)
      kept.push(data)
    }
    textEnded(textBytes)
    const text = decodeText(Buffer.concat(kept), node.charset || null)
      .replaceAll('\0', '')
      .toWellFormed()
    const place = outermostAlternative(node)
    const slot = slots.get(place) ?? { html: [], text: [] }
    slots.set(place, slot)
    if (node.contentType === 'text/html') slot.html.push(text)
    else slot.text.push(node.flowed ? libmime.decodeFlowed(text, node.delSp) : text)
  }

  async function takeAttachment(node: MimeNode): Promise<void> {
    if (attachments.length >= MAX_ATTACHMENTS)
      throw new SmtpRefusal(554, '5.6.0', `The message has more than ${MAX_ATTACHMENTS} attachments. Send fewer.`)
    const facts = { filename: fileNameOf(node, attachments.length + 1), contentType: mediaTypeOf(node) }
    let sizeBytes = 0
    async function* counted(): AsyncGenerator<Buffer> {
      for await (const data of decoded(node)) {
        sizeBytes += data.length
        yield data
      }
    }
    if (needsMime) await drain(counted())
    else await sink.add(facts, counted())
    attachments.push({ ...facts, sizeBytes, contentId: readContentId(node) })
  }

  while (!next.done) {
    const chunk = next.value
    if (chunk.type !== 'node') {
      next = await chunks.next() // between parts, before the first and after the last
      continue
    }
    const { parentNode } = chunk
    const depth = parentNode ? (depths.get(parentNode) ?? 0) + 1 : 0
    depths.set(chunk, depth)
    if (depth > MAX_DEPTH) throw malformed(`has parts that are nested more than ${MAX_DEPTH} deep`)
    headersBytes += chunk.getHeaders().length
    if (headersBytes > MAX_HEADERS_BYTES)
      throw malformed(`has headers of more than ${MAX_HEADERS_BYTES} bytes in its parts`)
    if (parentNode) emptyMultiparts.delete(parentNode)
    if (header === null) onHeader((header = readMailHeader(chunk.headers ? chunk.headers.getList() : [])))
    needsMime ||= onlyMimeCarries(chunk)
    if (chunk.multipart) {
      emptyMultiparts.add(chunk)
      next = await chunks.next()
    } else if (isBody(chunk)) await takeText(chunk)
    else await takeAttachment(chunk)
  }
  if (header === null) throw malformed('has no header')
  if (emptyMultiparts.size > 0) throw malformed('has a multipart without parts, or without a boundary')
  const bodies = joinSlots([...slots.values()])
  return { header, ...bodies, attachments: shownInline(attachments, bodies.html), needsMime }
}

async function drain(file: AsyncIterable<Buffer>): Promise<void> {
  for await (const _ of file);
}

export function malformed(what: string): SmtpRefusal {
  return new SmtpRefusal(554, '5.6.0', `The message ${what}.`)
}

/** Graph's JSON has no place for a signature over the whole, an encrypted whole, or the method of an invitation. */
function onlyMimeCarries({ contentType, multipart, disposition, headers }: MimeNode): boolean {
  const type = contentType || ''
  if (/^application\/(x-)?pkcs7-mime$/.test(type) || multipart === 'signed' || multipart === 'encrypted') return true
  const hasMethod = /;\s*method\s*=/i.test(headers ? headers.getFirst('content-type') : '')
  return type === 'text/calendar' && hasMethod && disposition !== 'attachment'
}

/** A text that a reader sees, and not a file. Programs give the alternatives of a body names too. */
function isBody({ contentType, disposition, filename, parentNode }: MimeNode): boolean {
  if (contentType && contentType !== 'text/plain' && contentType !== 'text/html') return false
  if (disposition === 'attachment') return false
  return !filename || !parentNode || parentNode.multipart === 'alternative'
}

function outermostAlternative(node: MimeNode): MimeNode {
  let found = node
  for (let at: MimeNode | false = node; at; at = at.parentNode) if (at.multipart === 'alternative') found = at
  return found
}

/** Where one place is HTML, all of the body is: Graph carries one. */
function joinSlots(slots: readonly Slot[]): Pick<ParsedMail, 'html' | 'text'> {
  if (slots.every(({ html }) => html.length === 0)) {
    const texts = slots.flatMap(({ text }) => text)
    return { html: null, text: texts.length === 0 ? null : texts.join('\r\n') }
  }
  const html = slots.map((slot) => (slot.html.length > 0 ? slot.html.join('\r\n') : textAsHtml(slot.text.join('\r\n'))))
  return { html: html.join('\r\n'), text: null }
}

function textAsHtml(text: string): string {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  return `<div style="white-space: pre-wrap">${escaped}</div>`
}

/** Graph hides an inline image from the list of files, so only what the HTML shows is one. Each id counts once. */
function shownInline(attachments: readonly MailAttachment[], html: string | null): readonly MailAttachment[] {
  const shown = new Set(html?.match(/cid:[^"'\s)>]+/gi)?.map((url) => decodeId(url.slice('cid:'.length))))
  return attachments.map((attachment) => {
    const { contentId } = attachment
    return { ...attachment, contentId: contentId !== null && shown.delete(contentId) ? contentId : null }
  })
}

function decodeId(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function readContentId({ headers }: MimeNode): string | null {
  const id = (headers ? headers.getFirst('content-id') : '').trim().replace(/^<([^<>]*)>$/, '$1')
  return id.length <= 255 && /^[^\s<>\p{Cc}]+$/u.test(id) ? id : null
}

function fileNameOf({ filename, contentType }: MimeNode, number: number): string {
  const given = filename ? fitFileName(filename) : null
  if (given !== null) return given
  return `attachment-${number}.${contentType === 'message/rfc822' ? 'eml' : libmime.detectExtension(contentType || '')}`
}

/** The charset goes along, since the bytes of the file stay as they are. */
function mediaTypeOf({ contentType, charset }: MimeNode): string {
  if (!contentType || !MEDIA_TYPE.test(contentType)) return 'application/octet-stream'
  const named = contentType.startsWith('text/') && charset && TOKEN.test(charset)
  return named ? `${contentType}; charset=${charset}` : contentType
}

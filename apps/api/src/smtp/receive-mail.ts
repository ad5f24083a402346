import { createHash } from 'node:crypto'
import type { EventEmitter } from 'node:events'
import { finished } from 'node:stream/promises'
import { MessageInput } from '@inforiver-mail/contract/message-input'
import type { MimeContent } from '@inforiver-mail/m365/message-content'
import { MAX_MIME_BYTES } from '@inforiver-mail/m365/mime-message'
import { Splitter, type SplitterChunk } from '@zone-eu/mailsplit'
import type { AttachmentSink } from '../domain/arriving-message.ts'
import { passMail } from '../memory/content-garbage.ts'
import { faultsOf, refuseInput } from '../http/input-faults.ts'
import { divideRecipients, MAX_REPLY_TO, namesAnother, type MailHeader } from './mail-headers.ts'
import { SMALL_BODY_BYTES } from '../memory/memory-use.ts'
import type { MailMemory } from './mail-memory.ts'
import { malformed, parseMail, type ParsedMail } from './parse-mail.ts'
import { OWN_HEADERS, SmtpRefusal } from './reply.ts'

const MAX_HEADER_BYTES = 256 * 1024
const MAX_PARTS = 1_000
/** Whoever sends so much more than was announced is not read to the end. */
const READ_BEYOND_BYTES = 64 * 1024 * 1024

const LEAST_PIECE_BYTES = 16 * 1024

export interface Envelope {
  readonly from: string
  readonly recipients: readonly string[]
}

/** What arrived after DATA, read to its end. */
export interface ArrivedMail {
  /** Null where it was refused before its header had arrived. */
  readonly header: MailHeader | null
  /** SHA-256 of the bytes, base64url. */
  readonly hash: string
  /** All of it, where it is short enough to be sent as it is. */
  readonly source: Buffer | null
  readonly result: { readonly mail: ParsedMail } | { readonly fault: unknown }
}

/**
 * Reads a mail to its end, even where it turns out to be refused: the client reads no answer before, and whether it is a
 * repetition is known only then.
 *
 * @throws where the connection breaks, or the client sends without end
 */
export async function readMail(
  stream: AsyncIterable<Buffer>,
  {
    sink,
    memory,
    readLimit,
  }: { readonly sink: AttachmentSink; readonly memory: MailMemory; readonly readLimit: () => Promise<number> },
): Promise<ArrivedMail> {
  const hash = createHash('sha256')
  const pieces = joinPieces(stream)
  const splitter = new Splitter({ maxHeadSize: MAX_HEADER_BYTES, maxChildNodes: MAX_PARTS, ignoreEmbedded: true })
  const emitter: EventEmitter = splitter
  const chunks: SplitterChunk[] = []
  emitter.on('data', (chunk: SplitterChunk) => chunks.push(chunk))
  emitter.on('error', () => {}) // whoever writes to the splitter or ends it is told
  const { holdText, textEnded } = memory
  const arrived: { header: MailHeader | null } = { header: null }
  let kept: Buffer[] = []
  let totalBytes = 0
  let limitBytes = SMALL_BODY_BYTES // any limit is above this, so that small mails need not know it
  let isLimitKnown = false
  let isTaking = false

  /** Takes the next piece, whether or not the mail is refused already; null at the end. */
  async function take(): Promise<Buffer | null> {
    isTaking = true
    const next = await pieces.next()
    if (!next.done) {
      totalBytes += next.value.length
      hash.update(next.value)
      if (totalBytes > limitBytes && !isLimitKnown) {
        limitBytes = await readLimit()
        isLimitKnown = true
      }
      if (totalBytes > limitBytes + READ_BEYOND_BYTES) throw tooLarge(limitBytes)
    }
    isTaking = false
    return next.done ? null : next.value
  }

  /**
   * Yields what the mail consists of, as the parser asks for it, so that nothing waits in a queue. There it would outlive the
   * collections of young garbage, and a large mail would leave all of itself to a rare one of old garbage.
   */
  async function* split(): AsyncGenerator<SplitterChunk> {
    for (let data = await take(); data !== null; data = await take()) {
      if (totalBytes > limitBytes) throw tooLarge(limitBytes)
      memory.arrived(totalBytes)
      if (memory.keepsSource()) kept.push(data)
      else kept = []
      await write(data)
      yield* chunks.splice(0)
      if (totalBytes > SMALL_BODY_BYTES) passMail(data.length)
    }
    if (totalBytes === 0) throw malformed('is empty')
    splitter.end()
    await finished(splitter)
    yield* chunks.splice(0)
  }

  function write(data: Buffer): Promise<void> {
    return new Promise((resolve, reject) => splitter.write(data, (error) => (error ? reject(error) : resolve())))
  }

  let result: ArrivedMail['result']
  try {
    const onHeader = (header: MailHeader) => (arrived.header = header)
    result = { mail: await parseMail(split(), { sink, holdText, textEnded, onHeader }) }
  } catch (error) {
    if (isTaking) throw error // the connection broke
    result = { fault: explainSplitter(error) }
    // Nothing of a refused mail is kept, however long the rest of it takes.
    kept = []
    memory.release()
    while ((await take()) !== null) continue
  }
  const source = memory.keepsSource() ? Buffer.concat(kept) : null
  return { header: arrived.header, hash: hash.digest('base64url'), source, result }
}

/** Joins the pieces of a client that sends a few bytes at a time: each would take many times its bytes of memory. */
export async function* joinPieces(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  /** The only piece so far, or `joined`. */
  let held: Buffer | null = null
  let joined: Buffer | null = null
  let length = 0
  for await (const piece of source) {
    if (held !== null && length + piece.length > LEAST_PIECE_BYTES) {
      yield held.subarray(0, length)
      held = joined = null
      length = 0
    }
    if (piece.length > LEAST_PIECE_BYTES) yield piece
    else if (held === null) {
      held = piece
      length = piece.length
    } else {
      if (joined === null) {
        joined = Buffer.allocUnsafe(LEAST_PIECE_BYTES)
        held.copy(joined)
        held = joined
      }
      length += piece.copy(joined, length)
    }
  }
  if (held !== null) yield held.subarray(0, length)
}

export function tooLarge(limitBytes: number): SmtpRefusal {
  return new SmtpRefusal(
    552,
    '5.3.4',
    `The message is larger than ${limitBytes} bytes. Send less, or a link to the file.`,
  )
}

function explainSplitter(error: unknown): unknown {
  if ((error as { code?: unknown } | null)?.code !== 'EMAXLEN') return error
  return malformed(`has more than ${MAX_PARTS} parts, or a header of more than ${MAX_HEADER_BYTES} bytes`)
}

/**
 * Identifies a mail within a service: clients repeat one whose 250 they did not get. Null for a mail without a
 * Message-ID, of which two equal ones may be meant.
 */
export function repetitionKey({ from, recipients }: Envelope, { header, hash }: ArrivedMail): string | null {
  const messageId = header?.messageId ?? null
  if (messageId === null) return null
  const identity = JSON.stringify([from, recipients.toSorted(), messageId, hash])
  // A key of the REST API has no space, so that the two are never the same.
  return `smtp ${createHash('sha256').update(identity).digest('base64url')}`
}

/**
 * Makes the message that the REST API would take, and holds it to the same rules.
 *
 * @throws {ProblemError} `invalid-input`
 * @throws {SmtpRefusal} where it names another sender and that is refused
 */
export function toMessageInput(
  { header, html, text, attachments, needsMime }: ParsedMail,
  { recipients }: Envelope,
  { sender, from }: { readonly sender: string | null; readonly from: 'rewrite' | 'refuse' },
): MessageInput {
  const foreign = namesAnother(header.from, sender)
  if ((foreign || header.hasUnusableFrom) && from === 'refuse') {
    throw new SmtpRefusal(
      550,
      '5.7.60',
      sender === null
        ? 'No sender is connected yet, and From is not rewritten here. A workspace admin connects one in Tenant Settings.'
        : 'Messages leave from the connected sender only. Set From to its address, or have the operator set SMTP_FROM to rewrite.',
    )
  }
  const replyTo = header.replyTo.length > 0 || !foreign ? header.replyTo : header.from.slice(0, MAX_REPLY_TO)
  const parsed = MessageInput.safeParse({
    ...divideRecipients(recipients, header),
    replyTo,
    subject: header.subject,
    ...(html === null ? { text: text === null || text.trim() === '' ? '' : text } : { html }),
    attachments: needsMime
      ? []
      : attachments.map(({ contentId }, part) => ({ part, ...(contentId !== null && { contentId }) })),
    headers: header.headers,
    importance: header.importance,
    requestReadReceipt: header.wantsReadReceipt,
    requestDeliveryReceipt: header.wantsDeliveryReceipt,
    ...ownFields(header.own),
  })
  if (!parsed.success) throw refuseInput(faultsOf(parsed.error.issues))
  return parsed.data
}

function ownFields(own: MailHeader['own']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(OWN_HEADERS).flatMap(([field, header]) => {
      const value = own.get(header.toLowerCase())
      return value === undefined ? [] : [[field, value]]
    }),
  )
}

/**
 * Makes the content of a mail that goes as it is; null for one that does not.
 *
 * @throws {SmtpRefusal} where it is too large for that
 */
export function toMimeContent({ source, result }: ArrivedMail): MimeContent | null {
  if (!('mail' in result) || !result.mail.needsMime) return null
  const { header, attachments } = result.mail
  if (source === null) {
    throw new SmtpRefusal(
      552,
      '5.3.4',
      `A message that is signed or encrypted, or has a calendar invitation, goes to Microsoft in one piece of at most ${MAX_MIME_BYTES} bytes. Send it with smaller attachments, or with a link to the file.`,
    )
  }
  return {
    source,
    fromName: header.from[0]?.name ?? null,
    attachments: attachments.map(({ contentId, filename, contentType, sizeBytes }) => ({
      filename,
      contentType,
      sizeBytes,
      inline: contentId !== null,
    })),
  }
}

import PostalMime, { type Attachment, type Email } from 'postal-mime'
import { plainText } from '../plain-text.ts'

// Reads what a report says about the delivery of a mail: RFC 3464 (message/delivery-status) where it has that, and else
// what the servers that have none write. Everything in it is the text of strangers.

/** How much of a report is read. The part for machines is at its beginning, before the returned mail. */
export const REPORT_BYTES = 256 * 1024

const MAX_RECIPIENTS = 500
const MAX_ORIGINALS = 50
const MAX_ADDRESS_CHARACTERS = 320
const MAX_MESSAGE_ID_CHARACTERS = 998
const MAX_DETAIL_CHARACTERS = 500
const MAX_NESTING = 20
const MAX_HEADERS_BYTES = 64 * 1024

export interface DeliveryReport {
  /** The Message-IDs of the mail that it is about, with the angle brackets, as In-Reply-To, References and what is returned of it say. */
  readonly originals: readonly string[]
  readonly recipients: readonly ReportedRecipient[]
  /** What the text of a report says that names no recipient; null where it does not look like a failure. */
  readonly unaddressed: { readonly code: string | null; readonly detail: string | null } | null
}

export interface ReportedRecipient {
  /** The address as it was reported and as it was written, where these differ; in lower case. */
  readonly addresses: readonly string[]
  /** Whether it failed for good, is delayed, or was delivered (RFC 3464, section 2.3.3). */
  readonly action: 'failed' | 'delayed' | 'other'
  /** The number alone. */
  readonly code: string | null
  /** What the server said, as bounded plain text. */
  readonly detail: string | null
}

/**
 * Reads a report.
 *
 * @param source the MIME of the mail; may be cut off
 * @returns null where it cannot be taken apart
 */
export async function readDeliveryReport(source: string | Uint8Array): Promise<DeliveryReport | null> {
  const email = await parse(source)
  if (!email) return null
  const status = email.attachments.find(({ mimeType }) => isDeliveryStatus(mimeType))
  const text = email.text ?? withoutTags(email.html ?? '')
  const recipients = status ? readStatus(textOf(status)) : readHeaders(email, text)
  return {
    originals: await readOriginals(email),
    recipients,
    unaddressed: recipients.length === 0 && !status ? readText(text) : null,
  }
}

async function parse(source: string | Uint8Array): Promise<Email | null> {
  try {
    return await PostalMime.parse(source.slice(0, REPORT_BYTES), {
      forceRfc822Attachments: true, // what the returned mail contains says nothing about its own delivery
      maxNestingDepth: MAX_NESTING,
      maxHeadersSize: MAX_HEADERS_BYTES,
    })
  } catch {
    return null // nested too deeply, or its header is too long
  }
}

/** RFC 6533 has a form of its own for addresses outside ASCII. */
function isDeliveryStatus(mimeType: string): boolean {
  return /^message\/(global-)?delivery-status$/i.test(mimeType)
}

/** Blocks that empty lines separate: one about the message, then one for each recipient. */
function readStatus(text: string): ReportedRecipient[] {
  return text
    .split(/\r?\n[ \t]*\r?\n/)
    .slice(0, MAX_RECIPIENTS + 1)
    .flatMap((block) => readRecipient(readFields(block)) ?? [])
}

function readFields(block: string): ReadonlyMap<string, string> {
  const unfolded = block.replaceAll(/\r?\n[ \t]+/g, ' ')
  const lines = unfolded.matchAll(/^([\w-]{1,100})[ \t]*:[ \t]*(.*)$/gm)
  return new Map([...lines].map(([, name = '', value = '']) => [name.toLowerCase(), value]))
}

function readRecipient(fields: ReadonlyMap<string, string>): ReportedRecipient | null {
  const named = [fields.get('final-recipient'), fields.get('original-recipient')]
  const addresses = [...new Set(named.flatMap((field) => addressIn(field ?? '') ?? []))]
  if (addresses.length === 0) return null
  const action = withoutComment(fields.get('action') ?? '').toLowerCase()
  const said = withoutType(fields.get('diagnostic-code') ?? '')
  return {
    addresses,
    action: action === 'failed' || action === 'delayed' ? action : 'other',
    code: readDeliveryCode(said, fields.get('status') ?? null),
    detail: said === '' ? null : plainText(said, MAX_DETAIL_CHARACTERS),
  }
}

/** Returns a value without the type in front, such as `rfc822;` or `smtp;`. */
function withoutType(value: string): string {
  return value.replace(/^[\w-]{1,40}[ \t]*;[ \t]*/, '')
}

/** RFC 3464 allows one after the value, such as `failed (no such mailbox)`. */
function withoutComment(value: string): string {
  return value.replace(/[ \t]*\([^()]{0,200}\)[ \t]*$/, '').trim()
}

/** RFC 6533 writes what is outside ASCII as `\x{FC}`, where the report itself is ASCII. */
function readEscapes(address: string): string {
  return address.replaceAll(/\\x\{([0-9a-f]{1,5}|10[0-9a-f]{4})\}/gi, (_escape, hex: string) =>
    String.fromCodePoint(Number.parseInt(hex, 16)),
  )
}

function addressIn(field: string): string | null {
  const address = readEscapes(withoutComment(withoutType(field)))
    .replace(/^<(.*)>$/, '$1')
    .toLowerCase()
  const isOne = address.length <= MAX_ADDRESS_CHARACTERS && /^[^\s<>@]+@[^\s<>@]+$/.test(address)
  return isOne ? address : null
}

/** Google and Exim name the recipients in a header, where they write no part for machines. */
function readHeaders(email: Email, text: string): ReportedRecipient[] {
  const header = email.headers.find(({ key }) => key === 'x-failed-recipients')?.value ?? ''
  const failure = readText(text)
  return header
    .split(',')
    .slice(0, MAX_RECIPIENTS)
    .flatMap((field) => {
      const address = addressIn(field)
      return address === null ? [] : [{ addresses: [address], action: 'failed', ...(failure ?? NOTHING_SAID) } as const]
    })
}

const NOTHING_SAID = { code: null, detail: null }

/** Only a code makes a text the text of a failure: an absence note has none. */
function readText(text: string): DeliveryReport['unaddressed'] {
  const code = readDeliveryCode(text)
  if (code === null) return null
  const line = text.split(/\r?\n/).find((one) => one.includes(code)) ?? text
  return { code, detail: plainText(line, MAX_DETAIL_CHARACTERS) }
}

async function readOriginals(email: Email): Promise<readonly string[]> {
  const returned = email.attachments.find(({ mimeType }) =>
    /^(message\/(rfc822|global)|text\/rfc822-headers)$/i.test(mimeType),
  )
  const original = returned ? await parse(`${headerOf(textOf(returned))}\r\n\r\n`) : null
  const named = [original?.messageId, email.inReplyTo, email.references].flatMap((ids) => messageIdsIn(ids ?? ''))
  return [...new Set(named)].slice(0, MAX_ORIGINALS)
}

function headerOf(message: string): string {
  return message.split(/\r?\n\r?\n/, 1)[0] ?? ''
}

/** The Message-IDs in a header or a property, with their angle brackets. */
export function messageIdsIn(text: string): string[] {
  const ids = text.match(/<[^<>\s]+>/g) ?? []
  return ids.filter((id) => id.length <= MAX_MESSAGE_ID_CHARACTERS).slice(0, MAX_ORIGINALS)
}

function textOf({ content }: Attachment): string {
  return typeof content === 'string' ? content : new TextDecoder().decode(content)
}

function withoutTags(html: string): string {
  return html.replaceAll(/<(style|script|head)\b.*?<\/\1>/gis, ' ').replaceAll(/<[^>]{0,2000}>/g, '\n')
}

/** Exchange Online only says with these that another server refused: the reason is in that server's own words. */
const OF_ANOTHER_SERVER: ReadonlySet<string | null> = new Set(['5.0.350', '5.7.350'])

/**
 * Reads the code of a failed delivery, the number alone; null where there is none. Where Exchange Online only passes on
 * what another server said, it is the innermost code of that.
 *
 * @param text the words of the report, such as `550 5.0.350 Remote server returned an error -> 550 5.1.1 unknown`
 * @param status the code of the report itself, where it has one
 */
export function readDeliveryCode(text: string, status: string | null = null): string | null {
  const outer = codesIn(status ?? '')[0] ?? codesIn(text)[0] ?? null
  if (!OF_ANOTHER_SERVER.has(outer)) return isVague(outer) ? (codesIn(text)[0] ?? outer) : outer
  const said = text.split('->')
  const innermost = said.length > 1 ? codesIn(said.at(-1) ?? '')[0] : undefined
  return innermost ?? codesIn(text).findLast((code) => !OF_ANOTHER_SERVER.has(code)) ?? outer
}

/** `5.0.0` says no more than that it failed. */
function isVague(code: string | null): boolean {
  return code === null || code.endsWith('.0.0')
}

const MAX_TEXT_CHARACTERS = 4_000

/** The codes of failures in a text; an IP address or a version is none. */
function codesIn(text: string): string[] {
  const found = text.slice(0, MAX_TEXT_CHARACTERS).matchAll(/(?<![\w.])[45]\.\d{1,3}\.\d{1,3}(?![\w]|\.\d)/g)
  return [...found].map(([code]) => code)
}

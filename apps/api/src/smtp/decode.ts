import { createDecodeStream, decode as decodeCharset } from 'libmime/lib/charset.js'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const PADDING = 64
const NOTHING = 255
/** What each byte stands for. */
const MEANINGS = new Uint8Array(256).fill(NOTHING)
for (const [value, letter] of Buffer.from(ALPHABET).entries()) MEANINGS[letter] = value
MEANINGS['='.charCodeAt(0)] = PADDING

/**
 * Decodes base64 while it arrives, without a string in between: the strings of a large file would fill the young heap, and
 * whatever is in flight would be kept as if it were old. Bytes that are no base64 are left out (RFC 2045 section 6.8), and
 * after padding it begins anew, since some programs encode piece by piece.
 */
export async function* decodeBase64(encoded: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let bits = 0
  let bitCount = 0
  for await (const data of encoded) {
    const decoded = Buffer.allocUnsafeSlow(Math.ceil((data.length * 3) / 4))
    let length = 0
    for (const byte of data) {
      const meaning = MEANINGS[byte] ?? NOTHING
      if (meaning < PADDING) {
        bits = ((bits << 6) | meaning) & 0xfff
        bitCount += 6
        if (bitCount >= 8) {
          bitCount -= 8
          decoded[length++] = bits >> bitCount
        }
      } else if (meaning === PADDING) bitCount = 0
    }
    if (length > 0) yield decoded.subarray(0, length)
  }
}

const [TAB, LF, CR, SPACE, EQUALS] = [0x09, 0x0a, 0x0d, 0x20, 0x3d]
/** What ends with a piece may mean something else with the next one; beyond this length it is taken as it stands. */
const MAX_HELD_BYTES = 1_000
const NO_DIGIT = 255
/** What each byte stands for as a hexadecimal digit. */
const DIGITS = new Uint8Array(256).fill(NO_DIGIT)
for (const [value, digit] of Buffer.from('0123456789abcdef').entries()) DIGITS[digit] = value
for (const [value, digit] of Buffer.from('ABCDEF').entries()) DIGITS[digit] = value + 10

/**
 * Decodes quoted-printable while it arrives (RFC 2045 section 6.7). White space before a line break is left out, and what is
 * no escape stays as it is.
 */
export async function* decodeQuotedPrintable(encoded: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let held: Buffer = Buffer.alloc(0)
  for await (const piece of encoded) {
    const data = held.length === 0 ? piece : Buffer.concat([held, piece])
    const { decoded, taken } = decode(data, false)
    held = data.subarray(taken)
    if (decoded.length > 0) yield decoded
  }
  if (held.length > 0) yield decode(held, true).decoded
}

/** Takes as much of the data as is certain without what follows; all of it where nothing does. */
function decode(data: Buffer, isLast: boolean): { readonly decoded: Buffer; readonly taken: number } {
  const decoded = Buffer.allocUnsafe(data.length)
  const { length } = data
  const mayHold = (from: number) => !isLast && length - from <= MAX_HELD_BYTES
  let written = 0
  let at = 0
  while (at < length) {
    const byte = data[at] as number
    if (byte === EQUALS) {
      const high = DIGITS[data[at + 1] ?? 0] as number
      const low = DIGITS[data[at + 2] ?? 0] as number
      if (high !== NO_DIGIT && low !== NO_DIGIT) {
        decoded[written++] = high * 16 + low
        at += 3
        continue
      }
      const next = skipWhiteSpace(data, at + 1)
      const lineEnd = data[next] === CR ? next + 1 : next
      const isOpen = lineEnd >= length || (high !== NO_DIGIT && at + 2 >= length)
      if (isOpen && mayHold(at)) break
      if (data[lineEnd] === LF) at = lineEnd + 1
      else if (next >= length) at = next
      else {
        decoded[written++] = EQUALS
        at += 1
      }
    } else if (byte === SPACE || byte === TAB) {
      const next = skipWhiteSpace(data, at)
      if (next >= length && mayHold(at)) break
      const endsLine = data[next] === CR || data[next] === LF || (next >= length && isLast)
      if (!endsLine) written += data.copy(decoded, written, at, next)
      at = next
    } else {
      decoded[written++] = byte
      at += 1
    }
  }
  return { decoded: decoded.subarray(0, written), taken: at }
}

function skipWhiteSpace(data: Buffer, from: number): number {
  let at = from
  while (data[at] === SPACE || data[at] === TAB) at += 1
  return at
}

/** Charset labels that are unreliable: what is labelled with them is UTF-8 or Windows' Latin in practice. */
const SAYS_NOTHING = /^(|(us-)?ascii|ansi_x3\.4-1968|utf-?8|[78]bit|binary|unknown-8bit|x-unknown)$/
/** Programs say Latin 1 and send Windows-1252, which differs in control characters only (WHATWG Encoding, section 4.2). */
const LATIN_1 = /^(iso[-_]?8859-?1|latin-?1)$/

const UTF_8 = new TextDecoder('utf-8', { fatal: true })

/**
 * Decodes text of a mail. Where no usable charset is named, bytes that are not UTF-8 are taken for Windows-1252: devices
 * send them undeclared, or declared as something else.
 */
export function decodeText(bytes: Buffer, charset: string | null): string {
  const named = (charset ?? '').trim().toLowerCase()
  if (LATIN_1.test(named)) return new TextDecoder('windows-1252').decode(bytes)
  if (!SAYS_NOTHING.test(named) && createDecodeStream(named).supported) return decodeCharset(bytes, named)
  try {
    return UTF_8.decode(bytes)
  } catch {
    return new TextDecoder('windows-1252').decode(bytes)
  }
}

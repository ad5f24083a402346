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

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

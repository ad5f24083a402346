import { expect, it, describe } from 'vitest'
import { decodeBase64, decodeQuotedPrintable } from './decode.ts'

async function decodedPieces(
  decode: (encoded: AsyncIterable<Buffer>) => AsyncIterable<Buffer>,
  pieces: readonly string[],
): Promise<string[]> {
  const decoded: string[] = []
  for await (const data of decode(arriving(pieces))) decoded.push(data.toString('latin1'))
  return decoded
}

async function* arriving(pieces: readonly string[]): AsyncGenerator<Buffer> {
  for (const piece of pieces) yield Buffer.from(piece, 'latin1')
}

const EVERY_BYTE = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
const EVERY_BYTE_ENCODED = EVERY_BYTE.toString('base64')

it.each([
  ['every byte', [EVERY_BYTE_ENCODED], EVERY_BYTE.toString('latin1')],
  ['letter by letter', EVERY_BYTE_ENCODED.split(''), EVERY_BYTE.toString('latin1')],
  ['lines of any length', ['dGh\r\nlIG51bW', '\nJl\r\n\r\ncnM='], 'the numbers'],
  ['what is no base64 between', ['dGhl*\0 \xe9IG51bWJlcnM='], 'the numbers'],
  ['pieces with padding each', ['dGhl', 'IA==', 'bnVtYmVycw==\r\n', 'IQ=='], 'the numbers!'],
  ['no padding at the end', ['dGhlIG51bWJlcnM'], 'the numbers'],
  ['nothing', [''], ''],
])('decodes base64: %s', async (_, pieces, expected) => {
  expect((await decodedPieces(decodeBase64, pieces)).join('')).toBe(expected)
})

describe.each<[string, (text: string) => string[]]>([
  ['at once', (text) => [text]],
  ['byte by byte', (text) => text.split('')],
])('quoted-printable, arriving %s', (_, cut) => {
  it.each([
    ['escapes in either case', 'caf=C3=a9=3D', 'caf\xc3\xa9='],
    ['soft line breaks', 'one=\r\ntwo=\nthree=', 'onetwothree'],
    ['soft line breaks followed by white space', 'one= \t\r\ntwo= ', 'onetwo'],
    ['white space at the end of lines, which is left out', 'one \t\r\n two \nthree \t', 'one\r\n two\nthree'],
    ['white space that is an escape, which is kept', 'one=20\r\ntwo=09', 'one \r\ntwo\t'],
    ['what is no escape, as it is', '=G1 = =4 =4Z =\rx a=b', '=G1 = =4 =4Z =\rx a=b'],
    ['bytes that should have been escaped', '\xe9\0\xff', '\xe9\0\xff'],
    ['nothing', '', ''],
  ])('decodes %s', async (__, encoded, expected) => {
    expect((await decodedPieces(decodeQuotedPrintable, cut(encoded))).join('')).toBe(expected)
  })
})

it('passes on what has arrived of quoted-printable, and holds no line of any length back', async () => {
  const line = 'x'.repeat(5_000)
  const spaces = ' '.repeat(5_000)

  expect(await decodedPieces(decodeQuotedPrintable, [line, `${line}=`, `\r\n${spaces}`, spaces, 'x'])).toEqual([
    line,
    line,
    spaces,
    spaces,
    'x',
  ])
})

import { describe, expect, it } from 'vitest'
import { decodeQuotedPrintable } from './decode-quoted-printable.ts'

async function decode(pieces: readonly string[]): Promise<string[]> {
  const decoded: string[] = []
  for await (const data of decodeQuotedPrintable(arriving(pieces))) decoded.push(data.toString('latin1'))
  return decoded
}

async function* arriving(pieces: readonly string[]): AsyncGenerator<Buffer> {
  for (const piece of pieces) yield Buffer.from(piece, 'latin1')
}

describe.each<[string, (text: string) => string[]]>([
  ['at once', (text) => [text]],
  ['byte by byte', (text) => text.split('')],
])('arriving %s', (_, cut) => {
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
    expect((await decode(cut(encoded))).join('')).toBe(expected)
  })
})

it('passes on what has arrived, and holds no line of any length back', async () => {
  const line = 'x'.repeat(5_000)
  const spaces = ' '.repeat(5_000)

  expect(await decode([line, `${line}=`, `\r\n${spaces}`, spaces, 'x'])).toEqual([line, line, spaces, spaces, 'x'])
})

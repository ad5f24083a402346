import { expect, it } from 'vitest'
import { decodeBase64 } from './decode-base64.ts'

async function decode(pieces: readonly string[]): Promise<string> {
  const decoded: Buffer[] = []
  for await (const data of decodeBase64(arriving(pieces))) decoded.push(data)
  return Buffer.concat(decoded).toString('latin1')
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
])('decodes %s', async (_, pieces, expected) => {
  expect(await decode(pieces)).toBe(expected)
})

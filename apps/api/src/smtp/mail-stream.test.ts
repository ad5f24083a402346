import { SMTPStream } from 'smtp-server/lib/smtp-stream.js'
import { expect, it, vi } from 'vitest'
import { MailStream } from './mail-stream.ts'

/** Feeds pieces to a parser that is in data mode, and returns the mail, and the command behind it. */
async function read(parser: SMTPStream, pieces: readonly Buffer[]): Promise<{ mail: string; command: string }> {
  let mail = ''
  const command = new Promise<string>((resolve) => (parser.oncommand = (line) => resolve(line.toString())))
  parser
    .startDataMode()
    .on('data', (data: Buffer) => (mail += data.toString('latin1')))
    .on('end', () => parser.continue())
  for (const piece of pieces) parser.write(piece)
  return { command: await command, mail }
}

function cut(text: string, pieceBytes: (at: number) => number): Buffer[] {
  const pieces: Buffer[] = []
  for (let at = 0; at < text.length;) {
    const bytes = pieceBytes(at)
    pieces.push(Buffer.from(text.slice(at, at + bytes), 'latin1'))
    at += bytes
  }
  return pieces
}

it.each([
  ['', ''],
  ['..\r\n', '.\r\n'],
  ['..', '.'],
  ['...\r\n..\r\n', '..\r\n.\r\n'],
  ['a\r\n..b\r\n.c', 'a\r\n.b\r\n.c'],
  ['\n.\r\na\r\n.\na\n..\r\n', '\n.\r\na\r\n.\na\n.\r\n'],
])('takes %j for %j, however it is cut', async (sent, expected) => {
  const text = `${sent}${sent === '' || sent.endsWith('\r\n') ? '' : '\r\n'}.\r\nNOOP\r\n`
  for (let pieceBytes = 1; pieceBytes <= text.length; pieceBytes++) {
    const { mail, command } = await read(
      new MailStream(),
      cut(text, () => pieceBytes),
    )
    expect({ pieceBytes, mail, command }).toEqual({
      pieceBytes,
      mail: expected === '' || expected.endsWith('\r\n') ? expected : `${expected}\r\n`,
      command: 'NOOP',
    })
  }
})

it('reads what smtp-server reads, of any dots and line breaks', async () => {
  let state = 1
  const next = (below: number) => {
    state = (state * 48_271) % 2_147_483_647
    return state % below
  }
  for (let round = 0; round < 500; round++) {
    const parts = Array.from({ length: next(30) }, () => ['\r\n', '\r', '\n', '.', '..', 'x'][next(6)])
    const pieces = cut(`x\r\n${parts.join('')}\r\n.\r\nNOOP\r\n`, () => 1 + next(8))
    expect(await read(new MailStream(), pieces)).toEqual(await read(new SMTPStream(), pieces))
  }
})

it('passes a million lines that begin with a dot on in as many pieces as arrived, with no call of Buffer for each', async () => {
  const methods = ['copy', 'indexOf', 'includes', 'subarray'] as const
  const spies = methods.map((method) => vi.spyOn(Buffer.prototype, method))
  const parser = new MailStream()
  let pieces = 0
  parser.oncommand = () => {}
  const stream = parser.startDataMode()
  stream.on('data', () => (pieces += 1))
  const lines = Buffer.from('..\r\n'.repeat(10_000))
  for (let count = 0; count < 100; count++) parser.write(lines)
  parser.end('\r\n.\r\n')
  await new Promise((resolve) => stream.once('end', resolve))

  const calls = spies.reduce((sum, { mock }) => sum + mock.calls.length, 0)
  for (const spy of spies) spy.mockRestore()
  expect(pieces).toBe(101)
  expect(calls).toBeLessThan(1_000)
})

import { connect } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { startUpload } from '../test-support/upload.ts'
import { startWorkerProcess } from '../test-support/worker-process.ts'
import { useProduct } from '../test-support/use-fixture.ts'

const KIB = 1024
const MIB = 1024 * KIB
const MAIL = JSON.stringify({ to: ['max@contoso.com'], subject: 'Q3', text: 'Numbers.' })

const { fixture, product, service } = useProduct()
let unfinished: { end(): void }[] = []

afterEach(() => {
  for (const client of unfinished) client.end()
  unfinished = []
})

/** Begins a chunked body, and then sends a byte now and again. */
async function trickle(port: number, sizeBytes: number): Promise<void> {
  const socket = connect(port, 'localhost')
  socket.on('error', () => {})
  const lines = [
    'POST /api/v1/messages HTTP/1.1',
    'host: localhost',
    `authorization: Bearer ${service.key}`,
    'content-type: application/json',
    'transfer-encoding: chunked',
  ]
  socket.write(`${lines.join('\r\n')}\r\n\r\n${sizeBytes.toString(16)}\r\n${' '.repeat(sizeBytes)}\r\n`)
  const timer = setInterval(() => socket.write('1\r\n \r\n'), 50)
  unfinished.push({
    end() {
      clearInterval(timer)
      socket.destroy()
    },
  })
  await new Promise((resolve) => setTimeout(resolve, 100)) // by then the server holds what it will
}

/** Sends a body of undeclared length, as .NET and many others send JSON. */
async function postChunked(url: string, body: string) {
  const response = await fetch(`${url}/api/v1/messages`, {
    method: 'POST',
    headers: { authorization: `Bearer ${service.key}`, 'content-type': 'application/json' },
    body: new Blob([body]).stream(),
    duplex: 'half',
    signal: AbortSignal.timeout(60_000),
  })
  return { status: response.status, json: await response.json() }
}

it.each([
  ['one byte', 1],
  ['more than a small message has', 100 * KIB],
])(
  'accepts small messages of undeclared length while there are clients that have sent %s and continue slowly',
  async (_what, bytes) => {
    for (let client = 0; client < 6; client++) await trickle(product.config.port, bytes)

    expect(await postChunked(product.publicUrl, MAIL)).toMatchObject({ status: 202, json: { status: 'held' } })
  },
)

it.each([64 * KIB - 1, 64 * KIB, 64 * KIB + 1, 300 * KIB])(
  'accepts a body of %d bytes of undeclared length whole',
  async (sizeBytes) => {
    const body = MAIL.replace('Numbers.', 'x'.repeat(sizeBytes - MAIL.length + 'Numbers.'.length))
    const { json } = await postChunked(product.publicUrl, body)

    expect(await service.read((json as { id: string }).id)).toMatchObject({ subject: 'Q3', status: 'held' })
  },
)

it('takes the memory of a few for 40 clients that stall in the middle of a large part message', async () => {
  const api = await startWorkerProcess(fixture, { ROLE: 'api' })
  const before = await api.residentBytes()
  const message = { disposition: 'name="message"', content: ' '.repeat(6 * MIB - 100) }
  const uploads = Array.from({ length: 40 }, () => startUpload(api, service.key, [message]))
  unfinished.push(...uploads.map((upload) => ({ end: () => upload.breakOff() })))
  for (const upload of uploads) void upload.send(6 * MIB - KIB)

  // Ordinary mail is accepted meanwhile; by then the server has read all that it will.
  for (let round = 0; round < 3; round++) expect((await postChunked(api.publicUrl, MAIL)).status).toBe(202)
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect((await api.residentBytes()) - before).toBeLessThan(150 * MIB) // of 240
  for (const upload of uploads) upload.breakOff()
  await api.close()
})

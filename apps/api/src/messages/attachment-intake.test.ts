import { randomBytes } from 'node:crypto'
import { afterEach, expect, it } from 'vitest'
import { postMultipart, type Part } from '../test-support/multipart.ts'
import { attachmentParts, countStored, mailWith, readStored, sha256 } from '../test-support/stored-attachments.ts'
import { useProduct } from '../test-support/use-fixture.ts'

const KIB = 1024
const MIB = 1024 * KIB
const CHUNK = 256 * KIB
const KEPT = 512 * KIB

// Nothing is configured, so accepted messages are held and can be inspected.
const { fixture, product, service } = useProduct()
afterEach(() => fixture.database.empty('messages'))

const post = (parts: readonly Part[]) => postMultipart(product.publicUrl, service.key, parts)

async function accepted(parts: readonly Part[]): Promise<string> {
  const { status, json } = await post(parts)
  expect({ status, detail: json.detail }).toEqual({ status: 202, detail: undefined })
  return json.id
}

const stored = (id: string) => readStored(fixture.database, product, id)

it.each([
  ['one byte more than stays in memory', [KEPT + 1]],
  ['one byte below a chunk boundary', [4 * CHUNK - 1]],
  ['exactly whole chunks', [4 * CHUNK]],
  ['one byte above a chunk boundary', [4 * CHUNK + 1]],
  ['several that are large only together', [300 * KIB, 200 * KIB, 100 * KIB, 1]],
  ['a large one among small and empty ones', [0, 1, 3 * MIB + 7, 0, CHUNK, 1]],
  ['empty ones last', [KEPT, 1, 0, 0]],
])('keeps %s as sent, in order, with true sizes and SHA-256', async (_what, sizes) => {
  const contents = sizes.map((size) => randomBytes(size))
  const id = await accepted(mailWith(contents))

  expect(await stored(id)).toEqual(
    contents.map((content, index) => ({
      filename: `${index}.bin`,
      contentType: 'application/x-report',
      sizeBytes: content.length,
      sha256: sha256(content),
      content,
      chunkBytes: expect.any(Array),
    })),
  )
})

it('stores up to 512 KiB of attachments with the message, and no chunk', async () => {
  const contents = [randomBytes(KEPT - 1000), Buffer.alloc(0), randomBytes(1000)]
  const id = await accepted(mailWith(contents))

  expect((await stored(id)).map(({ content, chunkBytes }) => ({ content, chunkBytes }))).toEqual(
    contents.map((content) => ({ content, chunkBytes: [] })),
  )
  expect(await countStored(fixture.database)).toEqual({ messages: 1, chunks: 0 })
})

it('accepts a large part whose SHA-256 is as the message says', async () => {
  const content = randomBytes(1 * MIB)
  const id = await accepted(mailWith([content], { attachments: [{ part: 0, sha256: sha256(content) }] }))

  expect(await stored(id)).toMatchObject([{ sha256: sha256(content) }])
})

it('refuses a large part whose SHA-256 is another, by its path, and keeps nothing of it', async () => {
  const attachments = [{ part: 1, sha256: sha256('another file') }]
  const { status, json } = await post(mailWith([randomBytes(1 * MIB), randomBytes(1 * MIB)], { attachments }))

  expect(status).toBe(400)
  expect(json.errors).toMatchObject([
    { path: 'attachments[0].sha256', message: 'The part arrived with other content.' },
  ])
  expect(await countStored(fixture.database)).toEqual({ messages: 0, chunks: 0 })
})

it('keeps nothing of large attachments without a message', async () => {
  const { status, json } = await post(attachmentParts([randomBytes(2 * MIB)]))

  expect([status, json.code]).toEqual([400, 'invalid-input'])
  expect(await countStored(fixture.database)).toEqual({ messages: 0, chunks: 0 })
})

it.each(['base64', 'Quoted-Printable'])('refuses a part in %s, which would arrive as text', async (encoding) => {
  const [message, part] = mailWith(['YQ=='])
  const encoded = { ...(part as Part), contentType: `text/plain\r\ncontent-transfer-encoding: ${encoding}` }
  const { status, json } = await post([message as Part, encoded])

  expect(status).toBe(400)
  expect(json).toMatchObject({ code: 'invalid-input', detail: expect.stringContaining('content-transfer-encoding') })
})

it('stores an invalid content type as application/octet-stream', async () => {
  const [message, part] = mailWith(['a'])
  const id = await accepted([message as Part, { ...(part as Part), contentType: 'anything at all' }])

  expect(await stored(id)).toMatchObject([{ contentType: 'application/octet-stream' }])
})

async function namesOf({ status, json }: { status: number; json: { id: string } }): Promise<string[]> {
  expect({ status, json }).toMatchObject({ status: 202 })
  return (await readStored(fixture.database, product, json.id)).map(({ filename }) => filename)
}

const part = (written: string): Part => ({ disposition: `name="attachment"; ${written}`, content: 'a' })

it.each([
  ['quotes as browsers write them', 'filename="a %22b%22.txt"', 'a "b".txt'],
  ['quotes with a backslash', String.raw`filename="a \"b\".txt"`, 'a "b".txt'],
  ['UTF-8 as it is', 'filename="日本語 – ü.txt"', '日本語 – ü.txt'],
  ['the form of RFC 8187', "filename*=UTF-8''%e2%82%ac%20rates.txt", '€ rates.txt'],
  ['the form of RFC 8187 in lower case, with a language', "filename*=utf-8'en'%C2%A3.txt", '£.txt'],
  ['the form of RFC 8187 in Latin-1', "filename*=iso-8859-1''%A3.txt", '£.txt'],
  ['no quotes', 'filename=q3.txt', 'q3.txt'],
  ['a path in the form of RFC 8187', "filename*=UTF-8''..%2F..%5Cq3.txt", 'q3.txt'],
  ['a pretended ending in the form of RFC 8187', "filename*=UTF-8''invoice%E2%80%AExcod.exe", 'invoicexcod.exe'],
  ['no name', 'filename=""', 'attachment-1'],
])('reads a file name with %s', async (_what, written, name) => {
  expect(await namesOf(await post([...mailWith([]), part(written)]))).toEqual([name])
})

it.each(['quote " here', 'line\r\nbreak', '100% %22', 'Größe – 日本語.pdf', 'back\\slash'])(
  'reads the file name %j as FormData writes it',
  async (name) => {
    const form = new FormData()
    form.append('message', mailWith([])[0]?.content.toString() ?? '')
    form.append('attachment', new File(['a'], `folder/${name}.txt`))

    // FormData does not encode a percent sign, so %22 in a name reads as a quote; a backslash ends a path.
    const expected = name.replace('\r\n', '_').replace('%22', '"').replace(/^.*\\/, '')
    expect(await namesOf(await service.postForm('/api/v1/messages', form))).toEqual([`${expected}.txt`])
  },
)

it('lets no name that the message gives disguise its extension', async () => {
  const attachments = [
    { filename: 'inside\u202excod.exe', content: 'YQ==' },
    { part: 0, filename: 'beside\u2067xcod.exe' },
    { part: 1, filename: '\u202e' },
  ]
  const [message] = mailWith([], { attachments })
  const answer = await postMultipart(product.publicUrl, service.key, [
    message as Part,
    part('filename="a"'),
    part('filename="b"'),
  ])

  expect(await namesOf(answer)).toEqual(['insidexcod.exe', 'besidexcod.exe', 'attachment-2'])
})

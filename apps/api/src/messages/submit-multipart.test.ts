import { createHash, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { mailsIn } from '../test-support/mailbox.ts'
import { postMultipart, type Part } from '../test-support/multipart.ts'
import { createTestGround, type TestGround, type TestProduct } from '../test-support/test-product.ts'
import { connectMailbox, createServiceClient, type ServiceClient } from '../test-support/test-service.ts'

let ground: TestGround
let product: TestProduct
let service: ServiceClient

beforeAll(async () => {
  ground = await createTestGround()
  product = await ground.startProduct({ environment: { MAILBOX_MESSAGES_PER_MINUTE: '0' } })
  await connectMailbox(product)
  service = await createServiceClient(product)
})
afterAll(() => ground.close())

const BINARY = randomBytes(5_000) // no valid UTF-8, for certain

function messagePart(changes: object = {}): Part {
  const message = { to: ['max@contoso.com'], subject: 'Q3', text: 'Numbers.', ...changes }
  return { disposition: 'name="message"', content: JSON.stringify(message) }
}

function attachmentPart(content: string | Buffer = BINARY, fileName = 'filename="a.bin"', contentType?: string): Part {
  return {
    disposition: ['name="attachment"', fileName].filter((text) => text !== '').join('; '),
    content,
    ...(contentType !== undefined && { contentType }),
  }
}

const post = (...parts: Part[]) => postMultipart(product.publicUrl, service.key, parts)

async function attachmentsOf(subject: string, { status, json }: { status: number; json: { id: string } }) {
  expect({ status, json }).toMatchObject({ status: 202 })
  await service.untilEnded(json.id)
  const [arrived] = await mailsIn(ground.microsoft, subject)
  return arrived.attachments
}

function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}

// The part message

it.each([
  ['without a file name', 'name="message"', undefined],
  ['without a file name, as JSON', 'name="message"', 'application/json'],
  ['with the file name of a Blob', 'name="message"; filename="blob"', 'application/json'],
  ['with a file name, as text', 'name="message"; filename="message.json"', 'text/plain; charset=utf-8'],
])('takes the message %s', async (what, disposition, contentType) => {
  const part = { ...messagePart({ subject: `Größe ${what}` }), disposition }

  const { status, json } = await post(contentType === undefined ? part : { ...part, contentType })

  expect(status).toBe(202)
  expect(json.subject).toBe(`Größe ${what}`)
})

it('takes what FormData writes', async () => {
  const form = new FormData()
  form.append('message', new Blob([messagePart({ subject: 'FormData' }).content]))
  form.append('attachment', new File([BINARY], 'wörk "final" 100%.bin', { type: 'application/x-thing' }))

  const attachments = await attachmentsOf('FormData', await service.postForm('/api/v1/messages', form))
  expect(attachments).toMatchObject([
    { name: 'wörk "final" 100%.bin', contentType: 'application/x-thing', sha256: sha256(BINARY) },
  ])
})

it('takes the message from behind its attachments', async () => {
  const answer = await post(attachmentPart(), messagePart({ subject: 'Message last' }))

  expect(await attachmentsOf('Message last', answer)).toMatchObject([{ sha256: sha256(BINARY) }])
})

it.each<[string, string, Part[]]>([
  ['no part message', 'The part message is missing: it holds the message as JSON.', [attachmentPart()]],
  ['no part at all', 'The part message is missing: it holds the message as JSON.', []],
  [
    'an unknown part',
    'The part "file" is not expected: send one part message and parts attachment.',
    [messagePart(), { disposition: 'name="file"; filename="a"', content: 'a' }],
  ],
  [
    'a part without a name',
    'The part "" is not expected: send one part message and parts attachment.',
    [messagePart(), { disposition: 'filename="a"', content: 'a' }],
  ],
  [
    'two parts message',
    'The part "message" is not expected: send one part message and parts attachment.',
    [messagePart(), messagePart()],
  ],
  [
    'a message that is not JSON',
    'The part message is not valid JSON.',
    [{ disposition: 'name="message"', content: '{"to":' }],
  ],
  [
    '101 attachments',
    'The multipart body has too many parts.',
    [messagePart(), ...Array(101).fill(attachmentPart('a'))],
  ],
])('refuses %s', async (_what, detail, parts) => {
  const { status, json } = await post(...parts)

  expect(status).toBe(400)
  expect(json).toMatchObject({ code: 'invalid-input', detail })
})

it('names the faults of the message by path, as in JSON', async () => {
  const { status, json } = await post(messagePart({ subject: 'a\nb', extra: 1 }), attachmentPart())

  expect(status).toBe(400)
  expect(json.errors.map(({ path }: { path: string }) => path).toSorted()).toEqual(['extra', 'subject'])
})

// Attachments

it('keeps several attachments apart, in their order, whatever bytes they hold', async () => {
  const contents = [BINARY, Buffer.alloc(0), Buffer.from('--boundary\r\n\r\n'), randomBytes(100_000)]
  const parts = contents.map((content, index) => attachmentPart(content, `filename="${index}.bin"`))

  const attachments = await attachmentsOf('Several', await post(messagePart({ subject: 'Several' }), ...parts))
  expect(attachments).toMatchObject(
    contents.map((content, index) => ({ name: `${index}.bin`, sizeBytes: content.length, sha256: sha256(content) })),
  )
})

it.each(['application/pdf', 'text/plain', 'application/json', undefined])(
  'takes an attachment without a file name as it is, sent as %s',
  async (contentType) => {
    const subject = `Unnamed ${contentType}`
    const content = Buffer.concat([Buffer.from('{}'), BINARY])
    const answer = await post(messagePart({ subject }), attachmentPart(content, '', contentType))

    expect(await attachmentsOf(subject, answer)).toMatchObject([{ name: 'attachment-1', sha256: sha256(content) }])
  },
)

it.each([
  ['with quotes, as browsers write them', 'filename="a %22b%22.txt"', 'a "b".txt'],
  ['with quotes, as others write them', String.raw`filename="a \"b\".txt"`, 'a "b".txt'],
  ['in UTF-8', 'filename="日本語 – ü.txt"', '日本語 – ü.txt'],
  ['in the form of RFC 5987', "filename*=UTF-8''%e2%82%ac%20rates.txt", '€ rates.txt'],
  ['with the path of a Unix system', 'filename="/home/ada/q3.txt"', 'q3.txt'],
  ['with the path of a Windows system', String.raw`filename="C:\Reports\q3.txt"`, 'q3.txt'],
  ['with a line separator', 'filename="a\u2028b.txt"', 'a_b.txt'],
  ['without a name in it', 'filename=""', 'attachment-1'],
])('takes a file name %s', async (what, written, name) => {
  const subject = `File name ${what}`
  const answer = await post(messagePart({ subject }), attachmentPart('a', written))

  expect(await attachmentsOf(subject, answer)).toMatchObject([{ name }])
})

it('takes the content type of a part', async () => {
  const answer = await post(
    messagePart({ subject: 'Type' }),
    attachmentPart('a', 'filename="a"', 'application/pdf; version=1.7'),
    attachmentPart('a', 'filename="b"', 'application/octet-stream'),
  )

  expect(await attachmentsOf('Type', answer)).toMatchObject([
    { contentType: 'application/pdf' },
    { contentType: 'application/octet-stream' },
  ])
})

it('lets the message describe its parts by number, in any order', async () => {
  const attachments = [
    { part: 1, filename: 'second.png', contentType: 'image/png', contentId: 'chart' },
    { part: 0, filename: 'first.txt', sha256: sha256('first').toUpperCase() },
    { filename: 'inside.txt', content: Buffer.from('inside').toString('base64') },
  ]
  const answer = await post(
    messagePart({ subject: 'Described', html: '<img src="cid:chart">', attachments }),
    attachmentPart('first'),
    attachmentPart(BINARY),
    attachmentPart('third', 'filename="third.txt"', 'text/csv'),
  )

  const arrived = await attachmentsOf('Described', answer)
  const byName = Object.fromEntries(arrived.map((attachment: { name: string }) => [attachment.name, attachment]))
  expect(byName).toMatchObject({
    'first.txt': { sha256: sha256('first'), isInline: false },
    'second.png': { sha256: sha256(BINARY), contentType: 'image/png', isInline: true, contentId: 'chart' },
    'third.txt': { sha256: sha256('third'), contentType: 'text/csv' },
    'inside.txt': { sha256: sha256('inside') },
  })
  expect(arrived).toHaveLength(4)
})

it('refuses descriptions that do not fit the parts, each by its path', async () => {
  const attachments = [{ part: 0, sha256: sha256('other') }, { part: 0 }, { part: 2 }]
  const { status, json } = await post(messagePart({ attachments }), attachmentPart('content'), attachmentPart('more'))

  expect(status).toBe(400)
  expect(json).toMatchObject({
    code: 'invalid-input',
    errors: [
      { path: 'attachments[0].sha256', message: 'The part arrived with other content.' },
      { path: 'attachments[1].part', message: 'This part is described twice.' },
      { path: 'attachments[2].part', message: 'There is no part attachment number 2.' },
    ],
  })
})

it('refuses the description of a part in a message that has none', async () => {
  const { status, json } = await service.post('/api/v1/messages', {
    to: ['max@contoso.com'],
    subject: 'Q3',
    text: 'Numbers.',
    attachments: [{ part: 0 }],
  })

  expect(status).toBe(400)
  expect(json.errors).toEqual([{ path: 'attachments[0].part', message: 'There is no part attachment number 0.' }])
})

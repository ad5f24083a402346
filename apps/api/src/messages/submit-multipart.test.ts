import { createHash, randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { mailsIn } from '../test-support/mailbox.ts'
import { postMultipart, type Part } from '../test-support/multipart.ts'
import { countStored } from '../test-support/stored-attachments.ts'
import { useProduct } from '../test-support/use-fixture.ts'

const { fixture, product, service } = useProduct({ environment: { MAILBOX_MESSAGES_PER_MINUTE: '0' }, mailbox: {} })

const BINARY = randomBytes(5_000) // certainly not valid UTF-8

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
  const [arrived] = await mailsIn(fixture.microsoft, subject)
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
])('accepts the message %s', async (what, disposition, contentType) => {
  const part = { ...messagePart({ subject: `Größe ${what}` }), disposition }

  const { status, json } = await post(contentType === undefined ? part : { ...part, contentType })

  expect(status).toBe(202)
  expect(json.subject).toBe(`Größe ${what}`)
})

it('delivers what FormData writes', async () => {
  const form = new FormData()
  form.append('message', new Blob([messagePart({ subject: 'FormData' }).content]))
  form.append('attachment', new File([BINARY], 'wörk "final" 100%.bin', { type: 'application/x-thing' }))

  const attachments = await attachmentsOf('FormData', await service.postForm('/api/v1/messages', form))
  expect(attachments).toMatchObject([
    { name: 'wörk "final" 100%.bin', contentType: 'application/x-thing', sha256: sha256(BINARY) },
  ])
})

it.each<[string, string, Part[]]>([
  ['no part message', 'message: This part is missing: it holds the message as JSON.', [attachmentPart()]],
  ['no part at all', 'message: This part is missing: it holds the message as JSON.', []],
  [
    'an unknown part',
    'file: This part is not expected: send one part message and parts attachment.',
    [messagePart(), { disposition: 'name="file"; filename="a"', content: 'a' }],
  ],
  [
    'a part without a name',
    'A part has no name in its Content-Disposition: send one part message and parts attachment.',
    [messagePart(), { disposition: 'filename="a"', content: 'a' }],
  ],
  [
    'two parts message',
    'message: This part came twice: send one part message and parts attachment.',
    [messagePart(), messagePart()],
  ],
  [
    'a message that is not JSON',
    'The part message is not valid JSON.',
    [{ disposition: 'name="message"', content: '{"to":' }],
  ],
  [
    'a message that is not UTF-8',
    'The part message is not valid UTF-8, which JSON has to be.',
    [{ disposition: 'name="message"', content: Buffer.from('{"subject":"caf\xe9"}', 'latin1') }],
  ],
  [
    'a message in another charset',
    'The charset iso-8859-1 is not supported: send JSON in UTF-8.',
    [{ disposition: 'name="message"', contentType: 'application/json; charset=iso-8859-1', content: '{}' }],
  ],
  [
    '101 attachments',
    'The multipart body has too many parts: at most one is message, and 100 are attachment.',
    [messagePart(), ...Array(101).fill(attachmentPart('a'))],
  ],
])('refuses %s', async (_what, detail, parts) => {
  const { status, json } = await post(...parts)

  expect(status).toBe(400)
  expect(json).toMatchObject({ code: 'invalid-input', detail })
})

it('names every part it refuses together with the faults of the message', async () => {
  const { status, json } = await postMultipart(
    product.publicUrl,
    service.key,
    [
      attachmentPart(randomBytes(700_000)),
      { disposition: 'name="file"; filename="a"', content: randomBytes(300_000) },
      { disposition: 'filename="b"', content: 'b' },
      messagePart({ subject: 'a\nb' }),
    ],
    { 'idempotency-key': 'a b' },
  )

  expect(status).toBe(400)
  expect(json.errors.map(({ path }: { path: string }) => path)).toEqual(['Idempotency-Key', 'file', '', 'subject'])
  expect(await fixture.database.query('SELECT 1 FROM message_contents WHERE content IS NULL')).toEqual([])
})

it.each([
  ['no Content-Disposition', 'content-type: application/pdf\r\n\r\n%PDF'],
  ['no header at all', '\r\n%PDF'],
  ['a header that does not end', 'content-type: application/pdf'],
  ['another disposition', 'content-disposition: attachment; filename="a.pdf"\r\n\r\n%PDF'],
  ['a name with a line break in it', 'content-disposition: form-data; name="attach\nment"\r\n\r\n%PDF'],
])('refuses a part with %s rather than losing its file', async (_what, part) => {
  const before = await countStored(fixture.database)
  const json = JSON.stringify({ to: ['max@contoso.com'], subject: 'Q3', text: 'Numbers.' })
  const body = `--b\r\ncontent-disposition: form-data; name="message"\r\n\r\n${json}\r\n--b\r\n${part}\r\n--b--\r\n`

  const answer = await service.post('/api/v1/messages', body, { 'content-type': 'multipart/form-data; boundary=b' })

  expect(answer.status).toBe(400)
  expect(answer.json.code).toBe('invalid-input')
  expect(await countStored(fixture.database)).toEqual(before)
})

it.each(['application/pdf', 'text/plain', 'application/json', undefined])(
  'delivers an attachment without a file name unchanged, sent as %s',
  async (contentType) => {
    const subject = `Unnamed ${contentType}`
    const content = Buffer.concat([Buffer.from('{}'), BINARY])
    const answer = await post(messagePart({ subject }), attachmentPart(content, '', contentType))

    expect(await attachmentsOf(subject, answer)).toMatchObject([{ name: 'attachment-1', sha256: sha256(content) }])
  },
)

it('tells the type of a file from its name, where neither message nor part says one', async () => {
  const content = Buffer.from('a').toString('base64')
  const files = [
    { filename: 'inside.PDF', content },
    { filename: 'said.pdf', contentType: 'application/octet-stream', content },
    { filename: 'other.unknown', content },
  ]
  const answer = await post(
    messagePart({ subject: 'By name', attachments: files }),
    attachmentPart('a', 'filename="q3.xlsx"'),
    attachmentPart('a', 'filename="q3.csv"', 'application/octet-stream'),
    attachmentPart('a', 'filename="notes.html"', 'text/plain'),
  )

  const arrived = await attachmentsOf('By name', answer)
  const types = arrived.map(({ name, contentType }: { name: string; contentType: string }) => [name, contentType])
  expect(Object.fromEntries(types)).toEqual({
    'inside.PDF': 'application/pdf',
    'said.pdf': 'application/octet-stream',
    'other.unknown': 'application/octet-stream',
    'q3.xlsx': 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
    'q3.csv': 'text/csv',
    'notes.html': 'text/plain',
  })
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
  expect(json.errors).toMatchObject([{ path: 'attachments[0].part', message: 'There is no part attachment number 0.' }])
})

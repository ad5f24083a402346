import { expect, it, onTestFinished } from 'vitest'
import { changingNothing } from '../test-support/changing-nothing.ts'
import { useProduct } from '../test-support/use-fixture.ts'

const MESSAGES = '/api/v1/messages'
const MAIL = { to: ['max@contoso.com'], subject: 'Q3', text: 'Numbers.' }

const { fixture, product, service } = useProduct({ mailbox: {} })

async function pathsOf(mail: object): Promise<string[]> {
  const { status, json } = await changingNothing(fixture, () => service.post(MESSAGES, mail))
  expect({ status, code: json.code }).toEqual({ status: 400, code: 'invalid-input' })
  return [...new Set<string>(json.errors.map(({ path }: { path: string }) => path))]
}

const LONG_ADDRESS = `${'a'.repeat(65)}@contoso.com`
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString()
const manyHeaders = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`x-h${i}`, 'v']))

it.each<[string, object, string | string[]]>([
  ['no recipient', { to: [] }, 'to'],
  ['a recipient without an address', { to: [{ name: 'Max' }] }, 'to[0].address'],
  ['a recipient with an unknown field', { to: [{ address: 'a@b.example', phone: '1' }] }, 'to[0].phone'],
  ['an address without a domain', { cc: ['max'] }, 'cc[0]'],
  ['an address in angle brackets', { bcc: ['Max <max@contoso.com>'] }, 'bcc[0]'],
  ['an address whose local part is too long', { to: ['a@b.example', { address: LONG_ADDRESS }] }, 'to[1].address'],
  ['a name that is too long', { to: [{ address: 'a@b.example', name: 'n'.repeat(257) }] }, 'to[0].name'],
  ['501 recipients', { to: Array(300).fill('a@b.example'), bcc: Array(201).fill('a@b.example') }, 'to'],
  ['501 recipients in one list', { cc: Array(501).fill('a@b.example') }, 'cc'],
  ['26 addresses to reply to', { replyTo: Array(26).fill('a@b.example') }, 'replyTo'],
  ['a From that is no address', { from: 'reports' }, 'from'],
  ['no subject', { subject: undefined }, 'subject'],
  ['a subject of another type', { subject: null }, 'subject'],
  ['a subject that is too long', { subject: 's'.repeat(256) }, 'subject'],
  ['half a character in the subject', { subject: 'cut \ud83d' }, 'subject'],
  ['half a character in a name', { to: [{ address: 'a@b.example', name: '\ude00' }] }, 'to[0].name'],
  ['no body', { text: undefined }, 'html'],
  ['a body of another type', { html: { content: 'x' } }, 'html'],
  ['an attachment without a name', { attachments: [{ filename: '', content: 'YQ==' }] }, 'attachments[0].filename'],
  ['a name and an address in brackets', { to: [{ address: 'Max <max@contoso.com>' }] }, 'to[0].address'],
  [
    'a content type that is none',
    { attachments: [{ filename: 'a', content: 'YQ==', contentType: 'pdf' }] },
    'attachments[0].contentType',
  ],
  [
    'a content id with brackets',
    { attachments: [{ filename: 'a', content: 'YQ==', contentId: '<a>' }] },
    'attachments[0].contentId',
  ],
  ['a part with a bad hash', { attachments: [{ part: 0, sha256: 'abc' }] }, 'attachments[0].sha256'],
  ['a negative part', { attachments: [{ part: -1 }] }, 'attachments[0].part'],
  [
    '101 attachments',
    { attachments: Array.from({ length: 101 }, () => ({ filename: 'a', content: 'YQ==' })) },
    'attachments',
  ],
  ['a header that is too long', { headers: { 'x-long': 'v'.repeat(997) } }, 'headers.x-long'],
  ['a header of another type', { headers: { 'x-count': 42 } }, 'headers.x-count'],
  ['headers that differ only in case', { headers: { 'x-a': '1', 'X-A': '2' } }, 'headers'],
  [
    'a content id that two attachments have',
    { attachments: ['a', 'b'].map((filename) => ({ filename, content: 'YQ==', contentId: 'logo' })) },
    'attachments',
  ],
  ['six headers', { headers: manyHeaders(6) }, 'headers'],
  ['an unknown importance', { importance: 'urgent' }, 'importance'],
  ['saveToSentItems of another type', { saveToSentItems: 'false' }, 'saveToSentItems'],
  ['a time without a zone', { sendAt: '2026-11-25T06:00:00' }, 'sendAt'],
  ['a time that is none', { sendAt: '2026-02-30T06:00:00Z' }, 'sendAt'],
  ['a time of a far past', { sendAt: '0000-01-01T00:00:00+10:00' }, 'sendAt'],
  ['a time whose year in UTC has five digits', { sendAt: '9999-12-31T23:59:59-10:00' }, 'sendAt'],
  ['a time more than 5 minutes ago', { sendAt: minutesAgo(6) }, 'sendAt'],
  ['an end that is past', { expiresAt: minutesAgo(1) }, 'expiresAt'],
  ['an end when it is to be sent', { sendAt: minutesAgo(-5), expiresAt: minutesAgo(-5) }, 'expiresAt'],
  ['a time more than 366 days ahead', { sendAt: minutesAgo(-367 * 24 * 60) }, 'sendAt'],
  ['an end more than 366 days ahead', { expiresAt: minutesAgo(-367 * 24 * 60) }, 'expiresAt'],
  ['both times past', { sendAt: minutesAgo(6), expiresAt: minutesAgo(5) }, ['sendAt', 'expiresAt']],
  ['a priority that is none', { priority: 'urgent' }, 'priority'],
  ['a receipt that is no boolean', { requestReadReceipt: 'yes' }, 'requestReadReceipt'],
  ['neither subject, body nor attachment', { subject: '', text: '' }, ''],
  ['an HTML body that is empty, which is sent rather than the text', { subject: '', html: '' }, ''],
  ['an unknown wish for unknown outcomes', { onUnknownOutcome: 'ask' }, 'onUnknownOutcome'],
  ['a reference that is too long', { reference: 'r'.repeat(513) }, 'reference'],
  ['an unknown field', { priority: 1 }, 'priority'],
  [
    'every fault at once',
    {
      to: ['nobody', { address: 'a@b.example', name: 'x\r\nBcc: y@z.example' }],
      subject: 'a\nb',
      text: undefined,
      headers: { 'X-MS-Test': '1' },
      attachments: [{ filename: 'a', content: '%%%' }],
      extra: 1,
    },
    ['to[0]', 'to[1].name', 'subject', 'attachments[0].content', 'headers.X-MS-Test', 'extra', 'html'],
  ],
])('refuses %s, by path', async (_fault, changes, path) => {
  expect(await pathsOf({ ...MAIL, ...changes })).toEqual([path].flat())
})

it.each([
  ['a subject alone', { text: '' }],
  ['a body alone', { subject: '' }],
  ['an attachment alone', { subject: '', text: '', attachments: [{ filename: 'a', content: 'YQ==' }] }],
  ['a time of a few minutes ago', { sendAt: minutesAgo(2) }],
])('takes %s', async (_what, changes) => {
  expect((await service.post(MESSAGES, { ...MAIL, ...changes })).status).toBe(202)
})

it.each([
  [
    'Ada <a@b.example>',
    'Instead of a name and an address in brackets write { "address": "a@b.example", "name": "Ada" }.',
  ],
  [
    ' "Ada L." <a@b.example>',
    'Instead of a name and an address in brackets write { "address": "a@b.example", "name": "Ada L." }.',
  ],
  ['<a@b.example>', 'Enter only the address, without a name, quotes or brackets.'],
])('shows how to write %s', async (written, message) => {
  const { status, json } = await service.post(MESSAGES, { ...MAIL, to: [written, { address: written }] })

  expect(status).toBe(400)
  expect(json.errors).toMatchObject([
    { path: 'to[0]', message },
    { path: 'to[1].address', message },
  ])
})

it('takes base64 with line breaks', async () => {
  const content = `${'YWJj'.repeat(19)}\r\n${'YWJj'.repeat(19)}\nYQ==\n`
  const { status, json } = await service.post(MESSAGES, { ...MAIL, attachments: [{ filename: 'a', content }] })

  expect(status).toBe(202)
  expect(json.attachments).toMatchObject([{ sizeBytes: 2 * 57 + 1 }])
})

it.each([
  ['a carriage return and line feed', '\r\n'],
  ['a line feed', '\n'],
  ['a carriage return', '\r'],
  ['a next line', '\u0085'],
  ['a line separator', '\u2028'],
  ['a paragraph separator', '\u2029'],
  ['a NUL', '\0'],
])('refuses %s in every single-line field, all at once', async (_name, breaker) => {
  const bad = `a${breaker}Bcc: eve@evil.example`
  const paths = await pathsOf({
    to: [`max${breaker}@contoso.com`, { address: 'a@b.example', name: bad }],
    cc: [{ address: 'a@b.example', name: bad }],
    bcc: [{ address: bad, name: 'Eve' }],
    replyTo: [{ address: 'a@b.example', name: bad }],
    from: `ada${breaker}@contoso.com`,
    subject: bad,
    text: `a body${breaker}may have lines`,
    headers: { 'x-good': bad, [`x-bad${breaker}bcc`]: 'v' },
    attachments: [
      { filename: bad, contentType: `text/plain;${bad}`, contentId: bad, content: 'YQ==' },
      { part: 0, filename: bad },
    ],
    reference: bad,
  })

  expect(paths.toSorted()).toEqual(
    [
      'attachments[0].contentId',
      'attachments[0].contentType',
      'attachments[0].filename',
      'attachments[1].filename',
      'bcc[0].address',
      'cc[0].name',
      'from',
      `headers.x-bad${breaker}bcc`,
      'headers.x-good',
      'reference',
      'replyTo[0].name',
      'subject',
      'to[0]',
      'to[1].name',
    ].toSorted(),
  )
})

it.each<[string, string, Buffer, string]>([
  [
    'declared as another charset',
    'application/json; charset=iso-8859-1',
    Buffer.from(JSON.stringify({ ...MAIL, subject: 'café' }), 'latin1'),
    'The charset iso-8859-1 is not supported: send JSON in UTF-8.',
  ],
  [
    'not declared at all',
    'application/json',
    Buffer.from(JSON.stringify({ ...MAIL, subject: 'café' }), 'latin1'),
    'The body is not valid UTF-8, which JSON has to be.',
  ],
  [
    'cut in the middle of a character',
    'application/json; charset=utf-8',
    Buffer.from(JSON.stringify({ ...MAIL, subject: 'cafX' }).replace('X', '\xc3'), 'latin1'),
    'The body is not valid UTF-8, which JSON has to be.',
  ],
])('refuses bytes that are not UTF-8 rather than replacing them, %s', async (_what, contentType, body, detail) => {
  const headers = { authorization: `Bearer ${service.key}`, 'content-type': contentType }
  const submit = () => fetch(`${product.publicUrl}${MESSAGES}`, { method: 'POST', headers, body: new Uint8Array(body) })
  const answer = await changingNothing(fixture, submit)

  expect(answer.status).toBe(400)
  expect(await answer.json()).toMatchObject({ code: 'invalid-input', detail })
})

it.each(['application/json; charset=UTF-8', 'application/json;charset="utf-8"', 'Application/JSON; charset=utf8'])(
  'takes %s',
  async (contentType) => {
    const mail = { ...MAIL, subject: 'Größe – 日本語' }
    const answer = await service.post(MESSAGES, mail, { 'content-type': contentType })

    expect(answer).toMatchObject({ status: 202, json: { subject: mail.subject } })
  },
)

it('names a content encoding that it does not support', async () => {
  const { status, json } = await service.post(MESSAGES, MAIL, { 'content-encoding': 'gzip' })

  expect(status).toBe(400)
  expect(json.detail).toBe('The Content-Encoding gzip is not supported: send the body as it is.')
})

it.each([
  ['as a header', '{"to":["max@contoso.com"],"subject":"Q3","text":"","headers":{"__proto__":"v"}}'],
  ['with an escape', String.raw`{"to":["max@contoso.com"],"subject":"Q3","text":"","headers":{"\u005f_proto__":"v"}}`],
])('refuses a field named __proto__ %s, and does not leave it out', async (_how, body) => {
  const { status, json } = await service.post(MESSAGES, body)

  expect(status).toBe(400)
  expect(json.detail).toBe('A field cannot have the name __proto__.')
})

it.each([
  ['empty', ''],
  ['of 256 characters', 'k'.repeat(256)],
  ['with a space', 'a b'],
  ['outside ASCII', 'schl\u00fcssel'],
])('refuses an Idempotency-Key that is %s', async (_what, key) => {
  const { status, json } = await service.post(MESSAGES, MAIL, { 'idempotency-key': key })

  expect(status).toBe(400)
  expect(json).toMatchObject({
    code: 'invalid-input',
    detail: 'Idempotency-Key: It has to be 1 to 255 visible ASCII characters.',
    errors: [{ path: 'Idempotency-Key' }],
  })
})

it.each<[string, object, string, string]>([
  ['a number as a recipient', { to: [42] }, 'to[0]', 'An address, or an object with address and name.'],
  ['a string as an attachment', { attachments: ['a'] }, 'attachments[0]', 'An object about one attachment.'],
  ['a word for a time', { sendAt: 'soon' }, 'sendAt', 'A date and time with a zone, such as 2026-11-25T06:00:00Z.'],
  ...['max@contoso.com', null, { address: 'max@contoso.com' }].map((to): [string, object, string, string] => [
    `${JSON.stringify(to)} in place of a list of recipients`,
    { to },
    'to',
    'A list of addresses, such as ["cfo@contoso.com"].',
  ]),
  [
    '50,000 wrong recipients, which it only counts',
    { to: Array(50_000).fill(0) },
    'to',
    'At most 500 recipients in to, cc and bcc together; there are 50000.',
  ],
  [
    'a header of our own',
    { headers: { Subject: 'Q4' } },
    'headers.Subject',
    'Only names that begin with x- are allowed.',
  ],
  [
    'a header of Microsoft’s',
    { headers: { 'x-ms-foo': '1' } },
    'headers.x-ms-foo',
    'Names that begin with x-ms- are Microsoft’s own.',
  ],
  ['a header with a space', { headers: { 'x c': '1' } }, 'headers.x c', 'Only names that begin with x- are allowed.'],
  [
    'an attachment that says nothing',
    { attachments: [{}] },
    'attachments[0].part',
    'The number of a part attachment, counted from 0; an attachment in JSON has filename and content instead.',
  ],
  [
    'an attachment without content',
    { attachments: [{ filename: 'a.txt' }] },
    'attachments[0].content',
    'The file in base64 is needed.',
  ],
  [
    'content that is not base64',
    { attachments: [{ filename: 'a.txt', content: '?' }] },
    'attachments[0].content',
    'Not base64.',
  ],
  [
    'an attachment of both kinds',
    { attachments: [{ filename: 'a.txt', content: 'YQ==', part: 0 }] },
    'attachments[0].part',
    'An attachment has filename and content, or it has part: not both.',
  ],
  [
    'content in addition to a part',
    { attachments: [{ content: 'YQ==', part: 0 }] },
    'attachments[0].content',
    'An attachment has filename and content, or it has part: not both.',
  ],
  [
    'an attachment with an unknown field',
    { attachments: [{ filename: 'a.txt', content: 'YQ==', size: 1 }] },
    'attachments[0].size',
    'This field is not known.',
  ],
])('says what is wrong with %s', async (_what, changes, path, message) => {
  const { json } = await changingNothing(fixture, () => service.post(MESSAGES, { ...MAIL, ...changes }))

  expect(json).toMatchObject({ errors: [{ path, message }], detail: `${path}: ${message}` })
})

it.each(['text/plain', 'application/xml', undefined])(
  'names both forms of a message to a client that sends %s',
  async (contentType) => {
    const answer = await fetch(`${product.publicUrl}${MESSAGES}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${service.key}`, ...(contentType && { 'content-type': contentType }) },
      body: new TextEncoder().encode(JSON.stringify(MAIL)),
    })

    expect(answer.status).toBe(400)
    expect(((await answer.json()) as { detail: string }).detail).toMatch(/application\/json.*multipart\/form-data/)
  },
)

it('refuses another From than the sender, naming the sender', async () => {
  const mail = { ...MAIL, from: 'max@contoso.com' }
  const { status, json } = await changingNothing(fixture, () => service.post(MESSAGES, mail))

  expect(status).toBe(422)
  const message = expect.stringContaining('ada@contoso.com')
  expect(json).toMatchObject({ code: 'sender-not-allowed', detail: message, errors: [{ path: 'from', message }] })
})

it.each([
  ['ada@müller.example', 'ada@xn--mller-kva.example'],
  ['ada@xn--mller-kva.example', 'Ada@Müller.example'],
])('takes the sender %s for a From that spells its domain otherwise', async (sender, from) => {
  const connect = (fromEmail: string) =>
    fixture.database.query('UPDATE tenant_settings SET from_email = $1', [fromEmail])
  onTestFinished(async () => void (await connect('ada@contoso.com')))
  await connect(sender)

  expect((await service.post(MESSAGES, { ...MAIL, from })).status).toBe(202)
})

it('leaves the key of a refused message free', async () => {
  const key = { 'idempotency-key': 'refused' }
  await changingNothing(fixture, async () => {
    for (const mail of [{ to: [] }, { from: 'max@contoso.com' }, { extra: 1 }])
      expect((await service.post(MESSAGES, { ...MAIL, ...mail }, key)).status).toBeGreaterThanOrEqual(400)
  })
  await service.submit({}, key)
})

import { Readable } from 'node:stream'
import { expect, it } from 'vitest'
import { MAX_MIME_BYTES } from '@inforiver-mail/m365/mime-message'
import { createBodyBudget } from '../memory/body-budget.ts'
import { createBodyMemory } from '../memory/body-memory.ts'
import { memoryFor } from '../memory/memory-use.ts'
import { createMailMemory } from './mail-memory.ts'
import { joinPieces, readMail, repetitionKey, toMessageInput, toMimeContent } from './receive-mail.ts'

const ENVELOPE = { from: 'device@contoso.com', recipients: ['max@contoso.com'] }
const MEMORY_RULES = {
  holder: () => 'service reports' as const,
  longestWaitMs: 1_000,
  timeoutError: () => new Error('too long a wait'),
  shareError: () => new Error('no memory'),
}
const HEAD = 'From: ada@contoso.com\r\nTo: max@contoso.com\r\nSubject: S\r\nMIME-Version: 1.0\r\n'

interface File {
  readonly filename: string | null
  readonly contentType: string | null
  readonly content: Buffer
}

/** Reads a mail that arrives in pieces of so many bytes. */
async function read(source: string | Buffer, { limitBytes = 10_000_000, pieceBytes = 1_000 } = {}) {
  const files: File[] = []
  const bytes = typeof source === 'string' ? Buffer.from(source, 'utf8') : source
  const pieces = Array.from({ length: Math.ceil(bytes.length / pieceBytes) }, (_, index) =>
    bytes.subarray(index * pieceBytes, (index + 1) * pieceBytes),
  )
  const budget = createBodyBudget()
  const memory = createBodyMemory(budget, MEMORY_RULES)
  const arrived = await readMail(Readable.from(pieces), {
    sink: {
      async add(part, file) {
        const kept: Buffer[] = []
        for await (const data of file) kept.push(data)
        files.push({ ...part, content: Buffer.concat(kept) })
      },
    },
    memory: createMailMemory(memory, null),
    readLimit: async () => limitBytes,
  })
  memory.release()
  expect(budget.usedBytes).toBe(0)
  return { ...arrived, files }
}

async function parsed(source: string | Buffer, options?: { limitBytes?: number; pieceBytes?: number }) {
  const arrived = await read(source, options)
  if ('fault' in arrived.result) throw arrived.result.fault
  return { ...arrived.result.mail, files: arrived.files, arrived }
}

async function input(source: string | Buffer, from: 'rewrite' | 'refuse' = 'rewrite') {
  return toMessageInput(await parsed(source), ENVELOPE, { sender: 'ada@contoso.com', from })
}

async function refusal(source: string | Buffer, options?: { limitBytes?: number }) {
  const { result } = await read(source, options)
  return 'fault' in result ? (result.fault as Error).message : result
}

function part(headers: string, body: string): string {
  return `--b\r\n${headers}\r\n\r\n${body}\r\n`
}

function mixed(...parts: string[]): string {
  return `${HEAD}Content-Type: multipart/mixed; boundary=b\r\n\r\n${parts.join('')}--b--\r\n`
}

const TEXT = part('Content-Type: text/plain', 'Plain')
const HTML = part('Content-Type: text/html; charset=utf-8', '<b>Grüße</b>')

it.each([1, 7, 100_000])('takes a mail apart whose pieces have %d bytes', async (pieceBytes) => {
  const file = Buffer.from(Array.from({ length: 3_000 }, (_, index) => index % 256))
  const encoded = file.toString('base64').replaceAll(/.{76}/g, '$&\r\n')
  const mail = await parsed(
    mixed(
      `--b\r\nContent-Type: multipart/alternative; boundary=a\r\n\r\n--a\r\n\r\nPlain\r\n--a\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<p style=3D"x">one =\r\nline <img src=3D"cid:logo@x"></p>\r\n--a--\r\n`,
      part('Content-Type: image/png\r\nContent-ID: <logo@x>\r\nContent-Transfer-Encoding: base64', 'iVBORw0K\r\n'),
      part(
        `Content-Type: application/pdf\r\nContent-Disposition: attachment; filename*=utf-8''%C3%BCml.pdf\r\nContent-Transfer-Encoding: base64`,
        encoded,
      ),
    ),
    { pieceBytes },
  )

  expect(mail).toMatchObject({
    html: '<p style="x">one line <img src="cid:logo@x"></p>',
    text: null,
    attachments: [
      { filename: 'attachment-1.png', contentId: 'logo@x', sizeBytes: 6 },
      { filename: 'üml.pdf', contentType: 'application/pdf', contentId: null, sizeBytes: 3_000 },
    ],
  })
  expect(mail.files[1]?.content.equals(file)).toBe(true)
})

it.each([
  ['text alone', mixed(TEXT), { html: null, text: 'Plain' }],
  ['two texts', mixed(TEXT, TEXT), { html: null, text: 'Plain\r\nPlain' }],
  ['a text below html', mixed(HTML, part('', '<Footer>')), { html: expect.stringMatching(/Grüße[^]*&lt;Footer&gt;/) }],
  ['neither', mixed(part('Content-Type: application/pdf', 'x')), { html: null, text: null }],
  ['flowed text', `${HEAD}Content-Type: text/plain; format=flowed\r\n\r\none \r\ntwo\r\n`, { text: 'one two' }],
  ['NUL', `${HEAD}\r\na\0b`, { text: 'ab' }],
  ['a line of 10,000 bytes', `${HEAD}\r\n${'x'.repeat(10_000)}\r\n`, { text: `${'x'.repeat(10_000)}\r\n` }],
  ['line feeds alone', `${HEAD}\r\na\nb\n.\nc\n`.replaceAll('\r\n', '\n'), { text: 'a\nb\n.\nc\n' }],
])('keeps the body of %s', async (_what, source, expected) => {
  expect(await parsed(source)).toMatchObject(expected)
})

it.each([
  ['UTF-8 without a word about it', Buffer.from('Grüße'), '', 'Grüße'],
  ['Windows-1252 without a word about it', Buffer.from('Gr\xfc\xdfe', 'latin1'), '', 'Grüße'],
  ['Windows-1252 as UTF-8', Buffer.from('\x80 5', 'latin1'), 'utf-8', '€ 5'],
  ['Windows-1252 as Latin 1', Buffer.from('\x80 5', 'latin1'), 'iso-8859-1', '€ 5'],
  ['UTF-8 as a charset that is unknown', Buffer.from('Grüße'), 'x-made-up', 'Grüße'],
  ['Shift-JIS', Buffer.from([0x93, 0xfa, 0x96, 0x7b]), 'shift_jis', '日本'],
  ['ISO-2022-JP', Buffer.from('\x1b$BF|K\\\x1b(B', 'latin1'), 'iso-2022-jp', '日本'],
  ['half a surrogate pair', Buffer.from([0x00, 0xd8, 0x41, 0x00]), 'utf-16le', '\ufffdA'],
  ['UTF-7, which is not decoded', Buffer.from('+ADw-b+AD4-'), 'utf-7', '+ADw-b+AD4-'],
])('reads %s', async (_what, bytes, charset, text) => {
  const head = Buffer.from(`${HEAD}${charset && `Content-Type: text/plain; charset=${charset}\r\n`}\r\n`)
  expect(await parsed(Buffer.concat([head, bytes]))).toMatchObject({ text })
})

it('reads headers in the charsets that they name, or none', async () => {
  const raw = Buffer.from('Subject: Gr\xfc\xdfe =?utf-8?Q?=E2=82=AC?=\r\nX-Note: a\r\n\tb\r\n\r\n', 'latin1')
  expect(await input(raw)).toMatchObject({ subject: 'Grüße €', headers: { 'X-Note': 'a b' } })
})

it.each([
  ['an attached mail', part('Content-Type: message/rfc822', `${HEAD}\r\nInner`), 'attachment-1.eml', 'message/rfc822'],
  [
    'winmail.dat',
    part('Content-Type: application/ms-tnef; name=winmail.dat', 'x'),
    'winmail.dat',
    'application/ms-tnef',
  ],
  ['a text with a name', part('Content-Disposition: inline; filename=a.txt', 'x'), 'a.txt', 'text/plain'],
  [
    'a text that is attached',
    part('Content-Type: text/plain\r\nContent-Disposition: attachment', 'x'),
    'attachment-1.txt',
    'text/plain',
  ],
  ['a path', part('Content-Type: image/gif; name="C:\\\\a\\\\b.gif"', 'x'), 'b.gif', 'image/gif'],
  ['a type that is none', part('Content-Type: nonsense', 'x'), 'attachment-1.bin', 'application/octet-stream'],
  ['a calendar without method', part('Content-Type: text/calendar', 'x'), 'attachment-1.ics', 'text/calendar'],
])('attaches %s', async (_what, source, filename, contentType) => {
  const { files, attachments, needsMime } = await parsed(mixed(TEXT, source))
  expect(files).toMatchObject([{ filename, contentType: expect.stringContaining(contentType) }])
  expect({ attachments, needsMime }).toMatchObject({ attachments: [{ contentId: null }], needsMime: false })
})

it('shows inline only what the HTML shows, and each id once', async () => {
  const image = (id: string) =>
    part(`Content-Type: image/png\r\nContent-ID: <${id}>\r\nContent-Disposition: inline`, 'x')
  const html = part('Content-Type: text/html', '<img src="cid:a%40x">')
  const { attachments } = await parsed(mixed(html, image('a@x'), image('a@x'), image('b@x')))
  expect(attachments.map(({ contentId }) => contentId)).toEqual(['a@x', null, null])
})

const deep = (levels: number) =>
  `${HEAD}${Array.from({ length: levels }, (_, level) => `Content-Type: multipart/mixed; boundary=b${level}\r\n\r\n--b${level}\r\n`).join('')}\r\nDeep\r\n`

it.each([
  ['nested deeper', deep(200), 'nested more than 128 deep'],
  ['10,000 parts', mixed(...Array.from({ length: 10_000 }, () => TEXT)), 'more than 1000 parts'],
  [
    '101 attachments',
    mixed(...Array.from({ length: 101 }, () => part('Content-Type: a/b', ''))),
    'more than 100 attachments',
  ],
  ['a header without end', `${HEAD}X: ${'x'.repeat(300_000)}`, 'header of more than 262144 bytes'],
  [
    'parts with long headers',
    mixed(...Array.from({ length: 9 }, () => part(`X: ${'x'.repeat(130_000)}`, 'x'))),
    'headers of more than 1048576 bytes in its parts',
  ],
  ['no boundary', `${HEAD}Content-Type: multipart/mixed\r\n\r\nText`, 'without a boundary'],
  ['a text that is too long', `${HEAD}\r\n${'x'.repeat(7_000_000)}`, '5.3.4 The text has more than 6291456 bytes'],
  ['nothing', '', '5.6.0 The message is empty.'],
])('refuses %s', async (_what, source, reason) => {
  expect(await refusal(source)).toContain(reason)
})

it('reads to its end what is larger than it may be, to recognise a repetition', async () => {
  const source = `${HEAD}Message-ID: <1@x>\r\n\r\n${'x'.repeat(100_000)}`
  const arrived = await read(source, { limitBytes: 70_000 })
  expect(arrived.result).toMatchObject({ fault: { responseCode: 552 } })
  expect(repetitionKey(ENVELOPE, arrived)).toBe(repetitionKey(ENVELOPE, await read(source)))
})

it('ends with an attachment that cannot be stored, and reads on', async () => {
  const source = mixed(part('Content-Type: a/b', 'x'.repeat(200_000)), TEXT)
  const budget = createBodyBudget()
  const memory = createBodyMemory(budget, MEMORY_RULES)
  let taken = 0
  async function* pieces() {
    for (let from = 0; from < source.length; from += 1_000) {
      yield Buffer.from(source.slice(from, from + 1_000))
      taken += 1
    }
  }
  const failed = new Error('storage is full')
  const add = async (_part: unknown, file: AsyncIterable<Buffer>) => {
    for await (const _ of file) throw failed
  }
  const arrived = await readMail(pieces(), {
    sink: { add },
    memory: createMailMemory(memory, null),
    readLimit: async () => 1e9,
  })
  expect(arrived.result).toEqual({ fault: failed })
  expect(taken).toBe(Math.ceil(source.length / 1_000))
})

it('holds memory for what arrives of a mail, also where less was announced', async () => {
  const budget = createBodyBudget()
  const memory = createBodyMemory(budget, MEMORY_RULES)
  const mail = createMailMemory(memory, 10)
  mail.arrived(10)
  expect(budget.usedBytes).toBe(memoryFor.json(10))
  mail.arrived(100_000)
  expect(budget.usedBytes).toBeGreaterThan(memoryFor.json(MAX_MIME_BYTES))
})

it('holds no memory for the rest of a mail that was refused', async () => {
  const budget = createBodyBudget()
  const memory = createBodyMemory(budget, MEMORY_RULES)
  while (budget.takeLarge('service reports', 1024 * 1024) !== null) continue
  const usedBefore = budget.usedBytes
  const used: number[] = []
  async function* pieces() {
    yield Buffer.alloc(60_000, 'x')
    for (let count = 0; count < 3; count++) {
      yield Buffer.alloc(60_000, 'x')
      used.push(budget.usedBytes - usedBefore)
    }
  }
  const { result } = await readMail(pieces(), {
    sink: { add: async () => {} },
    memory: createMailMemory(memory, null),
    readLimit: async () => 1e9,
  })

  expect(result).toEqual({ fault: new Error('no memory') })
  expect(used).toEqual([0, 0, 0])
})

it('joins the pieces of a client that sends a few bytes at a time', async () => {
  const sent = [
    ...Array.from({ length: 10_000 }, () => Buffer.from('.\r\n')),
    Buffer.alloc(100_000, 'x'),
    Buffer.from('.'),
  ]
  const joined: Buffer[] = []
  for await (const piece of joinPieces(Readable.from(sent))) joined.push(piece)
  expect(Buffer.concat(joined).equals(Buffer.concat(sent))).toBe(true)
  expect(joined).toHaveLength(4)
})

it('gives To and Cc the recipients that are also in the envelope, and Bcc the rest', async () => {
  const mail = await parsed(
    'To: "Max, M." <Max@contoso.com>, Team: eve@contoso.com;\r\nCc: =?utf-8?Q?J=C3=BCrgen?= <j@xn--mller-kva.example>, max@contoso.com\r\nBcc: x@contoso.com\r\n\r\nText',
  )
  const recipients = ['max@contoso.com', 'j@müller.example', 'bob@contoso.com']
  const { to, cc, bcc } = toMessageInput(mail, { ...ENVELOPE, recipients }, { sender: null, from: 'rewrite' })
  expect({ to, cc, bcc }).toEqual({
    to: [{ address: 'max@contoso.com', name: 'Max, M.' }],
    cc: [{ address: 'j@müller.example', name: 'Jürgen' }],
    bcc: [{ address: 'bob@contoso.com' }],
  })
})

it.each([
  ['the sender itself', 'From: "a@b" <ADA@contoso.com>\r\n', []],
  ['none', '', []],
  [
    'another',
    'From: scanner@x.example <scan@x.example>\r\n',
    [{ address: 'scan@x.example', name: 'scanner@x.example' }],
  ],
  [
    'another that has a Reply-To',
    'From: scan@x.example\r\nReply-To: desk@x.example\r\n',
    [{ address: 'desk@x.example' }],
  ],
  ['none that is an address', 'From: scanner\r\n', []],
  [
    'more than a message may have',
    `From: ${Array.from({ length: 30 }, (_, index) => `a${index}@x.example`).join(', ')}\r\n`,
    Array.from({ length: 25 }, (_, index) => ({ address: `a${index}@x.example` })),
  ],
])('rewrites From, and keeps it as Reply-To: %s', async (_what, lines, replyTo) => {
  expect(await input(`${lines}Subject: S\r\n\r\nText`)).toMatchObject({ replyTo })
})

it('refuses another From where that is configured', async () => {
  await expect(input('From: scan@x.example\r\n\r\nText', 'refuse')).rejects.toThrow(/^5\.7\.60 /)
  await expect(input('From: ada@contoso.com\r\n\r\nText', 'refuse')).resolves.toMatchObject({ text: 'Text' })
})

it.each(['root@host01', 'Cron <root@host01>', 'root', 'ada@contoso.com, root@host01', 'MAILER-DAEMON <>'])(
  'refuses a From that no mailbox can have, where another is refused: %s',
  async (from) => {
    await expect(input(`From: ${from}\r\n\r\nText`, 'refuse')).rejects.toThrow(/^5\.7\.60 /)
    await expect(input(`From: ${from}\r\n\r\nText`)).resolves.toMatchObject({ text: 'Text', replyTo: [] })
  },
)

it.each(['', 'From:\r\n', 'From: Admin, Ada <ada@contoso.com>\r\n'])(
  'takes a From that names nobody else, where another is refused: %j',
  async (line) => {
    await expect(input(`${line}Subject: S\r\n\r\nText`, 'refuse')).resolves.toMatchObject({ text: 'Text' })
  },
)

it.each([
  ['Importance: High', 'high'],
  ['X-Priority: 1 (Highest)', 'high'],
  ['X-Priority: 5', 'low'],
  ['X-MSMail-Priority: Low', 'low'],
  ['Importance: normal\r\nX-Priority: 1', 'normal'],
])('reads %j as importance %s', async (lines, importance) => {
  expect(await input(`${lines}\r\n\r\nText`)).toMatchObject({ importance, headers: {} })
})

it('passes on five X- headers, none of ours or of Microsoft, and names the rest', async () => {
  const names = ['X-A', 'X-MS-Exchange-B', 'X-C', 'x-a', 'X-Inforiver-Reference', 'X-D', 'X-E', 'X-F', 'X-G', 'X-H']
  const mail = await parsed(`X-Empty:\r\n${names.map((name) => `${name}: ${name}`).join('\r\n')}\r\n\r\nText`)
  expect(mail.header).toMatchObject({ leftOut: ['X-G', 'X-H'] })
  expect(Object.keys(mail.header.headers)).toEqual(['X-A', 'X-C', 'X-D', 'X-E', 'X-F'])
  expect(toMessageInput(mail, ENVELOPE, { sender: null, from: 'rewrite' }).reference).toBe('X-Inforiver-Reference')
})

it.each([
  ['X-Inforiver-Priority: urgent', 'priority'],
  ['X-Inforiver-Priority: High', 'priority'],
  ['X-Inforiver-Send-At: tomorrow', 'sendAt'],
  ['X-Inforiver-Expires-At: 2026-13-01T00:00:00Z', 'expiresAt'],
  [`X-Inforiver-Reference: ${'x'.repeat(513)}`, 'reference'],
  ['X-Inforiver-Reference: order\t7', 'reference'],
  ['X-Inforiver-Reference: =?utf-8?Q?order=0A7?=', 'reference'],
  ['X-Inforiver-Reference: =?utf-8?Q?order_7=0D=0A?=', 'reference'],
  ['X-Inforiver-Priority: =?utf-8?Q?high=00?=', 'priority'],
])('refuses a value that the REST API would refuse: %s', async (line, path) => {
  await expect(input(`${line}\r\n\r\nText`)).rejects.toMatchObject({ code: 'invalid-input', errors: [{ path }] })
})

it.each([
  ['X-Inforiver-Reference:\torder\r\n\t7 ', 'order 7'],
  ['X-Inforiver-Reference: =?utf-8?Q?Auf?=\r\n =?utf-8?Q?trag_7?=', 'Auftrag 7'],
  ['X-Inforiver-Reference: Größe 7', 'Größe 7'],
])('unfolds and decodes %j', async (line, reference) => {
  expect(await input(`${line}\r\n\r\nText`)).toMatchObject({ reference })
})

it.each([
  [
    'signed by S/MIME',
    `${HEAD}Content-Type: multipart/signed; protocol="application/pkcs7-signature"; boundary=b\r\n\r\n${TEXT}--b--\r\n`,
  ],
  ['encrypted by S/MIME', `${HEAD}Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n\r\nx`],
  ['an invitation', mixed(TEXT, part('Content-Type: text/calendar; method=REQUEST', 'BEGIN:VCALENDAR'))],
])('keeps a mail as it is that is %s', async (_what, source) => {
  const { arrived } = await parsed(source)
  expect(toMimeContent(arrived)?.source.toString()).toBe(source)
})

it('refuses in words what has to stay as it is and is too large for that', async () => {
  const invitation = part('Content-Type: text/calendar; method=REQUEST', 'BEGIN:VCALENDAR')
  const { arrived } = await parsed(mixed(invitation, part('Content-Type: a/b', 'x'.repeat(MAX_MIME_BYTES))))
  expect(() => toMimeContent(arrived)).toThrow(/^5\.3\.4 .* in one piece of at most 2200000 bytes/)
})

it('recognises a repetition by envelope, Message-ID and content', async () => {
  const mail = await read(`${HEAD}Message-ID: <1@x>\r\n\r\nText`)
  const key = repetitionKey({ from: 'a@x.example', recipients: ['b@x.example', 'c@x.example'] }, mail)
  const others = await Promise.all([
    read(`${HEAD}Message-ID: <1@x>\r\n\r\nText.`),
    read(`${HEAD}Message-ID: <2@x>\r\n\r\nText`),
  ])
  expect(repetitionKey({ from: 'a@x.example', recipients: ['c@x.example', 'b@x.example'] }, mail)).toBe(key)
  expect(repetitionKey({ from: 'a@x.example', recipients: ['b@x.example'] }, mail)).not.toBe(key)
  for (const other of others)
    expect(repetitionKey({ from: 'a@x.example', recipients: ['b@x.example', 'c@x.example'] }, other)).not.toBe(key)
  expect(repetitionKey(ENVELOPE, await read(`${HEAD}\r\nText`))).toBeNull()
})

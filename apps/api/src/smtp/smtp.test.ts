import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { selfSignedCertificate } from '../../../../packages/m365/src/test-support/self-signed-certificate.ts'
import nodemailer from 'nodemailer'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { freePort } from '../test-support/database-server.ts'
import { mailsIn } from '../test-support/mailbox.ts'
import { connectSmtp, type SmtpClient } from '../test-support/smtp-client.ts'
import type { TestProduct } from '../test-support/test-product.ts'
import { useFixture } from '../test-support/use-fixture.ts'
import { connectMailbox, createServiceClient, type ServiceClient } from '../test-support/test-service.ts'
import { useFolder } from '../test-support/use-created.ts'

const HEADER = 'From: Ada <ada@contoso.com>\r\nTo: max@contoso.com\r\n'
const folder = useFolder()
const files = { certificatePath: join(folder, 'cert.pem'), keyPath: join(folder, 'key.pem') }

const fixture = useFixture()
let product: TestProduct
let service: ServiceClient
let port: number
let tlsPort: number

beforeAll(async () => {
  showCertificate('mail.contoso.com')
  port = await freePort()
  tlsPort = await freePort()
  product = await fixture.startProduct({
    environment: {
      MAILBOX_MESSAGES_PER_MINUTE: '0',
      SMTP_LISTEN_PORT: String(port),
      SMTP_LISTEN_TLS_PORT: String(tlsPort),
      SMTP_LISTEN_CERTIFICATE_PATH: files.certificatePath,
      SMTP_LISTEN_KEY_PATH: files.keyPath,
    },
  })
  await connectMailbox(product)
  service = await createServiceClient(product)
})

function showCertificate(name: string): void {
  const { certificate, privateKey } = selfSignedCertificate(name)
  writeFileSync(files.certificatePath, certificate)
  writeFileSync(files.keyPath, privateKey)
}

/** Connects, and logs in with the key, by default that of the service. */
async function loggedIn({ key = service.key, at = port } = {}): Promise<SmtpClient> {
  const client = await connectSmtp(at)
  onTestFinished(() => client.close())
  await client.command('EHLO client.example')
  expect(await client.logIn(key)).toMatch(/^235 /)
  return client
}

function idIn(reply: string): string {
  return /^250 2\.0\.0 OK queued as (msg_[0-9a-f]{32})$/.exec(reply)?.[1] ?? reply
}

/** Reads how many mails were accepted, refused for a while, and refused for good, and how many connections are open. */
async function counters(): Promise<number[]> {
  const text = await (await fetch(`${product.url}/metrics`)).text()
  const metric = (name: string) => Number(new RegExp(`^inforiver_mail_smtp_${name} (.*)$`, 'm').exec(text)?.[1])
  return ['accepted_total', 'refused_total{class="4xx"}', 'refused_total{class="5xx"}', 'connections'].map((name) =>
    metric(name.replace(/[{}]/g, String.raw`\$&`)),
  )
}

const stored = (subject: string) => fixture.database.query('SELECT id FROM messages WHERE subject = $1', [subject])
const chunks = () => fixture.database.query('SELECT 1 FROM message_chunks')
const TO = { to: ['max@contoso.com'] }

describe('what nodemailer sends', () => {
  const transport = (more: object = {}) => {
    const created = nodemailer.createTransport({
      host: '127.0.0.1',
      port,
      auth: { user: 'reports', pass: service.key },
      tls: { rejectUnauthorized: false },
      pool: true,
      maxConnections: 1,
      ...more,
    })
    onTestFinished(() => created.close())
    return created
  }

  it('arrives with bodies, inline image, files, names and addresses in any language', async () => {
    const { response } = await transport().sendMail({
      from: { name: 'Report desk', address: 'desk@inforiver.example' },
      to: [{ name: 'Max Müller', address: 'max@contoso.com' }, 'jürgen@müller.example'],
      bcc: 'bob@contoso.com',
      subject: 'Zürich – 第三四半期',
      text: 'Plain',
      html: '<img src="cid:logo@x">Größe',
      headers: { 'X-Report-Id': '42' },
      priority: 'high',
      attachments: [
        { filename: 'logo.png', content: Buffer.from('89504e470d0a1a0a', 'hex'), cid: 'logo@x' },
        { filename: 'ümläut.pdf', content: Buffer.alloc(200_000, 7) },
      ],
    })

    expect(await service.untilEnded(idIn(response))).toMatchObject({ status: 'sent', problem: null })
    const [mail] = await mailsIn(fixture.microsoft, 'Zürich – 第三四半期')
    expect(mail).toMatchObject({
      from: { address: 'ada@contoso.com' },
      to: [{ address: 'max@contoso.com', name: 'Max Müller' }, { address: 'jürgen@müller.example' }],
      replyTo: [{ address: 'desk@inforiver.example', name: 'Report desk' }],
      body: { contentType: 'html', content: expect.stringContaining('Größe') },
      importance: 'high',
      attachments: [
        { name: 'logo.png', isInline: true, contentId: 'logo@x' },
        { name: 'ümläut.pdf', isInline: false },
      ],
    })
    expect(mail.headers).toContainEqual({ name: 'X-Report-ID', value: '42' })
    expect(await mailsIn(fixture.microsoft, 'Zürich – 第三四半期', { mailbox: 'bob@contoso.com' })).toHaveLength(1)
  })
})

it('stores a file of 4 MB in pieces as it arrives, whole', async () => {
  await connectMailbox(product, { largeAttachments: true })
  const file = Buffer.alloc(4_000_000, 'figures ')
  const client = await loggedIn()
  const body = file.toString('base64').replaceAll(/.{76}/g, '$&\r\n')
  const reply = await client.send(
    TO,
    `${HEADER}Subject: Large\r\nContent-Type: application/pdf; name=q3.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n${body}\r\n`,
  )

  expect(await service.untilEnded(idIn(reply))).toMatchObject({ status: 'sent', problem: null })
  const [mail] = await mailsIn(fixture.microsoft, 'Large')
  expect(mail.attachments).toMatchObject([{ name: 'q3.pdf', sha256: createHash('sha256').update(file).digest('hex') }])
  await connectMailbox(product)
})

describe('answers', () => {
  it('each with exactly one enhanced code', async () => {
    const client = await connectSmtp(port)
    onTestFinished(() => client.close())
    expect(await client.command('EHLO client.example')).toContain('\n250 SIZE 5600000')
    const replies = {
      'MAIL FROM:<a@x.example>': '530 5.7.0',
      'AUTH CRAM-MD5': '504 5.5.4',
      'AUTH PLAIN x': '501 5.5.4',
      NONSENSE: '500 5.5.2',
      [`AUTH PLAIN ${btoa('\0user\0imk_made-up')}`]: '535 5.7.8',
      [`AUTH PLAIN ${btoa(`\0user\0${service.key}`)}`]: '235 2.7.0',
      'RCPT TO:<max@contoso.com>': '503 5.5.1',
      DATA: '503 5.5.1',
      'MAIL FROM:<not an address>': '553 5.1.7',
      'MAIL FROM:<a@x.example> SIZE=5600001': '552 5.3.4',
      'MAIL FROM: <a@x.example> BODY=8BITMIME SMTPUTF8 SIZE=100': '250 2.1.0',
      'RCPT TO: <max@contoso.com>': '250 2.1.5',
      'RCPT TO:<max@localhost>': '501 5.1.3',
      'RCPT TO:max@contoso.com': '501 5.1.3',
      VRFY: '501 5.5.4',
      NOOP: '250 2.0.0',
      RSET: '250 2.0.0',
      QUIT: '221 2.0.0',
    }
    for (const [line, start] of Object.entries(replies))
      expect(`${line}: ${await client.command(line)}`).toMatch(new RegExp(`: ${start} (?!\\d\\.\\d\\.\\d)`))
  })

  it('452 to the 501st recipient', async () => {
    const client = await loggedIn()
    await client.command('MAIL FROM:<>')
    client.write(Array.from({ length: 501 }, (_, index) => `RCPT TO:<p${index}@contoso.com>\r\n`).join(''))
    const replies = []
    for (let count = 0; count < 501; count++) replies.push((await client.reply()).slice(0, 9))
    expect(replies).toEqual([...Array<string>(500).fill('250 2.1.5'), '452 4.5.3'])
  })

  it('550 to a recipient that the key may not write to', async () => {
    const ada = product.newBrowser()
    await ada.signIn('Ada Admin')
    const key = { name: 'device', scopes: ['messages:send'], allowedDomains: ['contoso.com'] }
    const client = await loggedIn({ key: (await ada.call('POST', '/api/v1/service-keys', key)).json.key })
    await client.command('MAIL FROM:<a@x.example>')
    expect(await client.command('RCPT TO:<max@elsewhere.example>')).toMatch(/^550 5\.7\.1 /)
    expect(await client.command('RCPT TO:<max@contoso.com>')).toMatch(/^250 2\.1\.5 /)
  })

  it.each([
    ['nothing before the dot', '', /^554 5\.6\.0 /],
    ['no header at all', '\r\nText', /^250 2\.0\.0 /],
    [
      'a value that the REST API would refuse',
      'X-Inforiver-Send-At: 2020-01-01T00:00:00Z\r\n\r\nText',
      /^554 5\.6\.0 X-Inforiver-Send-At: .* Leave out X-Inforiver-Send-At /,
    ],
    ['neither subject nor text', `${HEADER}\r\n`, /^554 5\.6\.0 /],
    ['more than fits', `${HEADER}\r\n${'x'.repeat(5_600_001)}`, /^552 5\.3\.4 /],
    ['bytes of eight bits that nobody announced', Buffer.from(`${HEADER}\r\nGr\xfc\xdfe`, 'latin1'), /^250 2\.0\.0 /],
    ['NUL and lines of 10,000 bytes', `${HEADER}\r\na\0b${'x'.repeat(10_000)}\r\n`, /^250 2\.0\.0 /],
  ])('to a mail with %s', async (_what, content, expected) => {
    const client = await loggedIn()
    expect(await client.send(TO, content)).toMatch(expected)
    expect(await client.command('NOOP')).toBe('250 2.0.0 OK')
  })
})

describe('a login', () => {
  it('with a wrong password is refused, logged without the key, and audited', async () => {
    const client = await connectSmtp(port)
    onTestFinished(() => client.close())
    await client.command('EHLO client.example')
    for (const user of ['device imk_in-the-wrong-field', 'scanner@contoso.com']) {
      await client.command('AUTH LOGIN')
      await client.command(btoa(user))
      expect(await client.command(btoa('imk_made-up'))).toMatch(/^535 5\.7\.8 /)
    }

    const log = product.logLines.join('')
    expect(log).toContain('"user":"scanner@contoso.com"')
    expect(log).not.toContain('imk_in-the-wrong-field')
    expect(log).not.toContain('imk_made-up')
    const audited = `SELECT details ->> 'operation' AS operation FROM audit_events WHERE action = 'service-key-refused'`
    expect(await fixture.database.query(audited)).toEqual([{ operation: 'smtp' }])
  })

  it('ends when its key is revoked, on an open connection, and so does a mail that arrives', async () => {
    const ada = product.newBrowser()
    await ada.signIn('Ada Admin')
    const { key, id } = (await ada.call('POST', '/api/v1/service-keys', { name: 'x', scopes: ['messages:send'] })).json
    const [arriving, used, unused] = [await loggedIn({ key }), await loggedIn({ key }), await loggedIn({ key })]
    for (const client of [arriving, used]) expect(await client.command('MAIL FROM:<a@x.example>')).toMatch(/^250 /)
    await used.command('RSET')
    await arriving.command('RCPT TO:<max@contoso.com>')
    await arriving.command('DATA')
    arriving.write(`${HEADER}Subject: Revoked\r\n\r\nText`)
    await ada.call('DELETE', `/api/v1/service-keys/${id}`)

    expect(await arriving.command('\r\n.')).toMatch(/^554 5\.7\.1 .*key/)
    expect(await stored('Revoked')).toEqual([])
    for (const client of [arriving, used, unused])
      expect(await client.command('MAIL FROM:<a@x.example>')).toMatch(/^535 5\.7\.8 /)
  })
})

describe('a mail that comes again', () => {
  const mail = (subject: string) => `${HEADER}Subject: ${subject}\r\nMessage-ID: <${subject}@device>\r\n\r\nText`

  it('is answered with the first id and stored once, also at the same moment and through another process', async () => {
    const otherPort = await freePort()
    const other = await fixture.startProduct({ environment: { ROLE: 'api', SMTP_LISTEN_PORT: String(otherPort) } })
    onTestFinished(() => other.close())
    const clients = await Promise.all([loggedIn(), loggedIn(), loggedIn({ at: otherPort })])
    const replies = await Promise.all(clients.map((client) => client.send(TO, mail('again'))))
    replies.push(...(await Promise.all(clients.map((client) => client.send(TO, mail('again'))))))

    expect(new Set(replies.map(idIn)).size).toBe(1)
    expect(await stored('again')).toEqual([{ id: idIn(replies[0] ?? '') }])
  })
})

it.each(['\n.\n', '\n.\r\n', '\r\n.\n', '\r.\r', '\r\n.\r', '\r.\r\n'])(
  'takes one mail, and no commands out of its text, where %j stands in it',
  async (sequence) => {
    const subject = `Smuggled ${JSON.stringify(sequence)}`
    const inner = `MAIL FROM:<x@x.example>\r\nRCPT TO:<bob@contoso.com>\r\nDATA\r\n${HEADER}Subject: ${subject}\r\n\r\nInner`
    const client = await loggedIn()
    const reply = await client.send(TO, `${HEADER}Subject: ${subject}\r\n\r\nOuter${sequence}${inner}`)

    expect(await stored(subject)).toEqual([{ id: idIn(reply) }])
    expect(await client.command('NOOP')).toBe('250 2.0.0 OK')
  },
)

it('keeps the domain of a recipient as its client spells it', async () => {
  const spelled = [
    'jo@xn--mller-kva.example',
    'jo@zürich.example',
    'jo@xn--i-7iq.example',
    'jo@XN--MLLER-KVA.Example.NET',
  ]
  const client = await loggedIn()

  const reply = await client.send({ to: spelled }, `${HEADER}Subject: Spelled\r\n\r\nText`)

  const { recipients } = await service.read(idIn(reply))
  expect(recipients.map(({ address }: { address: string }) => address)).toEqual(spelled)
})

it('keeps nothing of a mail that breaks off', async () => {
  const client = await loggedIn()
  await client.command('MAIL FROM:<a@x.example>')
  await client.command('RCPT TO:<max@contoso.com>')
  await client.command('DATA')
  client.write(`${HEADER}Subject: Broken\r\nContent-Type: application/pdf\r\n\r\n${'x'.repeat(2_000_000)}`)
  await expect.poll(chunks).not.toEqual([])
  client.socket.destroy()

  await expect.poll(chunks).toEqual([])
  expect(await stored('Broken')).toEqual([])
})

it('counts mails, refusals by class, and open connections', async () => {
  const before = await counters()
  const client = await loggedIn()
  await client.send(TO, `${HEADER}Subject: Counted\r\n\r\nText`)
  await client.command('RCPT TO:<max@contoso.com>')
  const after = await counters()
  expect(after.map((value, index) => value - (before[index] ?? 0))).toEqual([1, 0, 1, 1])
})

it('is part of the readiness where it is on, and does not listen in a worker', async () => {
  expect(await (await fetch(`${product.url}/readyz`)).json()).toMatchObject({ checks: { smtp: 'ok' } })
  const at = await freePort()
  const worker = await fixture.startProduct({ environment: { ROLE: 'worker', SMTP_LISTEN_PORT: String(at) } })
  onTestFinished(() => worker.close())
  await expect(connectSmtp(at)).rejects.toThrow('ECONNREFUSED')
})

it('shows a renewed certificate once its files have changed, while mails go through', async () => {
  const client = await loggedIn()
  showCertificate('renewed.contoso.com')
  const shown = async () => {
    const seen = await connectSmtp(tlsPort, {})
    const name = seen.certificateName
    seen.close()
    return name
  }
  await expect.poll(shown).toBe('renewed.contoso.com')
  expect(await client.send(TO, `${HEADER}Subject: Renewed\r\n\r\nText`)).toMatch(/^250 2\.0\.0 /)
  writeFileSync(files.keyPath, 'no key')
  await expect.poll(() => product.logLines.join('')).toContain('goes on showing the certificate')
  expect(await shown()).toBe('renewed.contoso.com')
})

it('says in the log whose TLS is too old', async () => {
  const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' } as const
  await expect(connectSmtp(tlsPort, old)).rejects.toMatchObject({ code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION' })
  const line = /"client":"127\.0\.0\.1","code":"ERR_SSL_UNSUPPORTED_PROTOCOL"/
  await expect.poll(() => product.logLines.join('')).toMatch(line)
})

it('closes idle connections with 421 when it stops, and lets a mail arrive first', async () => {
  const at = await freePort()
  const stopping = await fixture.startProduct({ environment: { ROLE: 'api', SMTP_LISTEN_PORT: String(at) } })
  const idle = await loggedIn({ at })
  const busy = await loggedIn({ at })
  await busy.command('MAIL FROM:<a@x.example>')
  await busy.command('RCPT TO:<max@contoso.com>')
  await busy.command('DATA')
  const stopped = stopping.close()
  expect(await idle.reply()).toMatch(/^421 4\.3\.2 /)
  await idle.closed

  expect(await busy.command(`${HEADER}Subject: Last\r\n\r\nText\r\n.`)).toMatch(/^250 2\.0\.0 /)
  expect(await busy.reply()).toMatch(/^421 4\.3\.2 /)
  await stopped
  expect(await stored('Last')).toHaveLength(1)
})

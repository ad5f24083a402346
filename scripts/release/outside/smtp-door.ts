import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { createReadStream, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import nodemailer from 'nodemailer'
import { freePort } from '../../../packages/m365/src/test-support/free-port.ts'
import { untilEnded } from '../../testbed/service.ts'
import { MB } from '../../testbed/submit.ts'
import type { Tenant } from '../../testbed/tenants.ts'
import { NO_LIMITS, openTestbed, type Testbed } from '../../testbed/testbed.ts'

const MANY = 100
/** The sizes of the files that are sent. */
const MEGABYTES = [25, 150]
const FROM = 'Device <device@contoso.com>'
const TO = 'max@contoso.com'
const UTF8_TO = 'jürgen@müller.example'
/** A delivery of 150 MB takes so long on a slow machine at most. */
const DELIVERED_WITHIN_MS = 10 * 60_000

/** A door with TLS, and what a client needs to use it. */
export interface Door {
  /** Takes STARTTLS. */
  readonly port: number
  /** Takes TLS from the first byte. */
  readonly tlsPort: number
  /** A file that holds the service key. */
  readonly keyFile: string
  readonly key: string
}

interface Mail {
  readonly subject: string
  readonly to: string
  /** The mail as it is sent. */
  readonly file: string
  /** SHA-256 of its attachments, in hex. */
  readonly attachments: readonly string[]
}

export interface Run {
  readonly command: string
  readonly parameters: readonly string[]
  /** Variables beside those of this process. */
  readonly environment?: Readonly<Record<string, string>>
  /** A file for its standard input. */
  readonly input?: string
}

/**
 * Sends by curl through the door of a product of its own, with a simulated Microsoft, and checks at its end that each mail
 * arrived whole, and once.
 *
 * @returns what was sent, in a sentence
 * @throws {Error} with what did not arrive so
 */
export function sendByCurl(place: Place): Promise<string> {
  return withDoor(place, async (open) => {
    const { folder } = place
    const single = await mailsIn(folder)
    const many = Array.from({ length: MANY }, (_, index) => plain(folder, `Many ${index}`))
    const startedAt = performance.now()
    for (const mails of [...single.map((mail) => [mail]), many]) await run(curlRun(folder, open.door, mails))
    const seconds = (performance.now() - startedAt) / 1_000
    await requireArrived(open, [...single, ...many])
    return `${single.map(({ subject }) => subject).join(', ')}, ${MANY} on one connection; ${seconds.toFixed(0)} s`
  })
}

/** Sends all of the mails on one connection. */
function curlRun(folder: string, { port, key }: Door, mails: readonly Mail[]): Run {
  const requests = mails.map(
    ({ to, file }) => `silent
show-error
fail
ssl-reqd
insecure
url = "smtp://127.0.0.1:${port}"
user = "reports:${key}"
mail-from = "device@contoso.com"
mail-rcpt = "${to}"
upload-file = "${file}"
`,
  )
  const config = join(folder, 'curl.config')
  writeFileSync(config, requests.join('next\n'), { mode: 0o600 })
  return { command: 'curl', parameters: ['--config', config] }
}

interface Place {
  readonly folder: string
  /** The files of the door's certificate. */
  readonly certificate: { readonly certificate: string; readonly key: string }
  /** Variables of the product, beside those of the door. */
  readonly settings?: Readonly<Record<string, string>>
}

interface Open {
  readonly door: Door
  readonly testbed: Testbed
  readonly tenant: Tenant
  /** Of the product. */
  readonly url: string
}

/** Starts a product of its own for what is done at its door. */
async function withDoor<Result>(
  { folder, certificate, settings }: Place,
  act: (open: Open) => Promise<Result>,
): Promise<Result> {
  await using testbed = await openTestbed()
  const [tenant] = await testbed.addTenants(1, { largeAttachments: true })
  if (!tenant) throw new Error('There is no tenant.')
  const keyFile = join(folder, 'service-key')
  const door = { port: await freePort(), tlsPort: await freePort(), key: tenant.serviceKey, keyFile }
  writeFileSync(keyFile, door.key, { mode: 0o600 })
  const { url } = await testbed.start('all', {
    ...NO_LIMITS,
    MAILBOX_CONCURRENCY: '4',
    SMTP_LISTEN_PORT: String(door.port),
    SMTP_LISTEN_TLS_PORT: String(door.tlsPort),
    SMTP_LISTEN_CERTIFICATE_PATH: certificate.certificate,
    SMTP_LISTEN_KEY_PATH: certificate.key,
    ...settings,
  })
  return await act({ door, testbed, tenant, url })
}

/** Runs programs at a door, and checks that the mail with this subject arrived, once. */
export function sendsAt(place: Place, runs: (door: Door) => readonly Run[], subject: string): Promise<void> {
  return withDoor(place, async (open) => {
    for (const each of runs(open.door)) await run(each, { MAIL_KEY: open.door.key })
    await requireArrived(open, [{ subject, attachments: [] }])
  })
}

async function mailsIn(folder: string): Promise<Mail[]> {
  const image = randomBytes(2_000)
  const logo = { filename: 'logo.png', content: image, cid: 'logo', contentDisposition: 'inline' } as const
  const mails = [
    plain(folder, 'plain'),
    await composed(folder, 'html with inline image', {
      html: '<p>Zürich <img src="cid:logo"></p>',
      attachments: [logo],
    }),
    plain(folder, 'addresses in UTF-8', UTF8_TO),
  ]
  for (const size of MEGABYTES) {
    const file = { filename: 'large.bin', content: randomBytes(size * MB) }
    mails.push(await composed(folder, `${size} MB`, { text: 'See the file.', attachments: [file] }))
  }
  return mails
}

/** A mail with 8-bit characters. */
function plain(folder: string, subject: string, to = TO): Mail {
  const id = `<${randomBytes(12).toString('hex')}@device.example>`
  const header = `From: ${FROM}\r\nTo: ${to}\r\nSubject: ${subject}\r\nMessage-ID: ${id}\r\nMIME-Version: 1.0\r\n`
  const type = 'Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n'
  const file = toFile(folder, subject, `${header}${type}\r\nFür Zürich.\r\n`)
  return { subject, to, file, attachments: [] }
}

interface Content {
  readonly text?: string
  readonly html?: string
  readonly attachments: { readonly filename: string; readonly content: Buffer }[]
}

async function composed(folder: string, subject: string, content: Content): Promise<Mail> {
  const composer = nodemailer.createTransport({ streamTransport: true, buffer: true, newline: 'windows' })
  const { message } = await composer.sendMail({ from: FROM, to: TO, subject, ...content })
  const attachments = content.attachments.map((each) => createHash('sha256').update(each.content).digest('hex'))
  return { subject, to: TO, file: toFile(folder, subject, message as Buffer), attachments }
}

function toFile(folder: string, subject: string, mail: string | Buffer): string {
  const file = join(folder, `${subject.replaceAll(' ', '-')}.eml`)
  writeFileSync(file, mail)
  return file
}

async function run(
  { command, parameters, environment, input }: Run,
  more: Readonly<Record<string, string>> = {},
): Promise<void> {
  const child = spawn(command, parameters, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...more, ...environment },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => (output = `${output}${data.toString()}`.slice(-2_000)))
  child.stdin.on('error', () => {}) // it ended early, and its exit says so
  if (input === undefined) child.stdin.end()
  else createReadStream(input).pipe(child.stdin)
  const code = await new Promise((resolve, reject) => child.once('close', resolve).once('error', reject))
  if (code !== 0) throw new Error(`${command} ended with ${String(code)}: ${output.trim()}`)
}

interface Arrived {
  readonly subject: string
  readonly attachments: readonly { readonly sha256: string }[]
}

async function requireArrived(
  { testbed, tenant, url }: Open,
  mails: readonly Pick<Mail, 'subject' | 'attachments'>[],
): Promise<void> {
  await untilEnded(() => url, [tenant], { withinMs: DELIVERED_WITHIN_MS })
  const { items } = (await testbed.control(
    'GET',
    `/mailboxes/${tenant.address}/messages?folder=sentItems&limit=1000`,
  )) as {
    items: readonly Arrived[]
  }
  const describe = ({ subject, attachments }: { subject: string; attachments: readonly string[] }) =>
    [subject, ...attachments].join(' ')
  const wanted = mails.map(describe).toSorted()
  const found = items
    .map((item) => describe({ ...item, attachments: item.attachments.map(({ sha256 }) => sha256) }))
    .toSorted()
  if (JSON.stringify(found) === JSON.stringify(wanted)) return
  const missing = wanted.filter((each) => !found.includes(each))
  throw new Error(
    `${found.length} arrived instead of ${wanted.length}; changed or missing: ${missing.join(', ') || '-'}`,
  )
}

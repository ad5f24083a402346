import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { createReadStream, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { freePort } from '../../../packages/m365/src/test-support/free-port.ts'
import { openTestbed, type Tenant, type Testbed } from '../../testbed/testbed.ts'

const MB = 1024 * 1024
const MANY = 100
const TO = 'max@contoso.com'
const UTF8_TO = 'jürgen@müller.example'
const NO_LIMITS = {
  MAILBOX_MESSAGES_PER_MINUTE: '0',
  MAILBOX_RECIPIENTS_PER_DAY: '0',
  MAILBOX_UPLOAD_BYTES_PER_5_MINUTES: '0',
}
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

export interface SmtpClient {
  readonly tool: string
  /** The package of Debian that brings the tool. */
  readonly debian: string
  readonly addressesInUtf8: boolean
  /** The sizes of the files that it sends. */
  readonly megabytes: readonly number[]
  /** Sends all of the mails on one connection; null where the tool sends one only. */
  readonly many: ((door: Door, mails: readonly Mail[]) => Run) | null
  readonly one: (door: Door, mail: Mail) => Run
}

const SEND_WITH_PYTHON = `
import smtplib, ssl, sys
port, key_file, *mails = sys.argv[1:]
context = ssl._create_unverified_context()
with smtplib.SMTP('127.0.0.1', int(port)) as client:
    client.starttls(context=context)
    client.login('reports', open(key_file).read())
    for recipient, file in zip(mails[::2], mails[1::2]):
        options = [] if recipient.isascii() else ['SMTPUTF8', 'BODY=8BITMIME']
        client.sendmail('device@contoso.com', [recipient], open(file, 'rb').read(), options)
`

export const SMTP_CLIENTS: readonly SmtpClient[] = [
  {
    tool: 'curl',
    debian: 'curl',
    addressesInUtf8: true,
    megabytes: [25, 150],
    one: (door, mail) => ({ command: 'curl', parameters: curlParameters(door, mail) }),
    many: (door, mails) => ({
      command: 'curl',
      parameters: mails.flatMap((mail, index) => [...(index > 0 ? ['--next'] : []), ...curlParameters(door, mail)]),
    }),
  },
  {
    tool: 'python3',
    debian: 'python3',
    addressesInUtf8: true,
    megabytes: [25, 150],
    one: (door, mail) => pythonRun(door, [mail]),
    many: pythonRun,
  },
  {
    tool: 'swaks',
    debian: 'swaks',
    addressesInUtf8: false, // it does not ask for SMTPUTF8
    megabytes: [1], // it takes minutes to prepare 25
    one: ({ port, key }, { to, file }) => ({
      command: 'swaks',
      parameters: [
        '--server',
        '127.0.0.1',
        '--port',
        String(port),
        '--tls',
        '--from',
        'device@contoso.com',
        '--to',
        to,
        '--auth',
        'PLAIN',
        '--auth-user',
        'reports',
        '--auth-password',
        key,
        '--data',
        `@${file}`,
        '--hide-all',
        '--show-raw-text',
        '--suppress-data',
        '--timeout',
        '10m',
      ],
    }),
    many: null,
  },
  {
    tool: 'msmtp',
    debian: 'msmtp',
    addressesInUtf8: true,
    megabytes: [25, 150],
    one: ({ port, keyFile }, { to, file }) => ({
      command: 'msmtp',
      parameters: [
        '--host=127.0.0.1',
        `--port=${port}`,
        '--tls=on',
        '--tls-starttls=on',
        '--tls-certcheck=off',
        '--auth=on',
        '--user=reports',
        `--passwordeval=cat ${keyFile}`,
        '--from=device@contoso.com',
        '--',
        to,
      ],
      input: file,
    }),
    many: null,
  },
]

function curlParameters({ port, key }: Door, { to, file }: Mail): string[] {
  return [
    '--silent',
    '--show-error',
    '--fail',
    '--ssl-reqd',
    '--insecure',
    '--url',
    `smtp://127.0.0.1:${port}`,
    '--user',
    `reports:${key}`,
    '--mail-from',
    'device@contoso.com',
    '--mail-rcpt',
    to,
    '--upload-file',
    file,
  ]
}

function pythonRun({ port, keyFile }: Door, mails: readonly Mail[]): Run {
  const sent = mails.flatMap(({ to, file }) => [to, file])
  return { command: 'python3', parameters: ['-c', SEND_WITH_PYTHON, String(port), keyFile, ...sent] }
}

/**
 * Sends through the door of a product of its own, with a simulated Microsoft, and checks at its end that each mail arrived
 * whole, and once.
 *
 * @param certificate the files of the door's certificate
 * @returns what was sent, in a sentence
 * @throws {Error} with what did not arrive so
 */
export function sendWith(client: SmtpClient, place: Place): Promise<string> {
  return withDoor(place, async ({ door, testbed, tenant }) => {
    const { folder } = place
    const single = mailsFor(client, folder)
    const startedAt = performance.now()
    for (const mail of single) await run(client.one(door, mail))
    const many = client.many ? Array.from({ length: MANY }, (_, index) => plain(folder, `Many ${index}`)) : []
    if (client.many) await run(client.many(door, many))
    const seconds = (performance.now() - startedAt) / 1_000
    await requireArrived(testbed, tenant, [...single, ...many])
    const onOne = client.many ? `${MANY} on one connection` : 'one for each connection only'
    return `${single.map(({ subject }) => subject).join(', ')}, ${onOne}; ${seconds.toFixed(0)} s`
  })
}

interface Place {
  readonly folder: string
  readonly certificate: { readonly certificate: string; readonly key: string }
  /** Variables of the product, beside those of the door. */
  readonly settings?: Readonly<Record<string, string>>
}

/** Starts a product of its own for what is done at its door. */
async function withDoor<Result>(
  { folder, certificate, settings }: Place,
  act: (open: { door: Door; testbed: Testbed; tenant: Tenant }) => Promise<Result>,
): Promise<Result> {
  const testbed = await openTestbed()
  try {
    const [tenant] = await testbed.addTenants(1, { largeAttachments: true })
    if (!tenant) throw new Error('There is no tenant.')
    const keyFile = join(folder, 'service-key')
    const door = { port: await freePort(), tlsPort: await freePort(), key: tenant.serviceKey, keyFile }
    writeFileSync(keyFile, door.key, { mode: 0o600 })
    await testbed.start('all', {
      ...NO_LIMITS,
      SMTP_LISTEN_PORT: String(door.port),
      SMTP_LISTEN_TLS_PORT: String(door.tlsPort),
      SMTP_LISTEN_CERTIFICATE_PATH: certificate.certificate,
      SMTP_LISTEN_KEY_PATH: certificate.key,
      ...settings,
    })
    return await act({ door, testbed, tenant })
  } finally {
    await testbed.close()
  }
}

/** Runs programs at a door, and checks that the mail with this subject arrived, once. */
export function sendsAt(place: Place, runs: (door: Door) => readonly Run[], subject: string): Promise<void> {
  return withDoor(place, async ({ door, testbed, tenant }) => {
    for (const each of runs(door)) await run(each, { MAIL_KEY: door.key })
    await requireArrived(testbed, tenant, [{ subject, attachments: [] }])
  })
}

function mailsFor({ addressesInUtf8, megabytes }: SmtpClient, folder: string): Mail[] {
  return [
    plain(folder, 'plain'),
    withInlineImage(folder),
    ...megabytes.map((size) => withFile(folder, size)),
    ...(addressesInUtf8 ? [plain(folder, 'addresses in UTF-8', UTF8_TO)] : []),
  ]
}

function plain(folder: string, subject: string, to = TO): Mail {
  const lines = [...headerOf(subject, to), 'Content-Type: text/plain; charset=utf-8', ...eightBit(), 'Für Zürich.', '']
  return toMail(folder, { subject, to, lines, attachments: [] })
}

function withInlineImage(folder: string): Mail {
  const subject = 'html with inline image'
  const image = randomBytes(2_000)
  const lines = [
    ...headerOf(subject, TO),
    'Content-Type: multipart/related; boundary=limit',
    '',
    '--limit',
    'Content-Type: text/html; charset=utf-8',
    ...eightBit(),
    '<p>Zürich <img src="cid:logo"></p>',
    '--limit',
    'Content-Type: image/png; name=logo.png',
    'Content-ID: <logo>',
    'Content-Disposition: inline',
    ...base64(image),
    '--limit--',
    '',
  ]
  return toMail(folder, { subject, to: TO, lines, attachments: [hashOf(image)] })
}

function withFile(folder: string, megabytes: number): Mail {
  const subject = `${megabytes} MB`
  const file = randomBytes(megabytes * MB)
  const lines = [
    ...headerOf(subject, TO),
    'Content-Type: multipart/mixed; boundary=limit',
    '',
    '--limit',
    'Content-Type: text/plain',
    '',
    'See the file.',
    '--limit',
    'Content-Type: application/octet-stream',
    'Content-Disposition: attachment; filename=large.bin',
    ...base64(file),
    '--limit--',
    '',
  ]
  return toMail(folder, { subject, to: TO, lines, attachments: [hashOf(file)] })
}

function headerOf(subject: string, to: string): string[] {
  const id = `Message-ID: <${randomBytes(12).toString('hex')}@device.example>`
  return ['From: Device <device@contoso.com>', `To: ${to}`, `Subject: ${subject}`, id, 'MIME-Version: 1.0']
}

function eightBit(): string[] {
  return ['Content-Transfer-Encoding: 8bit', '']
}

function base64(content: Buffer): string[] {
  const lines = content.toString('base64').match(/.{1,76}/g) ?? []
  return ['Content-Transfer-Encoding: base64', '', lines.join('\r\n')]
}

function toMail(folder: string, { lines, ...mail }: Omit<Mail, 'file'> & { lines: readonly string[] }): Mail {
  const file = join(folder, `${mail.subject.replaceAll(' ', '-')}.eml`)
  writeFileSync(file, lines.join('\r\n'))
  return { ...mail, file }
}

function hashOf(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex')
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
  testbed: Testbed,
  { address }: Tenant,
  mails: readonly Pick<Mail, 'subject' | 'attachments'>[],
): Promise<void> {
  const giveUpAt = performance.now() + DELIVERED_WITHIN_MS
  let left = 1
  while (left > 0 && performance.now() < giveUpAt) {
    const { rows } = await testbed.pool.query<{ count: number }>('SELECT count(*)::int AS count FROM message_queue')
    left = rows[0]?.count ?? 0
    await delay(200)
  }
  const { items } = (await testbed.control('GET', `/mailboxes/${address}/messages?folder=sentItems&limit=1000`)) as {
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

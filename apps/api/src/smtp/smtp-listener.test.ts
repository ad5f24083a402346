import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'
import { connect as connectTls, type SecureVersion } from 'node:tls'
import {
  clientCertificate,
  selfSignedCertificate,
} from '../../../../packages/m365/src/test-support/self-signed-certificate.ts'
import { expect, it, onTestFinished } from 'vitest'
import { connectSmtp } from '../test-support/smtp-client.ts'
import { SmtpRefusal } from './reply.ts'
import { createListener, createPlainPeers, type Connection } from './smtp-listener.ts'

const { certificate: cert, privateKey: key } = selfSignedCertificate('mail.contoso.com')

async function start({
  tls = { cert, key },
  fromFirstByte = false,
  minTls = '1.2',
  mayBePlain = false,
  onAddress = () => {},
}: {
  tls?: { cert: string; key: string } | null
  fromFirstByte?: boolean
  minTls?: '1.0' | '1.2'
  mayBePlain?: boolean
  /** Told of each address that MAIL or RCPT names. */
  onAddress?: (address: string) => void
} = {}) {
  const accepted: Connection[] = []
  const listener = createListener({
    tls,
    fromFirstByte,
    minTls,
    closeWithinMs: 1_000,
    rules: {
      refusalOf: () => null,
      onAccepted: (connection) => accepted.push(connection),
      mayBePlain: () => mayBePlain,
      announcedBytes: () => 5_600_000,
      onRefused() {},
    },
    handlers: {
      onConnect: (_session, done) => done(),
      onAuth: (_auth, _session, done) => done(null, { user: 'service' }),
      onMailFrom: ({ address }, _session, done) => (onAddress(address), done()),
      onRcptTo: ({ address }, _session, done) => (onAddress(address), done()),
      onData: (stream, _session, done) => void stream.resume().once('end', () => done()),
      onClose() {},
    },
  })
  listener.on('error', () => {}) // of connections that are cut off
  await listener.start(0, '127.0.0.1')
  onTestFinished(() => new Promise<void>((resolve) => listener.close(resolve)))
  return { listener, accepted, port: (listener.server.address() as AddressInfo).port }
}

/** Reads what a client sends first of a handshake. */
async function readHello(): Promise<Buffer> {
  const server = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const client = connectTls((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => {})
  const [socket] = await once(server, 'connection')
  const [hello] = await once(socket, 'data')
  client.destroy()
  return hello
}

it('takes a key only over TLS from an address that may not come without', async () => {
  const { port } = await start()
  const client = await connectSmtp(port)
  onTestFinished(() => client.close())

  expect(await client.command('EHLO client.example')).not.toContain('AUTH')
  expect(await client.logIn('key')).toMatch(/^538 5\.7\.11 /)
  expect(await client.command('MAIL FROM:<a@x.example>')).toMatch(/^530 5\.7\.0 /)
  await client.startTls()
  expect((await client.command('EHLO client.example')).split('\n').map((line) => line.slice(4))).toEqual(
    expect.arrayContaining([
      'AUTH PLAIN LOGIN',
      'PIPELINING',
      '8BITMIME',
      'SMTPUTF8',
      'ENHANCEDSTATUSCODES',
      'SIZE 5600000',
    ]),
  )
  expect(await client.logIn('key')).toMatch(/^235 2\.7\.0 /)
})

it('takes an address from its place in a command, and not from a parameter', async () => {
  const addresses: string[] = []
  const { port } = await start({ mayBePlain: true, onAddress: (address) => addresses.push(address) })
  const client = await connectSmtp(port)
  onTestFinished(() => client.close())
  await client.command('EHLO client.example')
  await client.logIn('key')
  const commands = [
    'MAIL FROM:<> ENVID=<a@b.example>',
    'RCPT TO:<postmaster> ORCPT=rfc822;<x@y.example>',
    'RCPT TO: <max@xn--bcher-kva.example> ORCPT=rfc822;<x@y.example>',
    'RCPT TO:<@relay.example:eve@xn--bcher-kva.example>',
  ]
  for (const command of commands) expect(await client.command(command)).toMatch(/^250 /)

  expect(addresses).toEqual(['', 'postmaster', 'max@xn--bcher-kva.example', 'eve@xn--bcher-kva.example'])
})

it('offers no TLS, and never a certificate of its own, where it has none', async () => {
  const { port } = await start({ tls: null, mayBePlain: true })
  const client = await connectSmtp(port)
  onTestFinished(() => client.close())

  expect(await client.command('EHLO client.example')).not.toContain('STARTTLS')
  expect(await client.command('STARTTLS')).toMatch(/^500 5\.5\.2 /)
})

it('forgets what came before TLS, and runs nothing that came with STARTTLS', async () => {
  const { port } = await start({ mayBePlain: true })
  const client = await connectSmtp(port)
  onTestFinished(() => client.close())
  await client.command('EHLO client.example')
  await client.logIn('key')
  await client.startTls()

  expect(await client.command('MAIL FROM:<a@x.example>')).toMatch(/^503 5\.5\.1 /)
})

it.each<['1.0' | '1.2', SecureVersion, boolean]>([
  ['1.0', 'TLSv1', true],
  ['1.2', 'TLSv1', false],
  ['1.2', 'TLSv1.2', true],
])('where TLS %s is the oldest, a client with %s gets in: %s', async (minTls, version, isIn) => {
  const { port } = await start({ minTls, fromFirstByte: true })
  const old = { minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' } as const
  const outcome = connectSmtp(port, old).then(
    (client) => (client.close(), true),
    () => false,
  )

  expect(await outcome).toBe(isIn)
})

it.each([
  ['1.2', 'ECDHE-RSA-AES128-GCM-SHA256', true],
  ['1.2', 'ECDHE-RSA-AES256-SHA', true],
  ['1.2', 'AES128-GCM-SHA256', false],
  ['1.2', 'AES256-SHA', false],
  ['1.0', 'AES256-SHA', true],
] as const)('where TLS %s is the oldest, %s is taken over TLS 1.2: %s', async (minTls, ciphers, isIn) => {
  const { privateKey, certificate } = clientCertificate()
  const { port } = await start({ tls: { cert: certificate, key: privateKey }, minTls, fromFirstByte: true })
  const outcome = connectSmtp(port, { maxVersion: 'TLSv1.2', ciphers }).then(
    (client) => (client.close(), true),
    () => false,
  )

  expect(await outcome).toBe(isIn)
})

it.each<[string, boolean, 'nothing' | 'a part' | 'all']>([
  ['TLS from the first byte', true, 'nothing'],
  ['TLS from the first byte', true, 'a part'],
  ['TLS from the first byte', true, 'all'],
  ['STARTTLS', false, 'a part'],
  ['STARTTLS', false, 'all'],
])(
  'ends a handshake by %s (from the first byte: %s) of which %s has come, and goes on',
  async (_what, fromFirstByte, came) => {
    const { port, accepted } = await start({ fromFirstByte, mayBePlain: true })
    const hello = (await readHello()).subarray(0, { nothing: 0, 'a part': 50, all: undefined }[came])
    const begun = Array.from({ length: 50 }, async () => {
      const client = fromFirstByte ? null : await connectSmtp(port)
      await client?.command('EHLO client.example')
      await client?.command('STARTTLS')
      const socket = client?.socket ?? connect(port, '127.0.0.1')
      onTestFinished(() => void socket.destroy())
      socket.on('error', () => {}).resume()
      const answered = once(socket, 'data')
      socket.write(hello)
      if (came === 'all') await answered
      else void answered.catch(() => {})
      return socket
    })
    const sockets = await Promise.all(begun)
    await expect.poll(() => accepted.length).toBe(50)
    const closed = sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve)))
    for (const connection of accepted) connection.dismiss(new SmtpRefusal(421, '4.7.0', 'Others come first.'))
    await Promise.all(closed)

    const client = await connectSmtp(port, fromFirstByte ? {} : undefined)
    onTestFinished(() => client.close())
    expect(await client.command('EHLO client.example')).toMatch(/^250-/)
  },
)

it('closes a connection after a line without end', async () => {
  const { port } = await start()
  const client = await connectSmtp(port)
  client.write('X'.repeat(100_000))
  await expect(client.reply()).resolves.toMatch(/^421 4\.7\.0 /)
  await client.closed
})

it.each([
  ['127.0.0.1', true],
  ['::1', true],
  ['10.2.3.4', true],
  ['::ffff:10.2.3.4', true],
  ['192.0.2.7', true],
  ['192.0.2.8', false],
  ['198.51.100.7', true],
  ['::ffff:198.51.100.7', true],
  ['198.51.101.7', false],
  ['fd00::5', true],
  ['2001:db8::1', false],
  ['', false],
])('lets %s come without TLS: %s', (address, expected) => {
  expect(createPlainPeers(['10.0.0.0/8', '192.0.2.7', '::ffff:198.51.100.0/120', 'fd00::/8'])(address)).toBe(expected)
})

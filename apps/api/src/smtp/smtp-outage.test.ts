import { afterEach, beforeAll, expect, it, onTestFinished } from 'vitest'
import { freePort } from '../test-support/database-server.ts'
import { connectSmtp, type SmtpClient } from '../test-support/smtp-client.ts'
import { useLink } from '../test-support/test-database.ts'
import { useFixture } from '../test-support/use-fixture.ts'
import { connectMailbox, createServiceClient, type ServiceClient } from '../test-support/test-service.ts'

const TO = { to: ['max@contoso.com'] }

const fixture = useFixture()
const link = useLink(() => fixture.database)
let service: ServiceClient
let port: number

beforeAll(async () => {
  port = await freePort()
  const product = await fixture.startProduct({
    environment: { ROLE: 'api', DATABASE_URL: link.url, SMTP_LISTEN_PORT: String(port) },
  })
  await connectMailbox(product)
  service = await createServiceClient(product)
})
afterEach(() => link.mend())

async function loggedIn(at = port): Promise<SmtpClient> {
  const client = await connectSmtp(at)
  onTestFinished(() => client.close())
  await client.command('EHLO client.example')
  expect(await client.logIn(service.key)).toMatch(/^235 /)
  return client
}

const mail = (subject: string) =>
  `From: ada@contoso.com\r\nTo: max@contoso.com\r\nSubject: ${subject}\r\nMessage-ID: <${subject}@device>\r\n\r\nText`

const stored = (subject: string) =>
  fixture.database.query<{ id: string }>('SELECT id FROM messages WHERE subject = $1', [subject])

function idIn(reply: string): string {
  return /^250 2\.0\.0 OK queued as (msg_[0-9a-f]{32})$/.exec(reply)?.[1] ?? reply
}

it('answers 451 while the database is away, stores nothing, and takes the repetition on the same connection', async () => {
  const client = await loggedIn()
  await client.command('MAIL FROM:<ada@contoso.com>')
  await client.command('RCPT TO:<max@contoso.com>')
  await client.command('DATA')
  link.cut()
  expect(await client.command(`${mail('away')}\r\n.`)).toMatch(/^451 4\.3\.0 /)
  expect(await stored('away')).toEqual([])

  link.mend()
  const reply = await client.send(TO, mail('away'))

  expect(await stored('away')).toEqual([{ id: idIn(reply) }])
})

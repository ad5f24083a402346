import { afterAll, afterEach, beforeAll, expect, it, onTestFinished } from 'vitest'
import { freePort } from '../test-support/database-server.ts'
import { mailsIn } from '../test-support/mailbox.ts'
import { untilSomethingWaits } from '../test-support/scenario.ts'
import { connectSmtp, type SmtpClient } from '../test-support/smtp-client.ts'
import type { DatabaseLink } from '../test-support/test-database.ts'
import { createTestFixture, type TestFixture } from '../test-support/test-product.ts'
import { connectMailbox, createServiceClient, type ServiceClient } from '../test-support/test-service.ts'
import { startWorkerProcess } from '../test-support/worker-process.ts'

const TO = { to: ['max@contoso.com'] }

let fixture: TestFixture
let link: DatabaseLink
let service: ServiceClient
let port: number

beforeAll(async () => {
  fixture = await createTestFixture()
  link = await fixture.database.link()
  port = await freePort()
  const product = await fixture.startProduct({
    environment: { ROLE: 'api', DATABASE_URL: link.url, SMTP_LISTEN_PORT: String(port) },
  })
  await connectMailbox(product)
  service = await createServiceClient(product)
})
afterEach(() => link.mend())
afterAll(async () => {
  link.mend()
  await fixture.close()
  await link.close()
})

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

it('answers 451 when the answer to the commit is lost, and the repetition with the message that was stored', async () => {
  const client = await loggedIn()
  link.loseAnswerTo('insert-messages')
  expect(await client.send(TO, mail('in-doubt'))).toMatch(/^451 4\.3\.0 /)

  const reply = await client.send(TO, mail('in-doubt'))

  expect(await stored('in-doubt')).toEqual([{ id: idIn(reply) }])
})

it('has a mail arrive once that is repeated after a kill, before its 250 or right after it', async () => {
  const at = await freePort()
  const killed = await startWorkerProcess(fixture, { ROLE: 'api', SMTP_LISTEN_PORT: String(at) })
  onTestFinished(() => killed.close())
  const client = await loggedIn(at)
  const first = await client.send(TO, mail('answered'))
  const release = await fixture.database.lock('messages')
  const unanswered = client.send(TO, mail('unanswered'))
  await untilSomethingWaits(fixture, 1, 'WITH new AS')
  killed.signal('SIGKILL')
  await expect(unanswered).rejects.toThrow(/closed|ECONNRESET/)
  await release()

  const again = await loggedIn()
  const replies = [await again.send(TO, mail('answered')), await again.send(TO, mail('unanswered'))]

  expect(replies[0]).toBe(first)
  const worker = await fixture.startProduct({ environment: { ROLE: 'worker' } })
  onTestFinished(() => worker.close())
  for (const [index, subject] of ['answered', 'unanswered'].entries()) {
    const id = idIn(replies[index] ?? '')
    expect(await stored(subject)).toEqual([{ id }])
    expect(await service.untilEnded(id)).toMatchObject({ status: 'sent' })
    expect(await mailsIn(fixture.microsoft, subject)).toHaveLength(1)
  }
})

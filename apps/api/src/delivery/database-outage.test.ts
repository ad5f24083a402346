import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { holdRequest } from '../test-support/held-request.ts'
import { mailsIn } from '../test-support/mailbox.ts'
import { CLAIMS_LOCK } from '../queue/mailbox-lock.ts'
import { holdCommits } from '../test-support/held-commit.ts'
import { createTcpLink, type TcpLink } from '../test-support/tcp-link.ts'
import { MINUTES } from '../test-support/test-clock.ts'
import { createTestGround, type TestGround, type TestProduct } from '../test-support/test-product.ts'
import { connectMailbox, createServiceClient, type ServiceClient } from '../test-support/test-service.ts'

// The API reaches the database all the time; the worker over a link that is cut.

let ground: TestGround
let link: TcpLink
let worker: TestProduct
let service: ServiceClient

beforeAll(async () => {
  ground = await createTestGround()
  const api = await ground.startProduct({ environment: { ROLE: 'api' } })
  link = await createTcpLink(Number(new URL(ground.database.url).port))
  const url = new URL(ground.database.url)
  url.port = String(link.port)
  worker = await ground.startProduct({
    environment: { ROLE: 'worker', DATABASE_URL: url.href, MAILBOX_MESSAGES_PER_MINUTE: '0' },
  })
  await connectMailbox(api)
  service = await createServiceClient(api)
})
afterAll(async () => {
  link.mend()
  await ground.close()
  await link.close()
})
beforeEach(() => ground.microsoft.control('DELETE', '/scenarios'))

const arrived = async (subject: string) => (await mailsIn(ground.microsoft, subject)).length

async function delayed(endpoint: string, delayMs: number): Promise<void> {
  await ground.microsoft.control('POST', '/scenarios', {
    effect: { kind: 'http', endpoint, do: { action: 'delay', delayMs } },
  })
}

async function untilMet(): Promise<void> {
  await expect.poll(() => ground.microsoft.control('GET', '/scenarios'), { interval: 10 }).toMatchObject({ active: [] })
}

it('writes down afterwards what came of a message while the database was away', async () => {
  await delayed('sendMail', 3_000)
  const { id } = await service.submit({ subject: 'Written afterwards', onUnknownOutcome: 'stop' })
  await untilMet()
  link.cut()
  await expect.poll(() => arrived('Written afterwards')).toBe(1)
  expect(await service.read(id)).toMatchObject({ status: 'sending' })
  await ground.database.setTimeAhead(10 * MINUTES) // its lease has run out by then

  link.mend()

  expect(await service.until(id, { status: 'sent' })).toMatchObject({
    attempts: [{ outcome: 'sent' }],
    possibleDuplicate: false,
  })
  expect(await arrived('Written afterwards')).toBe(1)
})

it('is in no doubt about a message that it had not sent when the database went away', async () => {
  await ground.database.query(
    'UPDATE tenant_settings SET access_token_expires_at = now(), grant_version = grant_version + 1',
  )
  await delayed('token', 3_000)
  const { id } = await service.submit({ subject: 'Not sent yet', onUnknownOutcome: 'stop' })
  await untilMet()
  link.cut()
  await expect.poll(() => worker.logLines.join('')).toContain('a delivery broke off')
  // As after 90 seconds: nobody could give back the right to refresh.
  await ground.database.query('UPDATE tenant_settings SET refresh_lease_until = now()')

  link.mend()

  expect(await service.until(id, { status: 'sent' })).toMatchObject({ possibleDuplicate: false, problem: null })
  expect(await arrived('Not sent yet')).toBe(1)
})

it('takes up again what it had claimed when the answer of the database was lost', async () => {
  link.cut()
  const { id } = await service.submit({ subject: 'Answer lost', onUnknownOutcome: 'stop' })
  const commits = await holdCommits(ground.database)
  link.mend()
  await commits.untilHeld()
  link.cut()
  await commits.release()
  await service.until(id, { status: 'sending' })

  link.mend()

  expect(await service.until(id, { status: 'sent' })).toMatchObject({ attempts: [{ outcome: 'sent' }] })
  expect(await arrived('Answer lost')).toBe(1)
})

it('takes up again what it had claimed by a commit that took effect after the connection was lost', async () => {
  link.cut()
  const { id } = await service.submit({ subject: 'Committed late', onUnknownOutcome: 'stop' })
  const commits = await holdCommits(ground.database)
  link.mend()
  await commits.untilHeld()
  link.cut()
  link.mend()
  // A statement waits for the commit: to give back what it leases, nothing of which can be seen before.
  const waiting = `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objid = ${CLAIMS_LOCK}`
  await expect.poll(() => ground.database.query(waiting)).not.toEqual([])
  await commits.release()

  expect(await service.until(id, { status: 'sent' })).toMatchObject({ attempts: [{ outcome: 'sent' }] })
  expect(await arrived('Committed late')).toBe(1)
})

it('writes an outcome once although the answer of the database to it was lost', async () => {
  const sending = await holdRequest(ground.microsoft, 'sendMail')
  const { id } = await service.submit({ subject: 'Written once', onUnknownOutcome: 'stop' })
  await sending.untilHeld()
  const commits = await holdCommits(ground.database)
  await sending.release()
  await commits.untilHeld()
  link.cut()
  await commits.release()
  await service.until(id, { status: 'sent' })

  link.mend()

  const next = await service.submit({ subject: 'After it' })
  await service.until(next.id, { status: 'sent' })
  expect(await service.read(id)).toMatchObject({ status: 'sent', attempts: [{ outcome: 'sent', count: 1 }] })
  expect(await arrived('Written once')).toBe(1)
})

it('delivers what came in while the database was away from it', async () => {
  link.cut()
  const messages = await Promise.all(Array.from({ length: 20 }, () => service.submit({ subject: 'Piled up' })))

  link.mend()

  for (const { id } of messages) {
    expect(await service.until(id, { status: 'sent' })).toMatchObject({ attempts: [{ outcome: 'sent' }] })
  }
  expect(await arrived('Piled up')).toBe(20)
})

it('hears at once of new messages again, once it is back', async () => {
  link.cut()
  link.mend()
  const listening = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN %'`
  await expect.poll(() => ground.database.query(listening)).not.toEqual([])

  const { id } = await service.submit({ subject: 'Heard' })
  expect(await service.until(id, { status: 'sent' })).toMatchObject({ attempts: [{ outcome: 'sent' }] })
})

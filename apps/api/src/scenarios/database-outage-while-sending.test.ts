import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { holdRequest } from '../test-support/held-request.ts'
import { mailsIn } from '../test-support/mailbox.ts'
import { holdCommits } from '../test-support/held-commit.ts'
import type { DatabaseLink } from '../test-support/test-database.ts'
import { MINUTES } from '../test-support/test-clock.ts'
import { createTestGround, type TestGround, type TestProduct } from '../test-support/test-product.ts'
import { connectMailbox, createServiceClient, type ServiceClient } from '../test-support/test-service.ts'
import { untilStopping } from '../test-support/scenario.ts'

// The API always reaches the database; the worker reaches it over a link that is cut.

let ground: TestGround
let link: DatabaseLink
let worker: TestProduct
let service: ServiceClient

beforeAll(async () => {
  ground = await createTestGround()
  const api = await ground.startProduct({ environment: { ROLE: 'api' } })
  link = await ground.database.link()
  worker = await ground.startProduct({
    environment: { ROLE: 'worker', DATABASE_URL: link.url, MAILBOX_MESSAGES_PER_MINUTE: '0' },
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

it('writes an outcome once the database is back', async () => {
  const sending = await holdRequest(ground.microsoft, 'sendMail')
  const { id } = await service.submit({ subject: 'Written afterwards', onUnknownOutcome: 'stop' })
  await sending.untilHeld()
  link.cut()
  await sending.release()
  await expect.poll(() => arrived('Written afterwards')).toBe(1)
  expect(await service.read(id)).toMatchObject({ status: 'sending' })
  await ground.database.setTimeAhead(10 * MINUTES) // by then its lease has run out

  link.mend()

  expect(await service.until(id, { status: 'sent' })).toMatchObject({
    attempts: [{ outcome: 'sent' }],
    possibleDuplicate: false,
  })
  expect(await arrived('Written afterwards')).toBe(1)
})

it('has no doubt about a message that was not sent yet when the database went away', async () => {
  await ground.database.query(
    'UPDATE tenant_settings SET access_token_expires_at = now(), grant_version = grant_version + 1',
  )
  const token = await holdRequest(ground.microsoft, 'token')
  const { id } = await service.submit({ subject: 'Not sent yet', onUnknownOutcome: 'stop' })
  await token.untilHeld()
  link.cut()
  await token.release()
  await expect.poll(() => worker.logLines.join('')).toContain('a delivery broke off')
  // Nobody could release the lease on the refresh: this stands for its running out.
  await ground.database.query('UPDATE tenant_settings SET refresh_lease_until = now()')

  link.mend()

  expect(await service.until(id, { status: 'sent' })).toMatchObject({ possibleDuplicate: false, problem: null })
  expect(await arrived('Not sent yet')).toBe(1)
})

it.each([
  ['stop', 'Stopped in doubt', { status: 'failed', problem: { code: 'outcome-unknown' } }, 1],
  ['retry', 'Sent again', { status: 'sent', possibleDuplicate: true }, 2],
])(
  'keeps the doubt about a request whose answer was unclear while the database was away, to %s',
  async (onUnknownOutcome, subject, expected, mails) => {
    await ground.microsoft.control('POST', '/scenarios', { name: 'send-accepted-but-504' })
    const sending = await holdRequest(ground.microsoft, 'sendMail')
    const { id } = await service.submit({ subject, onUnknownOutcome })
    await sending.untilHeld()
    link.cut()
    await sending.release()
    await expect.poll(() => arrived(subject)).toBe(1)
    const unwritten = (line: string) => line.includes(id) && line.includes('could not be written')
    await expect.poll(() => worker.logLines.some(unwritten)).toBe(true)

    link.mend()

    expect(await service.until(id, { status: expected.status })).toMatchObject(expected)
    expect(await arrived(subject)).toBe(mails)
  },
)

it('delivers what it had claimed when the answer to the claim was lost', async () => {
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

/** Has another worker claim a message over a link of its own, which then ends or goes silent before the answer. */
async function claimWithoutAnswer(
  subject: string,
  lose: 'cut' | 'hold' | 'silence',
  options: { deliveryGraceMs?: number } = {},
) {
  link.cut() // from the worker of the other tests
  await ground.database.query('DELETE FROM owners') // which does not renew
  const otherLink = await ground.database.link()
  const other = await ground.startProduct({
    environment: { ROLE: 'worker', DATABASE_URL: otherLink.url, MAILBOX_MESSAGES_PER_MINUTE: '0' },
    ...options,
  })
  otherLink.cut()
  const { id } = await service.submit({ subject, onUnknownOutcome: 'stop' })
  const commits = await holdCommits(ground.database)
  otherLink.mend()
  await commits.untilHeld()
  otherLink[lose]()
  await commits.release()
  await service.until(id, { status: 'sending' })
  return { id, other, otherLink }
}

/** Waits until the mailbox is taken anew, which waits for claims that are under way. */
async function untilGivingBack(): Promise<void> {
  const waiting = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%UPDATE mailboxes m SET %epoch%'`
  await expect.poll(() => ground.database.query(waiting)).not.toEqual([])
}

async function expectSentWithoutDoubt(id: string): Promise<void> {
  const state = 'SELECT lease_owner, attempt_id, doubt FROM message_queue WHERE message_id = $1'
  expect(await ground.database.query(state, [id])).toEqual([{ lease_owner: null, attempt_id: null, doubt: 'none' }])
  link.mend()
  expect(await service.until(id, { status: 'sent' })).toMatchObject({
    attempts: [{ outcome: 'sent' }],
    possibleDuplicate: false,
  })
}

it('leaves no doubt about what it had claimed when the answer to the claim was lost, and it is stopped', async () => {
  const subject = 'Stopped before the answer'
  const { id, other, otherLink } = await claimWithoutAnswer(subject, 'cut')

  const stopping = other.close()
  await expect.poll(() => other.logLines.join('')).toContain('could not be given back')
  otherLink.mend()
  await stopping
  await otherLink.close()

  await expectSentWithoutDoubt(id)
  expect(await arrived(subject)).toBe(1)
})

it('leaves no doubt either where it waits for that answer until the grace period is over', async () => {
  const subject = 'Given up after the grace period'
  const { id, other, otherLink } = await claimWithoutAnswer(subject, 'hold', { deliveryGraceMs: 0 })

  const stopping = other.close()
  await untilStopping(other)
  // This stands for the time after which a silent connection is given up.
  otherLink.cut()
  otherLink.mend()
  await stopping
  await otherLink.close()

  await expectSentWithoutDoubt(id)
  expect(await arrived(subject)).toBe(1)
})

it('gives back after the grace period what it claimed, although the answer is still awaited', async () => {
  const subject = 'Given up before the answer'
  const { id, other, otherLink } = await claimWithoutAnswer(subject, 'silence', { deliveryGraceMs: 0 })
  const logged = other.logLines.length

  const stopping = other.close()
  const leased = 'SELECT 1 FROM message_queue WHERE message_id = $1 AND lease_owner IS NOT NULL'
  await expect.poll(() => ground.database.query(leased, [id])).toEqual([])
  otherLink.mend() // the answer comes at last
  await stopping
  await otherLink.close()

  expect(other.logLines.slice(logged).join('')).not.toContain('could not be claimed')
  await expectSentWithoutDoubt(id)
  expect(await arrived(subject)).toBe(1)
})

it('claims nothing more where it is stopped while it gives back what it had claimed', async () => {
  const subject = 'Stopped while it gave back'
  const { id, other, otherLink } = await claimWithoutAnswer(subject, 'cut')
  const release = await ground.database.lockAsClaim()
  otherLink.mend()
  await untilGivingBack()

  const stopping = other.close()
  await untilStopping(other)
  await release()
  await stopping
  await otherLink.close()

  await expectSentWithoutDoubt(id)
  expect(await arrived(subject)).toBe(1)
})

it('delivers what it had claimed by a commit that took effect after the connection was lost', async () => {
  // A claim that was sent before the cut may be carried out after the submit.
  await ground.database.query(`UPDATE mailboxes SET paused_until = mail_now() + interval '1 hour'`)
  link.cut()
  const { id } = await service.submit({ subject: 'Committed late', onUnknownOutcome: 'stop' })
  const commits = await holdCommits(ground.database)
  await ground.database.query('UPDATE mailboxes SET paused_until = NULL')
  link.mend()
  await commits.untilHeld()
  link.cut()
  link.mend()
  // The statement that gives the claim back waits for the commit, before which it would see nothing.
  await untilGivingBack()
  await commits.release()

  expect(await service.until(id, { status: 'sent' })).toMatchObject({ attempts: [{ outcome: 'sent' }] })
  expect(await arrived('Committed late')).toBe(1)
})

it('writes an outcome once although the answer to that statement was lost', async () => {
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

it('delivers what was submitted while the worker could not reach the database', async () => {
  link.cut()
  const messages = await Promise.all(Array.from({ length: 20 }, () => service.submit({ subject: 'Piled up' })))

  link.mend()

  for (const { id } of messages) {
    expect(await service.until(id, { status: 'sent' })).toMatchObject({ attempts: [{ outcome: 'sent' }] })
  }
  expect(await arrived('Piled up')).toBe(20)
})

it('listens for new messages again once the database is back', async () => {
  link.cut()
  link.mend()
  const listening = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN %'`
  await expect.poll(() => ground.database.query(listening)).not.toEqual([])

  const { id } = await service.submit({ subject: 'Heard' })
  expect(await service.until(id, { status: 'sent' })).toMatchObject({ attempts: [{ outcome: 'sent' }] })
})

import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { holdRequest } from '../test-support/held-request.ts'
import { mailsIn } from '../test-support/mailbox.ts'
import { HOURS, SECONDS } from '../test-support/test-clock.ts'
import { createTestGround, type TestGround, type TestProduct } from '../test-support/test-product.ts'
import { connectMailbox, createServiceClient, type ServiceClient } from '../test-support/test-service.ts'
import {
  answer,
  draftsIn,
  http,
  requestsTo,
  createWorkerStarts,
  startKillableWorker,
  switchOn,
  untilMet,
} from '../test-support/scenario.ts'

const AFTER_THE_LEASE_MS = 60 * SECONDS

let ground: TestGround
let api: TestProduct
let service: ServiceClient

beforeAll(async () => {
  ground = await createTestGround()
  api = await ground.startProduct({ environment: { ROLE: 'api' } })
  service = await createServiceClient(api)
})
afterAll(() => ground.close())
beforeEach(() => ground.microsoft.control('DELETE', '/scenarios'))

const { startLater, startProcess } = createWorkerStarts(() => ground)

it('hands the message of a killed worker to another within a minute, marked because it cannot be looked up', async () => {
  await connectMailbox(api)
  const worker = await startProcess()
  await switchOn(ground, http('sendMail', { action: 'hang' }))
  const { id } = await service.submit({ subject: 'Killed' })
  await untilMet(ground)

  worker.signal('SIGKILL')
  await startLater(AFTER_THE_LEASE_MS)

  expect(await service.until(id, { status: 'sent' })).toMatchObject({
    attempts: [{ outcome: 'unknown' }, { outcome: 'sent' }],
    possibleDuplicate: true,
  })
  expect(await mailsIn(ground.microsoft, 'Killed')).toHaveLength(1)
})

it('sends the draft of a worker that was killed before it could send it', async () => {
  await connectMailbox(api, { largeAttachments: true })
  const worker = await startKillableWorker(ground)
  const draftsBefore = await requestsTo(ground, 'draft-create')
  await switchOn(ground, http('draft-send', { action: 'hang' }))
  const { id } = await service.submit({ subject: 'Killed with a draft' })
  await untilMet(ground)

  await worker.kill()
  await startLater(AFTER_THE_LEASE_MS)

  expect(await service.until(id, { status: 'sent' })).toMatchObject({ possibleDuplicate: false })
  expect((await requestsTo(ground, 'draft-create')) - draftsBefore).toBe(1)
  expect(await mailsIn(ground.microsoft, 'Killed with a draft')).toHaveLength(1)
})

it('deletes the draft that a killed worker had asked for, although its message has expired meanwhile', async () => {
  await connectMailbox(api, { largeAttachments: true })
  const worker = await startKillableWorker(ground)
  await switchOn(ground, http('draft-create', { action: 'hang', when: 'after' }))
  const expiresAt = new Date(Date.now() + 1 * HOURS).toISOString()
  const { id } = await service.submit({ subject: 'Killed before its draft was known', expiresAt })
  await untilMet(ground)
  expect(await draftsIn(ground, 'Killed before its draft was known')).toHaveLength(1)

  await worker.kill()
  await startLater(2 * HOURS)

  await service.until(id, { status: 'failed', problem: { code: 'expired' } })
  await startLater(1 * HOURS)
  await expect.poll(() => draftsIn(ground, 'Killed before its draft was known')).toEqual([])
})

it('sends nothing that another worker has taken over, when a suspended worker resumes', async () => {
  await connectMailbox(api)
  const worker = await startProcess()
  // It is suspended while it waits for an answer after which it would send once more, with a fresh token.
  const sending = await holdRequest(ground.microsoft, 'sendMail')
  await switchOn(ground, http('sendMail', answer(401, 'InvalidAuthenticationToken')))
  const { id } = await service.submit({ subject: 'Stood still' })
  await sending.untilHeld()
  worker.signal('SIGSTOP')
  await sending.release()
  await untilMet(ground)
  await startLater(1 * HOURS)
  await service.until(id, { status: 'sent' })

  worker.signal('SIGCONT')

  await expect.poll(() => worker.log).toContain(id)
  const other = await service.submit({ subject: 'Afterwards' })
  await service.until(other.id, { status: 'sent' })
  expect(await mailsIn(ground.microsoft, 'Stood still')).toHaveLength(1)
})

it('hands the message of a killed worker to another also while that one cannot bring back times that lie ahead', async () => {
  await connectMailbox(api)
  const worker = await startProcess()
  await switchOn(ground, http('sendMail', { action: 'hang' }))
  const { id } = await service.submit({ subject: 'Killed beside times ahead' })
  await untilMet(ground)
  worker.signal('SIGKILL')
  const allow = await ground.database.lock('report_inboxes')
  await startLater(0)
  const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%UPDATE report_inboxes%'`
  await expect.poll(() => ground.database.query(waiting)).toHaveLength(1)

  await ground.database.setTimeAhead(72 * HOURS)

  await service.until(id, { status: 'sent' })
  await allow()
})

it('hands the message of a killed worker to another also while that one cannot fail what has expired', async () => {
  await connectMailbox(api)
  const worker = await startProcess()
  await switchOn(ground, http('sendMail', { action: 'hang' }))
  const { id } = await service.submit({ subject: 'Killed beside one that expires' })
  await untilMet(ground)
  worker.signal('SIGKILL')
  await startLater(0)
  const [sendAt, expiresAt] = [20, 22].map((hours) => new Date(Date.now() + hours * HOURS).toISOString())
  const late = await service.submit({ subject: 'Expires', sendAt, expiresAt })
  await ground.database.query(
    `UPDATE message_queue SET lease_until = mail_now() + interval '2 days' WHERE message_id = $1`,
    [id],
  )
  const allow = await ground.database.lock('unsent_messages')

  await ground.database.setTimeAhead(24 * HOURS)
  const waiting = `SELECT FROM pg_locks WHERE NOT granted AND relation = 'unsent_messages'::regclass`
  await expect.poll(() => ground.database.query(waiting)).toHaveLength(1)
  await ground.database.setTimeAhead(72 * HOURS)

  await service.until(id, { status: 'sent' })
  expect(await service.read(late.id)).not.toMatchObject({ status: 'failed' })
  await allow()
  await service.until(late.id, { status: 'failed', problem: { code: 'expired' } })
})

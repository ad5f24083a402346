import type { Message } from '@inforiver-mail/contract/message'
import { beforeEach, expect, it, onTestFinished } from 'vitest'
import { graphAnswers } from '../test-support/delivery-ground.ts'
import { HOURS, MINUTES, SECONDS } from '../test-support/test-clock.ts'
import { useDeliveryGround } from '../test-support/use-ground.ts'

const LIMITS = { MAILBOX_MESSAGES_PER_MINUTE: '3', MAILBOX_RECIPIENTS_PER_DAY: '10' }

const ground = useDeliveryGround({ environment: { ROLE: 'api', ...LIMITS } })
beforeEach(async () => {
  await ground.microsoft.control('DELETE', '/scenarios')
  await ground.database.empty('messages', 'mailbox_usage')
  await ground.database.query(
    `INSERT INTO owners (id, name) VALUES ('standby', 'would send') ON CONFLICT (id) DO UPDATE SET renewals = owners.renewals + 1`,
  )
  await ground.pass(2 * HOURS)
})

async function startWorker(): Promise<void> {
  const worker = await ground.startProduct({ environment: { ROLE: 'worker', ...LIMITS }, clock: ground.clock.now })
  onTestFinished(() => worker.close())
}

/** Submits one message after the other, each to the given number of recipients. */
async function submit(...recipients: number[]): Promise<string[]> {
  const ids = []
  for (const count of recipients) {
    const to = Array.from({ length: count }, (_, index) => `r${index}@many.example`)
    ids.push((await ground.service.submit({ to })).id)
    await ground.pass(10)
  }
  return ids
}

const list = async (query = ''): Promise<Message[]> => (await ground.service.get(`/api/v1/messages${query}`)).json.items
const now = () => ground.clock.now().getTime()

/** Why each message waits and for how many ms from now, as the list shows them, in the order of submission. */
async function waits(): Promise<(readonly [string | null, number | null])[]> {
  const messages = (await list()).toReversed()
  return messages.map(({ waitingBecause, nextAttemptAt }) => [
    waitingBecause,
    nextAttemptAt === null ? null : Date.parse(nextAttemptAt) - now(),
  ])
}

async function sent(): Promise<number> {
  return (await list('?status=sent')).length
}

it('shows when messages leave that wait for the limit of messages a minute, in the list and one by one', async () => {
  const ids = await submit(1, 1, 1, 1, 1, 1, 1)
  const high = await ground.service.submit({ priority: 'high' })
  await ground.pass(1 * MINUTES - (now() % SECONDS))

  // One every 20 seconds, and each counts for 61; the last three leave together as soon as they fit.
  const rate = (seconds: number) => ['messages-per-minute', seconds * SECONDS]
  const normal = [20, 40, 61, 81, 101, 122, 142].map(rate)
  expect(await waits()).toEqual([...normal, [null, 0]])
  expect(await ground.service.read(ids[6] ?? '')).toMatchObject({
    status: 'queued',
    waitingBecause: 'messages-per-minute',
    nextAttemptAt: new Date(now() + 142 * SECONDS).toISOString(),
  })
  await ground.service.post(`/api/v1/messages/${high.id}/cancel`)
})

it('says that no process sends, and which one does once one is started', async () => {
  await submit(1, 1)
  await ground.database.query('DELETE FROM owners')
  const sender = async () => (await ground.service.get('/api/v1/overview')).json.sendingProcess
  expect(await waits()).toEqual([
    ['no-worker', null],
    ['no-worker', null],
  ])
  expect(await sender()).toBeNull()

  await startWorker()
  await expect.poll(sent).toBe(2)
  expect(await sender()).toMatchObject({ name: expect.stringMatching(/^.+:\d+ \(worker\)$/) })
})

it('sends messages that wait for the limit of messages a minute when it said it would', async () => {
  await submit(1, 1, 1, 1)
  await startWorker()
  await expect.poll(sent).toBe(1)
  for (let next = 2; next <= 4; next++) {
    const [because, waitMs] = (await waits())[next - 1] ?? []
    expect(because).toBe('messages-per-minute')
    expect(waitMs).toBeGreaterThan(15 * SECONDS)

    await ground.pass(Number(waitMs) - 1)
    await ground.pass(0)
    expect(await sent()).toBe(next - 1)
    await ground.pass(1)
    await expect.poll(sent).toBe(next)
  }
})

it('shows when messages leave that wait for the limit of recipients a day, and sends them then', async () => {
  await submit(6, 4)
  await startWorker()
  await expect.poll(sent).toBe(2)
  await ground.pass(5 * HOURS)
  await submit(1)
  const [, , [because, waitMs] = []] = await waits()
  expect(because).toBe('recipients-per-day')
  expect(waitMs).toBeGreaterThan(18 * HOURS)

  await ground.pass(Number(waitMs) - 1)
  await ground.pass(0)
  expect(await sent()).toBe(2)
  await ground.pass(1)
  await expect.poll(sent).toBe(3)
})

it('shows when messages of a paused mailbox leave, with the limits that hold after the pause', async () => {
  await ground.switchOn(graphAnswers(429, 'ApplicationThrottled', { 'retry-after': '1200' }))
  await startWorker()
  const [first = ''] = await submit(1)
  await ground.service.until(first, { attempts: [{ outcome: 'throttled' }] })
  await ground.pass(10 * MINUTES)
  await submit(1, 1, 1)

  const { json: usage } = await ground.service.get('/api/v1/tenant-settings/office365-smtp/usage')
  const pausedMs = Date.parse(usage.pausedUntil) - now()
  expect(pausedMs).toBeGreaterThan(9 * MINUTES)
  // What leaves first counts for 61 seconds from the beginning of its second.
  const freedMs = pausedMs + 61 * SECONDS - (Date.parse(usage.pausedUntil) % SECONDS)
  const waitsMs = [pausedMs, pausedMs + 20 * SECONDS, pausedMs + 40 * SECONDS, freedMs]
  expect(await waits()).toEqual(waitsMs.map((ms) => ['mailbox-paused', ms]))
})

it('shows when a message is tried again after trouble', async () => {
  await ground.switchOn('send-503-store')
  await startWorker()
  const [id = ''] = await submit(1)

  const { waitingBecause, nextAttemptAt } = await ground.service.until(id, {
    status: 'queued',
    attempts: [{ outcome: 'unavailable' }],
  })
  expect(waitingBecause).toBe('retry')
  expect(Date.parse(nextAttemptAt)).toBeGreaterThanOrEqual(now())
})

it('says that messages wait for a free request, and shows no time for those being sent', async () => {
  const [first, second] = await submit(1, 1, 1)
  const lease = new Date(now() + 1 * MINUTES)
  await ground.database.query(
    `UPDATE message_queue SET lease_owner = 'a', lease_until = $1 WHERE message_id = ANY($2)`,
    [lease, [first, second]],
  )
  await ground.database.query(
    `INSERT INTO mailbox_cleanups (tenant_id, item_id, kind, created_at, due_at, lease_until)
     SELECT id, item, 'draft', $1, $1, $1 FROM tenants, (VALUES ('a'), ('b')) AS items(item)`,
    [lease],
  )

  expect(await waits()).toEqual([
    [null, null],
    [null, null],
    ['requests-at-once', null],
  ])
  await ground.database.empty('mailbox_cleanups')
})

it('shows no time in the past for a scheduled message that is due', async () => {
  const sendAt = new Date(now() + 1 * HOURS).toISOString()
  const { id } = await ground.service.submit({ sendAt })
  await ground.pass(2 * HOURS)

  expect(await ground.service.read(id)).toMatchObject({
    status: 'scheduled',
    waitingBecause: null,
    nextAttemptAt: ground.clock.now().toISOString(),
  })
})

import { beforeAll, beforeEach, expect, it } from 'vitest'
import { HOURS, MINUTES, SECONDS } from '../test-support/test-clock.ts'
import { connectMailbox } from '../test-support/test-service.ts'
import { http, requestsTo } from '../test-support/scenario.ts'
import { untilIdle } from '../test-support/until-idle.ts'
import { useDeliveryFixture } from '../test-support/use-fixture.ts'

const MESSAGES = 50
const LONGEST_PAUSE_MS = 1 * MINUTES // when Entra asks for nothing

// Two processes deliver, any number of messages at once.
const environment = { MAILBOX_CONCURRENCY: '0' }
const fixture = useDeliveryFixture({ environment })
beforeAll(async () => {
  await fixture.startProduct({ environment: { ROLE: 'worker', MAILBOX_MESSAGES_PER_MINUTE: '0', ...environment } })
})

beforeEach(async () => {
  await fixture.microsoft.control('DELETE', '/scenarios')
  await fixture.microsoft.control('PATCH', '/settings', { mailboxConcurrency: null, accessTokenSeconds: 60 * 60 })
  await fixture.database.empty('messages')
  await connectMailbox(fixture.product)
  await fixture.microsoft.control('DELETE', '/counters')
})

const ENTRAS = { 'x-ms-request-id': '6f1c' }
const breakEntra = ({ headers = {}, ...answer }: { status: number; headers?: object; [member: string]: unknown }) =>
  fixture.switchOn(http('token', { action: 'answer', headers: { ...ENTRAS, ...headers }, ...answer }), 'always')

const tokenRequests = () => requestsTo(fixture, 'token')

async function submitMany(subject: string): Promise<void> {
  await Promise.all(Array.from({ length: MESSAGES }, () => fixture.service.submit({ subject })))
}

async function untilAllAreSent(subject: string): Promise<void> {
  const left = () => fixture.database.query(`SELECT id FROM messages WHERE outcome IS DISTINCT FROM 'sent'`)
  await expect.poll(left, { interval: 100 }).toEqual([])
  expect(await fixture.arrived(subject)).toBe(MESSAGES)
}

it('asks Entra once until the time it named is over, and then sends all messages', async () => {
  await fixture.pass(2 * HOURS)
  const retryAfter = { form: 'seconds', seconds: 600 }
  await breakEntra({ status: 429, retryAfter, body: { error: 'temporarily_unavailable' } })
  await submitMany('429')
  await untilIdle(fixture)
  await fixture.pass(9 * MINUTES)
  await untilIdle(fixture)
  expect(await tokenRequests()).toBe(1)

  await fixture.microsoft.control('DELETE', '/scenarios')
  await fixture.pass(1 * MINUTES)

  await untilAllAreSent('429')
  expect(await tokenRequests()).toBe(2)
})

it('asks Entra less and less often while it answers 503, and sends all messages within a minute when it is back', async () => {
  await fixture.pass(2 * HOURS)
  await breakEntra({ status: 503 })
  await submitMany('503')
  await untilIdle(fixture)
  expect(await tokenRequests()).toBe(1)

  for (let second = 0; second < 300; second += 10) {
    await fixture.pass(10 * SECONDS)
    await untilIdle(fixture)
  }
  // It asks after 2, 4, 8, 16 and 32 seconds and then every minute, or after half as long.
  expect(await tokenRequests()).toBeLessThanOrEqual(14)

  await fixture.microsoft.control('DELETE', '/scenarios')
  await fixture.pass(LONGEST_PAUSE_MS)

  await untilAllAreSent('503')
})

it('asks Entra at once for a mailbox that is connected again', async () => {
  await fixture.pass(2 * HOURS)
  await breakEntra({ status: 429, retryAfter: { form: 'seconds', seconds: 3_600 } })
  const { id } = await fixture.service.submit()
  await fixture.service.until(id, { status: 'queued', attempts: [{ outcome: 'unavailable' }] })
  await fixture.microsoft.control('DELETE', '/scenarios')

  await connectMailbox(fixture.product)

  expect(await fixture.service.until(id, { status: 'sent' })).toMatchObject({ possibleDuplicate: false })
})

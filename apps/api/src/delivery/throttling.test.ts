import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { setMailbox } from '../test-support/mailbox-state.ts'
import { createDeliveryGround, type DeliveryGround } from '../test-support/delivery-ground.ts'
import { HOURS, MINUTES, SECONDS } from '../test-support/test-clock.ts'

let ground: DeliveryGround

beforeAll(async () => {
  ground = await createDeliveryGround()
})
afterAll(() => ground.close())
beforeEach(() => ground.calm())

async function pausedForMs(): Promise<number | null> {
  const { json } = await ground.service.get('/api/v1/tenant-settings/office365-smtp/usage')
  return json.pausedUntil === null ? null : Date.parse(json.pausedUntil) - ground.clock.now().getTime()
}

it.each([
  ['send-429', 'ApplicationThrottled'],
  ['send-429-date', 'ApplicationThrottled'],
  ['send-429-without-retry-after', 'ApplicationThrottled'],
  ['send-429-too-many-requests', 'TooManyRequests'],
  ['send-429-activity-limit', 'activityLimitReached'],
])('pauses the mailbox after %s, and sends the message afterwards', async (scenario, code) => {
  const since = ground.clock.now()
  await ground.switchOn(scenario)
  const first = await ground.service.submit({ subject: scenario })
  expect(await ground.service.until(first.id, { attempts: [{ outcome: 'throttled', code }] })).toMatchObject({
    status: 'queued',
    problem: null,
  })
  const pauseMs = (await pausedForMs()) ?? 0
  expect(pauseMs).toBeGreaterThan(0)
  const second = await ground.service.submit({ subject: scenario })

  await ground.pass(0)
  expect(await ground.service.read(second.id)).toMatchObject({ status: 'queued', attempts: [] })
  await ground.pass(Math.ceil(pauseMs / SECONDS) * SECONDS)

  expect(await ground.service.until(first.id, { status: 'sent' })).toMatchObject({
    attempts: [{ outcome: 'throttled' }, { outcome: 'sent' }],
    possibleDuplicate: false,
  })
  await ground.service.until(second.id, { status: 'sent' })
  const [, ...afterwards] = await ground.requestTimes('sendMail', since)
  expect(afterwards).toHaveLength(2)
  expect(Math.min(...afterwards)).toBeGreaterThanOrEqual(pauseMs)
})

it.each([
  ['seconds', { form: 'seconds', seconds: 90 }],
  ['date', { form: 'http-date', seconds: 90 }],
])('obeys a Retry-After that is given as %s to the second', async (_form, retryAfter) => {
  const body = { error: { code: 'ApplicationThrottled', message: 'Slow down.' } }
  await ground.switchOn({
    kind: 'http',
    endpoint: 'sendMail',
    do: { action: 'answer', status: 429, retryAfter, body },
  })
  const { id } = await ground.service.submit()
  await ground.service.until(id, { attempts: [{ outcome: 'throttled' }] })

  expect(await pausedForMs()).toBe(90 * SECONDS)
})

it('does not fail however often Microsoft throttles', async () => {
  await ground.switchOn(graphThrottle(3_600), 30)
  const { id } = await ground.service.submit({ subject: 'Patient' })
  for (let hour = 1; hour <= 30; hour++) {
    const attempts = [{ outcome: 'throttled', count: hour }]
    await ground.service.until(id, { status: 'queued', attempts })
    await ground.pass(1 * HOURS)
  }

  expect(await ground.service.until(id, { status: 'sent' })).toMatchObject({ problem: null })
  expect(await ground.arrived('Patient')).toBe(1)
})

it('takes a 202 with Retry-After for a success, and pauses the mailbox all the same', async () => {
  await ground.switchOn('send-accepted-with-retry-after')
  const since = ground.clock.now()
  const first = await ground.service.submit({ subject: 'Accepted' })
  expect(await ground.service.until(first.id, { status: 'sent' })).toMatchObject({ attempts: [{ outcome: 'sent' }] })
  expect(await pausedForMs()).toBe(2 * SECONDS)

  const second = await ground.service.submit({ subject: 'Accepted' })
  await ground.pass(2 * SECONDS)

  await ground.service.until(second.id, { status: 'sent' })
  expect(await ground.requestTimes('sendMail', since)).toEqual([0, 2 * SECONDS])
  expect(await ground.arrived('Accepted')).toBe(2)
})

it('is in doubt after a 503 that does not say how long', async () => {
  await ground.switchOn('send-503')
  const { id } = await ground.service.submit({ subject: 'Busy' })
  await ground.service.until(id, { status: 'queued', attempts: [{ outcome: 'unknown', code: 'ErrorServerBusy' }] })
  await ground.pass(4 * SECONDS)

  expect(await ground.service.until(id, { status: 'sent' })).toMatchObject({ possibleDuplicate: true })
})

it('tries again without a doubt after trouble that Microsoft names', async () => {
  await ground.switchOn('send-503-store')
  const { id } = await ground.service.submit({ subject: 'Store away' })
  const { nextAttemptAt } = await ground.service.until(id, { attempts: [{ outcome: 'unavailable' }] })
  expect(Date.parse(nextAttemptAt) - ground.clock.now().getTime()).toBeLessThanOrEqual(4 * SECONDS)
  expect(await pausedForMs()).toBeNull()

  await ground.pass(4 * SECONDS)

  expect(await ground.service.until(id, { status: 'sent' })).toMatchObject({
    attempts: [{ outcome: 'unavailable', code: 'ErrorMailboxStoreUnavailable' }, { outcome: 'sent' }],
    possibleDuplicate: false,
  })
  expect(await ground.arrived('Store away')).toBe(1)
})

it('pauses the mailbox after a 503 that says how long', async () => {
  await ground.switchOn('send-503-retry-after')
  const { id } = await ground.service.submit()
  await ground.service.until(id, { attempts: [{ outcome: 'unavailable' }] })

  expect(await pausedForMs()).toBe(2 * SECONDS)
})

it.each(['send-message-limit-400', 'send-message-limit-403', 'send-message-limit-429'])(
  'rests the mailbox for an hour after %s, and sends then',
  async (scenario) => {
    await ground.switchOn(scenario)
    const { id } = await ground.service.submit({ subject: scenario })
    await ground.service.until(id, {
      status: 'queued',
      attempts: [{ outcome: 'refused', code: 'ErrorExceededMessageLimit' }],
    })
    expect(await pausedForMs()).toBe(1 * HOURS)

    await ground.pass(1 * HOURS)

    expect(await ground.service.until(id, { status: 'sent' })).toMatchObject({ problem: null })
  },
)

it('never shortens a pause', async () => {
  await ground.switchOn(graphThrottle(600))
  await ground.switchOn(graphThrottle(60))
  // Both are under way before the first is answered: one claim takes them when this pause is over.
  const aMoment = new Date(ground.clock.now().getTime() + 1)
  await setMailbox(ground.database, { paused_until: aMoment })
  const messages = await Promise.all([ground.service.submit(), ground.service.submit()])
  await ground.pass(1)
  for (const { id } of messages) await ground.service.until(id, { attempts: [{ outcome: 'throttled' }] })

  expect(await pausedForMs()).toBe(10 * MINUTES)
})

function graphThrottle(seconds: number): object {
  const body = { error: { code: 'ApplicationThrottled', message: 'Slow down.' } }
  const headers = { 'retry-after': String(seconds) }
  return { kind: 'http', endpoint: 'sendMail', do: { action: 'answer', status: 429, headers, body } }
}

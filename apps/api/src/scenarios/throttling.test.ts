import { beforeEach, expect, it } from 'vitest'
import { SECONDS } from '../test-support/test-clock.ts'
import { useDeliveryGround } from '../test-support/use-ground.ts'

const ground = useDeliveryGround()
beforeEach(() => ground.calm())

async function pausedForMs(): Promise<number | null> {
  const { json } = await ground.service.get('/api/v1/tenant-settings/office365-smtp/usage')
  return json.pausedUntil === null ? null : Date.parse(json.pausedUntil) - ground.clock.now().getTime()
}

it.each(['send-429', 'send-429-date', 'send-429-without-retry-after'])(
  'pauses the mailbox after %s, and sends the message afterwards',
  async (scenario) => {
    const since = ground.clock.now()
    await ground.switchOn(scenario)
    const first = await ground.service.submit({ subject: scenario })
    await ground.service.until(first.id, {
      status: 'queued',
      problem: null,
      attempts: [{ outcome: 'throttled', code: 'ApplicationThrottled' }],
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
  },
)

it('treats a 202 with Retry-After as a success, and pauses the mailbox all the same', async () => {
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

it('tries again without a doubt after a failure that Microsoft names', async () => {
  await ground.switchOn('send-503-store')
  const { id } = await ground.service.submit({ subject: 'Store away' })
  const { nextAttemptAt } = await ground.service.until(id, { status: 'queued', attempts: [{ outcome: 'unavailable' }] })
  expect(Date.parse(nextAttemptAt) - ground.clock.now().getTime()).toBeLessThanOrEqual(4 * SECONDS)
  expect(await pausedForMs()).toBeNull()

  await ground.pass(4 * SECONDS)

  expect(await ground.service.until(id, { status: 'sent' })).toMatchObject({
    attempts: [{ outcome: 'unavailable', code: 'ErrorMailboxStoreUnavailable' }, { outcome: 'sent' }],
    possibleDuplicate: false,
  })
  expect(await ground.arrived('Store away')).toBe(1)
})

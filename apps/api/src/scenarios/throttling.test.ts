import { beforeEach, expect, it } from 'vitest'
import { SECONDS } from '../test-support/test-clock.ts'
import { useDeliveryFixture } from '../test-support/use-fixture.ts'

const fixture = useDeliveryFixture()
beforeEach(() => fixture.calm())

async function pausedForMs(): Promise<number | null> {
  const { json } = await fixture.service.get('/api/v1/tenant-settings/office365-smtp/usage')
  return json.pausedUntil === null ? null : Date.parse(json.pausedUntil) - fixture.clock.now().getTime()
}

it.each(['send-429', 'send-429-date', 'send-429-without-retry-after'])(
  'pauses the mailbox after %s, and sends the message afterwards',
  async (scenario) => {
    const since = fixture.clock.now()
    await fixture.switchOn(scenario)
    const first = await fixture.service.submit({ subject: scenario })
    await fixture.service.until(first.id, {
      status: 'queued',
      problem: null,
      attempts: [{ outcome: 'throttled', code: 'ApplicationThrottled' }],
    })
    const pauseMs = (await pausedForMs()) ?? 0
    expect(pauseMs).toBeGreaterThan(0)
    const second = await fixture.service.submit({ subject: scenario })

    await fixture.pass(0)
    expect(await fixture.service.read(second.id)).toMatchObject({ status: 'queued', attempts: [] })
    await fixture.pass(Math.ceil(pauseMs / SECONDS) * SECONDS)

    expect(await fixture.service.until(first.id, { status: 'sent' })).toMatchObject({
      attempts: [{ outcome: 'throttled' }, { outcome: 'sent' }],
      possibleDuplicate: false,
    })
    await fixture.service.until(second.id, { status: 'sent' })
    const [, ...afterwards] = await fixture.requestTimes('sendMail', since)
    expect(afterwards).toHaveLength(2)
    expect(Math.min(...afterwards)).toBeGreaterThanOrEqual(pauseMs)
  },
)

it('treats a 202 with Retry-After as a success, and pauses the mailbox all the same', async () => {
  await fixture.switchOn('send-accepted-with-retry-after')
  const since = fixture.clock.now()
  const first = await fixture.service.submit({ subject: 'Accepted' })
  expect(await fixture.service.until(first.id, { status: 'sent' })).toMatchObject({ attempts: [{ outcome: 'sent' }] })
  expect(await pausedForMs()).toBe(2 * SECONDS)

  const second = await fixture.service.submit({ subject: 'Accepted' })
  await fixture.pass(2 * SECONDS)

  await fixture.service.until(second.id, { status: 'sent' })
  expect(await fixture.requestTimes('sendMail', since)).toEqual([0, 2 * SECONDS])
  expect(await fixture.arrived('Accepted')).toBe(2)
})

it('tries again without a doubt after a failure that Microsoft names', async () => {
  await fixture.switchOn('send-503-store')
  const { id } = await fixture.service.submit({ subject: 'Store away' })
  const { nextAttemptAt } = await fixture.service.until(id, {
    status: 'queued',
    attempts: [{ outcome: 'unavailable' }],
  })
  expect(Date.parse(nextAttemptAt) - fixture.clock.now().getTime()).toBeLessThanOrEqual(4 * SECONDS)
  expect(await pausedForMs()).toBeNull()

  await fixture.pass(4 * SECONDS)

  expect(await fixture.service.until(id, { status: 'sent' })).toMatchObject({
    attempts: [{ outcome: 'unavailable', code: 'ErrorMailboxStoreUnavailable' }, { outcome: 'sent' }],
    possibleDuplicate: false,
  })
  expect(await fixture.arrived('Store away')).toBe(1)
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestClock, HOURS, MINUTES, SECONDS } from '../test-support/test-clock.ts'
import { createTestGround, type TestGround, type TestProduct } from '../test-support/test-product.ts'
import { connectMailbox, createServiceClient, type ServiceClient } from '../test-support/test-service.ts'
import { toUsage } from './usage.ts'

const NOW = new Date('2026-11-24T10:00:00.000Z')
const IDLE = { pausedUntil: null, sentLastMinute: 0, recipientsLastDay: 0, sending: 0, waiting: 0 }
const LIMITS = { concurrency: 4, messagesPerMinute: 30, recipientsPerDay: 10_000, uploadBytesPer5Minutes: 157_286_400 }

describe('toUsage', () => {
  it('counts what is under way against the limits that it will use up', () => {
    const state = { ...IDLE, sentLastMinute: 10, recipientsLastDay: 400, sending: 3, waiting: 7 }

    expect(toUsage(state, LIMITS, NOW)).toMatchObject({
      messagesPerMinute: { limit: 30, left: 17 },
      recipientsPerDay: { limit: 10_000, left: 9_600 },
      concurrentRequests: { limit: 4, left: 1 },
      waitingMessages: 10,
    })
  })

  it('never says that less than nothing is left', () => {
    const state = { ...IDLE, sentLastMinute: 31, recipientsLastDay: 10_400, sending: 5 }

    expect(toUsage(state, LIMITS, NOW)).toMatchObject({
      messagesPerMinute: { left: 0 },
      recipientsPerDay: { left: 0 },
      concurrentRequests: { left: 0 },
    })
  })

  it('says null of a limit that is switched off', () => {
    const off = { concurrency: 0, messagesPerMinute: 0, recipientsPerDay: 0, uploadBytesPer5Minutes: 0 }

    expect(toUsage({ ...IDLE, waiting: 9 }, off, NOW)).toEqual({
      messagesPerMinute: null,
      recipientsPerDay: null,
      uploadBytesPer5Minutes: null,
      concurrentRequests: null,
      pausedUntil: null,
      waitingMessages: 9,
      estimatedLastSentAt: null,
    })
  })

  it.each([
    [0, 0, null],
    [30, 0, 0],
    [31, 0, 1],
    [20, 20, 1],
    [10_000, 0, 333],
  ])('estimates for %i waiting and %i just sent that the last leaves in %o minutes', (waiting, sent, minutes) => {
    const { estimatedLastSentAt } = toUsage({ ...IDLE, waiting, sentLastMinute: sent }, LIMITS, NOW)

    const expected = minutes === null ? null : new Date(NOW.getTime() + minutes * MINUTES).toISOString()
    expect(estimatedLastSentAt).toBe(expected)
  })

  it('begins to count when the pause that Microsoft asked for is over', () => {
    const pausedUntil = new Date(NOW.getTime() + 5 * MINUTES)

    expect(toUsage({ ...IDLE, waiting: 1, pausedUntil }, LIMITS, NOW)).toMatchObject({
      pausedUntil: pausedUntil.toISOString(),
      estimatedLastSentAt: pausedUntil.toISOString(),
    })
  })
})

describe('GET /tenant-settings/office365-smtp/usage', () => {
  const clock = createTestClock()
  let ground: TestGround
  let product: TestProduct
  let service: ServiceClient

  beforeAll(async () => {
    ground = await createTestGround({ clock: clock.now })
    product = await ground.startProduct()
    await connectMailbox(product)
    service = await createServiceClient(product)
  })
  afterAll(() => ground.close())

  const usage = async () => (await service.get('/api/v1/tenant-settings/office365-smtp/usage')).json

  it('tells what is left of each limit and how many wait', async () => {
    clock.advance(5 * MINUTES)
    const before = await usage()
    expect(before).toMatchObject({ messagesPerMinute: { limit: 30, left: 30 }, waitingMessages: 0, pausedUntil: null })

    for (const to of [['max@contoso.com'], ['a@b.example', 'c@d.example', 'e@f.example']]) {
      const { id } = await service.submit({ to, bcc: ['audit@b.example'] })
      await service.until(id, { status: 'sent' })
    }
    await service.submit({ sendAt: new Date(clock.now().getTime() + 1 * HOURS).toISOString() })

    expect(await usage()).toEqual({
      messagesPerMinute: { limit: 30, left: 28 },
      recipientsPerDay: { limit: 10_000, left: before.recipientsPerDay.left - 6 },
      uploadBytesPer5Minutes: { limit: 157_286_400, left: 157_286_400 },
      concurrentRequests: { limit: 4, left: 4 },
      pausedUntil: null,
      waitingMessages: 1,
      estimatedLastSentAt: clock.now().toISOString(),
    })
  })

  it('tells until when Microsoft asked to pause', async () => {
    await ground.microsoft.control('POST', '/scenarios', { name: 'send-429' })
    const { id } = await service.submit()
    await service.until(id, { attempts: [{ outcome: 'throttled' }] })

    expect(await usage()).toMatchObject({ pausedUntil: new Date(clock.now().getTime() + 2 * SECONDS).toISOString() })
    clock.advance(3 * SECONDS)
    expect(await usage()).toMatchObject({ pausedUntil: null })
  })
})

import { describe, expect, it } from 'vitest'
import { createTestClock, HOURS, MINUTES, SECONDS } from '../test-support/test-clock.ts'
import { postMultipart } from '../test-support/multipart.ts'
import { mailWith } from '../test-support/stored-attachments.ts'
import { toUsage } from './usage.ts'
import { useProduct } from '../test-support/use-fixture.ts'

const IDLE = {
  pausedUntil: null,
  pausedBecause: null,
  sending: 0,
  waiting: 0,
  messagesLastMinute: 0,
  recipientsLastDay: 0,
  recipientsSending: 0,
  uploadedBytes: 0,
  storedBytes: 1_000,
  lastLeavesAt: null,
}
const LIMITS = { concurrency: 4, messagesPerMinute: 30, recipientsPerDay: 10_000, uploadBytesPer5Minutes: 157_286_400 }

describe('toUsage', () => {
  it('counts messages being sent against the limits that they will use up', () => {
    const state = {
      ...IDLE,
      messagesLastMinute: 10,
      recipientsLastDay: 400,
      uploadedBytes: 7_286_400,
      sending: 3,
      recipientsSending: 5,
      waiting: 10,
      lastLeavesAt: new Date('2026-11-24T10:00:30Z'),
    }

    expect(toUsage(state, LIMITS, 10_000)).toMatchObject({
      messagesPerMinute: { limit: 30, left: 17 },
      recipientsPerDay: { limit: 10_000, left: 9_595 },
      uploadBytesPer5Minutes: { limit: 157_286_400, left: 150_000_000 },
      concurrentRequests: { limit: 4, left: 1 },
      waitingMessages: 10,
      estimatedLastSentAt: '2026-11-24T10:00:30.000Z',
      storage: { usedBytes: 1_000, limitBytes: 10_000 },
    })
  })

  it('never reports a negative rest', () => {
    const state = { ...IDLE, messagesLastMinute: 31, recipientsLastDay: 10_400, sending: 5 }

    expect(toUsage(state, LIMITS, 10_000)).toMatchObject({
      messagesPerMinute: { left: 0 },
      recipientsPerDay: { left: 0 },
      concurrentRequests: { left: 0 },
    })
  })

  it('reports null for a limit that is switched off', () => {
    const off = { concurrency: 0, messagesPerMinute: 0, recipientsPerDay: 0, uploadBytesPer5Minutes: 0 }

    expect(toUsage(IDLE, off, 10_000)).toMatchObject({
      messagesPerMinute: null,
      recipientsPerDay: null,
      uploadBytesPer5Minutes: null,
      concurrentRequests: null,
      storage: { usedBytes: 1_000, limitBytes: 10_000 },
    })
  })
})

describe('GET /tenant-settings/office365-smtp/usage', () => {
  const clock = createTestClock()
  const { fixture, product, service } = useProduct({ environment: {}, clock, mailbox: {} })

  const usage = async () => (await service.get('/api/v1/tenant-settings/office365-smtp/usage')).json

  it('shows what is left of each limit and how many wait', async () => {
    await clock.advance(5 * MINUTES)
    const before = await usage()
    expect(before).toMatchObject({ messagesPerMinute: { limit: 30, left: 30 }, waitingMessages: 0, pausedUntil: null })

    for (const to of [['max@contoso.com'], ['a@b.example', 'c@d.example', 'e@f.example']]) {
      const { id } = await service.submit({ to, bcc: ['audit@b.example'] })
      await service.until(id, { status: 'sent' })
    }

    expect(await usage()).toEqual({
      messagesPerMinute: { limit: 30, left: 28 },
      recipientsPerDay: { limit: 10_000, left: before.recipientsPerDay.left - 6 },
      uploadBytesPer5Minutes: { limit: 157_286_400, left: 157_286_400 },
      concurrentRequests: { limit: 4, left: 4 },
      pausedUntil: null,
      pausedBecause: null,
      waitingMessages: 0,
      estimatedLastSentAt: null,
      storage: { usedBytes: expect.any(Number), limitBytes: 10_737_418_240 },
    })
  })

  it('shows how full the storage is, in the metrics too', async () => {
    const before = (await usage()).storage
    const sendAt = new Date(clock.now().getTime() + 1 * HOURS).toISOString()
    const { json } = await postMultipart(
      product.publicUrl,
      service.key,
      mailWith([Buffer.alloc(1_000_000)], { sendAt }),
    )
    const { storage } = await usage()
    const metrics = await (await fetch(`${product.publicUrl}/metrics`)).text()
    await service.post(`/api/v1/messages/${json.id}/cancel`)

    expect(storage.usedBytes - before.usedBytes).toBeGreaterThanOrEqual(1_000_000)
    expect(metrics).toContain(`inforiver_mail_storage_bytes ${storage.usedBytes}\n`)
    expect(metrics).toContain('inforiver_mail_storage_limit_bytes 10737418240\n')
  })

  it('shows until when Microsoft asked to pause', async () => {
    await fixture.microsoft.control('POST', '/scenarios', { name: 'send-429' })
    const { id } = await service.submit()
    await service.until(id, { attempts: [{ outcome: 'throttled' }] })

    expect(await usage()).toMatchObject({
      pausedUntil: new Date(clock.now().getTime() + 2 * SECONDS).toISOString(),
      pausedBecause: { code: 'microsoft-asked', host: null, status: null },
    })
    await clock.advance(3 * SECONDS)
    expect(await usage()).toMatchObject({ pausedUntil: null, pausedBecause: null })
  })
})

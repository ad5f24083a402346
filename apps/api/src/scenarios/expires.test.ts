import { beforeEach, expect, it } from 'vitest'
import { SECONDS } from '../test-support/test-clock.ts'
import { lookUntil } from '../test-support/scenario.ts'
import { useDeliveryFixture } from '../test-support/use-fixture.ts'

// The delegate granted Mail.ReadWrite, and Sent Items can be searched by our id.

const fixture = useDeliveryFixture({ mailbox: 'can be searched' })

beforeEach(async () => {
  await fixture.calm()
  await fixture.microsoft.control('PATCH', '/settings', { sentCopyDelayMs: 0 })
})

const at = (ms: number) => new Date(fixture.clock.now().getTime() + ms).toISOString()

it('fails a message that Microsoft did not take in time, does not send it any more, and does not retry it', async () => {
  await fixture.switchOn('send-503-store', 'always')
  const { id, expiresAt } = await fixture.service.submit({ subject: 'Too late', expiresAt: at(30 * SECONDS) })
  await fixture.service.until(id, { status: 'queued', attempts: [{ outcome: 'unavailable' }] })

  await fixture.pass(30 * SECONDS)

  expect(await fixture.service.until(id, { status: 'failed' })).toMatchObject({
    problem: { code: 'expired', microsoftCode: null },
    attempts: [{ outcome: 'unavailable' }],
    possibleDuplicate: false,
    expiresAt,
  })
  await fixture.calm()
  expect(await fixture.arrived('Too late')).toBe(0)
  expect((await fixture.service.post(`/api/v1/messages/${id}/retry`)).json).toMatchObject({
    code: 'message-not-retryable',
    detail: expect.stringContaining('expired'),
  })
})

it('finds out first whether a message in doubt was sent', async () => {
  await fixture.microsoft.control('PATCH', '/settings', { sentCopyDelayMs: 60 * SECONDS })
  await fixture.switchOn('send-accepted-but-504')
  const { id } = await fixture.service.submit({ subject: 'Found late', expiresAt: at(30 * SECONDS) })
  await fixture.service.until(id, { attempts: [{ outcome: 'unknown' }] })

  await lookUntil(fixture, id, { status: 'sent', possibleDuplicate: false })

  expect(await fixture.arrived('Found late')).toBe(1)
})

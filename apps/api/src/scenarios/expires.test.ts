import { beforeEach, expect, it } from 'vitest'
import { SECONDS } from '../test-support/test-clock.ts'
import { lookUntil } from '../test-support/scenario.ts'
import { useDeliveryGround } from '../test-support/use-ground.ts'

// The delegate granted Mail.ReadWrite, and Sent Items can be searched by our id.

const ground = useDeliveryGround({ mailbox: 'can be searched' })

beforeEach(async () => {
  await ground.calm()
  await ground.microsoft.control('PATCH', '/settings', { sentCopyDelayMs: 0 })
})

const at = (ms: number) => new Date(ground.clock.now().getTime() + ms).toISOString()

it('fails a message that Microsoft did not take in time, does not send it any more, and does not retry it', async () => {
  await ground.switchOn('send-503-store', 'always')
  const { id, expiresAt } = await ground.service.submit({ subject: 'Too late', expiresAt: at(30 * SECONDS) })
  await ground.service.until(id, { status: 'queued', attempts: [{ outcome: 'unavailable' }] })

  await ground.pass(30 * SECONDS)

  expect(await ground.service.until(id, { status: 'failed' })).toMatchObject({
    problem: { code: 'expired', microsoftCode: null },
    attempts: [{ outcome: 'unavailable' }],
    possibleDuplicate: false,
    expiresAt,
  })
  await ground.calm()
  expect(await ground.arrived('Too late')).toBe(0)
  expect((await ground.service.post(`/api/v1/messages/${id}/retry`)).json).toMatchObject({
    code: 'message-not-retryable',
    detail: expect.stringContaining('expired'),
  })
})

it('finds out first whether a message in doubt was sent', async () => {
  await ground.microsoft.control('PATCH', '/settings', { sentCopyDelayMs: 60 * SECONDS })
  await ground.switchOn('send-accepted-but-504')
  const { id } = await ground.service.submit({ subject: 'Found late', expiresAt: at(30 * SECONDS) })
  await ground.service.until(id, { attempts: [{ outcome: 'unknown' }] })

  await lookUntil(ground, id, { status: 'sent', possibleDuplicate: false })

  expect(await ground.arrived('Found late')).toBe(1)
})

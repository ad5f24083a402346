import { beforeEach, expect, it } from 'vitest'
import { mailsIn } from '../test-support/mailbox.ts'
import { createTestClock, HOURS, MINUTES, SECONDS } from '../test-support/test-clock.ts'
import { connectMailbox, createServiceClient } from '../test-support/test-service.ts'
import { useProduct } from '../test-support/use-fixture.ts'
import { SETTINGS } from '../test-support/office365-smtp.ts'
const clock = createTestClock()

const { fixture, product, service } = useProduct({ environment: { MAILBOX_MESSAGES_PER_MINUTE: '0' }, clock })

beforeEach(async () => {
  await fixture.clear()
  Object.assign(service, await createServiceClient(product))
})

const at = (ms: number) => new Date(clock.now().getTime() + ms).toISOString()

/** Advances the clock, and wakes the worker. */
async function pass(ms: number): Promise<void> {
  await clock.advance(ms)
  await fixture.database.wakeWorkers()
}

async function reset() {
  const ada = product.newBrowser()
  await ada.signIn('Ada Admin')
  return ada.call('POST', `${SETTINGS}/reset`, {})
}

// Scheduled

it('sends a scheduled message when its time has come, and not before', async () => {
  await connectMailbox(product)
  const early = await service.submit({ sendAt: at(60 * SECONDS) })
  const late = await service.submit({ sendAt: at(61 * SECONDS) })
  expect(early).toMatchObject({ status: 'scheduled', nextAttemptAt: early.sendAt })

  await clock.advance(60 * SECONDS)

  expect(await service.until(early.id, { status: 'sent' })).toMatchObject({ sentAt: clock.now().toISOString() })
  expect(await service.read(late.id)).toMatchObject({ status: 'scheduled', attempts: [] })
})

it.each([
  ['a few minutes ago', -4 * MINUTES],
  ['at this moment', 0],
])('sends a message at once that is scheduled %s', async (_when, ms) => {
  await connectMailbox(product)
  const sendAt = at(ms)
  const message = await service.submit({ sendAt })

  expect(message).toMatchObject({ status: 'queued', sendAt })
  expect(await service.until(message.id, { status: 'sent' })).toMatchObject({ sendAt })
})

// Held

it('holds a message while no mailbox is connected, and sends it by itself when one is', async () => {
  const message = await service.submit({ subject: 'Early bird' })
  expect(message).toMatchObject({ status: 'held', heldBecause: 'not-configured', from: null, nextAttemptAt: null })

  await connectMailbox(product)

  expect(await service.until(message.id, { status: 'sent' })).toMatchObject({
    from: 'ada@contoso.com',
    heldBecause: null,
  })
  expect(await mailsIn(fixture.microsoft, 'Early bird')).toHaveLength(1)
})

it('holds waiting messages after a reset, and says how many wait', async () => {
  await connectMailbox(product)
  await fixture.microsoft.control('POST', '/scenarios', { name: 'send-503-store', times: 'always' })
  const { id } = await service.submit()
  await service.until(id, { status: 'queued', attempts: [{ outcome: 'unavailable' }] })
  await service.submit({ sendAt: at(5 * HOURS) })

  const { json } = await reset()
  expect(json).toMatchObject({ status: 'not-configured', waitingMessages: 2 })

  await pass(1 * MINUTES)
  await service.until(id, { status: 'held', heldBecause: 'not-configured', from: null })
  expect((await service.get(SETTINGS)).json.waitingMessages).toBe(2)
})

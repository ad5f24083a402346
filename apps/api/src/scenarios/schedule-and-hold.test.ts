import { beforeEach, expect, it } from 'vitest'
import { mailsIn } from '../test-support/mailbox.ts'
import { createTestClock, MINUTES } from '../test-support/test-clock.ts'
import { connectMailbox, createServiceClient } from '../test-support/test-service.ts'
import { useProduct } from '../test-support/use-fixture.ts'
const clock = createTestClock()

const { fixture, product, service } = useProduct({ environment: { MAILBOX_MESSAGES_PER_MINUTE: '0' }, clock })

beforeEach(async () => {
  await fixture.clear()
  Object.assign(service, await createServiceClient(product))
})

const at = (ms: number) => new Date(clock.now().getTime() + ms).toISOString()

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

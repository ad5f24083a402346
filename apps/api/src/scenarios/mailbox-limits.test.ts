import { beforeEach, describe, expect, it } from 'vitest'
import type { DeliveryFixture } from '../test-support/delivery-fixture.ts'
import { MINUTES, SECONDS } from '../test-support/test-clock.ts'
import { useDeliveryFixture } from '../test-support/use-fixture.ts'

async function statuses(fixture: DeliveryFixture, ids: readonly string[]): Promise<string[]> {
  return Promise.all(ids.map(async (id) => (await fixture.service.read(id)).status))
}

describe('messages a minute', () => {
  const fixture = useDeliveryFixture({ environment: { MAILBOX_MESSAGES_PER_MINUTE: '30' } })
  beforeEach(async () => {
    await fixture.calm()
    await fixture.pass(2 * MINUTES)
  })

  async function sentOf(ids: readonly string[]): Promise<number> {
    return (await statuses(fixture, ids)).filter((status) => status === 'sent').length
  }

  it('sends 30 a minute, the rest when the minute is over', async () => {
    const submit = async (count: number) => {
      const messages = await Promise.all(
        Array.from({ length: count }, () => fixture.service.submit({ subject: 'Rate' })),
      )
      return messages.map(({ id }) => id)
    }
    const ids: string[] = []
    for (let batch = 0; batch < 3; batch++) {
      ids.push(...(await submit(10)))
      await expect.poll(() => sentOf(ids)).toBe(ids.length)
    }
    ids.push(...(await submit(10)))
    await fixture.pass(60 * SECONDS)
    await fixture.pass(0)
    expect(await sentOf(ids)).toBe(30)
    expect(await usage()).toMatchObject({ messagesPerMinute: { limit: 30, left: 0 }, waitingMessages: 10 })

    await fixture.pass(1 * SECONDS)
    await expect.poll(() => sentOf(ids)).toBe(40)
    const { mailboxes } = await fixture.microsoft.control('GET', '/counters')
    expect(mailboxes['ada@contoso.com'].maxAcceptedPerMinute).toBe(30)
  })

  const usage = async () => (await fixture.service.get('/api/v1/tenant-settings/office365-smtp/usage')).json
})

import { beforeEach, describe, expect, it } from 'vitest'
import { type DeliveryFixture } from '../test-support/delivery-fixture.ts'
import { HOURS, MINUTES, SECONDS } from '../test-support/test-clock.ts'
import { http } from '../test-support/scenario.ts'
import { useDeliveryFixture } from '../test-support/use-fixture.ts'

const DAY_MS = 24 * HOURS
const recipients = (count: number) => Array.from({ length: count }, (_, index) => `r${index}@many.example`)

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

describe('recipients a day', () => {
  const fixture = useDeliveryFixture({ environment: { MAILBOX_RECIPIENTS_PER_DAY: '10' } })
  beforeEach(async () => {
    await fixture.pass(2 * DAY_MS)
    await fixture.calm()
    await fixture.pass(2 * DAY_MS)
  })

  it('sends what the day allows, and the rest when a day has passed', async () => {
    const messages = []
    for (const count of [4, 6, 1]) {
      const [first = '', ...rest] = recipients(count)
      messages.push(await fixture.service.submit({ to: [first], cc: rest.slice(0, 2), bcc: rest.slice(2) }))
      await fixture.pass(1 * SECONDS) // so that their order is certain
    }
    const ids = messages.map(({ id }) => id)
    await expect.poll(() => statuses(fixture, ids)).toEqual(['sent', 'sent', 'queued'])

    await fixture.pass(DAY_MS - 10 * SECONDS)
    await fixture.pass(0)
    expect(await statuses(fixture, ids)).toEqual(['sent', 'sent', 'queued'])

    await fixture.pass(20 * SECONDS)
    await expect.poll(() => statuses(fixture, ids)).toEqual(['sent', 'sent', 'sent'])
  })
})

describe('requests at once', () => {
  const fixture = useDeliveryFixture()
  beforeEach(() => fixture.microsoft.control('DELETE', '/counters'))

  async function mostAtOnce(): Promise<{ maxConcurrent: number; refusedForConcurrency: number }> {
    const { mailboxes } = await fixture.microsoft.control('GET', '/counters')
    const { maxConcurrent, refusedForConcurrency } = mailboxes['ada@contoso.com']
    return { maxConcurrent, refusedForConcurrency }
  }

  it('are not limited where the limit is 0', async () => {
    const environment = { ROLE: 'worker', MAILBOX_MESSAGES_PER_MINUTE: '0', MAILBOX_CONCURRENCY: '0' }
    await fixture.product.close()
    const unlimited = await fixture.startProduct({ environment: { ...environment, ROLE: 'all' } })
    await fixture.microsoft.control('PATCH', '/settings', { mailboxConcurrency: null })
    await fixture.switchOn(http('sendMail', { action: 'delay', delayMs: 600_000 }), 'always')
    const service = fixture.service.at(unlimited)

    await Promise.all(Array.from({ length: 40 }, () => service.submit({ subject: 'No limit' })))
    await expect.poll(async () => (await mostAtOnce()).maxConcurrent).toBeGreaterThan(4)

    await fixture.microsoft.control('DELETE', '/scenarios') // which lets them go on
    await expect.poll(() => fixture.arrived('No limit')).toBe(40)
  })
})

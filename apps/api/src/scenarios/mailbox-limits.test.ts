import { beforeEach, describe, expect, it } from 'vitest'
import { type DeliveryGround } from '../test-support/delivery-ground.ts'
import { HOURS, MINUTES, SECONDS } from '../test-support/test-clock.ts'
import { http } from '../test-support/scenario.ts'
import { useDeliveryGround } from '../test-support/use-ground.ts'

const DAY_MS = 24 * HOURS
const recipients = (count: number) => Array.from({ length: count }, (_, index) => `r${index}@many.example`)

async function statuses(ground: DeliveryGround, ids: readonly string[]): Promise<string[]> {
  return Promise.all(ids.map(async (id) => (await ground.service.read(id)).status))
}

describe('messages a minute', () => {
  const ground = useDeliveryGround({ environment: { MAILBOX_MESSAGES_PER_MINUTE: '30' } })
  beforeEach(async () => {
    await ground.calm()
    await ground.pass(2 * MINUTES)
  })

  async function sentOf(ids: readonly string[]): Promise<number> {
    return (await statuses(ground, ids)).filter((status) => status === 'sent').length
  }

  it('sends 30 a minute, the rest when the minute is over', async () => {
    const submit = async (count: number) => {
      const messages = await Promise.all(
        Array.from({ length: count }, () => ground.service.submit({ subject: 'Rate' })),
      )
      return messages.map(({ id }) => id)
    }
    const ids: string[] = []
    for (let batch = 0; batch < 3; batch++) {
      ids.push(...(await submit(10)))
      await expect.poll(() => sentOf(ids)).toBe(ids.length)
    }
    ids.push(...(await submit(10)))
    await ground.pass(60 * SECONDS)
    await ground.pass(0)
    expect(await sentOf(ids)).toBe(30)
    expect(await usage()).toMatchObject({ messagesPerMinute: { limit: 30, left: 0 }, waitingMessages: 10 })

    await ground.pass(1 * SECONDS)
    await expect.poll(() => sentOf(ids)).toBe(40)
    const { mailboxes } = await ground.microsoft.control('GET', '/counters')
    expect(mailboxes['ada@contoso.com'].maxAcceptedPerMinute).toBe(30)
  })

  const usage = async () => (await ground.service.get('/api/v1/tenant-settings/office365-smtp/usage')).json
})

describe('recipients a day', () => {
  const ground = useDeliveryGround({ environment: { MAILBOX_RECIPIENTS_PER_DAY: '10' } })
  beforeEach(async () => {
    await ground.pass(2 * DAY_MS)
    await ground.calm()
    await ground.pass(2 * DAY_MS)
  })

  it('sends what the day allows, and the rest when a day has passed', async () => {
    const messages = []
    for (const count of [4, 6, 1]) {
      const [first = '', ...rest] = recipients(count)
      messages.push(await ground.service.submit({ to: [first], cc: rest.slice(0, 2), bcc: rest.slice(2) }))
      await ground.pass(1 * SECONDS) // so that their order is certain
    }
    const ids = messages.map(({ id }) => id)
    await expect.poll(() => statuses(ground, ids)).toEqual(['sent', 'sent', 'queued'])

    await ground.pass(DAY_MS - 10 * SECONDS)
    await ground.pass(0)
    expect(await statuses(ground, ids)).toEqual(['sent', 'sent', 'queued'])

    await ground.pass(20 * SECONDS)
    await expect.poll(() => statuses(ground, ids)).toEqual(['sent', 'sent', 'sent'])
  })
})

describe('requests at once', () => {
  const ground = useDeliveryGround()
  beforeEach(() => ground.microsoft.control('DELETE', '/counters'))

  async function mostAtOnce(): Promise<{ maxConcurrent: number; refusedForConcurrency: number }> {
    const { mailboxes } = await ground.microsoft.control('GET', '/counters')
    const { maxConcurrent, refusedForConcurrency } = mailboxes['ada@contoso.com']
    return { maxConcurrent, refusedForConcurrency }
  }

  it('are not limited where the limit is 0', async () => {
    const environment = { ROLE: 'worker', MAILBOX_MESSAGES_PER_MINUTE: '0', MAILBOX_CONCURRENCY: '0' }
    await ground.product.close()
    const unlimited = await ground.startProduct({ environment: { ...environment, ROLE: 'all' } })
    await ground.microsoft.control('PATCH', '/settings', { mailboxConcurrency: null })
    await ground.switchOn(http('sendMail', { action: 'delay', delayMs: 600_000 }), 'always')
    const service = ground.service.at(unlimited)

    await Promise.all(Array.from({ length: 40 }, () => service.submit({ subject: 'No limit' })))
    await expect.poll(async () => (await mostAtOnce()).maxConcurrent).toBeGreaterThan(4)

    await ground.microsoft.control('DELETE', '/scenarios') // which lets them go on
    await expect.poll(() => ground.arrived('No limit')).toBe(40)
  })
})

import { beforeEach, expect, it } from 'vitest'
import { graphAnswers } from '../test-support/delivery-fixture.ts'
import { MINUTES } from '../test-support/test-clock.ts'
import { useDeliveryFixture } from '../test-support/use-fixture.ts'

const fixture = useDeliveryFixture()
beforeEach(() => fixture.calm())

/** The value of each sample, by name and labels. */
async function samples(): Promise<Record<string, number>> {
  const response = await fetch(`${fixture.product.url}/metrics`)
  expect(response.headers.get('content-type')).toContain('text/plain; version=0.0.4')
  const lines = (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  )
}

/** Returns what an action adds to each sample. Each call reads again, because counters follow the database with a delay. */
async function added(action: () => Promise<void>): Promise<() => Promise<Record<string, number>>> {
  const before = await samples()
  await action()
  return async () => {
    const changes = Object.entries(await samples()).map(([name, value]) => [name, value - (before[name] ?? 0)] as const)
    return Object.fromEntries(changes.filter(([, change]) => change !== 0))
  }
}

const name = (metric: string, label = '') => `inforiver_mail_${metric}${label}`

it('shows each counter from the start, so that the first failure is an increase', async () => {
  const api = await fixture.startProduct({ environment: { ROLE: 'api' } })
  const text = await (await fetch(`${api.url}/metrics`)).text()
  await api.close()

  for (const status of ['sent', 'failed', 'held'])
    expect(text).toContain(`${name('messages_total', `{status="${status}"}`)} 0\n`)
  for (const outcome of ['sent', 'throttled', 'unavailable', 'refused', 'unknown'])
    expect(text).toContain(`${name('attempts_total', `{outcome="${outcome}"}`)} 0\n`)
})

it('counts what is submitted and sent with the time it took, attempts by outcome, failures, pauses and possible duplicates', async () => {
  const change = await added(async () => {
    for (const scenario of ['send-429', 'send-503-store', 'send-504', graphAnswers(400, 'ErrorInvalidRecipients')]) {
      await fixture.switchOn(scenario)
      const { id } = await fixture.service.submit()
      await fixture.service.until(id, { attempts: [{}] })
      await fixture.pass(1 * MINUTES)
      await fixture.service.untilEnded(id)
    }
  })

  await expect.poll(change).toMatchObject({
    [name('submitted_total')]: 4,
    [name('time_to_delivery_seconds_count')]: 3,
    [name('attempts_total', '{outcome="throttled"}')]: 1,
    [name('attempts_total', '{outcome="unavailable"}')]: 1,
    [name('attempts_total', '{outcome="unknown"}')]: 1,
    [name('attempts_total', '{outcome="refused"}')]: 1,
    [name('attempts_total', '{outcome="sent"}')]: 3,
    [name('messages_total', '{status="sent"}')]: 3,
    [name('messages_total', '{status="failed"}')]: 1,
    [name('failed_messages', '{cause="ErrorInvalidRecipients"}')]: 1,
    [name('mailbox_pauses_total')]: 1,
    [name('possible_duplicates_total')]: 1,
  })
})

it('names no address, no subject and no tenant', async () => {
  const text = await (await fetch(`${fixture.product.url}/metrics`)).text()

  expect(text).not.toMatch(/@|Q3|ten_|msg_/)
})

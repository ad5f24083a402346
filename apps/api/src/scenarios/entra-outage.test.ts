import { beforeEach, expect, it } from 'vitest'
import { SETTINGS } from '../test-support/office365-smtp.ts'
import { HOURS, MINUTES } from '../test-support/test-clock.ts'
import { connectMailbox } from '../test-support/test-service.ts'
import { useDeliveryFixture } from '../test-support/use-fixture.ts'
import { ageBy, http, startWorker } from '../test-support/scenario.ts'

const LONGEST_WAIT_MS = 1 * HOURS // when Entra asks for it
const LONGEST_PAUSE_MS = 1 * MINUTES // when it asks for nothing

const fixture = useDeliveryFixture({ environment: { ROLE: 'api' } })

beforeEach(async () => {
  await fixture.microsoft.control('DELETE', '/scenarios')
  await fixture.database.empty('messages')
  await connectMailbox(fixture.product)
  await fixture.pass(2 * HOURS) // the access token has run out
})

const start = (environment: Record<string, string> = {}) =>
  startWorker(fixture, { environment, clock: fixture.clock.now })
const settings = async () => (await fixture.service.get(SETTINGS)).json
const breakEntra = (action: object) => fixture.switchOn(http('token', action), 'always')

/** Lets the message fail this many more attempts. */
async function failAgain(id: string, times: number, waitMs = LONGEST_WAIT_MS): Promise<void> {
  const attempts = async () => {
    const counted = 'SELECT sum(count)::int AS attempts FROM message_attempts WHERE message_id = $1'
    return (await fixture.database.query<{ attempts: number }>(counted, [id]))[0]?.attempts ?? 0
  }
  for (let time = 0; time < times; time += 1) {
    const before = await attempts()
    await fixture.pass(waitMs)
    await expect.poll(attempts, { interval: 20 }).toBeGreaterThan(before)
  }
}

// Other answers of the same kinds are told apart in packages/m365.
it.each([
  ['503 with an error of a grant', { action: 'answer', status: 503, body: { error: 'invalid_grant' } }],
  ['429', { action: 'answer', status: 429, headers: { 'retry-after': '3600' }, body: { error: 'invalid_client' } }],
  ['200 with the page of a hotel', { action: 'answer', status: 200, body: '<html>Welcome</html>' }],
  ['403 of a gateway', { action: 'answer', by: 'gateway', status: 403, body: { error: 'invalid_grant' } }],
  ['400 without a word', { action: 'answer', status: 400, body: '' }],
  ['a connection that is reset', { action: 'reset' }],
])(
  'keeps the connection and the message while Entra answers %s, and sends it once when it is back',
  async (what, fault) => {
    await start()
    await breakEntra(fault)
    const { id } = await fixture.service.submit({ subject: what })
    await fixture.service.until(id, { status: 'queued', attempts: [{ outcome: 'unavailable' }] })
    await ageBy(fixture, id, 23 * HOURS)
    await failAgain(id, 2)
    expect(await fixture.service.read(id)).toMatchObject({ status: 'queued', problem: null, possibleDuplicate: false })
    expect(await settings()).toMatchObject({ status: 'connected', problem: null })

    await fixture.microsoft.control('DELETE', '/scenarios')
    await fixture.pass(LONGEST_WAIT_MS)

    await fixture.service.until(id, { status: 'sent', possibleDuplicate: false })
    expect(await fixture.arrived(what)).toBe(1)
  },
)

it('gives a message up after 24 hours but keeps the connection, and sends new ones when Entra is back', async () => {
  await start()
  await breakEntra({ action: 'answer', status: 503 })
  const { id } = await fixture.service.submit({ subject: 'Given up' })
  await fixture.service.until(id, { status: 'queued', attempts: [{ outcome: 'unavailable' }] })
  await ageBy(fixture, id, 24 * HOURS - 10 * MINUTES)
  const since = fixture.clock.now().getTime()
  while ((await fixture.service.read(id)).status !== 'failed') await failAgain(id, 1, LONGEST_PAUSE_MS)
  expect(fixture.clock.now().getTime() - since).toBeGreaterThanOrEqual(10 * MINUTES)
  expect(await fixture.service.read(id)).toMatchObject({ status: 'failed', problem: { code: 'gave-up' } })
  expect(await settings()).toMatchObject({ status: 'connected', problem: null })

  await fixture.microsoft.control('DELETE', '/scenarios')
  await fixture.pass(LONGEST_PAUSE_MS)
  const next = await fixture.service.submit({ subject: 'Entra is back' })
  await fixture.service.until(next.id, { status: 'sent' })
  await fixture.service.post(`/api/v1/messages/${id}/retry`)
  await fixture.service.until(id, { status: 'sent' })
  expect(await fixture.arrived('Given up')).toBe(1)
})

import type { Message } from '@inforiver-mail/contract/message'
import { beforeEach, expect, it, onTestFinished } from 'vitest'
import { HOURS } from '../test-support/test-clock.ts'
import { useDeliveryFixture } from '../test-support/use-fixture.ts'

const LIMITS = { MAILBOX_MESSAGES_PER_MINUTE: '3', MAILBOX_RECIPIENTS_PER_DAY: '10' }

const fixture = useDeliveryFixture({ environment: { ROLE: 'api', ...LIMITS } })
beforeEach(async () => {
  await fixture.microsoft.control('DELETE', '/scenarios')
  await fixture.database.empty('messages', 'mailbox_usage')
  await fixture.database.query(
    `INSERT INTO owners (id, name) VALUES ('standby', 'would send') ON CONFLICT (id) DO UPDATE SET renewals = owners.renewals + 1`,
  )
  await fixture.pass(2 * HOURS)
})

async function startWorker(): Promise<void> {
  const worker = await fixture.startProduct({ environment: { ROLE: 'worker', ...LIMITS }, clock: fixture.clock.now })
  onTestFinished(() => worker.close())
}

/** Submits one message after the other, each to the given number of recipients. */
async function submit(...recipients: number[]): Promise<string[]> {
  const ids = []
  for (const count of recipients) {
    const to = Array.from({ length: count }, (_, index) => `r${index}@many.example`)
    ids.push((await fixture.service.submit({ to })).id)
    await fixture.pass(10)
  }
  return ids
}

const list = async (query = ''): Promise<Message[]> =>
  (await fixture.service.get(`/api/v1/messages${query}`)).json.items
const now = () => fixture.clock.now().getTime()

/** Why each message waits and for how many ms from now, as the list shows them, in the order of submission. */
async function waits(): Promise<(readonly [string | null, number | null])[]> {
  const messages = (await list()).toReversed()
  return messages.map(({ waitingBecause, nextAttemptAt }) => [
    waitingBecause,
    nextAttemptAt === null ? null : Date.parse(nextAttemptAt) - now(),
  ])
}

async function sent(): Promise<number> {
  return (await list('?status=sent')).length
}

it('says that no process sends, and which one does once one is started', async () => {
  await submit(1, 1)
  await fixture.database.query('DELETE FROM owners')
  const sender = async () => (await fixture.service.get('/api/v1/overview')).json.sendingProcess
  expect(await waits()).toEqual([
    ['no-worker', null],
    ['no-worker', null],
  ])
  expect(await sender()).toBeNull()

  await startWorker()
  await expect.poll(sent).toBe(2)
  expect(await sender()).toMatchObject({ name: expect.stringMatching(/^.+:\d+ \(worker\)$/) })
})

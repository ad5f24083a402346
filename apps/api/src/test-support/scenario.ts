import { expect, onTestFinished } from 'vitest'
import type { DeliverySizes } from '../delivery/attempt.ts'
import { LOOK_EVERY_MS, type DeliveryFixture } from './delivery-fixture.ts'
import { mailsIn } from './mailbox.ts'
import { SETTINGS } from './office365-smtp.ts'
import { SECONDS } from './test-clock.ts'
import type { TestFixture, TestMicrosoft, TestProduct } from './test-product.ts'

// What scenarios do, and look at, besides submitting messages.

type Fixture = Pick<TestFixture, 'microsoft' | 'database'>

/** What befalls a request to one endpoint of Graph or Entra. */
export const http = (endpoint: string, action: object) => ({ kind: 'http', endpoint, do: action })

/** An answer of Graph with an error; `more` may say `when: 'after'`, which carries the request out before. */
export const answer = (status: number, code: string, more: object = {}) => ({
  action: 'answer',
  status,
  body: { error: { code, message: '' } },
  ...more,
})

/** Switches an effect on for one request; `skip`: how many requests pass before it. */
export async function switchOn({ microsoft }: Fixture, effect: object, skip = 0): Promise<void> {
  await microsoft.control('POST', '/scenarios', { effect, skip })
}

/** Waits until every scenario but for so many has been met: the request that it is about is on its way, or done. */
export async function untilMet(fixture: Fixture, { butFor = 0 } = {}): Promise<void> {
  await expect.poll(() => unmet(fixture), { interval: 25 }).toBeLessThanOrEqual(butFor)
}

/** How many scenarios no request has met. */
async function unmet({ microsoft }: Fixture): Promise<number> {
  return (await microsoft.control('GET', '/scenarios')).active.length
}

/** How many requests an endpoint has had since the simulator's counters began. */
export async function requestsTo({ microsoft }: Fixture, endpoint: string): Promise<number> {
  const { endpoints } = await microsoft.control('GET', '/counters')
  return endpoints[endpoint]?.requests ?? 0
}

export async function draftIdOf({ database }: Fixture, id: string): Promise<string | null> {
  const statement = 'SELECT draft_id FROM message_drafts WHERE message_id = $1'
  return (await database.query<{ draft_id: string }>(statement, [id]))[0]?.draft_id ?? null
}

export const draftsIn = ({ microsoft }: Fixture, subject: string) =>
  mailsIn(microsoft, subject, { mailbox: 'ada@contoso.com', folder: 'drafts' })

export const copiesIn = ({ microsoft }: Fixture, subject: string) =>
  mailsIn(microsoft, subject, { mailbox: 'ada@contoso.com', folder: 'sentItems' })

/** Makes a request to Ada's messages as Outlook does for her, and returns the status of the answer. */
export async function asAda(microsoft: TestMicrosoft, method: string, path: string, body?: object): Promise<number> {
  const scopes = ['Mail.ReadWrite', 'Mail.Send']
  const { accessToken } = await microsoft.control('POST', '/people/ada@contoso.com/tokens', { scopes })
  const headers = {
    authorization: `Bearer ${accessToken}`,
    prefer: 'IdType="ImmutableId"',
    ...(body && { 'content-type': 'application/json' }),
  }
  const init = { method, headers, ...(body && { body: JSON.stringify(body) }) }
  return (await fetch(`${microsoft.graphBaseUrl}/v1.0/me/messages${path}`, init)).status
}

/** Changes the settings through Microsoft's consent page, as the person of that name. */
export async function consent(
  product: TestProduct,
  action: 'reconnect' | 'update-sender' | 'large-attachments',
  body: object = {},
  person = 'Ada Admin',
): Promise<void> {
  const browser = product.newBrowser()
  await browser.signIn(person)
  const started = await browser.call('POST', `${SETTINGS}/${action}`, body)
  expect((await browser.consent(started.json.consentUrl, person)).status).toBe(200)
}

/** A process that only delivers; it is closed with the test. */
export async function startWorker(
  fixture: TestFixture,
  {
    environment = {},
    ...options
  }: {
    environment?: Record<string, string>
    clock?: () => Date
    deliveryGraceMs?: number
    deliverySizes?: DeliverySizes
  } = {},
): Promise<TestProduct> {
  const worker = await fixture.startProduct({
    environment: { ROLE: 'worker', MAILBOX_MESSAGES_PER_MINUTE: '0', ...environment },
    deliveryLookEveryMs: LOOK_EVERY_MS,
    ...options,
  })
  onTestFinished(() => worker.close())
  return worker
}

/** Waits until nothing of the message is due, and no worker has it. */
export async function untilSettled(fixture: Fixture, id: string, now: () => Date): Promise<void> {
  await expect.poll(() => isSettled(fixture, id, now), { interval: 25 }).toBe(true)
}

/** Whether a message is neither being sent nor due. */
async function isSettled({ database }: Fixture, id: string, now: () => Date): Promise<boolean> {
  const due = `SELECT 1 FROM message_states WHERE id = $1 AND (status = 'sending' OR status = 'queued' AND next_attempt_at <= $2)`
  return (await database.query(due, [id, now()])).length === 0
}

/** How long after the one before each look for a message in doubt is due, in seconds. */
const LOOK_WAITS_SECONDS = [0, 10, 20, 30, 60, 120, 180, 240]

/**
 * Lets the looks become due one by one until the message has ended. On a busy machine some get no answer in time, so that
 * others have to follow.
 */
export async function lookUntil(fixture: DeliveryFixture, id: string, expected: object): Promise<void> {
  for (const seconds of [...LOOK_WAITS_SECONDS, ...Array<number>(10).fill(240)]) {
    await fixture.pass(seconds * SECONDS)
    await untilSettled(fixture, id, fixture.clock.now)
    const { status } = await fixture.service.read(id)
    if (status !== 'queued') break
  }
  await fixture.service.until(id, expected)
}

/** Waits until the worker has nothing to delete in the mailbox, now or later. */
export async function untilCleaned({ database }: Fixture): Promise<void> {
  await expect.poll(() => database.query('SELECT 1 FROM mailbox_cleanups')).toEqual([])
}

/** Waits until a product that is being closed takes no more connections: its worker is stopped right after. */
export async function untilStopping({ url }: TestProduct): Promise<void> {
  const isOpen = () =>
    fetch(`${url}/healthz`).then(
      () => true,
      () => false,
    )
  await expect.poll(isOpen).toBe(false)
}

/** Waits until so many statements that contain a text, or more, wait for a lock in this database. */
export async function untilSomethingWaits(
  { database }: Pick<Fixture, 'database'>,
  statements = 1,
  containing = '',
): Promise<void> {
  const waiting = `
    SELECT 1 FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock' AND strpos(query, $1) > 0`
  const isMet = async () => (await database.query(waiting, [containing])).length >= statements
  await expect.poll(isMet, { interval: 25 }).toBe(true)
}

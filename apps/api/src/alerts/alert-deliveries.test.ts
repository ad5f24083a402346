import { afterAll, beforeEach, expect, it } from 'vitest'
import type { Alert } from '../alert.ts'
import { appendAlert } from '../database/alert-log.ts'
import { newId } from '../test-support/new-id.ts'
import { HOURS, MINUTES, SECONDS } from '../test-support/test-clock.ts'
import { ADMIN, createWebhookFixture, OTHER_TENANT, TENANT, type Receiver } from '../test-support/webhook-fixture.ts'
import type { AttemptWebhook } from './webhook-attempt.ts'

const RECOVERED: Alert = { type: 'mailbox.recovered', facts: { fromEmail: 'ada@contoso.com' } }
const WAIT = { interval: 50 } as const
const TEN_ATTEMPTS = 10
const ANY = { limit: 20, except: [] } as const

const fixture = await createWebhookFixture()
const { test, clock, outbox, webhooks } = fixture
afterAll(() => fixture.close())
beforeEach(() => fixture.clear())

/** Adds a webhook that answers with these statuses one after the other, and repeats the last. */
async function addWebhook(statuses: readonly number[] = [204], tenantId = TENANT): Promise<Receiver> {
  const receiver = await fixture.addWebhook({ tenantId })
  receiver.answer = () => statuses[receiver.received.length - 1] ?? statuses.at(-1) ?? 500
  return receiver
}

async function raise(alert: Alert = RECOVERED, tenantId = TENANT, at = clock.now()): Promise<string> {
  await appendAlert(fixture.database.prisma, { id: newId('alert'), ...alert, tenantId, at })
  const [row] = await test.query<{ id: string }>('SELECT id FROM alert_events ORDER BY at DESC, ctid DESC LIMIT 1')
  return row?.id ?? ''
}

it('notifies every webhook of the tenant with a signed request, none of another tenant, and shows the outcome', async () => {
  const [one, two, other] = [await addWebhook(), await addWebhook(), await addWebhook([204], OTHER_TENANT)]
  const id = await raise()
  fixture.start()

  const lastAttempt = { at: clock.now().toISOString(), type: 'mailbox.recovered', outcome: 'delivered', status: 204 }
  await expect.poll(one.listed, WAIT).toMatchObject({ lastAttempt, waiting: 0 })
  await expect.poll(two.listed, WAIT).toMatchObject({ lastAttempt, waiting: 0 })
  expect(one.received).toEqual([id])
  expect(one.bodies).toEqual([
    {
      type: 'mailbox.recovered',
      timestamp: clock.now().toISOString(),
      data: {
        title: 'Mail leaves from ada@contoso.com again',
        detail: expect.any(String),
        action: expect.any(String),
        url: 'https://mail.contoso.com/settings/office365-smtp',
        fromEmail: 'ada@contoso.com',
      },
    },
  ])
  expect([two.received, two.bodies]).toEqual([one.received, one.bodies])
  expect(other.received).toEqual([])
})

it('tries again after 5 seconds, then after 5 minutes, under the same id', async () => {
  const webhook = await addWebhook([500, 302, 204])
  const id = await raise()
  fixture.start()

  await expect
    .poll(webhook.listed, WAIT)
    .toMatchObject({ lastAttempt: { outcome: 'refused', status: 500 }, waiting: 1 })
  await clock.advance(5 * SECONDS)
  await expect
    .poll(webhook.listed, WAIT)
    .toMatchObject({ lastAttempt: { outcome: 'redirected', status: 302 }, waiting: 1 })
  await clock.advance(5 * MINUTES)
  await expect.poll(webhook.listed, WAIT).toMatchObject({ lastAttempt: { outcome: 'delivered' }, waiting: 0 })
  expect(webhook.received).toEqual([id, id, id])
  expect(webhook.bodies[2]).toEqual(webhook.bodies[0])
})

it('does not try again before its time', async () => {
  const webhook = await addWebhook([500])
  await raise()
  fixture.start()
  await expect.poll(webhook.listed, WAIT).toMatchObject({ lastAttempt: { status: 500 } })

  await clock.advance(4 * SECONDS)
  const second = await addWebhook()
  await raise()

  await expect.poll(() => second.received.length, WAIT).toBe(1) // a whole pass is over
  expect(webhook.received.filter((id) => id === webhook.received[0])).toHaveLength(1)
})

it('gives an alert up after ten attempts', async () => {
  const webhook = await addWebhook([500])
  await raise()
  fixture.start()

  for (let attempts = 1; attempts <= TEN_ATTEMPTS; attempts++) {
    await expect.poll(() => webhook.received.length, WAIT).toBe(attempts)
    // Until the outcome is written, the claim says that the delivery is due in 60 s: time that passed before would count
    // for the next attempt.
    const isLast = attempts === TEN_ATTEMPTS
    await expect
      .poll(
        () =>
          test.query(
            `SELECT attempts, next_attempt_at = mail_now() + interval '60 seconds' AS claimed FROM webhook_deliveries`,
          ),
        WAIT,
      )
      .toEqual(isLast ? [] : [{ attempts, claimed: false }])
    expect(await webhook.listed()).toMatchObject({ waiting: isLast ? 0 : 1 })
    await clock.advance(25 * HOURS)
  }
})

it('gives an alert up at once when the receiver is gone for good', async () => {
  const webhook = await addWebhook([410])
  await raise()
  fixture.start()

  await expect
    .poll(webhook.listed, WAIT)
    .toMatchObject({ lastAttempt: { outcome: 'refused', status: 410 }, waiting: 0 })
})

it('lets a webhook that does not answer delay no other', async () => {
  const silent = await addWebhook()
  const other = await addWebhook()
  const never: AttemptWebhook = async (webhook, received, signal) => {
    if (webhook.id !== silent.id) return fixture.attempt(webhook, received, signal)
    signal?.throwIfAborted() // claimed in the moment of the stop
    return new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason as Error)))
  }
  await raise()
  await raise()
  const stop = fixture.start({ attempt: never })

  await expect.poll(() => other.received.length, WAIT).toBe(2)
  await stop()
  expect(await silent.listed()).toMatchObject({ waiting: 2, lastAttempt: null })
})

it('delivers each alert once when several processes share the work', async () => {
  const webhook = await addWebhook()
  const ids = await Promise.all(Array.from({ length: 5 }, () => raise()))
  fixture.start()
  fixture.start()
  fixture.start()

  await expect.poll(webhook.listed, WAIT).toMatchObject({ lastAttempt: { outcome: 'delivered' } })
  await expect.poll(() => webhook.received.length, WAIT).toBe(ids.length)
  expect(new Set(webhook.received).size).toBe(ids.length)
})

it('tries again what a process claimed and never finished', async () => {
  const webhook = await addWebhook()
  await raise()
  await outbox.publish()
  expect(await outbox.claim(ANY)).toHaveLength(1) // its process ends here
  fixture.start()
  await clock.advance(59 * SECONDS)
  expect(await outbox.claim(ANY)).toEqual([])
  expect(webhook.received).toEqual([])

  await clock.advance(1 * SECONDS)
  await expect.poll(() => webhook.received.length, WAIT).toBe(1)
})

it('leaves alone what another process is sending, although its own clock is ahead', async () => {
  const webhook = await addWebhook()
  await raise()
  await outbox.publish()
  const [slow] = await outbox.claim(ANY)
  if (!slow) throw new Error('Nothing was due.')
  const other = await addWebhook([204], OTHER_TENANT)
  await raise(RECOVERED, OTHER_TENANT)
  fixture.startAhead(90 * SECONDS)

  await expect.poll(other.listed, WAIT).toMatchObject({ lastAttempt: expect.anything() }) // a whole pass is over
  const attempts = 'SELECT attempts FROM webhook_deliveries WHERE webhook_id = $1'
  expect(await test.query(attempts, [webhook.id])).toEqual([{ attempts: 1 }])
  const delivered = {
    at: clock.now().toISOString(),
    type: 'mailbox.recovered',
    outcome: 'delivered',
    status: 204,
  } as const
  await outbox.settle(slow, delivered, null)
  expect(await webhook.listed()).toMatchObject({ waiting: 0, lastAttempt: delivered })
})

it('counts what failed in a minute until that is over, in a process whose clock is ahead as well', async () => {
  await test.query(
    `INSERT INTO alert_events (id, tenant_id, type, at, facts, publish_at) VALUES ('alt_a', '${TENANT}', 'message.failed', mail_now(), '{}', mail_now() + interval '65 seconds')`,
  )
  const other = await addWebhook([204], OTHER_TENANT)
  await raise(RECOVERED, OTHER_TENANT)
  fixture.startAhead(90 * SECONDS)

  await expect.poll(other.listed, WAIT).toMatchObject({ lastAttempt: expect.anything() }) // a whole pass is over
  const published = `SELECT published_at FROM alert_events WHERE id = 'alt_a'`
  expect(await test.query(published)).toEqual([{ published_at: null }])
  await clock.advance(65 * SECONDS)
  await outbox.publish()
  await expect.poll(() => test.query(published), WAIT).toEqual([{ published_at: clock.now() }])
})

it('delivers at once what a process raised whose clock is ahead', async () => {
  const webhook = await addWebhook()
  const id = await raise(RECOVERED, TENANT, new Date(clock.now().getTime() + 90 * SECONDS))
  fixture.start()

  await expect.poll(() => webhook.received, WAIT).toEqual([id])
})

it('delivers what a process raised whose clock is behind', async () => {
  const webhook = await addWebhook()
  const id = await raise(RECOVERED, TENANT, new Date(clock.now().getTime() - 10 * MINUTES))
  fixture.start()

  await expect.poll(() => webhook.received, WAIT).toEqual([id])
})

it('aborts requests when it is stopped, and leaves their alerts to be tried again', async () => {
  const webhook = await addWebhook()
  const begun = Promise.withResolvers<void>()
  const hanging: AttemptWebhook = (_webhook, _received, signal) => {
    begun.resolve()
    return new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason as Error)))
  }
  await raise()
  const stop = fixture.start({ attempt: hanging })
  await begun.promise
  await stop()

  expect(await webhook.listed()).toMatchObject({ waiting: 1, lastAttempt: null })
})

it('does not let an attempt that took too long overrule the one after it', async () => {
  const webhook = await addWebhook()
  await raise()
  await outbox.publish()
  const [first] = await outbox.claim(ANY)
  await clock.advance(1 * MINUTES)
  const [second] = await outbox.claim(ANY)
  if (!first || !second) throw new Error('Nothing was due.')
  const attempt = { at: clock.now().toISOString(), type: 'mailbox.recovered', status: null } as const

  await outbox.settle(second, { ...attempt, outcome: 'delivered' }, null)
  await outbox.settle(first, { ...attempt, outcome: 'timed-out' }, 0)

  expect(await webhook.listed()).toMatchObject({ waiting: 0, lastAttempt: { outcome: 'delivered' } })
})

it('delivers nothing more to a webhook that is removed', async () => {
  const webhook = await addWebhook([500])
  await raise()
  fixture.start()
  await expect.poll(webhook.listed, WAIT).toMatchObject({ waiting: 1, lastAttempt: { status: 500 } })
  await webhooks.remove(TENANT, webhook.id, ADMIN, clock.now())
  const other = await addWebhook()
  await clock.advance(1 * HOURS)
  await raise()

  await expect.poll(() => other.received.length, WAIT).toBe(1)
  expect(webhook.received).toHaveLength(1)
})

it('sends a webhook nothing that happened before it was added', async () => {
  await raise()
  await outbox.publish()
  await raise() // not published yet
  await clock.advance(1 * SECONDS)
  const webhook = await addWebhook()
  fixture.start()
  await clock.advance(1 * SECONDS)
  const id = await raise()

  await expect.poll(() => webhook.received, WAIT).toEqual([id])
})

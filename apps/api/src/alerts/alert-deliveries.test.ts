import { afterAll, beforeEach, expect, it } from 'vitest'
import type { Alert } from '../domain/alert.ts'
import { appendAlert } from '../database/alert-log.ts'
import { newId } from '../test-support/new-id.ts'
import { MINUTES, SECONDS } from '../test-support/test-clock.ts'
import { createWebhookFixture, TENANT, type Receiver } from '../test-support/webhook-fixture.ts'

const RECOVERED: Alert = { type: 'mailbox.recovered', facts: { fromEmail: 'ada@contoso.com' } }
const WAIT = { interval: 50 } as const

const fixture = await createWebhookFixture()
const { test, clock, outbox } = fixture
afterAll(() => fixture.close())
beforeEach(() => fixture.clear())

/** Adds a webhook that answers with these statuses one after the other, and repeats the last. */
async function addWebhook(statuses: readonly number[] = [204]): Promise<Receiver> {
  const receiver = await fixture.addWebhook()
  receiver.answer = () => statuses[receiver.received.length - 1] ?? statuses.at(-1) ?? 500
  return receiver
}

async function raise(): Promise<string> {
  await appendAlert(fixture.database.prisma, { id: newId('alert'), ...RECOVERED, tenantId: TENANT, at: clock.now() })
  const [row] = await test.query<{ id: string }>('SELECT id FROM alert_events ORDER BY at DESC, ctid DESC LIMIT 1')
  return row?.id ?? ''
}

it('notifies every webhook with a signed request, and shows the outcome', async () => {
  const [one, two] = [await addWebhook(), await addWebhook()]
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
})

it('does not let an attempt that took too long overrule the one after it', async () => {
  const webhook = await addWebhook()
  await raise()
  await outbox.publish()
  const [first] = await outbox.claim([])
  await clock.advance(1 * MINUTES)
  const [second] = await outbox.claim([])
  if (!first || !second) throw new Error('Nothing was due.')
  const attempt = { at: clock.now().toISOString(), type: 'mailbox.recovered', status: null } as const

  await outbox.settle(second, { ...attempt, outcome: 'delivered' }, null)
  await outbox.settle(first, { ...attempt, outcome: 'timed-out' }, 0)

  expect(await webhook.listed()).toMatchObject({ waiting: 0, lastAttempt: { outcome: 'delivered' } })
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

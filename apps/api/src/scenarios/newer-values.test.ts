import { expect, it } from 'vitest'
import { useAdminFixture } from '../test-support/admin-fixture.ts'
import { connectMailbox } from '../test-support/office365-smtp.ts'
import { createServiceClient } from '../test-support/test-service.ts'

// The next release works on the same database, and has stored values and fields that this one does not know.

const { fixture, product, ada, post } = useAdminFixture()

const PROBLEM = {
  code: 'quota-exceeded',
  title: 'Full',
  detail: 'It is full.',
  hint: 'Wait.',
  action: 'Wait.',
  values: { title: 'full.title', detail: ['of-tomorrow'], left: { bytes: 1 } },
}
const ALERT_ID = `alt_${'0'.repeat(32)}`
const WEBHOOK_ID = `whk_${'0'.repeat(32)}`

const query = (statement: string, values?: unknown[]) => fixture.database.query(statement, values)

async function tenantId(): Promise<string> {
  const [row] = await fixture.database.query<{ id: string }>('SELECT tenant_id AS id FROM installation')
  return row?.id ?? ''
}

/** Everything that the API shows, each with at least one row. */
async function fill() {
  await connectMailbox(ada, { fromEmail: 'ada@contoso.com' })
  const service = await createServiceClient(product)
  const consent = (await post('reconnect')).json
  const waiting = (await service.submit({ subject: 'waiting' })).id
  const ended = (await service.submit({ subject: 'ended' })).id
  await service.post(`/api/v1/messages/${ended}/cancel`)
  const tenant = await tenantId()
  await query(
    `INSERT INTO message_attempts (tenant_id, message_id, at, outcome, detail) VALUES ($1, $2, now(), 'refused', 'No.')`,
    [tenant, waiting],
  )
  await query(
    `INSERT INTO alert_events (id, tenant_id, type, at, facts, publish_at) VALUES ($1, $2, 'queue.stalled', now(), '{}', now())`,
    [ALERT_ID, tenant],
  )
  await query(
    `INSERT INTO webhooks (id, tenant_id, url, secret_sealed, created_at) VALUES ($1, $2, 'https://a.example', 'sealed', now())`,
    [WEBHOOK_ID, tenant],
  )
  return { service, tenant, consent: consent.id, waiting, ended }
}

type Filled = Awaited<ReturnType<typeof fill>>

/** Puts a value that this version does not know where the database stores one of a closed list. */
async function storeNewerValues({ tenant, consent, waiting, ended }: Filled): Promise<void> {
  await query(
    `UPDATE message_queue SET state = 'postponed', held_because = 'approval-required', size = 'huge', doubt = 'maybe',
            on_unknown_outcome = 'ask', priority = 9 WHERE message_id = $1`,
    [waiting],
  )
  await query(
    `UPDATE messages SET "to" = '[{"address": "max@contoso.com", "name": "Max", "delivery": "bounced"}]', problem = $2, on_unknown_outcome = 'ask', priority = 'urgent',
            attachments = '[{"filename": "a", "contentType": "a/b", "sizeBytes": 1, "inline": false, "sha256": "0"}]' WHERE id = $1`,
    [waiting, PROBLEM],
  )
  await query(`UPDATE messages SET outcome = 'bounced', problem = $2 WHERE id = $1`, [ended, PROBLEM])
  await query(`UPDATE message_attempts SET outcome = 'greylisted', facts = '[1]'`)
  await query(
    `INSERT INTO recipient_outcomes (message_id, address, tenant_id, places, delivery, code, source, learned_at, events)
     VALUES ($1, 'max@contoso.com', $2, 1, 'returned', '5.99.1', 'read-receipt', now(), '{message.returned}')`,
    [waiting, tenant],
  )
  await query(
    `UPDATE tenant_settings SET status = 'suspended', mailbox = 'federated', problem = $1, sent_items_search = 'slow', granted_permissions = '{Mail.Future}', bounces_enabled = true, bounces_problem = $1, trace_problem = $1`,
    [PROBLEM],
  )
  await query(`UPDATE consents SET purpose = 'sending-limits', problem = $1`, [PROBLEM])
  await query(`UPDATE consents SET status = 'postponed', ended_at = now() WHERE id <> $1`, [consent])
  await query(`UPDATE service_keys SET scopes = array_append(scopes, 'events:read')`)
  await query(
    `INSERT INTO audit_events (tenant_id, at, action, outcome, details) VALUES ($1, now(), 'message-exported', 'partly', '{"rows": [1, 2]}')`,
    [tenant],
  )
  await query(`UPDATE alert_events SET type = 'mailbox.almost-full', facts = '{"left": [1]}'`)
  await query(
    `UPDATE webhooks SET last_attempt = '{"at": "2026-11-26T10:00:00.000Z", "type": "message.archived", "outcome": "queued-there", "status": 202, "tries": 2}', types = '{message.archived,message.sent}'`,
  )
  await query(
    `INSERT INTO mailbox_cleanups (tenant_id, item_id, kind, created_at, due_at) VALUES ($1, 'item', 'archive', now(), now())`,
    [tenant],
  )
}

it('answers every request for something that a newer version stored', async () => {
  const filled = await fill()
  await storeNewerValues(filled)
  const { paths } = (await (await fetch(`${product.url}/openapi.json`)).json()) as {
    paths: Record<string, Record<string, unknown>>
  }
  const ids: Readonly<Record<string, readonly string[]>> = {
    '/api/v1/messages/{id}': [filled.waiting, filled.ended],
    '/api/v1/consents/{id}': [filled.consent],
  }

  const answers: Record<string, number> = {}
  for (const [path, operations] of Object.entries(paths)) {
    if (!('get' in operations)) continue
    // A path of something else than these is asked for as it is, and not found.
    for (const id of ids[path] ?? ['{id}']) {
      const address = path.replace('{id}', id)
      answers[address] = (await ada.call('GET', address)).status
    }
  }

  expect(Object.keys(answers).length).toBeGreaterThan(10)
  expect(Object.entries(answers).filter(([, status]) => status !== 200)).toEqual([])
})

it('shows the nearest known value of each', async () => {
  const filled = await fill()
  await storeNewerValues(filled)
  const read = async (path: string) => (await ada.call('GET', `/api/v1${path}`)).json

  expect(await read(`/messages/${filled.waiting}`)).toMatchObject({
    status: 'queued',
    heldBecause: 'not-configured',
    to: [{ address: 'max@contoso.com', name: 'Max' }],
    problem: { code: 'message-refused', detail: 'It is full.', values: {} },
    attempts: [{ outcome: 'unknown', detail: 'No.', values: {} }],
    recipients: [{ address: 'max@contoso.com', delivery: 'unknown', code: '5.99.1', source: 'trace' }],
  })
  expect(await read(`/messages/${filled.ended}`)).toMatchObject({ status: 'failed' })
  expect(await read('/tenant-settings/office365-smtp')).toMatchObject({
    status: 'connected',
    mailbox: 'delegated',
    problem: { code: 'app-misconfigured', detail: 'It is full.', values: {} },
    deliveryReports: {
      bounces: { problem: { code: 'trace-unavailable', detail: 'It is full.' } },
      trace: { problem: { code: 'trace-unavailable', detail: 'It is full.' } },
    },
    pendingConsent: { purpose: 'reconnect' },
  })
  expect(await read(`/consents/${filled.consent}`)).toMatchObject({
    purpose: 'reconnect',
    status: 'pending',
    problem: { code: 'microsoft-refused', values: {} },
  })
  expect((await read('/service-keys')).items).toMatchObject([
    { scopes: ['messages:send', 'messages:read', 'settings:read'] },
  ])
  expect((await read('/audit-events')).items[0]).toMatchObject({
    action: 'message-cancelled',
    outcome: 'partly',
    details: { rows: '[1,2]', recordedAs: 'message-exported' },
  })
  expect((await read('/notices')).items).toMatchObject([
    { type: 'mailbox.reconnect-required', title: 'A newer version of Inforiver Mail reports: mailbox.almost-full' },
  ])
  expect((await read('/webhooks')).items).toMatchObject([
    { types: ['message.sent'], lastAttempt: { type: 'message.sent', outcome: 'connection-failed', status: 202 } },
  ])
})

it('still accepts what services submit and do with messages', async () => {
  const filled = await fill()
  await storeNewerValues(filled)
  const { service, waiting, ended } = filled

  expect(
    (await service.post('/api/v1/messages', { to: ['max@contoso.com'], subject: 'New', text: 'New.' })).status,
  ).toBe(202)
  expect((await service.get('/api/v1/messages')).json.items).toHaveLength(3)
  for (const [id, action] of [
    [waiting, 'cancel'],
    [ended, 'retry'],
  ])
    expect((await service.post(`/api/v1/messages/${id}/${action}`)).status).toBeLessThan(500)
})

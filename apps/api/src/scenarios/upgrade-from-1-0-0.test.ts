import { afterAll, beforeAll, expect, it } from 'vitest'
import { MESSAGE_ID_PROPERTY } from '../../../../packages/m365/src/mailer/send-mail-request.ts'
import { migrate } from '../database/migrate.ts'
import { LOOK_EVERY_MS } from '../test-support/delivery-ground.ts'
import { loadReleasedData, UPLOADED_FILE } from '../test-support/released-data.ts'
import { connectTenant } from '../test-support/second-tenant.ts'
import { createTestClock, HOURS, MINUTES } from '../test-support/test-clock.ts'
import { createTestGround, type TestGround, type TestProduct } from '../test-support/test-product.ts'
import { clientFor, type ServiceClient } from '../test-support/test-service.ts'
import { mailsIn } from '../test-support/mailbox.ts'
import { sha256 } from '../test-support/upload-ground.ts'

// Version 1.0.0 left these messages unfinished. In its test Microsoft was another one, which had accepted one of them.

const SENDER = 'reports@contoso.com'
const ACCEPTED_ALREADY = 'in doubt, arrived'
const WAITING = ['waiting 1', 'waiting 2', 'waiting 3', 'waiting 4', 'waiting 5']
const LEAVE = [...WAITING, 'scheduled soon', ACCEPTED_ALREADY, 'in doubt, not arrived', 'uploading', 'sending', 'held']
const STAY = { 'scheduled later': 'scheduled', sent: 'sent', failed: 'failed', cancelled: 'cancelled' }

const clock = createTestClock()
let ground: TestGround
let environment: Record<string, string>
let api: TestProduct
let service: ServiceClient
let ids: ReadonlyMap<string, string>

beforeAll(async () => {
  ground = await createTestGround({ clock })
  const keys = await loadReleasedData(ground.database)
  environment = { GRAPH_AUTH: 'application', MAILBOX_MESSAGES_PER_MINUTE: '0', VAULT_KEYS: keys.vaultKeys }
  await migrate(ground.database.url)
  await clock.govern(ground.database)
  const permissions = ['Mail.Send', 'Mail.ReadWrite']
  const { accessToken } = await ground.microsoft.control('POST', '/application/tokens', { permissions })
  api = await ground.startProduct({ environment: { ...environment, ROLE: 'api' } })
  service = clientFor(api.publicUrl, keys.serviceKey)
  const rows = await ground.database.query<{ id: string; subject: string }>('SELECT id, subject FROM messages')
  ids = new Map(rows.map(({ id, subject }) => [subject, id]))
  await acceptAsMicrosoftDid(accessToken)
})
afterAll(() => ground.close())

const idOf = (subject: string): string => ids.get(subject) ?? ''

async function acceptAsMicrosoftDid(accessToken: string): Promise<void> {
  const response = await fetch(`${ground.microsoft.graphBaseUrl}/v1.0/users/${SENDER}/sendMail`, {
    method: 'POST',
    headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      message: {
        subject: ACCEPTED_ALREADY,
        body: { contentType: 'text', content: 'Numbers.' },
        toRecipients: [{ emailAddress: { address: 'max@contoso.com' } }],
        singleValueExtendedProperties: [{ id: MESSAGE_ID_PROPERTY, value: idOf(ACCEPTED_ALREADY) }],
      },
    }),
  })
  expect(response.status).toBe(202)
}

async function statuses(): Promise<Record<string, string>> {
  const rows = await ground.database.query<{ subject: string; status: string }>(
    'SELECT m.subject, s.status FROM messages m JOIN message_states s USING (id)',
  )
  return Object.fromEntries(rows.map(({ subject, status }) => [subject, status]))
}

it('shows what 1.0.0 stored, and recognises its idempotency keys and services', async () => {
  const { status, json } = await service.get('/api/v1/messages?limit=100')

  expect(status).toBe(200)
  const shown = json.items.map((message: { subject: string; status: string }) => [message.subject, message.status])
  expect(Object.fromEntries(shown)).toEqual({
    ...STAY,
    ...Object.fromEntries(WAITING.map((subject) => [subject, 'queued'])),
    'scheduled soon': 'scheduled',
    [ACCEPTED_ALREADY]: 'queued',
    'in doubt, not arrived': 'queued',
    uploading: 'sending',
    sending: 'sending',
  })
  expect(await service.submit({ subject: 'waiting 1' }, { 'idempotency-key': 'first' })).toMatchObject({
    id: idOf('waiting 1'),
  })
})

it('sends each message once that 1.0.0 had accepted, whatever it was at', async () => {
  const worker = { environment: { ...environment, ROLE: 'worker' }, deliveryLookEveryMs: LOOK_EVERY_MS }
  await ground.startProduct(worker)
  await connectTenant({ ...ground, configure: () => ground.configure(environment) }, 'ten_2', 'max@contoso.com')
  await clock.advance(2 * HOURS)

  const pass = async () => {
    const leased = await ground.database.query('SELECT 1 FROM message_queue WHERE lease_owner IS NOT NULL')
    // Leases follow this clock, and are renewed by another.
    if (leased.length === 0) await clock.advance(2 * MINUTES)
    await ground.database.wakeWorkers()
    return statuses()
  }
  await expect
    .poll(pass, { interval: 50 })
    .toEqual({ ...STAY, ...Object.fromEntries(LEAVE.map((subject) => [subject, 'sent'])) })

  const { values } = await ground.microsoft.control(
    'GET',
    `/arrivals?property=${encodeURIComponent(MESSAGE_ID_PROPERTY)}`,
  )
  expect(values).toEqual(Object.fromEntries(LEAVE.map((subject) => [idOf(subject), 1])))
  const [large] = await mailsIn(ground.microsoft, 'uploading')
  expect(large.attachments).toMatchObject([{ name: 'uploading 0.bin', sha256: sha256(UPLOADED_FILE) }])
})

import { afterEach, expect, it } from 'vitest'
import { HOURS } from '../test-support/test-clock.ts'
import { useDeliveryFixture } from '../test-support/use-fixture.ts'
import { createTestQueue } from '../test-support/test-queue.ts'

const MESSAGES = '/api/v1/messages'
const MIB = 1024 * 1024
const BOUND = 10 * MIB

const environment = { TENANT_STORAGE_BYTES: String(BOUND) }
const fixture = useDeliveryFixture({ mailbox: 'may be read', environment })
afterEach(async () => {
  await fixture.calm()
  await fixture.database.empty('messages', 'idempotency_records')
})

const later = () => ({ sendAt: new Date(fixture.clock.now().getTime() + 24 * HOURS).toISOString() })

/** The bytes that are counted for all tenants, and those that are stored. */
async function counted(): Promise<{ bytes: number; stored: number }> {
  const [row] = await fixture.database.query<{ bytes: string; stored: string }>(
    `SELECT (SELECT coalesce(sum(stored_bytes), 0) FROM counters) AS bytes,
            (SELECT coalesce(sum(octet_length(content)), 0) FROM message_contents) + (SELECT coalesce(sum(open_bytes), 0) FROM messages)
            + (SELECT coalesce(sum(octet_length(content)), 0) FROM message_chunks) AS stored`,
  )
  return { bytes: Number(row?.bytes), stored: Number(row?.stored) }
}

async function storedOfEach(): Promise<boolean> {
  const wrong = await fixture.database.query(
    `SELECT t.tenant_id FROM counters t
      WHERE t.stored_bytes <> (SELECT coalesce(sum(m.open_bytes), 0) FROM messages m WHERE m.tenant_id = t.tenant_id)
               + (SELECT coalesce(sum(octet_length(c.content)), 0) FROM message_contents c WHERE c.tenant_id = t.tenant_id)
               + (SELECT coalesce(sum(octet_length(k.content)), 0) FROM message_chunks k WHERE k.tenant_id = t.tenant_id)
         OR t.stored_bytes <> (SELECT coalesce(sum(m.open_bytes), 0) FROM messages m WHERE m.tenant_id = t.tenant_id)
               + (SELECT coalesce(sum(c.stored_bytes), 0) FROM message_contents c WHERE c.tenant_id = t.tenant_id)`,
  )
  return wrong.length === 0
}

async function expectExact(): Promise<number> {
  const { bytes, stored } = await counted()
  expect(bytes).toBe(stored)
  expect(await storedOfEach()).toBe(true)
  return bytes
}

it('counts addresses, subject, reference and names of files until they are deleted, so that cancelled messages cannot fill the disk', async () => {
  const people = Array.from({ length: 500 }, (_, index) => ({
    address: `a${index}@contoso.com`,
    name: 'é'.repeat(256),
  }))
  const large = mail({
    ...later(),
    to: people.slice(0, 100),
    cc: people.slice(100, 200),
    bcc: people.slice(200),
    subject: 'Zürich',
    reference: 'Größe',
    attachments: Array.from({ length: 100 }, () => ({ filename: 'é'.repeat(255), content: '' })),
  })
  let answer = await fixture.service.post(MESSAGES, large)
  while (answer.status === 202) {
    await fixture.service.post(`${MESSAGES}/${answer.json.id}/cancel`)
    answer = await fixture.service.post(MESSAGES, large)
  }

  const [row] = await fixture.database.query<{ open: number }>(
    `SELECT sum(octet_length("to"::text) + octet_length(cc::text) + octet_length(bcc::text) + octet_length(attachments::text)
                + octet_length(subject) + octet_length(reference))::int AS open FROM messages`,
  )
  expect(answer).toMatchObject({ status: 507, json: { code: 'storage-full' } })
  expect(row?.open).toBeLessThan(1.05 * BOUND) // the database writes JSON with spaces
  await createTestQueue(fixture.database.pool, { contentRetentionDays: 7, logRetentionDays: 30 }).upkeep.deleteOld(
    new Date(fixture.clock.now().getTime() + 31 * 24 * HOURS),
  )
  expect(await expectExact()).toBe(0)
})

function mail(changes: object) {
  return { to: ['max@contoso.com'], subject: 'Q3', text: 'Numbers.', ...changes }
}

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
  expect(await fixture.database.query('SELECT stored_bytes FROM counters')).toEqual([{ stored_bytes: '0' }])
})

function mail(changes: object) {
  return { to: ['max@contoso.com'], subject: 'Q3', text: 'Numbers.', ...changes }
}

import type { Sealed } from '@inforiver-mail/m365/token-vault'
import type pg from 'pg'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { openDatabase, type Database } from '../database/database.ts'
import { SEALED_COLUMNS } from '../sealed-columns.ts'
import { createDeliveryGround, type DeliveryGround } from '../test-support/delivery-ground.ts'
import { postMultipart } from '../test-support/multipart.ts'
import { tenantOf } from '../test-support/queue-rows.ts'
import { createServiceOfTenant } from '../test-support/second-tenant.ts'
import { countStored, mailWith } from '../test-support/stored-attachments.ts'
import { HOURS } from '../test-support/test-clock.ts'
import { createTestPool } from '../test-support/test-database.ts'
import type { TestProduct } from '../test-support/test-product.ts'
import { startUpload } from '../test-support/upload.ts'
import { files } from '../test-support/upload-ground.ts'
import { createForgetStore } from '../vault-rotation/forget-store.ts'
import { createTestQueue } from '../test-support/test-queue.ts'
import { untilSomethingWaits } from '../test-support/scenario.ts'

const MESSAGES = '/api/v1/messages'
const KIB = 1024
const MIB = 1024 * KIB
const BOUND = 10 * MIB

let ground: DeliveryGround
let second: TestProduct
let database: Database
let pool: pg.Pool

beforeAll(async () => {
  const environment = { TENANT_STORAGE_BYTES: String(BOUND) }
  ground = await createDeliveryGround({ mailbox: 'may be read', environment })
  second = await ground.startProduct({ environment: { ...environment, ROLE: 'api' } })
  database = await openDatabase(ground.database.url, () => {})
  pool = createTestPool(ground.database.url)
})
afterAll(async () => {
  await pool.end()
  await database.close()
  await ground.close()
})
afterEach(async () => {
  await ground.calm()
  await ground.database.empty('messages', 'idempotency_records')
})

const later = () => ({ sendAt: new Date(ground.clock.now().getTime() + 24 * HOURS).toISOString() })
const postParts = (bytes: number, changes: object = later()) =>
  postMultipart(ground.product.publicUrl, ground.service.key, mailWith(files(bytes), changes))
const text = (bytes: number) => ({ ...later(), text: 'x'.repeat(bytes) })

/** The bytes that are counted for all tenants, and those that are stored. */
async function counted(): Promise<{ bytes: number; stored: number }> {
  const [row] = await ground.database.query<{ bytes: string; stored: string }>(
    `SELECT (SELECT coalesce(sum(stored_bytes), 0) FROM counters) AS bytes,
            (SELECT coalesce(sum(octet_length(content)), 0) FROM message_contents) + (SELECT coalesce(sum(open_bytes), 0) FROM messages)
            + (SELECT coalesce(sum(octet_length(content)), 0) FROM message_chunks) AS stored`,
  )
  return { bytes: Number(row?.bytes), stored: Number(row?.stored) }
}

async function storedOfEach(): Promise<boolean> {
  const wrong = await ground.database.query(
    `SELECT t.tenant_id FROM counters t
      WHERE t.stored_bytes <> (SELECT coalesce(sum(m.open_bytes), 0) FROM messages m WHERE m.tenant_id = t.tenant_id)
               + (SELECT coalesce(sum(octet_length(c.content)), 0) FROM message_contents c WHERE c.tenant_id = t.tenant_id)
               + (SELECT coalesce(sum(octet_length(k.content)), 0) FROM message_chunks k WHERE k.tenant_id = t.tenant_id)
         OR t.stored_bytes <> (SELECT coalesce(sum(m.open_bytes), 0) FROM messages m WHERE m.tenant_id = t.tenant_id)
               + (SELECT coalesce(sum(c.stored_bytes), 0) FROM message_contents c WHERE c.tenant_id = t.tenant_id)`,
  )
  return wrong.length === 0
}

/** The readable bytes of all messages; null while any has content. */
async function onlyReadable(): Promise<number | null> {
  const [row] = await ground.database.query<{ open: number; content: number }>(
    'SELECT (SELECT coalesce(sum(open_bytes), 0)::int FROM messages) AS open, (SELECT count(*)::int FROM message_contents) AS content',
  )
  return row?.content === 0 ? row.open : null
}

async function expectExact(): Promise<number> {
  const { bytes, stored } = await counted()
  expect(bytes).toBe(stored)
  expect(await storedOfEach()).toBe(true)
  return bytes
}

it.each([
  ['a small message', () => ground.service.submit(later())],
  ['a large body', () => ground.service.submit(text(100 * KIB))],
  ['small attachments', () => postParts(300 * KIB)],
  ['attachments in chunks', () => postParts(3 * MIB + 7)],
])('counts %s as stored, and only its readable part once it is cancelled', async (_what, submit) => {
  const answer = (await submit()) as { id?: string; json?: { id: string } }
  expect(await expectExact()).toBeGreaterThan(100)

  await ground.service.post(`${MESSAGES}/${answer.id ?? answer.json?.id}/cancel`)
  expect(await expectExact()).toBe(await onlyReadable())
})

it('counts an arriving message before it is stored, and exactly once it is complete', async () => {
  const upload = startUpload(ground.product, ground.service.key, mailWith(files(4 * MIB, 0), later()))
  await upload.send(2 * MIB)
  await expect.poll(async () => (await countStored(ground.database)).chunks).toBe(7)
  const { bytes, stored } = await counted()
  await upload.send()
  expect((await upload.answer).status).toBe(202)

  expect(bytes).toBeGreaterThanOrEqual(stored)
  expect(await expectExact()).toBeGreaterThan(4 * MIB)
})

it('counts nothing of an upload that breaks off, or is swept after its process was killed', async () => {
  const upload = startUpload(ground.product, ground.service.key, mailWith(files(4 * MIB), later()))
  await upload.send(2 * MIB)
  await expect.poll(async () => (await counted()).bytes).toBeGreaterThan(MIB)
  upload.breakOff()
  await expect.poll(counted).toEqual({ bytes: 0, stored: 0 })

  const queue = createTestQueue(pool, { storageBytes: BOUND })
  const [key] = await ground.database.query<{ id: string }>('SELECT id FROM data_keys LIMIT 1')
  const row = {
    id: 'msg_killed',
    tenantId: await tenantOf(ground.database),
    service: 'reports',
    dataKey: key?.id ?? '',
  }
  expect(await queue.receiving.begin(row)).toBe(true)
  expect(await queue.receiving.reserve(row.id, { neededBytes: 5, wantedBytes: 9 })).toEqual({ reservedBytes: 9 })
  expect((await counted()).bytes).toBe(9)
  await queue.upkeep.sweepReceived(new Date(ground.clock.now().getTime() + HOURS))
  expect((await counted()).bytes).toBe(0)
})

it('counts only the readable part of a delivered message', async () => {
  const small = await ground.service.submit()
  const large = await postParts(4 * MIB, {})
  await ground.service.until(small.id, { status: 'sent' })
  await ground.service.until(large.json.id, { status: 'sent' })

  expect(await expectExact()).toBe(await onlyReadable())
})

it('counts a failed message whole until its content is deleted', async () => {
  const error = { error: { code: 'ErrorInvalidRecipients', message: 'No.' } }
  const refuse = { kind: 'http', endpoint: 'any-send', do: { action: 'answer', status: 400, body: error } }
  await ground.switchOn(refuse, 'always')
  const failed = [await ground.service.submit(), (await postParts(4 * MIB, {})).json]
  for (const { id } of failed) await ground.service.until(id, { status: 'failed' })
  expect(await expectExact()).toBeGreaterThan(4 * MIB)

  await createTestQueue(pool, { contentRetentionDays: 7, logRetentionDays: 30 }).upkeep.expire(
    new Date(ground.clock.now().getTime() + 8 * 24 * HOURS),
  )
  expect(await countStored(ground.database)).toEqual({ messages: 2, chunks: 0 })
  expect(await expectExact()).toBe(await onlyReadable())
})

it('counts no content of messages given up with a lost vault key, arriving ones included', async () => {
  await ground.service.submit(later())
  await postParts(2 * MIB)
  const upload = startUpload(ground.product, ground.service.key, mailWith(files(4 * MIB), later()))
  await upload.send(2 * MIB)
  await expect.poll(async () => (await countStored(ground.database)).chunks).toBe(15)
  const lost = await ground.database.query<{ key: string; value: Sealed }>(
    'SELECT id AS key, key_sealed AS value FROM data_keys',
  )
  const owner = {} as never // only needed to open it
  const values = lost.map(({ key, value }) => ({ key, value, owner }))
  await createForgetStore(database).forget(SEALED_COLUMNS.dataKey, values, ground.clock.now())

  expect(await countStored(ground.database)).toEqual({ messages: 2, chunks: 0 })
  expect(await expectExact()).toBe(await onlyReadable())
  upload.breakOff()
})

it('refuses small messages as well once they fill the bound, and takes them again after a cancel', async () => {
  expect((await postParts(8 * MIB)).status).toBe(202)
  const answers = []
  for (let index = 0; index < 20; index++) answers.push(await ground.service.post(MESSAGES, mail(text(60_000))))
  const accepted = answers.filter(({ status }) => status === 202)

  expect(accepted).toHaveLength(17)
  expect(answers.at(-1)).toMatchObject({ status: 507, json: { code: 'storage-full' } })
  expect(answers.at(-1)?.json.detail).toContain(`of ${BOUND} bytes`)
  expect(await expectExact()).toBeLessThanOrEqual(BOUND)
  await ground.service.post(`${MESSAGES}/${accepted[0]?.json.id}/cancel`)
  expect((await ground.service.post(MESSAGES, mail(text(60_000)))).status).toBe(202)
})

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
  let answer = await ground.service.post(MESSAGES, large)
  while (answer.status === 202) {
    await ground.service.post(`${MESSAGES}/${answer.json.id}/cancel`)
    answer = await ground.service.post(MESSAGES, large)
  }

  const [row] = await ground.database.query<{ open: number }>(
    `SELECT sum(octet_length("to"::text) + octet_length(cc::text) + octet_length(bcc::text) + octet_length(attachments::text)
                + octet_length(subject) + octet_length(reference))::int AS open FROM messages`,
  )
  expect(answer).toMatchObject({ status: 507, json: { code: 'storage-full' } })
  expect(row?.open).toBeLessThan(1.05 * BOUND) // the database writes JSON with spaces
  await createTestQueue(pool, { contentRetentionDays: 7, logRetentionDays: 30 }).upkeep.expire(
    new Date(ground.clock.now().getTime() + 31 * 24 * HOURS),
  )
  expect(await expectExact()).toBe(0)
})

it('takes a small message together with a large one that has no room, although they are stored together', async () => {
  await postParts(8 * MIB)
  const release = await ground.database.lock('messages')
  const first = ground.service.post(MESSAGES, mail(later()))
  await untilSomethingWaits(ground, 1, 'WITH new AS')
  const answers = [text(1_500_000), later(), text(50_000)].map((changes) =>
    ground.service.post(MESSAGES, mail(changes)),
  )
  await Promise.race([...answers, new Promise((resolve) => setTimeout(resolve, 100))]) // by then each has been answered, or waits
  await release()

  expect((await first).status).toBe(202)
  expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([507, 202, 202])
})

it('holds the bound for submits that two processes store at the same moment', async () => {
  await postParts(7 * MIB)
  const atSecond = ground.service.at(second)
  // Each sees that there is room, and then waits to count what it has stored.
  const release = await ground.database.lock('counters')
  const keyed = (key: string) => ({ 'idempotency-key': key })
  const answers = [
    ground.service.post(MESSAGES, mail(text(1_200_000)), keyed('one')),
    atSecond.post(MESSAGES, mail(text(1_200_000)), keyed('other')),
  ]
  try {
    await untilSomethingWaits(ground, 2, 'WITH new AS')
  } finally {
    await release()
  }
  const statuses = (await Promise.all(answers)).map(({ status }) => status)

  expect(new Set(statuses)).toEqual(new Set([202, 507]))
  expect(await expectExact()).toBeLessThanOrEqual(BOUND)
  const refused = statuses[0] === 507 ? 'one' : 'other'
  expect((await ground.service.post(MESSAGES, mail(later()), keyed(refused))).status).toBe(202)
})

it('holds the bound for uploads that arrive through two processes at once', async () => {
  const uploads = [ground.product, second].map((product) =>
    startUpload(product, ground.service.key, mailWith(files(6 * MIB), later())),
  )
  await Promise.all(uploads.map((upload) => upload.send(3 * MIB)))
  await Promise.all(uploads.map((upload) => upload.send()))
  const statuses = (await Promise.all(uploads.map(({ answer }) => answer))).map(({ status }) => status)

  expect(statuses).toContain(507)
  expect(await expectExact()).toBeLessThanOrEqual(BOUND)
})

it('counts for tenants in a fixed order, so that batches of several processes never wait for each other', async () => {
  const other = await createServiceOfTenant(ground.database, ground.product, 'a_tenant')
  await other.submit(later())
  await ground.service.submit(later())
  // While one batch waits, what comes after it gathers in the next.
  const release = await ground.database.lock('messages')
  const first = ground.service.post(MESSAGES, mail(later()))
  await untilSomethingWaits(ground, 1, 'WITH new AS')
  const next = [ground.service.post(MESSAGES, mail(later())), other.post(MESSAGES, mail(later()))]
  await Promise.race([...next, new Promise((resolve) => setTimeout(resolve, 150))]) // by then each has been answered, or waits
  const client = await pool.connect()
  await client.query(`BEGIN; SELECT 1 FROM counters WHERE tenant_id = 'a_tenant' FOR UPDATE`)
  await release()
  await first
  await untilSomethingWaits(ground, 1, 'WITH new AS')
  const free = await client.query(`SELECT 1 FROM counters WHERE tenant_id <> 'a_tenant' FOR UPDATE SKIP LOCKED`)
  await client.query('COMMIT')
  client.release()
  await Promise.all(next)

  expect(free.rowCount).toBe(1)
  await expectExact()
})

function mail(changes: object) {
  return { to: ['max@contoso.com'], subject: 'Q3', text: 'Numbers.', ...changes }
}

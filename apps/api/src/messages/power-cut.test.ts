import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../database/embedded/embedded-postgres.ts'
import { mailWith } from '../test-support/stored-attachments.ts'
import { type TestProduct } from '../test-support/test-product.ts'
import { useFixture } from '../test-support/use-fixture.ts'
import { createServiceClient, type ServiceClient } from '../test-support/test-service.ts'
import { startUpload } from '../test-support/upload.ts'
import { useFolder } from '../test-support/use-created.ts'

// A killed server loses what it had not written to its log yet, as a machine does whose power is cut.

const MIB = 1024 * 1024

const directory = useFolder()
const fixture = useFixture()
let postgres: EmbeddedPostgres
let product: TestProduct
let service: ServiceClient

beforeAll(async () => {
  postgres = await startEmbeddedPostgres({ dataDirectory: directory, onRestart() {}, onLost() {} })
  product = await fixture.startProduct({ environment: { ROLE: 'api', DATABASE_URL: postgres.connectionString } })
  service = await createServiceClient(product)
})
afterAll(async () => {
  await product.close()
  await postgres.stop()
})

async function query(statement: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: postgres.connectionString })
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows
  } finally {
    await client.end()
  }
}

async function cutPower(): Promise<void> {
  const [pid] = (await readFile(join(directory, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')
  process.kill(Number(pid), 'SIGKILL')
  await expect.poll(() => query('SELECT 1 AS value').catch(() => null)).toEqual([{ value: 1 }])
}

/** Each accepted message, and whether all of its chunks are there. */
const ACCEPTED = `
SELECT c.message_id AS id, c.stored_bytes - octet_length(c.content) = (
         SELECT sum(octet_length(k.content)) FROM message_chunks k WHERE k.message_id = c.message_id) AS whole
  FROM message_contents c WHERE c.content IS NOT NULL ORDER BY c.begun_at`

it('keeps all of a message that was accepted before the power was cut, and accepts no other in part', async () => {
  const early = startUpload(product, service.key, mailWith([randomBytes(6 * MIB)]))
  await early.send()
  const { status, json } = await early.answer
  const late = startUpload(product, service.key, mailWith([randomBytes(6 * MIB)]))
  await late.send(3 * MIB)
  await expect.poll(async () => (await query('SELECT 1 FROM message_chunks')).length).toBeGreaterThan(30)

  await cutPower()
  await late.send()
  const answer = await late.answer

  expect(status).toBe(202)
  expect([202, 503]).toContain(answer.status)
  const expected = [json.id, ...(answer.status === 202 ? [answer.json.id] : [])]
  expect(await query(ACCEPTED)).toEqual(expected.map((id) => ({ id, whole: true })))
})

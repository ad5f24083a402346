import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { postMultipart } from '../test-support/multipart.ts'
import { mailWith } from '../test-support/stored-attachments.ts'
import { createTestGround, type TestGround, type TestProduct } from '../test-support/test-product.ts'
import { createServiceClient, type ServiceClient } from '../test-support/test-service.ts'

const MIB = 1024 * 1024

let ground: TestGround
let product: TestProduct
let service: ServiceClient

beforeAll(async () => {
  ground = await createTestGround()
  product = await ground.startProduct({ environment: { ROLE: 'api' } })
  service = await createServiceClient(product)
})
afterAll(() => ground.close())

async function store(sizeBytes: number): Promise<string> {
  const { status, json } = await postMultipart(product.publicUrl, service.key, mailWith([randomBytes(sizeBytes)]))
  expect(status).toBe(202)
  return json.id
}

async function sizeBytes(): Promise<number> {
  const [row] = await ground.database.query<{ bytes: string }>(
    `SELECT pg_total_relation_size('message_chunks') AS bytes`,
  )
  return Number(row?.bytes)
}

/** As autovacuum does, again and again: a page that is just being written out is left to the next time. */
async function vacuumedBytes(): Promise<number> {
  await ground.database.query('VACUUM message_chunks')
  return sizeBytes()
}

async function storeBurst(): Promise<string[]> {
  return Promise.all([store(12 * MIB), store(12 * MIB), store(12 * MIB)])
}

async function cancel(ids: readonly string[]): Promise<void> {
  for (const id of ids) expect((await service.post(`/api/v1/messages/${id}/cancel`)).status).toBe(200)
  await ground.database.query('VACUUM message_chunks') // as autovacuum does, by the settings of the table
}

it('gives the space of a large burst back to the disk', async () => {
  const ids = await storeBurst()
  const full = await sizeBytes()
  await cancel(ids)

  expect(full).toBeGreaterThan(36 * MIB)
  await expect.poll(vacuumedBytes).toBeLessThan(2 * MIB)
})

// Space before something that is still stored is free, and belongs to the table: moving what is stored would cost more.
it('needs no more space for the next burst while something of the last one is left, and gives all of it back after that', async () => {
  const ids = await storeBurst()
  const left = await store(1 * MIB)
  const full = await sizeBytes()
  await cancel(ids)
  const next = await storeBurst()

  expect(await sizeBytes()).toBeLessThan(full + 5 * MIB)
  await cancel([...next, left])
  await expect.poll(vacuumedBytes).toBeLessThan(5 * MIB)
})

it('has chunks vacuumed soon, however many there are', async () => {
  const tables = await ground.database.query<{ options: string }>(
    `SELECT array_to_string(reloptions, ' ') AS options FROM pg_class
      WHERE oid = 'message_chunks'::regclass OR oid = (SELECT reltoastrelid FROM pg_class WHERE oid = 'message_chunks'::regclass)`,
  )

  expect(tables).toHaveLength(2)
  for (const { options } of tables) expect(options).toContain('autovacuum_vacuum_scale_factor=0')
})

import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { postMultipart } from '../test-support/multipart.ts'
import { mailWith } from '../test-support/stored-attachments.ts'
import { useProduct } from '../test-support/use-fixture.ts'

const MIB = 1024 * 1024

const { fixture, product, service } = useProduct()

async function store(sizeBytes: number): Promise<string> {
  const { status, json } = await postMultipart(product.publicUrl, service.key, mailWith([randomBytes(sizeBytes)]))
  expect(status).toBe(202)
  return json.id
}

async function sizeBytes(): Promise<number> {
  const [row] = await fixture.database.query<{ bytes: string }>(
    `SELECT pg_total_relation_size('message_chunks') AS bytes`,
  )
  return Number(row?.bytes)
}

/** Vacuums as autovacuum does; a page that is just being written out is left to the next run. */
async function vacuumedBytes(): Promise<number> {
  await fixture.database.query('VACUUM message_chunks')
  return sizeBytes()
}

async function storeBurst(): Promise<string[]> {
  return Promise.all([store(12 * MIB), store(12 * MIB), store(12 * MIB)])
}

async function cancel(ids: readonly string[]): Promise<void> {
  for (const id of ids) expect((await service.post(`/api/v1/messages/${id}/cancel`)).status).toBe(200)
  await fixture.database.query('VACUUM message_chunks') // as autovacuum does, by the settings of the table
}

// By itself, a vacuum leaves index entries of so few rows, and with them the page: the end of the table stays where it is.
it('returns the space of a burst when its last page is the only one with dead rows', async () => {
  const ids = await storeBurst()
  await fixture.database.query(
    `WITH last AS (INSERT INTO message_contents (message_id, tenant_id, begun_at) SELECT 'the-last', id, now() FROM tenants LIMIT 1)
     INSERT INTO message_chunks (message_id, part, chunk, tenant_id, stored_at, content)
     SELECT 'the-last', 0, 0, tenant_id, stored_at, substr(content, 1, 4000) FROM message_chunks LIMIT 1`,
  )
  await cancel(ids)
  const full = await vacuumedBytes()
  await fixture.database.query(`DELETE FROM message_contents WHERE message_id = 'the-last'`)

  expect(full).toBeGreaterThan(36 * MIB)
  await expect.poll(vacuumedBytes).toBeLessThan(2 * MIB)
})

it('has chunks vacuumed soon, whatever the size of the table', async () => {
  const tables = await fixture.database.query<{ options: string }>(
    `SELECT array_to_string(reloptions, ' ') AS options FROM pg_class
      WHERE oid = 'message_chunks'::regclass OR oid = (SELECT reltoastrelid FROM pg_class WHERE oid = 'message_chunks'::regclass)`,
  )

  expect(tables).toHaveLength(2)
  for (const { options } of tables) expect(options).toContain('autovacuum_vacuum_scale_factor=0')
})

import { systemTimers } from '../runtime/clock.ts'
import type pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { setUpSession } from '../database/database.ts'
import { countingReads } from '../test-support/rows-read.ts'
import { useTestDatabase, createTestPool } from '../test-support/test-database.ts'
import { createServiceKeyLookup } from './service-key-lookup-store.ts'

const VERY_MANY = 4_000
const FEW = 40

const database = useTestDatabase()
let pool: pg.Pool
let rowsRead: ReturnType<typeof countingReads>

beforeAll(async () => {
  pool = createTestPool(database.url, 1, setUpSession)
  rowsRead = countingReads(pool, ['service_keys', 'tenant_settings'])
  for (const table of ['service_keys', 'tenant_settings'])
    await database.query(`ALTER TABLE ${table} SET (autovacuum_enabled = false)`)
  await database.query(
    `INSERT INTO tenants (id, created_at) SELECT 'ten_' || number, now() FROM generate_series(1, $1::int) AS number`,
    [VERY_MANY],
  )
  await database.query(
    `INSERT INTO tenant_settings (tenant_id, allowed_domains) SELECT id, ARRAY[id || '.example'] FROM tenants`,
  )
  await database.query(
    `INSERT INTO service_keys (id, tenant_id, name, scopes, key_hash, created_at, last_used_at)
     SELECT 'key_' || number, 'ten_' || number, 'reports', '{messages:send}', 'hash ' || number, now(), now() + interval '1 day'
       FROM generate_series(1, $1::int) AS number`,
    [VERY_MANY],
  )
})
afterAll(() => pool.end())

it.each([
  [
    'of empty tables',
    `UPDATE pg_class SET reltuples = 0, relpages = 1 WHERE relname ~ '^(service_keys|tenant_settings)'`,
  ],
  ['of a moment ago', 'ANALYZE service_keys, tenant_settings'],
])('looks up keys and the settings of their tenants alone, with statistics %s', async (_what, know) => {
  await database.query(know)
  await pool.query('DISCARD PLANS')
  const lookup = createServiceKeyLookup(pool, () => new Date(), systemTimers)
  let found: unknown[] = []

  const read = await rowsRead(async () => {
    found = await Promise.all(
      [1, 2, 3].map((number) => lookup.find({ keyHash: `hash ${number}`, client: '127.0.0.1' })),
    )
  })

  expect(read).toBeLessThan(FEW)
  expect(found).toMatchObject(
    [1, 2, 3].map((number) => ({
      service: { tenantId: `ten_${number}` },
      settings: { sender: null, recipientsPolicy: { allowedDomains: [`ten_${number}.example`] } },
    })),
  )
})

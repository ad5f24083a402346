import type pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { setUpSession } from '../database/database.ts'
import { countingReads } from '../test-support/rows-read.ts'
import { useTestDatabase, createTestPool } from '../test-support/test-database.ts'
import { createAuditStore, type AuditStore } from './audit-store.ts'

const TENANT = 'ten_1'
const VERY_MANY = 8_000
const FEW = 100

const database = useTestDatabase()
let pool: pg.Pool
let rowsRead: ReturnType<typeof countingReads>
let store: AuditStore

beforeAll(async () => {
  pool = createTestPool(database.url, 1, setUpSession)
  rowsRead = countingReads(pool, ['audit_events'])
  store = createAuditStore(pool)
  await database.query(`ALTER TABLE audit_events SET (autovacuum_enabled = false)`)
  await database.query(
    `INSERT INTO audit_events (tenant_id, at, action, outcome, details)
     SELECT $1, timestamptz '2026-01-01' - number * interval '1 minute', 'sign-out', number::text, '{}' FROM generate_series(1, $2::int) AS number`,
    [TENANT, VERY_MANY],
  )
})
afterAll(() => pool.end())

const STATISTICS: Record<string, string> = {
  'of a log that was empty': `UPDATE pg_class SET reltuples = 0, relpages = 1 WHERE relname LIKE 'audit_events%'`,
  'of a moment ago': 'ANALYZE audit_events',
}

it.each(Object.entries(STATISTICS))('reads no more events than it shows, with statistics %s', async (_what, know) => {
  await database.query(know)
  const [newest] = await store.list(TENANT, {}, { limit: 1 })
  const at = new Date(Date.parse(newest?.at ?? '') - (VERY_MANY / 2) * 60_000)
  const numbers: string[][] = []
  const list = (...[filter, page]: [Parameters<AuditStore['list']>[1], object?]) =>
    rowsRead(async () => {
      const events = await store.list(TENANT, filter, { limit: 2, ...page })
      numbers.push(events.map(({ outcome }) => outcome))
    })

  expect(await list({})).toBeLessThan(FEW)
  expect(await list({ action: 'sign-out' })).toBeLessThan(FEW)
  expect(await list({}, { after: { at, id: 'aud_0' } })).toBeLessThan(FEW)
  expect(await list({ to: at.toISOString() })).toBeLessThan(FEW)
  expect(await list({ from: at.toISOString(), to: new Date(at.getTime() + 60_000).toISOString() })).toBeLessThan(FEW)
  expect(numbers).toEqual([['1', '2'], ['1', '2'], ['4002', '4003'], ['4002', '4003'], ['4001']])
})

import { beforeAll, expect, it } from 'vitest'
import { useTestDatabase } from '../test-support/test-database.ts'
import { exportAuditLog } from './audit-export.ts'
import { createAuditStore } from './audit-store.ts'

const database = useTestDatabase()

beforeAll(async () => {
  await database.query(
    `INSERT INTO audit_events (tenant_id, at, action, outcome, details)
     SELECT 'ten_1', now() - number * interval '1 minute', 'sign-out', number::text, '{}' FROM generate_series(1, 7) AS number`,
  )
})

it.each([
  [6, 2, ['1', '2', '3', '4', '5', '6', 'cut']],
  [5, 2, ['1', '2', '3', '4', '5', 'cut']],
  [7, 2, ['1', '2', '3', '4', '5', '6', '7']],
  [8, 7, ['1', '2', '3', '4', '5', '6', '7']],
])(
  'exports of 7 events at most %i, %i for each query, and says when there are more',
  async (maxEvents, perQuery, outcomes) => {
    let text = ''
    for await (const part of exportAuditLog(createAuditStore(database.pool), 'ten_1', {}, { maxEvents, perQuery }))
      text += part

    const lines = text.trim().split('\r\n').slice(1)
    expect(lines.map((line) => line.split(',')[4])).toEqual(outcomes)
  },
)

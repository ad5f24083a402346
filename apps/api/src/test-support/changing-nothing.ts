import { expect } from 'vitest'
import type { TestFixture } from './test-product.ts'

/** What changes beside any request: the rounds of the background, and when a key or a session was used last. */
const BESIDE = { table: 'background_tasks', columns: `'{last_used_at,last_seen_at}'::text[]` }

/** Returns what `act` answers, and fails where it has written, sent, audited or counted anything. */
export async function changingNothing<Answer>(fixture: TestFixture, act: () => Promise<Answer>): Promise<Answer> {
  const before = await everything(fixture)
  const answer = await act()
  expect(await everything(fixture)).toEqual(before)
  return answer
}

async function everything({ database, microsoft }: TestFixture): Promise<unknown> {
  const tables = await database.query<{ name: string }>(
    `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename <> $1`,
    [BESIDE.table],
  )
  const rows = tables.map(
    ({ name }) =>
      `SELECT '${name}' AS name, md5(string_agg(row::text, ' ' ORDER BY row::text)) AS rows
         FROM (SELECT to_jsonb(t) - ${BESIDE.columns} AS row FROM "${name}" t)`,
  )
  return [
    await database.query(`${rows.join(' UNION ALL ')} ORDER BY name`),
    await microsoft.control('GET', '/counters'),
  ]
}

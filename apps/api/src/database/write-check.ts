import type { Database } from './database.ts'
import { breakConnection } from './pooled-client.ts'

/** The SQLSTATEs with which PostgreSQL refuses writes. */
const REFUSALS = {
  '53100': 'The disk of the database is full: no message can be stored until there is room again.',
  '25006': 'The database is read-only: no message can be stored until it takes writes again.',
  '42501':
    'The role of DATABASE_URL lacks a right: let it own its database and all tables in there, and use their schema.',
} as const
const REMEMBERED_MS = 10_000

/** Sorts more than fits into work memory, so that it goes to disk, and more than a table grows by at once. */
const PROBE = `
SELECT count(*) FROM (SELECT repeat(md5(n::text), 32) AS text FROM generate_series(1, 2048) AS n ORDER BY text) AS sorted`

/** Tables that another role owns do not count. */
const LOOK = `
SELECT current_setting('transaction_read_only') = 'on' AS "isReadOnly",
       current_schema() IS NULL OR EXISTS (
         SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
          WHERE c.relkind IN ('r', 'p') AND n.nspname = current_schema() AND pg_has_role(c.relowner, 'USAGE')
            AND NOT (has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT')
                     AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE'))) AS "lacksRights"`

export type WriteCheck = ReturnType<typeof createWriteCheck>

/**
 * Reports whether the database can store messages. It probes with a sort that spills to the disk of the database and leaves
 * nothing behind. Updating a row would prove nothing: it succeeds on a full disk as long as its page has room. Besides, a
 * refused write counts for a while. The probe has a connection of its own: those of the pool outlast a role that is refused
 * by now, and a server that accepts no more connections.
 */
export function createWriteCheck(database: Pick<Database, 'connect'>, clock: () => Date) {
  let refusal: { readonly text: string; readonly at: Date } | null = null
  let probing: Promise<string | null> | null = null

  function isRecent(at: Date): boolean {
    return clock().getTime() - at.getTime() < REMEMBERED_MS
  }

  return {
    /** Wraps work that writes, and remembers a refusal until a write succeeds. */
    watch:
      <Parameters extends unknown[], Result>(
        work: (...parameters: Parameters) => Promise<Result>,
      ): ((...parameters: Parameters) => Promise<Result>) =>
      async (...parameters) => {
        try {
          const result = await work(...parameters)
          refusal = null
          return result
        } catch (error) {
          const text = refusalOf(error)
          if (text !== null) refusal = { text, at: clock() }
          throw error
        }
      },

    /** Returns why nothing can be stored now, or null when it can. */
    async check(): Promise<string | null> {
      probing ??= probe(database).finally(() => (probing = null))
      const found = await probing
      return found ?? (refusal !== null && isRecent(refusal.at) ? refusal.text : null)
    },
  }
}

async function probe(database: Pick<Database, 'connect'>): Promise<string | null> {
  const client = await database.connect()
  try {
    await client.query('BEGIN')
    await client.query(`SET LOCAL work_mem = '64kB'`)
    await client.query(PROBE)
    const { rows } = await client.query<{ isReadOnly: boolean; lacksRights: boolean }>(LOOK)
    await client.query('ROLLBACK')
    if (rows[0]?.isReadOnly) return REFUSALS['25006']
    return rows[0]?.lacksRights ? REFUSALS['42501'] : null
  } catch (error) {
    const text = refusalOf(error)
    if (text !== null) return text
    throw error
  } finally {
    breakConnection(client) // a server that has fallen silent would not answer a goodbye
  }
}

function refusalOf(error: unknown): string | null {
  const { code } = error as { code?: unknown }
  return typeof code === 'string' && code in REFUSALS ? REFUSALS[code as keyof typeof REFUSALS] : null
}

import type pg from 'pg'
import { withClient } from './transaction.ts'

/** The SQLSTATEs with which PostgreSQL refuses writes. */
const REFUSALS: Readonly<Record<string, string>> = {
  '53100': 'The disk of the database is full: no message can be stored until there is room again.',
  '25006': 'The database is read-only: no message can be stored until it takes writes again.',
}
const REMEMBERED_MS = 10_000

/** Sorts more than fits into work memory, so that it goes to disk, and more than a table grows by at once. */
const PROBE = `
SELECT count(*) FROM (SELECT repeat(md5(n::text), 32) AS text FROM generate_series(1, 2048) AS n ORDER BY text) AS sorted`

export interface WriteCheck {
  /** Wraps work that writes, and remembers a refusal until a write succeeds. */
  watch<Parameters extends unknown[], Result>(
    work: (...parameters: Parameters) => Promise<Result>,
  ): (...parameters: Parameters) => Promise<Result>
  /** Returns why nothing can be stored now, or null when it can. */
  check(): Promise<string | null>
}

/**
 * Reports whether the database can store messages. A refused write counts for a while. Otherwise it probes with a sort
 * that spills to the disk of the database and leaves nothing behind. Updating a row would prove nothing: it succeeds on a
 * full disk as long as its page has room.
 */
export function createWriteCheck(pool: pg.Pool, clock: () => Date): WriteCheck {
  let refusal: { readonly text: string; readonly at: Date } | null = null
  let probing: Promise<string | null> | null = null

  function isRecent(at: Date): boolean {
    return clock().getTime() - at.getTime() < REMEMBERED_MS
  }

  return {
    watch:
      (work) =>
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

    async check() {
      if (refusal !== null && isRecent(refusal.at)) return refusal.text
      probing ??= probe(pool).finally(() => (probing = null))
      return probing
    },
  }
}

async function probe(pool: pg.Pool): Promise<string | null> {
  try {
    return await withClient(pool, async (client) => {
      await client.query('BEGIN')
      await client.query(`SET LOCAL work_mem = '64kB'`)
      await client.query(PROBE)
      const { rows } = await client.query<{ transaction_read_only: string }>('SHOW transaction_read_only')
      await client.query('ROLLBACK')
      return rows[0]?.transaction_read_only === 'on' ? (REFUSALS['25006'] ?? null) : null
    })
  } catch (error) {
    const text = refusalOf(error)
    if (text !== null) return text
    throw error
  }
}

function refusalOf(error: unknown): string | null {
  const { code } = error as { code?: unknown }
  return typeof code === 'string' ? (REFUSALS[code] ?? null) : null
}

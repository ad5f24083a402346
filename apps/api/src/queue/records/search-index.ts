import type { Recipient } from '@inforiver-mail/contract/message'
import pg from 'pg'
import { KEEP_ALIVE } from '../../database/keep-alive.ts'
import { applySettings, NO_TIME_LIMITS } from '../../database/session-settings.ts'
import { createTrigrams, refusalOf } from '../../database/trigrams.ts'
import { searchedText } from './search-text.ts'

// Makes what a search needs, in the background: the extension, the texts of messages that have none, and their index.
//
// The extension and the index are no part of the migrations. Somebody may refuse the extension, the index must not keep
// submits waiting while it is built, and a restore moves the tables to another schema, without them.

const INDEX = 'message_texts_searched_idx'
const INDEX_LOCK = 719_283_006
/** Each step delays submits by some milliseconds. */
const TEXTS_AT_ONCE = 250
/** How often it is looked whether the extension has come, or the index has gone. */
const LOOK_EVERY_MS = 60_000
const CONNECT_TIMEOUT_MS = 10_000

/**
 * The newest come first: they are searched for most. Those that were just written are not walked over again, since the index has
 * them until a vacuum. $1 and $2 from where on
 */
const READ_MISSING = `
SELECT t.message_id AS id, t.tenant_id, t.created_at::text, m.subject, m.reference, m."to", m.cc, m.bcc
  FROM (SELECT * FROM message_texts WHERE searched IS NULL AND (tenant_id, created_at) <= ($1, $2::timestamptz)
         ORDER BY tenant_id DESC, created_at DESC LIMIT ${TEXTS_AT_ONCE}) AS t
  LEFT JOIN LATERAL (SELECT * FROM messages WHERE id = t.message_id OFFSET 0) AS m ON true`

/** Two processes write the same. $1 ids, $2 texts */
const WRITE_TEXTS = `
UPDATE message_texts SET searched = ($2::text[])[array_position($1::text[], message_id)] WHERE message_id = ANY ($1) AND searched IS NULL`

interface MissingRow {
  readonly id: string
  readonly tenant_id: string
  readonly created_at: string
  /** Null where the message was deleted meanwhile. */
  readonly subject: string | null
  readonly reference: string | null
  readonly to: readonly Recipient[]
  readonly cc: readonly Recipient[] | null
  readonly bcc: readonly Recipient[] | null
}

/** Where a walk through the missing texts has come to. */
type Place = readonly [tenantId: string, createdAt: string]

/** Ids of tenants begin with ten_. */
const NEWEST: Place = ['z', 'infinity']

/** Writes some of the texts that are missing. Returns from where on there may be more; null when there are none. */
export async function writeMissingTexts(pool: pg.Pool, from: Place = NEWEST): Promise<Place | null> {
  const { rows } = await pool.query<MissingRow>(READ_MISSING, [...from])
  const last = rows.at(-1)
  if (!last) return null
  const texts = rows.map(({ subject, ...row }) => (subject === null ? '' : searchedText({ subject, ...row })))
  await pool.query(WRITE_TEXTS, [rows.map(({ id }) => id), texts])
  return [last.tenant_id, last.created_at]
}

/** What the database has. */
const LOOK = `
SELECT (SELECT quote_ident(n.nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_trgm') AS schema,
       (SELECT i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
         WHERE i.indrelid = 'message_texts'::regclass AND c.relname = '${INDEX}') AS "isValid"`

interface Look {
  /** Where the extension is; null while it is not. */
  readonly schema: string | null
  /** Null while there is no index. False while it is built, and where that was cut off. */
  readonly isValid: boolean | null
}

async function look(client: Pick<pg.ClientBase, 'query'>): Promise<Look> {
  const { rows } = await client.query<Look>(LOOK)
  return rows[0] ?? { schema: null, isValid: null }
}

export interface Indexed {
  readonly more: boolean
  /** Why there can be no index, in the words of PostgreSQL; null where there is one, or it was said before. */
  readonly refusal: string | null
}

/** One step of the work. It is cut off where `stopping` aborts, and may be at any moment. */
export type Index = (stopping: AbortSignal) => Promise<Indexed>

export function createIndexing(pool: pg.Pool, connectionString: string, elapsedMs: () => number): Index {
  let next: 'extension' | 'texts' | 'index' = 'extension'
  let place: Place = NEWEST
  let lookAtMs = 0
  let hasExtension = false
  let said: string | null = null

  /** Returns what PostgreSQL says where it refuses. */
  async function tryTo(work: () => Promise<unknown>): Promise<string | null> {
    try {
      await work()
      return null
    } catch (error) {
      const refusal = refusalOf(error)
      if (refusal === null) throw error
      return refusal
    }
  }

  function say(refusal: string | null): string | null {
    const isKnown = refusal === said
    said = refusal
    return isKnown ? null : refusal
  }

  return async (stopping) => {
    switch (next) {
      case 'extension': {
        if (elapsedMs() < lookAtMs) return { more: false, refusal: null }
        const refusal = (await look(pool)).schema === null ? await tryTo(() => createTrigrams(pool)) : null
        hasExtension = refusal === null
        next = 'texts'
        return { more: true, refusal: hasExtension ? null : say(refusal) }
      }
      case 'texts': {
        const reached = await writeMissingTexts(pool, place)
        if (reached === null) next = 'index'
        place = reached ?? NEWEST
        return { more: true, refusal: null }
      }
      case 'index': {
        const refusal = hasExtension ? say(await tryTo(() => makeIndex(pool, connectionString, stopping))) : null
        lookAtMs = elapsedMs() + LOOK_EVERY_MS
        next = 'extension'
        return { more: false, refusal }
      }
    }
  }
}

/**
 * Makes the index, unless there is one or another process is at it. Where that was cut off, an index is left that nobody may
 * use: it is made anew.
 */
export async function makeIndex(pool: pg.Pool, connectionString: string, stopping: AbortSignal): Promise<void> {
  if ((await look(pool)).isValid === true) return
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: CONNECT_TIMEOUT_MS, ...KEEP_ALIVE })
  client.on('error', () => {}) // a broken connection emits an error in addition to failing its statement
  await client.connect()
  const cancel = () => void pool.query('SELECT pg_cancel_backend($1)', [pid]).catch(() => {})
  let pid: number | undefined
  try {
    await applySettings(client, NO_TIME_LIMITS)
    const { rows } = await client.query<{ pid: number; isFree: boolean }>(
      `SELECT pg_backend_pid() AS pid, pg_try_advisory_lock(${INDEX_LOCK}) AS "isFree"`,
    )
    const { schema, isValid } = await look(client)
    if (rows[0]?.isFree !== true || schema === null || isValid === true) return
    pid = rows[0].pid
    stopping.throwIfAborted()
    stopping.addEventListener('abort', cancel)
    if (isValid === false) await client.query(`DROP INDEX CONCURRENTLY ${INDEX}`)
    await client.query(
      `CREATE INDEX CONCURRENTLY ${INDEX} ON message_texts USING gin (searched ${schema}.gin_trgm_ops)`,
    )
    await client.query('ANALYZE message_texts') // a plan rests on how often a word occurs
  } catch (error) {
    if (!stopping.aborted) throw error
  } finally {
    stopping.removeEventListener('abort', cancel)
    await client.end()
  }
}

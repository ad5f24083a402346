import type pg from 'pg'
import { inTransaction } from '../database/transaction.ts'

// The row that a mailbox has in counters. Each statement that changes what it counts adds that in its last part
// (`addToCounters`), which locks the row once everything else is locked.

/**
 * A query for the counters of a tenant: one row, or none.
 *
 * @param tenant SQL for the tenant's id: a parameter, or a column with its table
 */
export function countersOf(tenant: string, columns = '*'): string {
  return `SELECT ${columns} FROM counters WHERE tenant_id = ${tenant}`
}

/** A query that locks the counters of the tenants of `rows`, in the order in which `addToCounters` does. */
export function lockCounters(rows: string): string {
  return `SELECT t.tenant_id, t.stored_bytes FROM counters t
   WHERE t.tenant_id = ANY (ARRAY(SELECT tenant_id FROM ${rows})) ORDER BY t.tenant_id FOR UPDATE`
}

/** Makes the row of a tenant's first message, for statements that lock it before they compare. $1 tenant */
export const MAKE_COUNTERS = `INSERT INTO counters (tenant_id) VALUES ($1) ON CONFLICT DO NOTHING`

/** SQL for the columns of message_queue by which a row counts. Any of them may be given as it was before the statement. */
export interface Counting {
  readonly state?: string
  readonly markId?: string
  readonly uploadBytes?: string
}

/**
 * Rows of message_queue that count from now on (+), or no longer (-).
 *
 * @param rows the name of rows with the columns that are not given
 */
export function queueRows(sign: '+' | '-', rows: string, { state, markId, uploadBytes }: Counting = {}): string {
  return `
SELECT ${sign}1, tenant_id, ${state ?? 'state'}, ${markId ?? 'mark_id'}, size, recipients, ${uploadBytes ?? 'upload_bytes'}, 0, 0 FROM ${rows}`
}

/**
 * Stored bytes that count from now on (+), or no longer (-).
 *
 * @param rows the name of rows of `tenant_id`
 * @param bytes SQL over a row
 */
export function storedBytes(sign: '+' | '-', rows: string, bytes = 'stored_bytes'): string {
  return `
SELECT ${sign}1, tenant_id, ${NO_ROW}, ${bytes}, 0 FROM ${rows}`
}

/** The columns of message_queue, in a change of something else. */
const NO_ROW = 'NULL::text, NULL::text, NULL::text, NULL::int, NULL::bigint'
const WAITS = `state = 'queued' AND mark_id IS NULL`
const IS_MARKED = 'mark_id IS NOT NULL'

/** What each column of counters counts. */
const COUNTED = {
  stored_bytes: sum('bytes'),
  queued: sum('1', WAITS),
  queued_recipients: sum('recipients', WAITS),
  sending: sum('1', IS_MARKED),
  sending_large: sum('1', `${IS_MARKED} AND size = 'large'`),
  sending_recipients: sum('recipients', IS_MARKED),
  upload_bytes: sum('upload_bytes', `state = 'queued'`),
  scheduled: sum('1', `state = 'scheduled'`),
  held: sum('1', `state = 'held'`),
} as const
const COLUMNS = Object.keys(COUNTED)

function sum(column: string, condition = 'true'): string {
  return `coalesce(sum(sign * ${column}) FILTER (WHERE ${condition}), 0)::bigint`
}

/** Sums what changed, for each tenant. */
function summed(changes: readonly string[], when = 'true'): string {
  const sums = Object.entries(COUNTED).map(([column, counted]) => `${counted} AS ${column}`)
  return `
SELECT tenant_id, ${sums.join(', ')}, ${sum('events')} AS events
  FROM (${changes.join(' UNION ALL ')}) AS changed(sign, tenant_id, state, mark_id, size, recipients, upload_bytes, bytes, events)
 WHERE ${when} GROUP BY tenant_id`
}

/** Adds to the counters, in the order of the tenants: two statements about several could deadlock otherwise. */
function adding(changes: string): string {
  return `
INSERT INTO counters AS t (tenant_id, last_event, ${COLUMNS.join(', ')})
SELECT tenant_id, CASE WHEN events > 0 THEN ${BEFORE_NOW} + events ELSE 0 END, ${COLUMNS.join(', ')} FROM (${changes}) AS change ORDER BY tenant_id
ON CONFLICT (tenant_id) DO UPDATE
  SET last_event = greatest(excluded.last_event /* fence: event-order */, t.last_event + CASE WHEN excluded.last_event > 0 THEN excluded.last_event - ${BEFORE_NOW} ELSE 0 END /* end */),
      ${COLUMNS.map((column) => `${column} = t.${column} + excluded.${column}`).join(', ')}
RETURNING t.tenant_id, t.last_event`
}

/** The position of an event is the time in microseconds, or one more than that of the event before. */
const BEFORE_NOW = '(floor(extract(epoch FROM mail_now()) * 1000000)::bigint - 1)'

/**
 * A statement that adds to the counters what another one changes, as its last part. It reads what the other parts return, so
 * that the counters are locked after everything else.
 *
 * @param changes queries for what counts from now on, and for what no longer does
 * @param when SQL that is evaluated before anything is locked
 */
export function addToCounters(changes: readonly string[], when = 'true'): string {
  return adding(summed(changes, when))
}

/**
 * Common table expressions, `counted` among them, for a statement that ends, holds or releases messages: they add to the counters
 * as `addToCounters` does, and write the events. Who has locked the counters of a tenant gives its next positions.
 *
 * @param changes as for `addToCounters`
 * @param events queries by `endedEvents` and `heldEvents`
 * @param when as for `addToCounters`
 */
export function countAndTell(changes: readonly string[], events: readonly string[], when = 'true'): string {
  const happened = `SELECT 1, tenant_id, ${NO_ROW}, 0, 1 FROM happened`
  return `
happened(tenant_id, message_id, service, possible_duplicate, at, type, recipient, code, detail) AS MATERIALIZED (${events.join(' UNION ALL ')}
), counted AS (${addToCounters([...changes, happened], when)}
), told AS (
  INSERT INTO message_events (tenant_id, position, at, possible_duplicate, message_id, service, type, recipient, code, detail)
  SELECT h.tenant_id, c.last_event - count(*) OVER of_tenant + row_number() OVER of_tenant, h.at, h.possible_duplicate, h.message_id, h.service, h.type,
         h.recipient, h.code, h.detail
    FROM happened h JOIN counted c ON c.tenant_id = h.tenant_id WINDOW of_tenant AS (PARTITION BY h.tenant_id)
)`
}

/**
 * A statement that counts rows anew, and corrects the counters by the difference. Statements that end meanwhile change rows and
 * counters alike, so the difference of one snapshot stays right until it is added. It returns what was wrong.
 *
 * @param rows queries for all that is counted
 * @param columns the counters that these tell
 */
function recounting(rows: readonly string[], columns: readonly string[]): string {
  const difference = (column: string) =>
    `${columns.includes(column) ? `coalesce(c.${column}, 0) - coalesce(t.${column}, 0)` : '0'} AS ${column}`
  return `
WITH counted AS (${summed(rows)}
), differing AS MATERIALIZED (
  SELECT * FROM (
    SELECT tenant_id, 0 AS events, ${COLUMNS.map(difference).join(', ')}
      FROM counted c FULL JOIN counters t USING (tenant_id)) AS difference
   WHERE (${COLUMNS.join(', ')}) <> (${COLUMNS.map(() => '0').join(', ')})
), corrected AS (${adding('SELECT * FROM differing')}
)
SELECT tenant_id AS "tenantId", ${COLUMNS.map((column) => `${column}::float8`).join(', ')} FROM differing WHERE (SELECT count(*) FROM corrected) >= 0 ORDER BY tenant_id`
}

const QUEUE = queueRows('+', 'message_queue')
export const RECOUNT = recounting(
  [QUEUE, storedBytes('+', 'message_contents'), storedBytes('+', 'messages', 'open_bytes')],
  COLUMNS,
)
/** Reads no content, and no message that has ended. */
const RECOUNT_QUEUE = recounting(
  [QUEUE],
  COLUMNS.filter((column) => column !== 'stored_bytes'),
)

/** Changes with every change of an owner. */
const READ_EPOCHS = `SELECT coalesce(sum(epoch), 0)::text AS epochs FROM mailboxes`

const DAY_MS = 24 * 60 * 60_000
/** In UTC. */
const NIGHT_BEGINS_MS = 2 * 60 * 60_000

/** By how much counters of a mailbox were wrong. */
export interface Drift {
  readonly tenantId: string
  readonly [column: string]: string | number
}

/**
 * Returns a function that recounts whenever it is called, and returns what was wrong: everything once a night, and what is in
 * the queue when it is called first, or a mailbox has changed hands since.
 */
export function createRecount(pool: pg.Pool): (now: Date) => Promise<readonly Drift[]> {
  let lastNight: number | null = null
  let lastEpochs: string | null = null
  return async (now) => {
    const night = Math.floor((now.getTime() - NIGHT_BEGINS_MS) / DAY_MS)
    const nightBefore = lastNight ?? night
    lastNight = night // one that fails waits for the next night: it reads everything that is stored
    const { rows } = await pool.query<{ epochs: string }>(READ_EPOCHS)
    const epochs = rows[0]?.epochs ?? null
    if (night <= nightBefore && epochs === lastEpochs) return []
    const drifts = await recount(pool, night > nightBefore ? RECOUNT : RECOUNT_QUEUE)
    lastEpochs = epochs
    return drifts
  }
}

function recount(pool: pg.Pool, statement: string): Promise<readonly Drift[]> {
  return inTransaction(pool, async (client) => {
    await client.query('SET LOCAL enable_seqscan = on') // by an index, a million rows take as many reads
    return (await client.query<Drift>(statement)).rows
  })
}

/** The columns of a row `m` of messages that `endedEvents` needs. */
export const ENDED_COLUMNS = `m.id, m.tenant_id, m.service, m.created_at, m.outcome, m.ended_at, m.possible_duplicate, m.problem`

/** @param ended the name of rows of messages as they are from now on */
export function endedEvents(ended: string): string {
  return `
SELECT tenant_id, id, service, possible_duplicate, ended_at, 'message.' || outcome, NULL, CASE outcome WHEN 'failed' THEN left(problem ->> 'code', 100) END,
       CASE outcome WHEN 'failed' THEN left(concat_ws(': ', problem ->> 'title', problem ->> 'microsoftCode'), 500) END FROM ${ended}`
}

/** The columns of a row `q` of message_queue that `queueRows` and `heldEvents` need. */
export const MOVED_COLUMNS = `q.message_id, q.tenant_id, q.state, q.mark_id, q.size, q.recipients, q.upload_bytes, q.possible_duplicate, q.held_because`

/**
 * The events of messages that became held, or that were.
 *
 * @param moved the name of rows `q` of message_queue as they are from now on, and conditions
 */
export function heldEvents(moved: string): string {
  return `
SELECT q.tenant_id, q.message_id, (SELECT m.service FROM messages m WHERE m.id = q.message_id), q.possible_duplicate, mail_now(),
       CASE q.state WHEN 'held' THEN 'message.held' ELSE 'message.released' END, NULL::text, CASE q.state WHEN 'held' THEN left(q.held_because, 100) END, NULL FROM ${moved}`
}

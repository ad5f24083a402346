import type pg from 'pg'
import { inOneStatement } from '../database/transaction.ts'

// How far the message trace of each tenant was read. One process at a time reads it, under a lease, and every request is
// taken from a budget that all processes share. Times are by the clock of the database.

/** Microsoft allows 100 requests of all applications of a tenant together in 5 minutes. */
const MOST_REQUESTS = 20
/** 5 minutes, and how much later than the one before it a request may arrive at Microsoft. */
const PERIOD = `interval '5 minutes 15 seconds'`
/** A process that dies leaves the trace to others after this time. */
const LEASE = `interval '2 minutes'`
/** No poll waits longer for the next, and no pause is longer. */
const LONGEST_WAIT = `interval '10 minutes'`
const LONGEST_PAUSE = `interval '1 hour'`

/** SQL for whether a time is waited for. One that lies further ahead than any can was written before the clock was set back. */
const isAwaited = (time: string, longest: string) =>
  `(${time} > mail_now() AND ${time} <= mail_now() + ${longest}) IS TRUE`

/** Rows of the trace that are read page by page. */
export interface TraceWindow {
  /** What was sent in the last hour, or before. */
  readonly kind: 'recent' | 'late'
  readonly from: Date
  readonly to: Date
  readonly sender: string
  /** Asks for the rows of one message instead, by any sender. */
  readonly messageId: string | null
  /** Leads to its next page; null: to its first. */
  readonly next: string | null
  /** How many of its pages were read. */
  readonly pages: number
  /** How often in succession its next page was asked for in vain. */
  readonly failures: number
}

export interface TraceProgress {
  readonly window: TraceWindow | null
  /** When the last look at older messages ended. */
  readonly sweptAt: Date | null
  /** How far back the current look at older messages has come; null while there is none. */
  readonly sweptDownTo: Date | null
  /** The sender of the last window of that look: of what was sent at that same time, the senders after this one are left. */
  readonly sweptSender: string | null
}

export interface TakenTrace extends TraceProgress {
  /** The time by the clock of the database. */
  readonly now: Date
  /** Since when no request has succeeded; null while they do. */
  readonly failingSince: Date | null
}

export type TraceStore = ReturnType<typeof createTraceStore>

/**
 * Clears a pause that is over, and times in the future, which would block the trace after the clock was set back.
 * $1 tenant, $2 owner
 */
const TAKE = `
INSERT INTO message_traces AS t (tenant_id, lease_owner, lease_until) VALUES ($1, $2, mail_now() + ${LEASE})
ON CONFLICT (tenant_id) DO UPDATE
   SET lease_owner = excluded.lease_owner, lease_until = excluded.lease_until, not_before = NULL,
       swept_at = CASE WHEN t.swept_at <= mail_now() THEN t.swept_at END, failing_since = CASE WHEN t.failing_since > mail_now() THEN mail_now() ELSE t.failing_since END
 WHERE NOT ${isAwaited('t.due_at', LONGEST_WAIT)} AND NOT ${isAwaited('t.not_before', LONGEST_PAUSE)}
   AND (t.lease_owner IS NULL OR NOT ${isAwaited('t.lease_until', LEASE)})
RETURNING t.swept_at AS "sweptAt", t.swept_down_to AS "sweptDownTo", t.page, t.failing_since AS "failingSince", mail_now() AS now`

/** $1 tenant, $2 owner, $3 swept at, $4 swept down to, $5 window */
const SAVE = `
UPDATE message_traces
   SET swept_at = $3, swept_down_to = $4, page = $5, lease_until = mail_now() + ${LEASE}
 WHERE tenant_id = $1 AND lease_owner = $2 AND EXISTS (SELECT 1 FROM tenant_settings s WHERE s.tenant_id = $1 AND s.trace_enabled)`

/** $1 tenant, $2 owner, $3 ms, $4 whether it fails, or null */
const RELEASE = `
UPDATE message_traces
   SET lease_owner = NULL, lease_until = NULL, due_at = mail_now() + $3 * interval '1 millisecond',
       failing_since = CASE $4::boolean WHEN true THEN coalesce(failing_since, mail_now()) WHEN false THEN NULL ELSE failing_since END
 WHERE tenant_id = $1 AND lease_owner = $2`

/** $1 tenant, $2 ms */
const PAUSE = `
INSERT INTO message_traces AS t (tenant_id, not_before) VALUES ($1, mail_now() + $2 * interval '1 millisecond')
ON CONFLICT (tenant_id) DO UPDATE
   SET not_before = greatest(CASE WHEN ${isAwaited('t.not_before', LONGEST_PAUSE)} THEN t.not_before END, excluded.not_before)`

/** A clock that was put back leaves requests in the future, which count no longer than they would have. */
const MADE = `SELECT r FROM unnest(t.requests) AS r WHERE r > mail_now() - ${PERIOD} AND r < mail_now() + ${PERIOD}`

/** The row is locked before its requests are counted. $1 tenant, $2 at most */
const TAKE_REQUEST = `
INSERT INTO message_traces AS t (tenant_id, requests) VALUES ($1, ARRAY[mail_now()])
ON CONFLICT (tenant_id) DO UPDATE SET requests = ARRAY(${MADE}) || mail_now()
 WHERE (SELECT count(*) FROM (${MADE}) AS made) < $2 AND NOT ${isAwaited('t.not_before', LONGEST_PAUSE)}
RETURNING cardinality(t.requests) AS made`

export function createTraceStore(pool: pg.Pool) {
  return {
    /** Leases the trace of a tenant that is due. Null when it is not, or another process has it. */
    async take(tenantId: string, owner: string): Promise<TakenTrace | null> {
      const { rows } = await pool.query<TakenRow>(TAKE, [tenantId, owner])
      const [row] = rows
      if (!row) return null
      const { page, ...taken } = row
      return { ...taken, window: readWindow(page), sweptSender: readSweptSender(page) }
    },

    /** Stores progress, and extends the lease. Returns false when the lease was lost, or the trace was switched off. */
    async save(
      tenantId: string,
      owner: string,
      { window, sweptAt, sweptDownTo, sweptSender }: TraceProgress,
    ): Promise<boolean> {
      const page = window || sweptSender !== null ? JSON.stringify({ ...window, sweptSender }) : null
      const { rowCount } = await pool.query(SAVE, [tenantId, owner, sweptAt, sweptDownTo, page])
      return rowCount === 1
    },

    /** Ends the lease. `failing`: whether the last request failed; null where none was made. */
    async release(
      tenantId: string,
      owner: string,
      { waitMs, failing }: { waitMs: number; failing: boolean | null },
    ): Promise<void> {
      await pool.query(RELEASE, [tenantId, owner, Math.round(waitMs), failing])
    },

    /** Pauses all requests for this long, even if the budget allows more. */
    async pause(tenantId: string, ms: number): Promise<void> {
      await pool.query(PAUSE, [tenantId, Math.round(ms)])
    },

    // Not repeated when its answer is lost: a request that was taken and not made costs one of 20.
    /**
     * Takes a request from the budget, which has to be done before it is made. Returns how many were made in the last 5
     * minutes, this one included; null when `atMost` were made already, or Microsoft asked for a pause.
     */
    takeRequest: (tenantId: string, atMost: number = MOST_REQUESTS): Promise<number | null> =>
      inOneStatement(pool, async (client) => {
        const { rows } = await client.query<{ made: number }>(TAKE_REQUEST, [tenantId, atMost])
        return rows[0]?.made ?? null
      }),
  }
}

interface TakenRow extends Omit<TakenTrace, 'window' | 'sweptSender'> {
  readonly page: unknown
}

function readSweptSender(page: unknown): string | null {
  if (typeof page !== 'object' || page === null) return null
  const { sweptSender } = page as Readonly<Record<string, unknown>>
  return typeof sweptSender === 'string' ? sweptSender : null
}

/** A window that another version wrote and this one does not understand is begun again. */
function readWindow(page: unknown): TraceWindow | null {
  if (typeof page !== 'object' || page === null) return null
  const { kind, from, to, sender, messageId, next, pages, failures } = page as Readonly<Record<string, unknown>>
  if (kind !== 'recent' && kind !== 'late') return null
  if (typeof from !== 'string' || typeof to !== 'string' || typeof sender !== 'string') return null
  return {
    kind,
    from: new Date(from),
    to: new Date(to),
    sender,
    messageId: typeof messageId === 'string' ? messageId : null,
    next: typeof next === 'string' ? next : null,
    pages: typeof pages === 'number' ? pages : 0,
    failures: typeof failures === 'number' ? failures : 0,
  }
}

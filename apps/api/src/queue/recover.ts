import type pg from 'pg'
import { noteAttempts } from './attempts.ts'
import { LEASE_MS } from './claim.ts'
import { bringPausesBack, bringTimesBack, type SetBack } from './clock-set-back.ts'
import { idsOf, leasedRows, NO_LEASE } from './columns.ts'
import { failExpired, type ExpiredMessage } from './changes/expired.ts'
import { releaseHeld } from './changes/hold.ts'
import { addToCounters, queueRows } from './counters.ts'
import { bucketOf } from './usage-windows.ts'
import { messages } from '@inforiver-mail/contract/language/en/messages'

// sending ──the lease runs out──▶ queued, in doubt where it was tried; scheduled ──its time comes──▶ queued.

const MOVED_AT_ONCE = 1_000

/** How long a process waits before it takes back messages whose lease has expired. */
export interface TakeOverWaits {
  /**
   * The wait after its first look, since the database may have been away before. Where it was for certain, the other one
   * counts.
   */
  readonly afterStartMs: number
  /** The wait after the first look that found the database again. */
  readonly afterOutageMs: number
}

/**
 * A worker that knows an outcome writes it once the database is back, but it may notice that last: a statement whose
 * connection went silent is given up after 35 s, the next one follows a second later, and connecting may take 5 s. Were its
 * lease taken over before, the message would be sent again.
 *
 * The wait after a start is long enough for workers whose connections were refused. It ends before the leases of a process
 * that was killed and is started again at once, so that its messages wait no longer.
 */
export const TAKE_OVER_WAITS: TakeOverWaits = { afterStartMs: 10_000, afterOutageMs: LEASE_MS }

/**
 * Two looks that are further apart may have an outage between them. In a shorter one no lease runs out, since its holder
 * has begun to renew it when more than half of its time was left.
 */
const LOOKS_APART_MS = 10_000

/**
 * Takes messages back whose lease has expired. One that was tried may have been sent: it is in doubt from now on, unless
 * the outcome of that attempt still arrives, and it counts against the mailbox's limits. The others were not sent.
 *
 * Whether the database was away since the last look is judged here and by its clock, because a statement may have been held
 * up on its way, and arrive at the moment when the outage ends.
 *
 * $1 when this process last looked, or null; $2 the time that this look returned; $3 and $4 `TakeOverWaits`
 */
const RECOVER_ABANDONED = `
WITH look AS MATERIALIZED (
  SELECT mail_now() AS at,
         CASE WHEN $1::timestamptz IS NULL THEN mail_now() + $3 * interval '1 millisecond'
              WHEN mail_now() - $1 BETWEEN interval '0' AND interval '${LOOKS_APART_MS} milliseconds' THEN $2::timestamptz
              ELSE mail_now() + $4 * interval '1 millisecond' END AS takes_over_from
), expired AS MATERIALIZED (
  SELECT message_id, lease_owner FROM (${leasedRows('SELECT tenant_id, sending FROM counters')}) AS leased
   WHERE lease_until < mail_now() AND (SELECT takes_over_from <= at FROM look) LIMIT ${MOVED_AT_ONCE}
), abandoned AS MATERIALIZED (
  SELECT q.message_id, q.attempt_id IS NOT DISTINCT FROM q.lease_owner AS tried
    FROM message_queue q JOIN expired e ON e.message_id = q.message_id
   WHERE q.message_id = ${idsOf('expired')} AND q.lease_owner = e.lease_owner AND q.lease_until < mail_now()
     FOR UPDATE OF q SKIP LOCKED
), recovered AS (
  UPDATE message_queue q
     SET due_at = mail_now(), doubt = CASE WHEN a.tried THEN 'in-doubt' ELSE q.doubt END, looks = CASE WHEN a.tried THEN 0 ELSE q.looks END,
         ${NO_LEASE}
    FROM abandoned a WHERE q.message_id = ${idsOf('abandoned')} AND q.message_id = a.message_id
  RETURNING q.message_id, q.tenant_id, q.state, q.lease_owner, q.size, q.recipients, q.upload_bytes, a.tried, q.uploading
), attempts AS (
  SELECT message_id, tenant_id, mail_now() AS at, CASE WHEN tried THEN 'unknown' ELSE 'unavailable' END AS outcome, NULL::text AS code,
         CASE WHEN tried THEN '${messages['abandoned-sending']}' WHEN uploading THEN '${messages['abandoned-uploading']}'
              ELSE '${messages['abandoned']}' END AS detail,
         jsonb_build_object('detail', jsonb_build_array(CASE WHEN tried THEN 'abandoned-sending' WHEN uploading THEN 'abandoned-uploading' ELSE 'abandoned' END)) AS facts
    FROM recovered
), ${noteAttempts('attempts')}, used AS (
  INSERT INTO mailbox_usage (tenant_id, started_at, messages, recipients)
  SELECT tenant_id, ${bucketOf('mail_now()')}, count(*), sum(recipients) FROM recovered WHERE tried
   GROUP BY 1 ORDER BY 1
  ON CONFLICT (tenant_id, started_at) DO UPDATE
    SET messages = mailbox_usage.messages + excluded.messages, recipients = mailbox_usage.recipients + excluded.recipients
  RETURNING tenant_id
), noticed AS (
  INSERT INTO mailboxes AS m (tenant_id, troubled_since) SELECT DISTINCT tenant_id, mail_now() FROM recovered ORDER BY 1
  ON CONFLICT (tenant_id) DO UPDATE SET troubled_since = excluded.troubled_since WHERE m.troubled_since IS NULL
  RETURNING tenant_id
), counted AS (
  ${addToCounters([queueRows('-', 'recovered', { owner: `''` }), queueRows('+', 'recovered')], '(SELECT count(*) FROM used) + (SELECT count(*) FROM noticed) >= 0')}
)
SELECT at, takes_over_from, ARRAY(SELECT message_id FROM recovered) AS abandoned FROM look WHERE (SELECT count(*) FROM counted) >= 0`

/** Queues scheduled messages whose time has come. */
const RELEASE_SCHEDULED = `
WITH released AS (
  UPDATE message_queue SET state = 'queued'
   WHERE message_id = ANY (ARRAY(SELECT message_id FROM message_queue WHERE state = 'scheduled' AND due_at <= mail_now()
                                 ORDER BY due_at LIMIT ${MOVED_AT_ONCE} FOR UPDATE SKIP LOCKED))
  RETURNING tenant_id, state, lease_owner, size, recipients, upload_bytes
), counted AS (${addToCounters([queueRows('-', 'released', { state: `'scheduled'` }), queueRows('+', 'released')])}
)
SELECT FROM released WHERE (SELECT count(*) FROM counted) >= 0`

export interface TakenOver {
  /** Their lease had run out. */
  readonly abandoned: readonly string[]
  /** There may be more. */
  readonly more: boolean
}

export interface Released {
  readonly expired: readonly ExpiredMessage[]
  readonly moved: boolean
  /** There may be more to release or to fail. */
  readonly more: boolean
}

interface Look {
  readonly at: Date
  readonly takes_over_from: Date
  readonly abandoned: readonly string[]
}

export interface TakingOver {
  /** Queues what dead workers held. */
  takeOver(): Promise<TakenOver>
  /** After the first look, and one that found the clock set back: see `bringTimesBack`. Returns whether more is due. */
  bringTimesBack(stopping?: AbortSignal): Promise<boolean>
}

/**
 * Nothing else may hold up the looks: those that are far apart count as an outage, after which nothing is taken over.
 *
 * @param databaseWasAway whether the database went away during the start
 */
export function createTakingOver(
  pool: pg.Pool,
  { afterStartMs, afterOutageMs }: TakeOverWaits,
  databaseWasAway: () => boolean,
): TakingOver {
  let last: Look | null = null
  let hasFailed = false
  /** Until then statements may still end that began before the clock was set back. Null: it was not, as far as is known. */
  let bringsBackUntil: Date | null = null
  /** Null once times were brought back after it; of pauses, once they were. */
  let setBack: SetBack | null = null
  let setBackOfPauses: SetBack | null = null

  return {
    async takeOver() {
      const firstWaitMs = hasFailed || databaseWasAway() ? afterOutageMs : afterStartMs
      const values = [last?.at ?? null, last?.takes_over_from ?? null, firstWaitMs, afterOutageMs]
      const look = await lookOnce(values).catch((error: unknown) => {
        hasFailed = true
        throw error
      })
      if (last === null || look.at < last.at) bringsBackUntil = look.takes_over_from
      if (last !== null && look.at < last.at) {
        setBack = { from: setBack?.from ?? last.at, to: look.at }
        setBackOfPauses = { from: setBackOfPauses?.from ?? last.at, to: look.at }
      }
      last = look
      return { abandoned: look.abandoned, more: look.abandoned.length === MOVED_AT_ONCE }
    },

    async bringTimesBack(stopping) {
      if (last === null || bringsBackUntil === null) return false
      const { at } = last
      const [before, until] = [setBack, bringsBackUntil]
      const arePausesMoved = await bringPauses()
      const isMoreDue = await bringTimesBack(pool, before, stopping)
      // A look may have found the clock set back once more meanwhile.
      if (setBack === before) setBack = null
      if (bringsBackUntil === until && at >= until) bringsBackUntil = null
      return arePausesMoved || isMoreDue
    },
  }

  async function bringPauses(): Promise<boolean> {
    const before = setBackOfPauses
    if (before === null) return false
    // A look may find the clock set back once more meanwhile: that is brought back by itself.
    setBackOfPauses = null
    try {
      return await bringPausesBack(pool, before)
    } catch (error) {
      setBackOfPauses = { from: before.from, to: (setBackOfPauses ?? before).to }
      throw error
    }
  }

  async function lookOnce(values: readonly unknown[]): Promise<Look> {
    const { rows } = await pool.query<Look>({ name: 'recover-abandoned', text: RECOVER_ABANDONED, values: [...values] })
    const [look] = rows
    if (!look) throw new Error('A look returns one row.')
    return look
  }
}

/** Fails messages whose time is over, and then queues scheduled and held ones that may leave now. */
export async function releaseMessages(pool: pg.Pool): Promise<Released> {
  const { expired, more } = await failExpired(pool)
  const scheduled = await pool.query({ name: 'release-scheduled', text: RELEASE_SCHEDULED })
  const moved = [scheduled.rowCount ?? 0, await releaseHeld(pool)]
  return { expired, moved: moved.some((count) => count > 0), more: more || moved.includes(MOVED_AT_ONCE) }
}

import type pg from 'pg'
import { noteAttempts } from '../attempts.ts'
import { bringPausesBack, bringTimesBack, type SetBack } from './clock-set-back.ts'
import { idsOf, markedRows, NO_MARK } from '../columns.ts'
import { addToCounters, queueRows } from '../counters.ts'
import { isOfLivingProcess } from '../owner/clear.ts'
import type { Owned, Ownership } from '../owner/ownership.ts'
import { ownedBoxes } from '../owner/ownership.sql.ts'
import { chargeUsage } from '../usage-windows.ts'
import { messages } from '@inforiver-mail/contract/language/en/messages'

// What became of messages whose outcome nobody has written. Each second the owner of a mailbox looks for marks under which
// nobody sends, and every process for those that it made itself and does not know of: it may own nothing any more.
//
//  sending ──its process is gone──▶ waits 5 s, or 45 s after an outage of the database, for an outcome on its way
//                                      ├─ one of its requests may have sent it ──▶ queued, in doubt
//                                      └─ else ──▶ queued
//          ──the mark had no answer──▶ queued at once, by the process that made it: nothing was sent
//          ──its process no longer owns the mailbox, and is still listed in owners──▶ left alone
//
// What is in doubt is claimed like any other message, but looked for in the mailbox or the message trace before it is sent
// again: `decideDoubt` of delivery/plan-settlement.ts says when. The outcome of the former attempt still counts until a later
// one has begun (../owner/settle.ts).
//
// The same looks show that the clock of the database was set back; clock-set-back.ts then brings times back that lie ahead.

const MOVED_AT_ONCE = 1_000

/** How long the owner of a mailbox waits until it judges what a process that is gone was sending. */
export interface JudgingWaits {
  /** For an outcome that is on its way to the database. */
  readonly afterTakeoverMs: number
  /** The same once the database was away: a connection that went silent is given up after 35 s, and connecting may take 5 s. */
  readonly afterOutageMs: number
}

export const JUDGING_WAITS: JudgingWaits = { afterTakeoverMs: 5_000, afterOutageMs: 45_000 }

/** Two looks that are further apart may have an outage between them. */
const LOOKS_APART_MS = 10_000

/** What is being sent: what this process has marked, and in the mailboxes `owned` what others have. */
const SENDING = `
  SELECT * FROM (${markedRows('SELECT tenant_id, sending FROM counters WHERE sending > 0')}) AS sending
   WHERE marked_by = $2 OR tenant_id IN (SELECT tenant_id FROM owned)`

/**
 * Finds marks under which nobody is sending: those of processes that are gone (owners), and those of this process that it does
 * not know of. A process that stops is still there until what it sends has ended.
 *
 * $1 tenants, $2 this process, $3 its epochs, $4 the marks that it knows of
 */
const LOOK = `
WITH ${ownedBoxes('$2', '$1', '$3')}, abandoned AS MATERIALIZED (
  SELECT DISTINCT mark_id, marked_by = $2 AS is_mine FROM (${SENDING}) AS marked
   WHERE CASE WHEN marked_by = $2 THEN true /* fence: under-way */ AND mark_id <> ALL ($4::text[]) /* end */ ELSE NOT ${isOfLivingProcess('marked')} END
)
SELECT mail_now() AS at, ARRAY(SELECT mark_id FROM abandoned WHERE is_mine) AS unsent, ARRAY(SELECT mark_id FROM abandoned WHERE NOT is_mine) AS "left"`

/**
 * Queues what was found. A process that is gone may have sent what it had begun: that is in doubt from now on, unless the
 * outcome of the attempt still arrives, and it counts against the mailbox's limits. A mark of this process that it does not know
 * of had no answer: nothing of it was sent.
 *
 * $1 tenants, $2 this process, $3 its epochs, $4 marks
 */
const JUDGE = `
WITH ${ownedBoxes('$2', '$1', '$3')}, found AS MATERIALIZED (
  SELECT message_id, mark_id FROM (${SENDING}) AS marked WHERE mark_id = ANY ($4::text[]) LIMIT ${MOVED_AT_ONCE}
), judged AS MATERIALIZED (
  SELECT q.message_id, q.marked_by = $2 AS is_mine, q.marked_by <> $2 AND q.attempt_id IS NOT DISTINCT FROM q.mark_id AS tried
    FROM message_queue q JOIN found f ON f.message_id = q.message_id
   WHERE q.message_id = ${idsOf('found')} AND q.mark_id = f.mark_id
   ORDER BY q.message_id FOR UPDATE OF q
), recovered AS (
  UPDATE message_queue q
     SET due_at = mail_now(), doubt = coalesce(/* fence: abandoned */ CASE WHEN j.tried THEN 'in-doubt' END, /* end */ q.doubt), looks = CASE WHEN j.tried THEN 0 ELSE q.looks END,
         attempt_count = q.attempt_count - j.is_mine::int, attempt_id = CASE WHEN j.tried THEN q.attempt_id ELSE nullif(q.attempt_id, q.mark_id) END, ${NO_MARK}
    FROM judged j WHERE q.message_id = ${idsOf('judged')} AND q.message_id = j.message_id
  RETURNING q.message_id, q.tenant_id, q.state, q.mark_id, q.size, q.recipients, q.upload_bytes, j.is_mine, j.tried, q.uploading
), left_behind AS MATERIALIZED (
  SELECT *, mail_now() AS at FROM recovered WHERE NOT is_mine
), attempts AS (
  SELECT message_id, tenant_id, at, CASE WHEN tried THEN 'unknown' ELSE 'unavailable' END AS outcome, NULL::text AS code,
         CASE WHEN tried THEN '${messages['abandoned-sending']}' WHEN uploading THEN '${messages['abandoned-uploading']}'
              ELSE '${messages['abandoned']}' END AS detail,
         jsonb_build_object('detail', jsonb_build_array(CASE WHEN tried THEN 'abandoned-sending' WHEN uploading THEN 'abandoned-uploading' ELSE 'abandoned' END)) AS facts
    FROM left_behind
), ${noteAttempts('attempts')}, ${chargeUsage('left_behind', 'tried')}, noticed AS (
  INSERT INTO mailboxes AS m (tenant_id, troubled_since) SELECT DISTINCT tenant_id, mail_now() FROM left_behind ORDER BY 1
  ON CONFLICT (tenant_id) DO UPDATE SET troubled_since = excluded.troubled_since WHERE m.troubled_since IS NULL
  RETURNING tenant_id
), counted AS (
  ${addToCounters([queueRows('-', 'recovered', { markId: `''` }), queueRows('+', 'recovered')], '(SELECT count(*) FROM used) + (SELECT count(*) FROM noticed) >= 0')}
)
SELECT message_id, is_mine FROM recovered WHERE (SELECT count(*) FROM counted) >= 0`

export interface Judged {
  /** Of processes that are gone. */
  readonly abandoned: readonly string[]
  /** Something is due again. */
  readonly moved: boolean
  /** There may be more. */
  readonly more: boolean
}

interface Look {
  readonly at: Date
  /** Marks of this process that had no answer. */
  readonly unsent: readonly string[]
  /** Marks of processes that are gone. */
  readonly left: readonly string[]
}

const NOTHING: Judged = { abandoned: [], moved: false, more: false }

/**
 * Each call of `judgeAbandoned` is one look, and nothing else may delay it: two looks that are far apart are taken for an outage of
 * the database, after which an outcome of another process is waited for longer.
 *
 * @param databaseWasAway whether the database went away during the start
 */
export function createJudging(
  pool: pg.Pool,
  ownership: Pick<Ownership, 'use'>,
  { afterTakeoverMs, afterOutageMs }: JudgingWaits,
  databaseWasAway: () => boolean,
  elapsedMs: () => number,
) {
  /** When the database was found again, by `elapsedMs`. */
  let foundAgainAt = -Infinity
  let lookedAt: number | null = null
  let hasFailed = false
  /** When each mark was first seen whose process is gone. */
  const firstSeen = new Map<string, number>()
  let last: Look | null = null
  /** Until then statements may still end that began before the clock was set back. Null: it was not, as far as is known. */
  let bringsBackUntil: number | null = null
  /** Null once times were brought back after it. */
  let setBack: SetBack | null = null

  async function judgeAbandoned(mine: Owned, underWay: readonly string[]): Promise<Judged> {
    const look = await lookOnce(mine, underWay)
    const now = elapsedMs()
    const isOwner = mine.tenants.length > 0
    const isLate = isOwner && lookedAt !== null && now - lookedAt > LOOKS_APART_MS
    if (hasFailed || (last === null && databaseWasAway()) || isLate) foundAgainAt = now
    hasFailed = false
    lookedAt = isOwner ? now : null // the first look of an owner follows no earlier one
    if (isOwner) noteClock(look, now)
    for (const mark of firstSeen.keys()) if (!look.left.includes(mark)) firstSeen.delete(mark)
    for (const mark of look.left) if (!firstSeen.has(mark)) firstSeen.set(mark, now)
    const ripe = look.left
      // fence: grace
      .filter((mark) => now - (firstSeen.get(mark) ?? now) >= afterTakeoverMs && now - foundAgainAt >= afterOutageMs)
    // end
    if (look.unsent.length + ripe.length === 0) return NOTHING
    const { rows } = await pool.query<{ message_id: string; is_mine: boolean }>({
      name: 'judge-abandoned',
      text: JUDGE,
      values: [...valuesOf(mine), [...look.unsent, ...ripe]],
    })
    return {
      abandoned: rows.flatMap(({ message_id: id, is_mine: isMine }) => (isMine ? [] : [id])),
      moved: rows.length > 0,
      more: rows.length === MOVED_AT_ONCE,
    }
  }

  function noteClock(look: Look, now: number): void {
    if (last === null || look.at < last.at) bringsBackUntil = now + (last === null ? afterTakeoverMs : afterOutageMs)
    if (last !== null && look.at < last.at) setBack = { from: setBack?.from ?? last.at, to: look.at }
    last = look
  }

  return {
    /** Queues what nobody is sending. `underWay` has the marks whose messages this process is sending. */
    async judgeAbandoned(underWay: () => readonly string[] = () => []): Promise<Judged> {
      try {
        return (await ownership.use((mine) => judgeAbandoned(mine, underWay()), { alsoAsStandby: true })) ?? NOTHING
      } catch (error) {
        hasFailed = true
        throw error
      }
    },

    /** After the first look, and one that found the clock set back: see `bringTimesBack`. Returns whether more is due. */
    async bringTimesBack(stopping?: AbortSignal): Promise<boolean> {
      if (last === null || bringsBackUntil === null) return false
      const at = elapsedMs()
      const [before, until] = [setBack, bringsBackUntil]
      // A look may find the clock set back once more meanwhile: that is brought back by itself.
      setBack = null
      try {
        const isMoreDue = await bringTimesBack(pool, before, stopping)
        // Last, since this may not be done twice.
        const arePausesMoved = before !== null && (await bringPausesBack(pool, before))
        if (bringsBackUntil === until && at >= until) bringsBackUntil = null
        return arePausesMoved || isMoreDue
      } catch (error) {
        if (before !== null) setBack = { from: before.from, to: (setBack ?? before).to }
        throw error
      }
    },
  }

  async function lookOnce(mine: Owned, underWay: readonly string[]): Promise<Look> {
    const values = [...valuesOf(mine), underWay]
    const { rows } = await pool.query<Look>({ name: 'look-for-abandoned', text: LOOK, values })
    const [look] = rows
    if (!look) throw new Error('A look returns one row.')
    return look
  }
}

/** The parameters $1 to $3 of the statements above. */
function valuesOf({ owner, tenants, epochs }: Owned): unknown[] {
  return [tenants, owner, epochs]
}

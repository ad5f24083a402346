import type { AttemptOutcome, HeldBecause, MessageProblem } from '@inforiver-mail/contract/message'
import type { Values } from '@inforiver-mail/contract/values'
import type { GatewayAnswer } from '@inforiver-mail/m365/gateway-answer'
import type pg from 'pg'
import type { Timers } from '../../runtime/clock.ts'
import { createBatcher, FailedItem } from '../../database/batcher.ts'
import { inTransaction } from '../../database/transaction.ts'
import { raiseFailed } from '../../database/failed-alert.sql.ts'
import { ACCEPTED, noteAttempts } from '../attempts.ts'
import { deleteContents, deleteDrafts, idsOf, isFoundBy, NO_MARK, seesDraft } from '../columns.ts'
import type { Mark } from './marked-message.ts'
import { judgeInterception, type Interception, type JudgedInterception } from '../mailbox/interceptions.ts'
import {
  accessPauseAfter,
  afterLeaving,
  endsRefusal,
  hasLeft,
  lockRefusals,
  writeRefusals,
  type LockedRefusals,
} from '../mailbox/mailbox-refusals.ts'
import {
  judgeRefusal,
  judgeToken,
  type MessageRefusals,
  type Refusal,
  type Route,
  type TokenRefusal,
} from '../mailbox/refusals.ts'
import type { Doubt } from '../states.ts'
import {
  countAndTell,
  ENDED_COLUMNS,
  endedEvents,
  heldEvents,
  MOVED_COLUMNS,
  queueRows,
  storedBytes,
} from '../counters.ts'
import { chargeUsage } from '../usage-windows.ts'

// sending ──▶ sent, failed, held, or queued again, in doubt or not. A late outcome also applies to a message that has been
// moved to another state meanwhile.

const SETTLEMENTS_PER_BATCH = 200
/** A batch costs the database about as much as ten single outcomes. From this many at once, they wait for each other. */
const MANY_AT_ONCE = 8
const GATHER_MS = 5

/** No message waits longer than this for its next attempt. What Microsoft asks for beyond that is a pause of the mailbox. */
export const LONGEST_WAIT_MS = 15 * 60_000

/** What came of one attempt, as the history shows it. */
export interface Attempt {
  readonly outcome: AttemptOutcome
  readonly code: string | null
  readonly values: Values
  readonly detail: string
}

/** The new state of a message, and the consequences for its mailbox. */
export interface Settlement {
  readonly status: 'queued' | 'sent' | 'failed' | 'held'
  /** The time from the outcome to the next attempt; null when there is none. */
  readonly waitMs: number | null
  readonly heldBecause: HeldBecause | null
  readonly doubt: Doubt
  readonly possibleDuplicate: boolean
  readonly tryingMs: number
  readonly problem: MessageProblem | null
  readonly attempt: Attempt | null
  /** Whether the attempt counts against the mailbox's limits. */
  readonly charged: boolean
  /** The pause that Microsoft asked for. */
  readonly pauseMailboxMs: number | null
  /** How long nobody asks for access, after it could not be obtained. */
  readonly noAccessMs: number | null
  /** Whether it was Entra itself that gave none. */
  readonly entraAnswered: boolean
  /** How many of its latest tries were refused, by Microsoft for its mailbox or by something else, one after the other. */
  readonly refusals: number
  /** What refused the message without being about it: it is held or ends, where its mailbox says so. */
  readonly refusal: Refusal | TokenRefusal | Interception | null
  /** The route that it took, or would have taken; null where it did not come to that. */
  readonly route: Route | null
  /**
   * What refused this try in Microsoft's place; null when Microsoft answered, or nobody did. A 413 is about the message
   * alone, and says nothing of others.
   */
  readonly gateway: GatewayAnswer | null
}

export interface Settled {
  readonly message: Mark
  readonly settlement: Settlement
  /** The sender of the attempt; null when nothing was sent. */
  readonly fromEmail: string | null
  /** The Message-ID that MIME was sent with. Null: that of its draft, else one made of its id. */
  readonly internetMessageId?: string | null
  /** Returns how long the outcome has been known, in ms. */
  readonly ageMs: () => number
}

/** The columns of `result`, which arrive as JSON. */
const RESULT_COLUMNS = `
"messageId" text, "markId" text, status text, "waitMs" bigint, "heldBecause" text, doubt jsonb, "possibleDuplicate" boolean, "tryingMs" bigint, problem jsonb,
"fromEmail" text, attempt jsonb, "internetMessageId" text, charged boolean, "pauseMailboxMs" bigint, "noAccessMs" bigint, "entraAnswered" boolean, refusals int,
"refusedAlone" int, "refusalRound" int, route text, "agoMs" bigint`

/**
 * Writes the outcomes of a batch of attempts, at most one per message. An outcome is accepted by the mark under which the
 * message is sent, and by that of the last attempt, however late, as long as no later attempt has begun; also if the message
 * has been put in doubt or ended meanwhile. Any other outcome changes nothing. The content of a delivered message is
 * deleted. An attempt that took none of the message's time, such as a throttled one, lengthens no later wait.
 *
 * Times count from the moment of the outcome, which may have waited for the database.
 *
 * $1 results as JSON
 */
const SETTLE = `
WITH result AS MATERIALIZED (
  SELECT r."messageId" AS message_id, r."markId" AS settled_mark, r.status, r."heldBecause" AS held_because,
         CASE r.doubt ->> 'state' WHEN 'in-doubt' THEN 'in-doubt' ELSE 'none' END AS doubt, coalesce((r.doubt ->> 'looks')::int, 0) AS looks,
         r."possibleDuplicate" AS possible_duplicate, r."tryingMs" AS trying_ms, r.problem, r."fromEmail" AS from_email,
         r.attempt ->> 'outcome' AS outcome, r.attempt ->> 'code' AS code, r.attempt ->> 'detail' AS detail, r.attempt -> 'values' AS facts, r."internetMessageId" AS internet_message_id,
         r.charged, r."entraAnswered" AS entra_answered, r.refusals, r."refusedAlone" AS refused_alone, r."refusalRound" AS refusal_round, r.route, o.at,
         o.at + r."waitMs" * interval '1 millisecond' AS due_at, o.at + r."pauseMailboxMs" * interval '1 millisecond' AS paused_until,
         o.at + r."noAccessMs" * interval '1 millisecond' AS no_access_until
    FROM jsonb_to_recordset($1::jsonb) AS r(${RESULT_COLUMNS})
   CROSS JOIN LATERAL (SELECT mail_now() - r."agoMs" * interval '1 millisecond' AS at) AS o
), still_queued AS MATERIALIZED ( -- the mark or the last attempt is that of the outcome
  SELECT r.*, q.tenant_id, q.state, q.mark_id, q.size, q.recipients, q.upload_bytes, q.save_to_sent_items, q.has_draft, coalesce(r.from_email, q.from_email) AS sender,
         CASE WHEN q.attempt_id <> r.settled_mark THEN q.attempt_id END AS other_attempt, q.mark_id IS NOT DISTINCT FROM r.settled_mark AS in_time
    FROM result r JOIN message_queue q ON ${isFoundBy('q.message_id', 'r.message_id')}
   WHERE ${seesDraft('q')} /* fence: attempt */ AND (q.mark_id = r.settled_mark OR q.attempt_id = r.settled_mark) /* end */
     FOR UPDATE OF q
), late AS MATERIALIZED ( -- ended as unknown meanwhile, but it was sent
  SELECT r.*, m.tenant_id, NULL::text AS state, NULL::text AS mark_id, NULL::text AS size, m.recipients, 0::bigint AS upload_bytes, m.save_to_sent_items, false AS has_draft, coalesce(r.from_email, m.from_email) AS sender, NULL::text AS other_attempt,
         false AS in_time
    FROM result r JOIN messages m ON m.id = r.message_id
   WHERE m.id = ${idsOf('result')} /* fence: late-outcome */ AND m.outcome = 'failed' /* end */ AND m.attempt_id = r.settled_mark AND r.status = 'sent'
     FOR NO KEY UPDATE OF m
), written AS MATERIALIZED (
  SELECT * FROM still_queued UNION ALL SELECT * FROM late
), ended AS MATERIALIZED (
  SELECT * FROM written WHERE status IN ('sent', 'failed')
), sent AS MATERIALIZED (
  SELECT * FROM written WHERE status = 'sent'
), left_queue AS (
  DELETE FROM message_queue WHERE message_id = ${idsOf('ended')}
), stayed AS (
  UPDATE message_queue q
     SET state = s.status, due_at = s.due_at, held_because = s.held_because, doubt = s.doubt, looks = s.looks,
         possible_duplicate = s.possible_duplicate, from_email = s.sender, attempt_id = s.other_attempt,
         attempt_count = CASE WHEN s.trying_ms > q.trying_ms THEN q.attempt_count ELSE greatest(1, q.attempt_count - 1) END,
         trying_ms = s.trying_ms, refusals = s.refusals, refused_alone = coalesce(s.refused_alone, q.refused_alone),
         refusal_round = coalesce(s.refusal_round, q.refusal_round), route = coalesce(s.route, q.route), ${NO_MARK}
    FROM still_queued s
   WHERE q.message_id = ${idsOf('still_queued')} AND q.message_id = s.message_id AND s.status IN ('queued', 'held')
  RETURNING ${MOVED_COLUMNS}
), sought AS ( -- by the Message-ID that MIME brought, the message trace knows a message in doubt
  UPDATE messages m SET internet_message_id = s.internet_message_id
    FROM still_queued s
   WHERE m.id = ${idsOf('still_queued')} AND m.id = s.message_id AND s.status IN ('queued', 'held') AND s.doubt = 'in-doubt'
     AND m.internet_message_id IS DISTINCT FROM coalesce(s.internet_message_id, m.internet_message_id)
), recorded AS (
  UPDATE messages m
     SET outcome = e.status, from_email = e.sender, possible_duplicate = e.possible_duplicate, problem = e.problem, ended_at = e.at,
         sent_at = CASE WHEN e.status = 'sent' THEN e.at END, failed_at = CASE WHEN e.status = 'failed' THEN e.at END,
         content_kept = e.status = 'failed', attempt_id = e.other_attempt,
         internet_message_id = coalesce(CASE WHEN e.has_draft THEN (SELECT d.internet_message_id FROM message_drafts d WHERE d.message_id = e.message_id) END,
                                        e.internet_message_id, m.internet_message_id)
    FROM ended e WHERE m.id = ${idsOf('ended')} AND m.id = e.message_id
  RETURNING ${ENDED_COLUMNS}
), ${deleteContents('sent')}, ${deleteDrafts('ended', `CASE WHEN e.status = 'failed' THEN 'draft' WHEN NOT e.save_to_sent_items THEN 'copy' END`)}, attempts AS (
  SELECT message_id, tenant_id, at, outcome, code, detail, facts FROM written WHERE outcome IS NOT NULL
), ${noteAttempts('attempts')}, ${chargeUsage('written', 'charged AND in_time')}, boxes AS ( -- a mailbox that is held or at its limits is not in trouble: other alerts report that
  SELECT tenant_id, max(paused_until) AS paused_until, max(no_access_until) AS no_access_until,
         bool_or(status IN ('sent', 'held') OR outcome = 'throttled' OR outcome = 'refused' AND refused_alone IS NULL) AS answered,
         coalesce(bool_or(outcome IN ('unavailable', 'unknown') OR status = 'queued' AND refused_alone IS NOT NULL), false) AS troubled,
         bool_or(status = 'sent' OR outcome = 'throttled' OR outcome = 'refused' AND code IS NOT NULL) IS TRUE AS heard, bool_or(entra_answered) AS entra_answered, bool_or(has_left) AS has_left, bool_or(has_left AND has_draft) AS has_left_by_draft
    FROM (SELECT *, status = 'sent' AND ${hasLeft('written')} AS has_left FROM written) AS each GROUP BY tenant_id
), noticed AS ( -- writes nothing while all is well
  INSERT INTO mailboxes AS m (tenant_id, paused_until, no_access_until, troubled_since)
  SELECT b.tenant_id, b.paused_until, b.no_access_until,
         CASE WHEN b.answered THEN NULL WHEN b.troubled THEN coalesce(known.troubled_since, mail_now()) ELSE known.troubled_since END
    FROM boxes b LEFT JOIN mailboxes known ON known.tenant_id = b.tenant_id
   WHERE coalesce(b.paused_until, b.no_access_until) IS NOT NULL
      OR b.answered AND known.troubled_since IS NOT NULL
      OR b.troubled AND b.answered IS NOT TRUE AND known.troubled_since IS NULL
      OR b.has_left AND ${endsRefusal('known', 'b.has_left_by_draft')} OR b.heard AND known.gateway IS NOT NULL
   ORDER BY b.tenant_id
  ON CONFLICT (tenant_id) DO UPDATE
    SET paused_until = greatest(m.paused_until, excluded.paused_until), troubled_since = excluded.troubled_since,
        ${accessPauseAfter('m', { answered: `(${ofBox('heard')} OR ${ofBox('entra_answered')} AND coalesce((m.gateway ->> 'forEntra')::boolean, false))`, left: ofBox('has_left'), paused: 'excluded.no_access_until' })},
        ${afterLeaving('m', ofBox('has_left'), ofBox('has_left_by_draft'))}
  RETURNING tenant_id
), alerted AS (${raiseFailed('recorded')}
  RETURNING tenant_id
), ${countAndTell(
  [
    queueRows('-', 'still_queued'),
    queueRows('+', 'stayed'),
    storedBytes('-', 'dropped_contents'),
    storedBytes('+', 'late', '0'),
  ],
  [
    endedEvents('recorded'),
    heldEvents(
      `stayed q JOIN still_queued s ON s.message_id = q.message_id WHERE (q.state = 'held') <> (s.state = 'held')`,
    ),
  ],
  '(SELECT count(*) FROM used) + (SELECT count(*) FROM noticed) + (SELECT count(*) FROM alerted) >= 0',
)}
SELECT message_id AS id FROM written WHERE (SELECT count(*) FROM counted) >= 0`

/** SQL for a column of `boxes`, in a change of the mailbox `m`. */
function ofBox(column: string): string {
  return `(SELECT b.${column} FROM boxes b WHERE b.tenant_id = m.tenant_id)`
}

/**
 * Returns a function that writes an outcome and returns it as it was written, after what its mailbox knows; or null if a later
 * attempt has begun.
 */
export function createSettling(pool: pg.Pool, timers: Timers): (settled: Settled) => Promise<Settlement | null> {
  return createBatcher<Settled, Settlement | null>((batch) => settleBatch(pool, batch), {
    timers,
    maxItems: SETTLEMENTS_PER_BATCH,
    gathering: { from: MANY_AT_ONCE, wait: () => timers.sleep(GATHER_MS) },
  })
}

type Written = Map<Settled, Settlement>

/** Where a statement fails, what others have written before is written all the same. */
async function settleBatch(pool: pg.Pool, batch: readonly Settled[]): Promise<(Settlement | null | FailedItem)[]> {
  const written: Written = new Map()
  try {
    await settleRounds(pool, batch, written)
    return batch.map((settled) => written.get(settled) ?? null)
  } catch (error) {
    return batch.map((settled) => written.get(settled) ?? new FailedItem(error))
  }
}

/**
 * Writes two outcomes of one message (of a late attempt, and of a search for it) one after the other, because one
 * statement would write one of them and report both as written. Adds to `written` what it wrote.
 */
async function settleRounds(pool: pg.Pool, batch: readonly Settled[], written: Written): Promise<void> {
  // All statements lock messages in the order of their ids, so that they cannot deadlock.
  const inOrder = batch.toSorted((a, b) => (a.message.id < b.message.id ? -1 : 1))
  const outcomes = [...Map.groupBy(inOrder, ({ message }) => message.id).values()]
  for (let nth = 0; outcomes.some((each) => nth < each.length); nth++) {
    const round = outcomes.flatMap((each) => each[nth] ?? [])
    for (const settled of round) {
      const settlement = settled.settlement.refusal !== null && (await settleRefused(pool, settled))
      if (settlement) written.set(settled, settlement)
    }
    await settleRound(
      pool,
      round.filter(({ settlement }) => settlement.refusal === null),
      written,
    )
    // While the statement waited for a row, it may have moved to another table, or got a draft: what was not found is tried again.
    const unwritten = round.filter((settled) => !written.has(settled))
    await settleRound(pool, unwritten, written)
  }
}

async function settleRound(pool: pg.Pool, round: readonly Settled[], written: Written): Promise<void> {
  if (round.length === 0) return
  const ids = await write(
    pool,
    round.map((settled) => toResult(settled)),
  )
  for (const settled of round) if (ids.has(settled.message.id)) written.set(settled, settled.settlement)
}

/** Returns the ids of the messages whose outcomes it has written. */
async function write(pool: Pick<pg.Pool, 'query'>, results: readonly Result[]): Promise<ReadonlySet<string>> {
  const { rows } = await pool.query<{ id: string }>({ name: 'settle', text: SETTLE, values: [JSON.stringify(results)] })
  return new Set(rows.map(({ id }) => id))
}

/**
 * Writes the outcome of a message that was refused without being the reason, together with what its mailbox knows of refusals.
 * Returns null where a later attempt of it has begun.
 */
async function settleRefused(pool: pg.Pool, settled: Settled): Promise<Settlement | null> {
  const { message, settlement } = settled
  const { refusal } = settlement
  if (refusal === null) throw new Error('It was not refused.')
  return inTransaction(pool, async (client) => {
    const locked = await lockRefusals(client, message)
    if (!locked) return null
    const judged = isOfNow(refusal, locked) ? await judge(client, settled, refusal, locked) : { settlement }
    const result = toResult({ ...settled, settlement: judged.settlement }, judged.message)
    return (await write(client, [result])).size > 0 ? judged.settlement : null
  })
}

/**
 * Whether a refusal is about the connection of now: whoever connected the mailbox anew, or another sender, has ended what it
 * was about. A look for a message shows its token to Microsoft too, and is no request that can send. What answers in
 * Microsoft's place does so whatever is connected.
 */
function isOfNow({ by }: Refusal | TokenRefusal | Interception, { version, wireVersion }: LockedRefusals): boolean {
  if (version === null) return false
  return wireVersion === version || by === 'gateway' || (wireVersion === null && by === 'token')
}

async function judge(
  client: pg.PoolClient,
  settled: Settled,
  refusal: Refusal | TokenRefusal | Interception,
  { mailbox, token, gateway, isPaused, message, now }: LockedRefusals,
): Promise<{ readonly settlement: Settlement; readonly message?: MessageRefusals }> {
  const { id, tenantId } = settled.message
  const { settlement } = settled
  if (refusal.by === 'token') {
    const { trouble, pauseMs } = judgeToken(token, refusal, isPaused, now)
    await writeRefusals(client, tenantId, { ...mailbox, token: trouble, gateway: null })
    return { settlement: { ...settlement, noAccessMs: pauseMs } }
  }
  if (refusal.by === 'gateway') {
    const waitMs = settlement.waitMs ?? 0
    const judged = judgeInterception({ ...mailbox, gateway, isPaused }, { ...message, id }, refusal, { now, waitMs })
    await writeRefusals(client, tenantId, { ...mailbox, refused: judged.refused, token, gateway: judged.trouble })
    return { settlement: afterInterception(settlement, refusal, judged), message: judged.message }
  }
  const judged = judgeRefusal(mailbox, { ...message, id }, refusal, now)
  // A message that Microsoft refuses had a token that is not, and nothing else answers.
  await writeRefusals(client, tenantId, { ...judged.mailbox, token: null, gateway: null })
  return { settlement: afterRefusal(settlement, refusal, judged.becomes), message: judged.message }
}

/** Where it was kept from its access, the mailbox waits already. */
function afterInterception(
  settlement: Settlement,
  { ends }: Interception,
  { becomes, mailboxWaits, pauseMs }: JudgedInterception,
): Settlement {
  if (becomes === 'failed') return { ...settlement, status: 'failed', waitMs: null, problem: ends }
  return {
    ...settlement,
    waitMs: mailboxWaits ? 0 : settlement.waitMs,
    noAccessMs: settlement.noAccessMs ?? pauseMs,
  }
}

function afterRefusal(settlement: Settlement, { ends }: Refusal, becomes: 'queued' | 'held' | 'failed'): Settlement {
  if (becomes === 'queued') return settlement
  const ended = { ...settlement, status: becomes, waitMs: null }
  return becomes === 'held' ? { ...ended, heldBecause: 'mailbox-refused' } : { ...ended, problem: ends }
}

type Result = ReturnType<typeof toResult>

/** The attempt that the history records. One that was accepted is not: the end of the message tells it. */
function toldAttempt({ status, attempt }: Settlement): Attempt | null {
  return status === 'sent' && attempt?.detail === ACCEPTED.detail ? null : attempt
}

/** Shapes an outcome as `RESULT_COLUMNS` names it. */
function toResult({ message, settlement, fromEmail, internetMessageId, ageMs }: Settled, refusals?: MessageRefusals) {
  const { refusal: _, gateway: __, ...columns } = settlement
  return {
    ...columns,
    messageId: message.id,
    markId: message.markId,
    fromEmail,
    attempt: toldAttempt(settlement),
    internetMessageId,
    refusedAlone: refusals?.alone,
    refusalRound: refusals?.round,
    agoMs: Math.round(ageMs()),
  }
}

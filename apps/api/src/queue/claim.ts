import type { Sealed } from '@inforiver-mail/m365/token-vault'
import type pg from 'pg'
import { QUICK_TIMEOUT_MS } from '../database/database.ts'
import { byLockOrder, type Lease, type LeasedMessage } from './leased-message.ts'
import type { MailboxLimits } from './mailbox/limits.ts'
import { idsOf, isFoundBy, isInState, isInTime, leasedRows } from './columns.ts'
import { isInLane, turnsOf, walkLanes } from './lanes.ts'
import type { Owned, Ownership } from './owner/ownership.ts'
import { ownedBoxes, type OwnedMailbox } from './owner/ownership.sql.ts'
import { paceOf, placeAhead } from './pace.ts'
import { isKnownByDraft } from './mailbox/mailbox-refusals.ts'
import { isPaused } from './mailbox/pause.ts'
import { readingInboxes } from './reports/report-inboxes.ts'
import type { Route } from './mailbox/refusals.ts'
import { NO_DOUBT } from './states.ts'
import { addToCounters, queueRows, countersOf } from './counters.ts'
import { DAY_WINDOW, RATE_WINDOW, usedWithin } from './usage-windows.ts'

// queued ──claimed under a lease──▶ sending; and back, where the answer to the claim was lost.

/** When a worker dies, others take over its messages within this time. */
export const LEASE_MS = 45_000

/** No claim leases more of one mailbox. A constant tells the planner how few rows it reads. */
const MAX_CLAIMED = 1_000
/** Covers the time from a statement that queues a message to its commit. */
const SINCE_NOW = `mail_now() - interval '1 second'`
/**
 * What was committed late with an old due time, or put back by another process, is found after this; or sooner, where the last claim
 * found nothing.
 */
const LOOK_BACK_EVERY_MS = 5_000
const LOOK_BACK_WHEN_QUIET_MS = 900
const BEFORE_ALL = '1970-01-01 00:00:00+00'

/** At most this many due messages are counted to learn whether they fit the limit of a minute. */
const MAX_COUNTED = 1_000

/**
 * Leases due messages of the mailboxes that this process owns. Where they are several, each gets an equal share of the batch. Large messages leave one of the mailbox's concurrent
 * requests to the others, so that a small message never waits for an upload. A limit of 0 means no limit.
 *
 * A message whose time is over is leased only if it is in doubt, so that it is looked for.
 *
 * While more is due than the limit of a minute lets out, a mailbox sends in places that are evenly apart. What it sends
 * next is what `owner/next.ts` says: `turn` is the place of a message within its priority, in which the services take
 * turns, and `share` puts first what the lower priorities are owed. mailbox_turns stores what this needs. Its row is
 * written only when it changes, so that a mailbox without a limit and with one lane writes nothing.
 *
 * A message that goes in one request is cleared for it here. The row of the settings is locked, so that a change of the
 * settings either sees the request as under way, or is seen by the claim.
 *
 * It looks at what is due from a time on, which is before all that is queued of its tenant.
 *
 * $1 tenants, $2 at most, $3 concurrent requests, $4 messages a minute, $5 recipients a day, $6 lease owner, $7 lease in ms,
 * $8 messages of one place, $9 ms of each of them, $10 from when on to look for each tenant, $11 this process, $12 its epochs
 */
const CLAIM = `
WITH ${ownedBoxes('$11', '$1', '$12')}, looked AS MATERIALIZED (
  SELECT asked.tenant_id, asked.rank, least(asked.due_from, ${SINCE_NOW}) AS due_from, first.due_at
    FROM unnest($1::text[], $10::timestamptz[]) WITH ORDINALITY AS asked(tenant_id, due_from, rank) JOIN owned ON owned.tenant_id = asked.tenant_id
    LEFT JOIN LATERAL (
      SELECT q.due_at FROM message_queue q WHERE q.tenant_id = asked.tenant_id AND q.state = 'queued' AND q.due_at >= least(asked.due_from, ${SINCE_NOW})
       ORDER BY q.due_at LIMIT 1) AS first ON true
), boxes AS MATERIALIZED (
  SELECT tenant_id, due_from, rank FROM looked
   WHERE due_at <= mail_now() AND NOT ${isPaused('looked.tenant_id')} AND ${placeAhead('looked.tenant_id')} IS NULL
), allowed AS MATERIALIZED (
  SELECT b.tenant_id, b.due_from, b.rank, coalesce(t.queued, 0) AS queued,
         least(
           ceil($2::int::numeric / (SELECT count(*) FROM boxes))::int,
           CASE WHEN $3 = 0 THEN $2 ELSE $3 - coalesce(t.sending, 0) - (
             SELECT count(*)::int FROM mailbox_cleanups c WHERE c.tenant_id = b.tenant_id AND c.lease_until > mail_now()) - ${readingInboxes('b.tenant_id')} END
         ) AS messages,
         CASE WHEN $4 > 0 THEN $4 - coalesce(t.sending, 0) - ${usedWithin(RATE_WINDOW, 'messages', 'b.tenant_id')}::int END AS left_of_minute,
         CASE WHEN $3 < 2 THEN $2 ELSE $3 - 1 - coalesce(t.sending_large, 0) END AS large,
         CASE WHEN $5 = 0 THEN 0 ELSE coalesce(t.sending_recipients, 0) + ${usedWithin(DAY_WINDOW, 'recipients', 'b.tenant_id')}::int END AS recipients_used
    FROM boxes b LEFT JOIN LATERAL (${countersOf('b.tenant_id')}) AS t ON true
), room AS MATERIALIZED (
  SELECT a.tenant_id, a.due_from, a.rank, a.large, a.recipients_used, pace.is_paced,
         least(a.messages, a.left_of_minute, CASE WHEN pace.is_paced THEN $8::int END) AS messages,
         coalesce(o.normal_passed, 0) AS normal_passed, coalesce(o.low_passed, 0) AS low_passed,
         coalesce(o.after_high, '') AS after_high, coalesce(o.after_normal, '') AS after_normal, coalesce(o.after_low, '') AS after_low
    FROM allowed a CROSS JOIN LATERAL (
      SELECT CASE WHEN a.left_of_minute IS NULL OR a.left_of_minute <= 0 OR a.queued <= a.left_of_minute THEN false
                  WHEN a.left_of_minute > ${MAX_COUNTED} THEN true
                  ELSE (SELECT count(*) FROM (
                          SELECT FROM (SELECT FROM message_queue q
                                        WHERE q.tenant_id = a.tenant_id AND q.state = 'queued' AND q.due_at >= a.due_from AND q.due_at <= mail_now()
                                          AND q.lease_owner IS NULL
                                        ORDER BY q.due_at LIMIT ${MAX_COUNTED} + 1) AS ahead
                           LIMIT a.left_of_minute + 1) AS due) > a.left_of_minute
             END AS is_paced
      OFFSET 0) AS pace
    LEFT JOIN LATERAL (SELECT * FROM mailbox_turns WHERE tenant_id = a.tenant_id OFFSET 0) AS o ON true
), picked AS MATERIALIZED (
  SELECT due.*, r.*
    FROM (SELECT * FROM room WHERE messages > 0) AS r CROSS JOIN LATERAL (
      WITH RECURSIVE ${walkLanes('r.tenant_id', 'r.due_from')}, candidates AS (
        SELECT l.priority, l.service, first.*, row_number() OVER (PARTITION BY l.key ORDER BY first.due_at, first.message_id) AS nth
          FROM lanes l CROSS JOIN LATERAL (
            SELECT * FROM (
              SELECT q.message_id, q.recipients, q.due_at, q.size = 'large' AS is_large FROM message_queue q
               WHERE ${isInLane('q', 'l.key')} AND q.due_at >= r.due_from AND q.due_at <= mail_now() AND q.lease_owner IS NULL
                 AND (r.large > 0 OR q.size <> 'large') AND ${isToBeWorkedOn('q')}
               ORDER BY q.due_at LIMIT ${MAX_CLAIMED}) AS ahead
             LIMIT r.messages) AS first
      ), turns AS (
        SELECT *, row_number() OVER (PARTITION BY priority ORDER BY ${turnsOf('r')}) AS turn,
               count(*) FILTER (WHERE nth = 1) OVER (PARTITION BY priority) AS services,
               count(*) FILTER (WHERE nth = 1) OVER () AS lanes,
               bool_or(priority = 0) OVER () AS high_waits, bool_or(priority = 1) OVER () AS normal_waits, bool_or(priority = 2) OVER () AS low_waits
          FROM candidates
      ), shared AS (
        SELECT *, CASE WHEN priority = 2 AND turn <= (r.low_passed + r.messages) / (CASE WHEN high_waits AND r.normal_passed = 0 THEN 10 ELSE 9 END) THEN 0
                       WHEN priority = 1 AND high_waits AND turn <= (r.normal_passed + r.messages) / 9 THEN 1
                       ELSE 2 END AS share
          FROM turns
      )
      SELECT *, sum(recipients) OVER line AS recipients_so_far, row_number() OVER line AS place,
             count(*) FILTER (WHERE is_large) OVER line AS large_so_far
        FROM shared WINDOW line AS (ORDER BY share, priority, turn ROWS UNBOUNDED PRECEDING)
    ) AS due
   WHERE due.place <= r.messages
     AND ($5 = 0 OR r.recipients_used + due.recipients_so_far <= $5
          OR (r.recipients_used = 0 AND due.place = 1)) -- a message with more recipients than a day allows gets a day of its own
     AND (NOT due.is_large OR due.large_so_far <= r.large)
   ORDER BY r.rank, due.place LIMIT $2
), turned AS (
  INSERT INTO mailbox_turns AS o (tenant_id, placed_at, next_at, normal_passed, low_passed, after_high, after_normal, after_low)
  SELECT tenant_id, CASE WHEN is_paced THEN mail_now() END, CASE WHEN is_paced THEN mail_now() + count(*) * $9::float8 * interval '1 millisecond' END,
         ${passedSince('normal_passed', 1, 'normal_waits')}, ${passedSince('low_passed', 2, 'low_waits')},
         ${lastService(0, 'after_high')}, ${lastService(1, 'after_normal')}, ${lastService(2, 'after_low')}
    FROM picked WHERE is_paced OR lanes > 1 OR normal_passed + low_passed > 0
   GROUP BY tenant_id, is_paced, normal_passed, low_passed, after_high, after_normal, after_low
  ON CONFLICT (tenant_id) DO UPDATE
    SET placed_at = excluded.placed_at, next_at = excluded.next_at, normal_passed = excluded.normal_passed, low_passed = excluded.low_passed,
        after_high = excluded.after_high, after_normal = excluded.after_normal, after_low = excluded.after_low
), settings AS MATERIALIZED (
  SELECT s.tenant_id, s.version, s.status = 'connected' AS connected, concat_ws(' ', s.status, s.version, s.grant_version, s.sent_items_search) AS stamp,
         'Mail.ReadWrite' = ANY (s.granted_permissions) AS readable, s.sent_items_search = 'works' AS searchable, s.from_email
    FROM tenant_settings s WHERE s.tenant_id = ANY (ARRAY(SELECT tenant_id FROM picked))
     FOR SHARE SKIP LOCKED
), leased AS (
  UPDATE message_queue q
     SET lease_owner = $6, lease_until = mail_now() + $7 * interval '1 millisecond', attempt_count = q.attempt_count + 1,
         attempt_id = CASE WHEN ${goesAtOnce('q', 's')} THEN $6 ELSE q.attempt_id END,
         from_email = CASE WHEN ${goesAtOnce('q', 's')} THEN s.from_email ELSE q.from_email END,
         wire_version = CASE WHEN ${goesAtOnce('q', 's')} THEN s.version END
    FROM picked p LEFT JOIN settings s ON s.tenant_id = p.tenant_id
   WHERE ${isFoundBy('q.message_id', 'p.message_id')}
     AND ${isInState('q', 'queued')} AND q.lease_owner IS NULL AND q.due_at <= mail_now()
     AND ${isToBeWorkedOn('q')}
  RETURNING q.*, coalesce(s.stamp, '') AS settings_stamp, p.is_paced
), counted AS (${addToCounters([queueRows('-', 'leased', { owner: 'NULL' }), queueRows('+', 'leased')])}
)
SELECT k.tenant_id, least(k.due_at, ${SINCE_NOW})::text AS due_from, l.message_id AS id, l.recipients, l.attempt_count, l.trying_ms, l.refusals, l.doubt, l.looks, l.possible_duplicate, l.on_unknown_outcome,
       NOT ${isInTime('l')} AS has_expired, l.save_to_sent_items, l.from_email, l.uploading, l.wire_version AS cleared_version, l.settings_stamp, l.is_paced,
       coalesce(c.begun_at, l.waits_since) AS created_at, c.data_key, c.key_sealed AS content_key_sealed,
       coalesce(c.attachment_bytes, 0) AS attachment_bytes, coalesce(c.chunked, false) AS chunked, coalesce(c.stored_bytes, 0) AS stored_bytes,
       CASE WHEN l.size = 'small' THEN c.content END AS content, c.traceparent,
       d.draft_id, d.internet_message_id, d.redirected_to, coalesce(d.upload_attached, 0) AS upload_attached, d.upload_url_sealed, d.upload_expires_at,
       coalesce(d.upload_position, 0) AS upload_position, b.hold ->> 'route' AS held_route,
       CASE WHEN b.probe_id = l.message_id AND l.doubt = 'none' THEN CASE WHEN ${isKnownByDraft('l')} THEN 'draft' ELSE b.hold ->> 'route' END END AS probe_route
  FROM looked k LEFT JOIN leased l ON l.tenant_id = k.tenant_id
  LEFT JOIN LATERAL (SELECT * FROM message_contents WHERE message_id = l.message_id OFFSET 0) AS c ON true
  LEFT JOIN LATERAL (SELECT * FROM message_drafts WHERE l.has_draft AND message_id = l.message_id OFFSET 0) AS d ON true
  LEFT JOIN LATERAL (SELECT * FROM mailboxes WHERE tenant_id = l.tenant_id AND hold IS NOT NULL OFFSET 0) AS b ON true
 WHERE (SELECT count(*) FROM counted) >= 0`

function isToBeWorkedOn(q: string): string {
  return `(${isInTime(q)} OR ${q}.doubt <> 'none')`
}

/**
 * Whether a message's first request is the one that sends it. In doubt, by draft or while uploading, other requests come
 * first. `q` and `s` are aliases of the message and its settings.
 */
function goesAtOnce(q: string, s: string): string {
  return `coalesce(${s}.connected AND ${q}.doubt = 'none' AND NOT ${q}.has_draft AND NOT ${q}.uploading AND ${q}.size = 'small'
                   AND (NOT ${s}.readable OR ${s}.searchable AND ${q}.save_to_sent_items), false)`
}

/** SQL over the picked messages of a mailbox: how many have left while the priority waited, since its last share. */
function passedSince(before: string, priority: number, waits: string): string {
  return `CASE WHEN bool_or(${waits}) THEN least(9, greatest(0, ${before} + count(*) - 9 * count(*) FILTER (WHERE priority = ${priority}))) ELSE 0 END`
}

/** SQL over the picked messages of a mailbox: the service that took the last turn in a priority. */
function lastService(priority: number, before: string): string {
  return `coalesce((array_agg(service ORDER BY turn DESC) FILTER (WHERE priority = ${priority} AND services > 1))[1], ${before})`
}

export interface Claiming {
  /** Leases due messages of this process's mailboxes within their limits to `leaseOwner`, for `LEASE_MS`. */
  claim(leaseOwner: string, limit: number): Promise<LeasedMessage[]>
  /** Returns to the queue what a claim leased whose answer did not arrive, or is not awaited any more. */
  giveBack(leaseOwner: string): Promise<void>
  /** Looks at all that is due in the next claim: something may have been queued that was due long ago. */
  lookBack(): void
  /** Says whether notifications arrive. While they do not, each claim looks at all that is due. */
  listen(isListening: boolean): void
}

export function createClaiming(
  pool: pg.Pool,
  { concurrency, messagesPerMinute, recipientsPerDay }: MailboxLimits,
  ownership: Pick<Ownership, 'use' | 'fenceOut'>,
  elapsedMs: () => number,
): Claiming {
  const pace = paceOf(messagesPerMinute)
  /** Nothing that is queued of a mailbox was due before, as far as the last claims saw. */
  const dueFrom = new Map<string, string>()
  /** The mailboxes of claims that were not answered. */
  const unanswered = new Map<string, readonly OwnedMailbox[]>()
  let lookedBackAt: number | null = null
  let isListening = false
  let isQuiet = true

  function isTimeToLookBack(now: number): boolean {
    if (lookedBackAt === null || !isListening) return true
    return now - lookedBackAt >= (isQuiet ? LOOK_BACK_WHEN_QUIET_MS : LOOK_BACK_EVERY_MS)
  }

  async function lease(leaseOwner: string, limit: number, { owner, mailboxes }: Owned): Promise<LeasedMessage[]> {
    const now = elapsedMs()
    if (isTimeToLookBack(now)) {
      dueFrom.clear()
      lookedBackAt = now
    }
    const tenants = mailboxes.map(({ tenantId }) => tenantId)
    const values = [
      tenants,
      limit,
      concurrency,
      messagesPerMinute,
      recipientsPerDay,
      leaseOwner,
      LEASE_MS,
      pace.messagesPerPlace,
      pace.msPerMessage,
      tenants.map((tenantId) => dueFrom.get(tenantId) ?? BEFORE_ALL),
      owner,
      mailboxes.map(({ epoch }) => epoch),
    ]
    unanswered.set(leaseOwner, mailboxes)
    const { rows } = await pool.query<LookedRow>({ name: 'claim', text: CLAIM, values })
    unanswered.delete(leaseOwner)
    for (const row of rows) dueFrom.set(row.tenant_id, row.due_from)
    const leased = rows.filter((row): row is ClaimedRow => row.id !== null)
    isQuiet = leased.length === 0
    const paced = Map.groupBy(
      leased.filter((row) => row.is_paced),
      (row) => row.tenant_id,
    )
    const nextPlaceMs = (row: ClaimedRow) => (paced.get(row.tenant_id)?.length ?? 0) * pace.msPerMessage
    return leased.map((row) => toLeasedMessage(row, leaseOwner, nextPlaceMs(row)))
  }

  return {
    async claim(leaseOwner, limit) {
      if (limit < 1) return []
      return (await ownership.use((mine) => lease(leaseOwner, limit, mine), { sends: true })) ?? []
    },
    async giveBack(leaseOwner) {
      await ownership.fenceOut(unanswered.get(leaseOwner) ?? [])
      await pool.query(GIVE_BACK, [leaseOwner])
      unanswered.delete(leaseOwner)
      lookedBackAt = null
    },
    lookBack() {
      lookedBackAt = null
    },
    listen(listening) {
      isListening = listening
      lookedBackAt = null
    },
  }
}

interface LookedRow {
  readonly tenant_id: string
  /** As PostgreSQL wrote it. */
  readonly due_from: string
  readonly id: string | null
}

interface ClaimedRow extends LookedRow {
  readonly id: string
  readonly recipients: number
  readonly attempt_count: number
  readonly trying_ms: string
  readonly refusals: number
  readonly held_route: Route | null
  readonly probe_route: Route | null
  readonly doubt: 'none' | 'in-doubt'
  readonly looks: number
  readonly possible_duplicate: boolean
  readonly on_unknown_outcome: 'retry' | 'stop'
  readonly has_expired: boolean
  readonly save_to_sent_items: boolean
  readonly from_email: string | null
  readonly draft_id: string | null
  readonly internet_message_id: string | null
  readonly redirected_to: string | null
  readonly created_at: Date
  readonly data_key: string | null
  readonly content_key_sealed: Sealed | null
  readonly content: Buffer | null
  readonly traceparent: string | null
  readonly attachment_bytes: string
  readonly chunked: boolean
  readonly stored_bytes: string
  readonly uploading: boolean
  readonly upload_attached: number
  readonly upload_url_sealed: Sealed | null
  readonly upload_expires_at: Date | null
  readonly upload_position: string
  readonly settings_stamp: string
  readonly cleared_version: number | null
  readonly is_paced: boolean
}

function toLeasedMessage(row: ClaimedRow, leaseOwner: string, nextPlaceMs: number): LeasedMessage {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    leaseOwner,
    recipients: row.recipients,
    attemptCount: row.attempt_count,
    tryingMs: Number(row.trying_ms),
    refusals: row.refusals,
    heldRoute: row.held_route,
    probeRoute: row.probe_route,
    doubt: row.doubt === 'none' ? NO_DOUBT : { state: 'in-doubt', looks: row.looks },
    possibleDuplicate: row.possible_duplicate,
    onUnknownOutcome: row.on_unknown_outcome,
    hasExpired: row.has_expired,
    saveToSentItems: row.save_to_sent_items,
    fromEmail: row.from_email,
    draftId: row.draft_id,
    internetMessageId: row.internet_message_id,
    redirectedTo: row.redirected_to,
    createdAt: row.created_at,
    dataKey: row.data_key,
    contentKeySealed: row.content_key_sealed,
    content: row.content,
    traceparent: row.traceparent,
    attachmentBytes: Number(row.attachment_bytes),
    chunked: row.chunked,
    storedBytes: Number(row.stored_bytes),
    uploading: row.uploading,
    upload: {
      attached: row.upload_attached,
      session: row.upload_url_sealed && { urlSealed: row.upload_url_sealed, expiresAt: row.upload_expires_at },
      position: Number(row.upload_position),
    },
    settingsStamp: row.settings_stamp,
    clearedVersion: row.cleared_version,
    nextPlaceMs,
  }
}

/**
 * Undoes a claim whose answer was lost, once it cannot take effect any more. Nothing was sent under it, even if recovery put the
 * messages in doubt. $1 lease owner
 */
const GIVE_BACK = `
WITH lost AS MATERIALIZED (
  SELECT message_id FROM (${leasedRows('SELECT tenant_id, sending FROM counters')}) AS leased WHERE lease_owner = $1
   UNION ALL
  SELECT doubtful.message_id FROM counters t CROSS JOIN LATERAL (
    SELECT q.message_id, q.attempt_id FROM message_queue q WHERE q.tenant_id = t.tenant_id AND q.doubt = 'in-doubt' AND q.lease_owner IS NULL) AS doubtful
   WHERE doubtful.attempt_id = $1
), claimed AS MATERIALIZED (
  SELECT tenant_id, message_id, state, lease_owner, size, recipients, upload_bytes FROM message_queue
   WHERE message_id = ${idsOf('lost')} AND (lease_owner = $1 OR attempt_id = $1 AND lease_owner IS NULL)
     FOR UPDATE
), given_back AS (
  UPDATE message_queue
     SET lease_owner = NULL, lease_until = NULL, attempt_count = attempt_count - 1, wire_version = NULL,
         doubt = CASE WHEN attempt_id = $1 THEN 'none' ELSE doubt END, looks = CASE WHEN attempt_id = $1 THEN 0 ELSE looks END,
         attempt_id = nullif(attempt_id, $1)
   WHERE message_id = ${idsOf('claimed')}
  RETURNING tenant_id, state, lease_owner, size, recipients, upload_bytes
)
${addToCounters([queueRows('-', 'claimed'), queueRows('+', 'given_back')])}`

/**
 * Locks the messages in the order of their ids, as they are given: no plan can join by this comparison of owners.
 *
 * $1 ids, $2 lease owners, $3 lease in ms
 */
const RENEW = `
UPDATE message_queue q SET lease_until = mail_now() + $3 * interval '1 millisecond'
  FROM unnest($1::text[], $2::text[]) AS held(message_id, lease_owner)
 WHERE ${isFoundBy('q.message_id', 'held.message_id')} AND q.lease_owner IS NOT DISTINCT FROM held.lease_owner
RETURNING q.message_id AS id`

/**
 * Renews the leases that are still held for another `LEASE_MS`, and returns the ids of their messages. It is given up soon:
 * on another connection it may still be in time.
 */
export async function renewLeases(pool: pg.Pool, messages: readonly Lease[]): Promise<Set<string>> {
  const inOrder = messages.toSorted(byLockOrder)
  const values = [inOrder.map(({ id }) => id), inOrder.map(({ leaseOwner }) => leaseOwner), LEASE_MS]
  const statement = { text: RENEW, values, query_timeout: QUICK_TIMEOUT_MS }
  const { rows } = await pool.query<{ id: string }>(statement)
  return new Set(rows.map(({ id }) => id))
}

/** The content that a claim left out because of its size. $1 id */
const READ_CONTENT = `SELECT content FROM message_contents WHERE message_id = $1`

/** @throws when the content is gone because the message was given up */
export async function readContent(pool: pg.Pool, { id }: Pick<Lease, 'id'>): Promise<Buffer> {
  const { rows } = await pool.query<{ content: Buffer | null }>(READ_CONTENT, [id])
  const content = rows[0]?.content
  if (!content) throw new Error(`The content of ${id} is gone.`)
  return content
}

import type { MessageFilter } from '@inforiver-mail/contract/message-list'
import type { MessageStatus } from '@inforiver-mail/contract/message'
import { isAllowedRecipient } from '@inforiver-mail/contract/allowed-domains'
import type pg from 'pg'
import { appendAuditEvent } from '../../database/audit-log.ts'
import type { Database } from '../../database/database.ts'
import { inTransaction } from '../../database/transaction.ts'
import type { Actor } from '../actor.ts'
import { CANCEL, LOCK_TO_CANCEL } from './cancel.ts'
import { deletableAtOnce, idsOf, isCancellable, isInTime, isRetryable, storedBytesOf } from '../columns.ts'
import { createFinder } from '../records/find.ts'
import { withHeld } from '../records/find-filter.ts'
import type { StoredFilter } from '../records/find-source.ts'
import { RETRY } from './retry.ts'
import { NOTIFY } from '../owner/wake.ts'

// Retries or cancels many messages. The messages are listed first, so that what fails or is submitted afterwards is not
// among them; then they are changed in batches, each in one transaction with the end of its part of the list. A message
// that cannot be changed any more when its turn comes is left alone. Changes take turns, batch by batch, so that neither a long
// one nor one that fails holds up the others.

export type BulkAction = 'retry' | 'cancel'

const LISTED_AT_ONCE = 2_000
const CHANGED_AT_ONCE = 200
/** An incomplete list older than this was left by a killed process. */
const ABANDONED_AFTER = '1 hour'

/** What can be retried has failed; what can be cancelled is in one of these states. */
const STATES: Readonly<Record<BulkAction, readonly MessageStatus[]>> = {
  retry: ['failed'],
  cancel: ['scheduled', 'held', 'queued', 'sending'],
}

/** $1 tenant, $2 action */
const BEGIN = `INSERT INTO bulk_changes (tenant_id, action, begun_at) VALUES ($1, $2, mail_now()) RETURNING id::text, begun_at`

/** How many of the messages can be changed, and why others, which have failed, cannot be retried. */
export interface BulkCounts {
  readonly count: number
  readonly expired: number
  readonly withoutContent: number
  readonly notAllowed: number
}

/** The domains of all recipients of each message. $1 ids */
const DOMAINS = `
SELECT m.id, array_agg(DISTINCT substring(r ->> 'address' FROM '[^@]*$')) AS domains
  FROM messages m CROSS JOIN LATERAL jsonb_array_elements(m."to" || coalesce(m.cc, '[]') || coalesce(m.bcc, '[]')) AS r
 WHERE m.id = ANY ($1) GROUP BY m.id`

/** Lists those of the messages that can be changed now, and counts. $1 change, $2 ids; to retry, $3 those not to send */
const LIST: Readonly<Record<BulkAction, string>> = {
  retry: `
WITH failed AS MATERIALIZED (
  SELECT m.id AS message_id, ${isRetryable('m')} AS is_retryable, ${isInTime('m')} AS is_in_time
    FROM messages m WHERE m.id = ANY ($2) AND m.outcome = 'failed'
), listed AS (
  INSERT INTO bulk_change_messages (change_id, message_id) SELECT $1, message_id FROM failed WHERE is_retryable AND NOT message_id = ANY ($3)
  ON CONFLICT DO NOTHING RETURNING message_id
)
SELECT (SELECT count(*)::int FROM listed) AS count, (count(*) FILTER (WHERE NOT is_in_time))::int AS expired,
       (count(*) FILTER (WHERE is_in_time AND NOT is_retryable))::int AS "withoutContent",
       (count(*) FILTER (WHERE is_retryable AND message_id = ANY ($3)))::int AS "notAllowed"
  FROM failed`,
  cancel: `
WITH listed AS (
  INSERT INTO bulk_change_messages (change_id, message_id)
  SELECT $1, q.message_id FROM message_queue q WHERE q.message_id = ANY ($2) AND ${isCancellable('q')}
  ON CONFLICT DO NOTHING RETURNING message_id
)
SELECT count(*)::int AS count, 0 AS expired, 0 AS "withoutContent", 0 AS "notAllowed" FROM listed`,
}

/** $1 change */
const READY = `UPDATE bulk_changes SET ready = true WHERE id = $1::bigint`
const DROP = `
WITH listed AS (DELETE FROM bulk_change_messages WHERE change_id = $1::bigint)
DELETE FROM bulk_changes WHERE id = $1::bigint`

/** $1 whose turn was last */
const NEXT = `
SELECT c.id::text, c.tenant_id, c.action, c.ready FROM bulk_changes c
 WHERE c.ready OR c.begun_at < mail_now() - interval '${ABANDONED_AFTER}' ORDER BY c.id <= $1::bigint, c.id LIMIT 1 FOR UPDATE SKIP LOCKED`

/** Takes as many as are deleted at once when they are cancelled. $1 change, $2 at most */
const TAKE = `
WITH next AS MATERIALIZED (
  SELECT b.message_id, ${storedBytesOf('b.message_id')} AS stored_bytes
    FROM bulk_change_messages b WHERE b.change_id = $1 ORDER BY b.message_id LIMIT $2
), taken AS MATERIALIZED (${deletableAtOnce('next')}
)
DELETE FROM bulk_change_messages WHERE change_id = $1 AND message_id = ${idsOf('taken')}
RETURNING message_id`

/**
 * Lists what is to be changed, and leaves the rest to `continueBulkChange`. Returns what could be changed at the start.
 * Resolves once the list is on disk.
 */
export async function beginBulkChange(
  { pool, prisma }: Pick<Database, 'pool' | 'prisma'>,
  actor: Actor,
  action: BulkAction,
  filter: StoredFilter,
  { now, allowedDomains }: { now: Date; allowedDomains: readonly string[] },
): Promise<BulkCounts> {
  const { tenantId } = actor
  const begun = await pool.query<{ id: string; begun_at: Date }>(BEGIN, [tenantId, action])
  const [change] = begun.rows
  if (!change) throw new Error('The change was not stored.')
  const { id, begun_at: begunAt } = change
  // Making the list takes a while. What is submitted meanwhile is left out; what came in the same millisecond counts.
  const end = new Date(begunAt.getTime() + 1)
  const submittedTo = filter.submittedTo !== undefined && filter.submittedTo < end ? filter.submittedTo : end
  const counts = { count: 0, expired: 0, withoutContent: 0, notAllowed: 0 }
  const complete = { ...(await withHeld(pool, tenantId, filter)), submittedTo }
  for (const status of STATES[action].filter((state) => filter.status === undefined || filter.status === state))
    for await (const matches of createFinder(pool, actor, { ...complete, status }).all(LISTED_AT_ONCE)) {
      const ids = matches.map((match) => match.id)
      const values = [id, ids, ...(action === 'retry' ? [await findRefused(pool, ids, allowedDomains)] : [])]
      const { rows } = await pool.query<BulkCounts>(LIST[action], values)
      for (const { count, expired, withoutContent, notAllowed } of rows) {
        counts.count += count
        counts.expired += expired
        counts.withoutContent += withoutContent
        counts.notAllowed += notAllowed
      }
    }
  const { count } = counts
  await prisma.$transaction(async (transaction) => {
    await transaction.$executeRawUnsafe(count === 0 ? DROP : READY, id)
    await appendAuditEvent(transaction, {
      tenantId,
      at: now,
      actor: actor.userId,
      action: action === 'retry' ? 'messages-retried' : 'messages-cancelled',
      outcome: 'accepted',
      details: { count, filter: describeFilter(filter), ...(actor.service !== null && { name: actor.service }) },
    })
  })
  return counts
}

/** Returns the messages with a recipient that is not allowed. An empty list allows all. */
async function findRefused(
  pool: pg.Pool,
  ids: readonly string[],
  allowedDomains: readonly string[],
): Promise<string[]> {
  if (allowedDomains.length === 0) return []
  const { rows } = await pool.query<{ id: string; domains: readonly string[] }>(DOMAINS, [ids])
  const isAllowed = (domain: string) => isAllowedRecipient(`@${domain}`, allowedDomains)
  return rows.filter(({ domains }) => !domains.every(isAllowed)).map(({ id }) => id)
}

/** Names what was filtered by. Of texts only the name of the filter: they may be addresses and subjects. */
export function describeFilter(filter: StoredFilter): string {
  const texts: readonly (keyof MessageFilter)[] = ['recipient', 'subject', 'reference', 'search']
  const described = Object.entries(filter).map(([name, value]) => {
    if (texts.some((text) => text === name)) return name
    return `${name}=${value instanceof Date ? value.toISOString() : String(value)}`
  })
  return described.join(', ')
}

interface BulkChange {
  readonly id: string
  readonly tenant_id: string
  readonly action: string
  readonly ready: boolean
}

/**
 * Returns a function that changes one batch, and returns whether there may be another. Several processes may take part, each
 * with its own turns.
 */
export function createBulkChanging(pool: pg.Pool): () => Promise<boolean> {
  let last = '0'
  return () =>
    inTransaction(pool, async (client) => {
      const next = await client.query<BulkChange>(NEXT, [last])
      const [change] = next.rows
      if (!change) return false
      last = change.id
      await changeBatch(client, change)
      return true
    })
}

async function changeBatch(client: pg.PoolClient, change: BulkChange): Promise<void> {
  const taken = await client.query<{ message_id: string }>(TAKE, [change.id, CHANGED_AT_ONCE])
  if (!change.ready || taken.rows.length === 0) {
    await client.query(DROP, [change.id])
    return
  }
  const ids = taken.rows.map(({ message_id: messageId }) => messageId)
  if (change.action === 'cancel') await client.query(LOCK_TO_CANCEL, [ids])
  await client.query(change.action === 'cancel' ? CANCEL : RETRY, [ids, change.tenant_id, null])
  if (change.action !== 'cancel') await client.query(NOTIFY)
}

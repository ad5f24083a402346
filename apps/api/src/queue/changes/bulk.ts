import type { MessageFilter } from '@inforiver-mail/contract/message-list'
import type { MessageStatus } from '@inforiver-mail/contract/message'
import { isAllowedRecipient } from '@inforiver-mail/contract/allowed-domains'
import type pg from 'pg'
import { appendAuditEvent } from '../../database/audit-log.ts'
import { createDatabaseClock } from '../../database/database-clock.ts'
import type { Database } from '../../database/database.ts'
import { inTransaction } from '../../database/transaction.ts'
import type { Actor } from '../actor.ts'
import { CANCEL, LOCK_TO_CANCEL } from './cancel.ts'
import { deletableAtOnce, isCancellable, isInTime, isRetryable, storedBytesOf } from '../columns.ts'
import { createFinder } from '../records/find.ts'
import { withHeld } from '../records/find-filter.ts'
import type { StoredFilter } from '../records/find-source.ts'
import { RETRY } from './retry.ts'
import { NOTIFY } from '../owner/wake.ts'

// Retries or cancels many messages. They are listed first, so that what fails or is submitted afterwards is not among them,
// and stored in batches together with the audit event. Then each batch is changed in a transaction of its own, in which its
// list ends. A message that cannot be changed any more by then is left alone. A batch that fails does not hold up the others.

export type BulkAction = 'retry' | 'cancel'

const LISTED_AT_ONCE = 2_000
const CHANGED_AT_ONCE = 200

/** What can be retried has failed; what can be cancelled is in one of these states. */
const STATES: Readonly<Record<BulkAction, readonly MessageStatus[]>> = {
  retry: ['failed'],
  cancel: ['scheduled', 'held', 'queued', 'sending'],
}

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

/** Those of the messages that can be changed now, or have failed and cannot be retried. $1 ids */
const LIST: Readonly<Record<BulkAction, string>> = {
  retry: `
SELECT m.id, ${isRetryable('m')} AS "isChangeable", ${isInTime('m')} AS "isInTime" FROM messages m WHERE m.id = ANY ($1) AND m.outcome = 'failed'`,
  cancel: `
SELECT q.message_id AS id, true AS "isChangeable", true AS "isInTime" FROM message_queue q WHERE q.message_id = ANY ($1) AND ${isCancellable('q')}`,
}

interface Listed {
  readonly id: string
  readonly isChangeable: boolean
  readonly isInTime: boolean
}

/** $1 tenant, $2 action, $3 ids */
const STORE = `
INSERT INTO bulk_changes (tenant_id, action, message_ids)
SELECT $1, $2, array_agg(id) FROM unnest($3::text[]) WITH ORDINALITY AS listed(id, place)
 GROUP BY (place - 1) / ${CHANGED_AT_ONCE} ORDER BY (place - 1) / ${CHANGED_AT_ONCE}`

/** $1 the batch that was changed last */
const NEXT = `
SELECT id::text, tenant_id, action, message_ids FROM bulk_changes ORDER BY id <= $1::bigint, id LIMIT 1 FOR UPDATE SKIP LOCKED`

/** The first of the messages: as many as are deleted at once when they are cancelled. $1 ids */
const FIRST = `
WITH listed AS MATERIALIZED (
  SELECT id AS message_id, ${storedBytesOf('id')} AS stored_bytes FROM unnest($1::text[]) WITH ORDINALITY AS each(id, place) ORDER BY place
)
${deletableAtOnce('listed')}`

/** $1 batch, $2 how many of its messages were changed */
const SHORTEN = `UPDATE bulk_changes SET message_ids = message_ids[$2::int + 1:] WHERE id = $1::bigint`

/** $1 batch */
const END = `DELETE FROM bulk_changes WHERE id = $1::bigint`

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
  const begunAt = await createDatabaseClock(pool)()
  // Making the list takes a while. What is submitted meanwhile is left out; what came in the same millisecond counts.
  const end = new Date(begunAt.getTime() + 1)
  const submittedTo = filter.submittedTo !== undefined && filter.submittedTo < end ? filter.submittedTo : end
  const others = { expired: 0, withoutContent: 0, notAllowed: 0 }
  const listed = new Set<string>()
  const complete = { ...(await withHeld(pool, tenantId, filter)), submittedTo }
  for (const status of STATES[action].filter((state) => filter.status === undefined || filter.status === state))
    for await (const matches of createFinder(pool, actor, { ...complete, status }).all(LISTED_AT_ONCE)) {
      const ids = matches.map((match) => match.id)
      const { rows } = await pool.query<Listed>(LIST[action], [ids])
      const refused = new Set(action === 'retry' ? await findRefused(pool, ids, allowedDomains) : [])
      for (const { id, isChangeable, isInTime } of rows)
        if (!isInTime) others.expired += 1
        else if (!isChangeable) others.withoutContent += 1
        else if (refused.has(id)) others.notAllowed += 1
        else listed.add(id)
    }
  const count = listed.size
  await prisma.$transaction(async (transaction) => {
    await transaction.$executeRawUnsafe(STORE, tenantId, action, [...listed])
    await appendAuditEvent(transaction, {
      tenantId,
      at: now,
      actor: actor.userId,
      action: action === 'retry' ? 'messages-retried' : 'messages-cancelled',
      outcome: 'accepted',
      details: { count, filter: describeFilter(filter), ...(actor.service !== null && { name: actor.service }) },
    })
  })
  return { count, ...others }
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

interface Batch {
  readonly id: string
  readonly tenant_id: string
  readonly action: string
  readonly message_ids: readonly string[]
}

/** Returns a function that changes one batch, and returns whether there may be another. Several processes may take part. */
export function createBulkChanging(pool: pg.Pool): () => Promise<boolean> {
  let last = '0'
  return () =>
    inTransaction(pool, async (client) => {
      const next = await client.query<Batch>(NEXT, [last])
      const [batch] = next.rows
      if (!batch) return false
      last = batch.id
      await changeBatch(client, batch)
      return true
    })
}

async function changeBatch(client: pg.PoolClient, batch: Batch): Promise<void> {
  const first = await client.query<{ message_id: string }>(FIRST, [batch.message_ids])
  const ids = first.rows.map(({ message_id: messageId }) => messageId)
  if (batch.action === 'cancel') await client.query(LOCK_TO_CANCEL, [ids])
  await client.query(batch.action === 'cancel' ? CANCEL : RETRY, [ids, batch.tenant_id, null])
  if (batch.action !== 'cancel') await client.query(NOTIFY)
  if (ids.length < batch.message_ids.length) await client.query(SHORTEN, [batch.id, ids.length])
  else await client.query(END, [batch.id])
}

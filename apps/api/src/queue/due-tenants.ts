import pg from 'pg'
import {
  BEFORE_ALL,
  MAX_KNOWN,
  type DatabaseTime,
  type KnownTenant,
  type Listing,
  type SeenTenant,
} from './known-tenants.ts'
import { LOCK_AS_CLAIM, lockMailbox } from './mailbox-lock.ts'
import { placeAhead } from './pace.ts'
import { isPaused } from './pause.ts'

// Who has something queued, and whose mailbox a claim locks.

const { TIMESTAMPTZ } = pg.types.builtins

/** Leaves times as they come. */
const TIMES_AS_TEXT: pg.CustomTypesConfig = {
  getTypeParser: (type, format) => (type === TIMESTAMPTZ ? String : pg.types.getTypeParser(type, format)),
}

/** Covers the time from a statement that queues a message to its commit. */
const SINCE_NOW = `mail_now() - interval '1 second'`

/** Longer than a process goes without listing the tenants anew. */
const DUE_SOON = `mail_now() + interval '15 seconds'`

/**
 * Lists tenants with something queued, and from when on. It walks from tenant to tenant in the index of due messages, so
 * tenants with an empty queue cost nothing. Where there are more than a process remembers, only those are listed that have
 * something due soon: the others would take their turns in vain.
 *
 * $1 the tenant to begin after
 */
const LIST_TENANTS = `
WITH RECURSIVE ${walkTenants('ahead', 'q.tenant_id > $1')}, ${walkTenants('behind', 'q.tenant_id <= $1')}, all_fit AS MATERIALIZED (
  SELECT count(*) <= ${MAX_KNOWN} AS every FROM (SELECT FROM ahead UNION ALL SELECT FROM behind LIMIT ${MAX_KNOWN} + 1) AS counted
)
SELECT others.due_from AS others_from, queued.tenant_id, least(queued.due_at, others.due_from) AS due_from
  FROM (SELECT ${SINCE_NOW} AS due_from) AS others
  LEFT JOIN (
    SELECT * FROM (SELECT * FROM ahead UNION ALL SELECT * FROM behind) AS walked
     WHERE walked.due_at <= ${DUE_SOON} OR (SELECT every FROM all_fit)
     LIMIT ${MAX_KNOWN}) AS queued ON true`

function walkTenants(name: string, within: string): string {
  const first = (after: string) =>
    `SELECT q.tenant_id, q.due_at FROM message_queue q WHERE q.state = 'queued' AND ${within}${after} ORDER BY q.tenant_id, q.due_at LIMIT 1`
  return `${name} AS (
  (${first('')})
   UNION ALL
  SELECT next.* FROM ${name} CROSS JOIN LATERAL (${first(` AND q.tenant_id > ${name}.tenant_id`)}) AS next
)`
}

export async function listTenants(client: pg.PoolClient, after: string): Promise<Listing> {
  const { rows } = await client.query<{ others_from: DatabaseTime; tenant_id: string | null; due_from: DatabaseTime }>({
    name: 'list-tenants',
    text: LIST_TENANTS,
    types: TIMES_AS_TEXT,
    values: [after],
  })
  return {
    found: rows.flatMap((row) => (row.tenant_id === null ? [] : { tenantId: row.tenant_id, dueFrom: row.due_from })),
    othersDueFrom: rows[0]?.others_from ?? BEFORE_ALL,
  }
}

/**
 * Locks the mailboxes of those tenants that have something due, and skips those that another process has locked. It is a
 * statement of its own, so that the claim sees what the previous holder of each lock committed. The clock may have gone
 * back, and what was queued since then is due before the remembered times.
 *
 * $1 tenants, $2 from when on to look for each, $3 mailboxes to lock at most
 */
const LOCK_DUE = `
WITH claiming AS MATERIALIZED (${LOCK_AS_CLAIM}), asked AS MATERIALIZED (
  SELECT tenant_id, least(due_from, ${SINCE_NOW}) AS due_from, turn FROM unnest($1::text[], $2::timestamptz[]) WITH ORDINALITY AS each(tenant_id, due_from, turn)
), seen AS MATERIALIZED (
  SELECT asked.tenant_id, asked.turn, first.due_at
    FROM asked LEFT JOIN LATERAL (
      SELECT q.due_at FROM message_queue q WHERE q.tenant_id = asked.tenant_id AND q.state = 'queued' AND q.due_at >= asked.due_from
       ORDER BY q.due_at LIMIT 1) AS first ON true
   ORDER BY asked.turn
), due AS (
  SELECT tenant_id FROM seen
   WHERE due_at <= mail_now()
     AND NOT ${isPaused('seen.tenant_id')}
     AND ${placeAhead('seen.tenant_id')} IS NULL
  OFFSET 0 -- keeps the lock function off the rows that are filtered out
), locked AS MATERIALIZED (
  SELECT due.tenant_id FROM claiming CROSS JOIN due WHERE ${lockMailbox('due.tenant_id')} LIMIT $3
)
SELECT s.tenant_id AS "tenantId", least(s.due_at, ${SINCE_NOW}) AS "dueFrom", s.due_at IS NOT NULL AS "isQueued",
       s.tenant_id IN (SELECT tenant_id FROM locked) AS "isLocked"
  FROM seen s ORDER BY s.turn`

/** Locks mailboxes in the order of `asked`. */
export async function lockDue(
  client: pg.PoolClient,
  asked: readonly KnownTenant[],
  atMost: number,
): Promise<(SeenTenant & { readonly isLocked: boolean })[]> {
  const values = [asked.map(({ tenantId }) => tenantId), asked.map(({ dueFrom }) => dueFrom), atMost]
  const { rows } = await client.query<SeenTenant & { readonly isLocked: boolean }>({
    name: 'lock-due',
    text: LOCK_DUE,
    types: TIMES_AS_TEXT,
    values,
  })
  return rows
}

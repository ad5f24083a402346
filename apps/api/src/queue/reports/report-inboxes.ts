import type pg from 'pg'
import type { MailboxLimits } from '../mailbox/limits.ts'
import type { Owned } from '../owner/ownership.ts'
import { ownedBoxes } from '../owner/ownership.sql.ts'
import { countersOf } from '../counters.ts'

// The inboxes in which non-delivery reports arrive: who reads which, and how far. Reading counts as one of the mailbox's
// requests. It goes on while the mailbox pauses for a limit that is used up, since reports still come then.

/** Renewed before each request, which takes at most half of it. */
export const INBOX_LEASE_MS = 60_000
/** A busy mailbox keeps a request free for an inbox that waits, until it has been read; this long at most. */
const KEEPS_FREE_MS = 10_000
const SEEN_FOR_DAYS = 3

/** `sender`: of the sender. `delegate`: of the person whose access is used, where the sender is another mailbox. */
export type InboxKind = 'sender' | 'delegate'

/** An inbox that one process reads. */
export interface ClaimedInbox {
  readonly tenantId: string
  readonly inbox: InboxKind
  /** The lease is held by this name. */
  readonly leaseOwner: string
  /** Where Graph goes on; null: begin with what arrived since `since`. */
  readonly link: string | null
  readonly since: Date
}

/** SQL for how many requests to the mailbox are reading its reports, or are kept free for that. */
export function readingInboxes(tenant: string): string {
  return `(SELECT count(*)::int FROM report_inboxes i WHERE i.tenant_id = ${tenant} AND i.lease_until > mail_now())`
}

/** Whose inbox is to be read where bounces are switched on, and since when they are. */
const WANTED = `
SELECT s.tenant_id, w.inbox, w.owner, s.bounces_since
  FROM tenant_settings s
 CROSS JOIN LATERAL (VALUES ('sender', lower(s.from_email)), ('delegate', CASE WHEN s.mailbox = 'delegated' THEN s.delegate_object_id END)) AS w(inbox, owner)
 WHERE s.bounces_enabled AND s.status = 'connected' AND s.problem IS NULL AND w.owner IS NOT NULL`

const ADD_WANTED = `
INSERT INTO report_inboxes (tenant_id, inbox, due_at)
SELECT w.tenant_id, w.inbox, mail_now() FROM (${WANTED}) AS w
 WHERE NOT EXISTS (SELECT 1 FROM report_inboxes i WHERE i.tenant_id = w.tenant_id AND i.inbox = w.inbox)
ON CONFLICT DO NOTHING`

const IS_DUE = `i.due_at <= mail_now() AND (i.lease_owner IS NULL OR i.lease_until <= mail_now())`

/** A pause that Microsoft asked for: nothing is asked of the mailbox. */
const isPausedByMicrosoft = (tenant: string) =>
  `EXISTS (SELECT 1 FROM mailboxes m WHERE m.tenant_id = ${tenant} AND m.paused_until > mail_now() AND m.paused_until > coalesce(m.quota_paused_until, '-infinity'))`

/**
 * Leases one due inbox of each mailbox of this process that is below its limit of concurrent requests, and keeps a request
 * free for it in the others. The inbox of somebody else, or reports that were switched off in between, begin anew.
 *
 * $1 tenants, $2 that limit or 0 for none, $3 lease owner, $4 lease in ms, $5 ms that a request is kept free, $6 this process,
 * $7 its epochs
 */
const CLAIM = `
WITH ${ownedBoxes('$6', '$1', '$7')}, picked AS MATERIALIZED (
  SELECT b.tenant_id, due.inbox, due.owner, due.begins_anew, due.bounces_since,
         $2 = 0 OR $2 > coalesce((${countersOf('b.tenant_id', 'sending')}), 0)
                        + (SELECT count(*) FROM mailbox_cleanups c WHERE c.tenant_id = b.tenant_id AND c.lease_until > mail_now())
                        + (SELECT count(*) FROM report_inboxes r WHERE r.tenant_id = b.tenant_id AND r.lease_until > mail_now() AND r.lease_owner IS NOT NULL) AS fits
    FROM owned AS b CROSS JOIN LATERAL (
      SELECT i.inbox, w.owner, w.bounces_since, i.owner IS DISTINCT FROM w.owner OR coalesce(i.read_at, i.due_at) < w.bounces_since AS begins_anew
        FROM report_inboxes i JOIN (${WANTED}) AS w ON w.tenant_id = i.tenant_id AND w.inbox = i.inbox
       WHERE i.tenant_id = b.tenant_id AND ${IS_DUE} ORDER BY i.due_at LIMIT 1) AS due
   WHERE NOT ${isPausedByMicrosoft('b.tenant_id')}
), leased AS (
  UPDATE report_inboxes i
     SET lease_owner = CASE WHEN p.fits THEN $3 END, lease_until = mail_now() + CASE WHEN p.fits THEN $4::int ELSE $5::int END * interval '1 millisecond',
         owner = CASE WHEN p.fits THEN p.owner ELSE i.owner END, link = CASE WHEN p.fits AND p.begins_anew THEN NULL ELSE i.link END,
         read_at = CASE WHEN p.fits AND p.begins_anew THEN NULL ELSE i.read_at END
    FROM picked p WHERE i.tenant_id = p.tenant_id AND i.inbox = p.inbox
  RETURNING i.tenant_id, i.inbox, i.lease_owner, i.link, i.read_at, p.bounces_since
)
SELECT tenant_id, inbox, link,
       greatest(coalesce(read_at - interval '1 hour', bounces_since - interval '1 day'), mail_now() - interval '2 days') AS since
  FROM leased WHERE lease_owner = $3`

/** Leases due inboxes to `leaseOwner`, one of each mailbox of this process. */
export async function claimInboxes(
  pool: pg.Pool,
  { concurrency }: MailboxLimits,
  leaseOwner: string,
  { owner, tenants, epochs }: Owned,
): Promise<ClaimedInbox[]> {
  await pool.query({ name: 'add-wanted-inboxes', text: ADD_WANTED })
  const { rows } = await pool.query<{ tenant_id: string; inbox: InboxKind; link: string | null; since: Date }>({
    name: 'claim-inboxes',
    text: CLAIM,
    values: [tenants, concurrency, leaseOwner, INBOX_LEASE_MS, KEEPS_FREE_MS, owner, epochs],
  })
  return rows.map(({ tenant_id: tenantId, inbox, link, since }) => ({ tenantId, inbox, leaseOwner, link, since }))
}

type Held = Pick<ClaimedInbox, 'tenantId' | 'inbox' | 'leaseOwner'>

/** SQL that finds the inbox while the lease is held. $1 tenant, $2 inbox, $3 lease owner */
const IS_HELD = `tenant_id = $1 AND inbox = $2 AND lease_owner = $3 AND lease_until > mail_now()`

/** $4 lease in ms */
const RENEW = `
UPDATE report_inboxes i SET lease_until = mail_now() + $4 * interval '1 millisecond'
 WHERE ${IS_HELD} AND EXISTS (SELECT 1 FROM (${WANTED}) AS w WHERE w.tenant_id = i.tenant_id AND w.inbox = i.inbox AND w.owner = i.owner)`

/**
 * Reports whether the next request may begin: the lease is still held, and now for as long again, and nobody has switched
 * bounces off or changed the sender since the last one.
 */
export async function renewInbox(pool: pg.Pool, { tenantId, inbox, leaseOwner }: Held): Promise<boolean> {
  return (await pool.query(RENEW, [tenantId, inbox, leaseOwner, INBOX_LEASE_MS])).rowCount === 1
}

/** $4 link, $5 whether everything is read up to now */
const ADVANCE = `
UPDATE report_inboxes SET link = $4, read_at = CASE WHEN $5 THEN mail_now() ELSE read_at END WHERE ${IS_HELD}`

/** Stores the link to continue from; null starts over. Returns false when the lease was lost. */
export async function advanceInbox(
  pool: pg.Pool,
  { tenantId, inbox, leaseOwner }: Held,
  link: string | null,
  isReadToTheEnd: boolean,
): Promise<boolean> {
  return (await pool.query(ADVANCE, [tenantId, inbox, leaseOwner, link, isReadToTheEnd])).rowCount === 1
}

/** $4 ms until the inbox is due again */
const RELEASE = `
UPDATE report_inboxes SET lease_owner = NULL, lease_until = NULL, due_at = mail_now() + $4 * interval '1 millisecond' WHERE ${IS_HELD}`

export async function releaseInbox(
  pool: pg.Pool,
  { tenantId, inbox, leaseOwner }: Held,
  againInMs: number,
): Promise<void> {
  await pool.query(RELEASE, [tenantId, inbox, leaseOwner, againInMs])
}

/** $1 tenant, $2 ids */
const UNSEEN = `
SELECT a.id FROM unnest($2::text[]) AS a(id)
  LEFT JOIN LATERAL (SELECT true AS is_seen FROM seen_reports s WHERE s.tenant_id = $1 AND s.item_id = a.id OFFSET 0) AS seen ON true
 WHERE seen.is_seen IS NULL`

/** Returns those of the reports that have not been read. */
export async function unseenReports(
  pool: pg.Pool,
  tenantId: string,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set()
  const { rows } = await pool.query<{ id: string }>(UNSEEN, [tenantId, ids])
  return new Set(rows.map(({ id }) => id))
}

/** $1 tenant, $2 id, $3 days */
const MARK_SEEN = `
WITH old AS (
  DELETE FROM seen_reports WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM seen_reports WHERE seen_at < mail_now() - $3 * interval '1 day' ORDER BY seen_at LIMIT 100))
)
INSERT INTO seen_reports (tenant_id, item_id, seen_at) VALUES ($1, $2, mail_now()) ON CONFLICT DO NOTHING`

/** Records that a report was read and what follows from it is written. */
export async function markSeen(pool: pg.Pool, tenantId: string, id: string): Promise<void> {
  await pool.query(MARK_SEEN, [tenantId, id, SEEN_FOR_DAYS])
}

import { ownMessageId } from '@inforiver-mail/m365/mime-message'
import type pg from 'pg'
import { isInState } from '../columns.ts'
import { SENT_LATELY } from './delivery-reports.ts'

/** A message with a recipient whose report, or the code of whose failure, is still due, or one in doubt. */
export interface AwaitedMessage {
  readonly id: string
  /** Its Message-ID, with the angle brackets. */
  readonly internetMessageId: string
  readonly fromEmail: string
  /** When it was sent; of a message in doubt, the earliest time within the last hour at which it may have been. */
  readonly sentAt: Date
  /** The earliest time at which a message in doubt may have been sent; null for any other. */
  readonly inDoubtSince: Date | null
}

/** Reads at most this many; the rest follow once these are settled. */
const MOST_AWAITED = 20_000

/**
 * SQL for whether the trace reported that a recipient failed, and its details, which have the code, may not have been
 * read yet. Details without a code are not waited for longer than this.
 */
const AWAITS_CODE = `(o.delivery = 'failed' AND o.code IS NULL AND o.source = 'trace' AND o.certain AND o.learned_at > mail_now() - interval '1 hour')`

/** A message in doubt that goes by draft has its Message-ID with the draft. One of an earlier attempt may be with the message. $1 tenant */
const READ = `
SELECT m.id, m.internet_message_id AS "internetMessageId", m.from_email AS "fromEmail", m.sent_at AS "sentAt", NULL::timestamptz AS "inDoubtSince"
  FROM (${SENT_LATELY}) AS e CROSS JOIN LATERAL (SELECT * FROM messages WHERE id = e.message_id OFFSET 0) AS m
 WHERE m.outcome = 'sent' AND m.from_email IS NOT NULL AND m.sent_at > mail_now() - interval '24 hours'
   AND coalesce((SELECT sum(o.places) FROM recipient_outcomes o WHERE o.message_id = m.id AND o.delivery IS NOT NULL AND NOT ${AWAITS_CODE}), 0) < m.recipients
 UNION ALL
SELECT q.message_id, coalesce((SELECT d.internet_message_id FROM message_drafts d WHERE d.message_id = q.message_id), m.internet_message_id), q.from_email, greatest(q.waits_since, mail_now() - interval '55 minutes'),
       q.waits_since
  FROM message_queue q CROSS JOIN LATERAL (SELECT * FROM messages WHERE id = q.message_id OFFSET 0) AS m
 WHERE q.tenant_id = $1 AND q.doubt = 'in-doubt' AND q.from_email IS NOT NULL
 ORDER BY "sentAt" DESC LIMIT ${MOST_AWAITED}`

/** Reads the messages of the last 24 hours of which an outcome or a code is not known yet, newest first. */
export async function readAwaited(pool: pg.Pool, tenantId: string): Promise<readonly AwaitedMessage[]> {
  const { rows } = await pool.query<
    Omit<AwaitedMessage, 'internetMessageId'> & { readonly internetMessageId: string | null }
  >(READ, [tenantId])
  return rows.map((row) =>
    Object.assign(row, { internetMessageId: row.internetMessageId ?? ownMessageId(row.id, row.fromEmail) }),
  )
}

/** What the message trace knows of a message: nothing while it is off. */
export type TraceSight = 'off' | 'seen' | 'unseen'

/** $1 tenant, $2 id */
const SIGHT = `
SELECT CASE WHEN NOT EXISTS (SELECT 1 FROM tenant_settings s WHERE s.tenant_id = $1 AND s.status <> 'not-configured' AND s.trace_enabled) THEN 'off'
            WHEN EXISTS (SELECT 1 FROM recipient_outcomes o WHERE o.message_id = $2 AND o.source = 'trace' AND o.certain) THEN 'seen'
            ELSE 'unseen' END AS sight`

/** Whether the message trace has a row of a message for certain, whatever its status: then it was sent. */
export async function readSight(
  pool: pg.Pool,
  { id, tenantId }: { readonly id: string; readonly tenantId: string },
): Promise<TraceSight> {
  const { rows } = await pool.query<{ sight: TraceSight }>(SIGHT, [tenantId, id])
  return rows[0]?.sight ?? 'off'
}

/**
 * Notes that the trace has rows of messages in doubt, and has them settled at once.
 * $1 tenant, $2 ids, $3 an address of each, in lower case, $4 how often the message has it
 */
const NOTE_SEEN = `
WITH seen AS MATERIALIZED (
  SELECT q.message_id FROM message_queue q
   WHERE q.message_id = ANY ($2) AND q.tenant_id || '' = $1 AND q.doubt || '' = 'in-doubt' FOR UPDATE OF q
), noted AS (
  INSERT INTO recipient_outcomes (message_id, address, tenant_id, places, source, learned_at)
  SELECT s.message_id, a.address, $1, a.places, 'trace', mail_now()
    FROM unnest($2::text[], $3::text[], $4::int[]) AS a(message_id, address, places) JOIN seen s USING (message_id)
  ON CONFLICT DO NOTHING
)
UPDATE message_queue q SET due_at = mail_now()
 WHERE q.message_id = ANY (ARRAY(SELECT message_id FROM seen)) AND ${isInState('q', 'queued')} AND q.mark_id IS NULL`

export interface SeenMessage {
  readonly id: string
  readonly recipients: readonly { readonly address: string }[]
}

/** Notes of messages that the trace has rows of them. Those that are not in doubt stay as they are. */
export async function noteSeen(pool: pg.Pool, tenantId: string, messages: readonly SeenMessage[]): Promise<void> {
  const seen = messages.flatMap(({ id, recipients }) => {
    const address = recipients[0]?.address.toLowerCase()
    const places = recipients.filter((each) => each.address.toLowerCase() === address).length
    return address === undefined ? [] : [{ id, address, places }]
  })
  if (seen.length === 0) return
  const columns = [seen.map(({ id }) => id), seen.map(({ address }) => address), seen.map(({ places }) => places)]
  await pool.query(NOTE_SEEN, [tenantId, ...columns])
}

import type { Testbed } from '../testbed/testbed.ts'

const ADDED_AT_ONCE = 100_000

/** Messages of a tenant: one for each second, back from a time. */
export interface Stretch {
  readonly tenantId: string
  readonly newestAt: Date
  /** The seconds to the newest one of these. */
  readonly from: number
  readonly count: number
}

/**
 * Writes messages that have ended, of which 1% failed and 1% were cancelled, with their events and reports. They are older
 * than all that the tenant has.
 */
export async function addEnded(testbed: Testbed, tenantId: string, count: number): Promise<void> {
  const { rows } = await testbed.pool.query<{ at: Date }>(
    'SELECT coalesce(min(created_at), now()) AS at FROM messages WHERE tenant_id = $1',
    [tenantId],
  )
  const newestAt = rows[0]?.at ?? new Date()
  for (let from = 1; from <= count; from += ADDED_AT_ONCE) {
    const stretch = { tenantId, newestAt, from, count: Math.min(ADDED_AT_ONCE, count + 1 - from) }
    await addMessages(testbed, stretch)
    await addReports(testbed, stretch)
  }
  await countAnew(testbed, tenantId)
}

async function addMessages({ pool }: Testbed, { tenantId, newestAt, from, count }: Stretch): Promise<void> {
  await pool.query(
    `WITH numbered AS (
       SELECT n, $2::timestamptz - n * interval '1 second' AS at, CASE n % 100 WHEN 1 THEN 'failed' WHEN 2 THEN 'cancelled' ELSE 'sent' END AS outcome
         FROM generate_series($3::int, $3::int + $4::int - 1) AS n
     ), ended AS (
       INSERT INTO messages (id, tenant_id, service, outcome, "to", subject, created_at, sent_at, ended_at, problem)
       SELECT 'msg_' || lpad(to_hex(trunc(extract(epoch FROM at) * 1000)::bigint), 12, '0') || left(md5(n || 'ended' || random()), 20), $1, 'load', outcome,
              jsonb_build_array(jsonb_build_object('address', 'person-' || n || '@fabrikam.com')), 'Ended', at, CASE outcome WHEN 'sent' THEN at END, at,
              CASE outcome WHEN 'failed' THEN '{"code": "recipient-refused", "title": "", "detail": "", "microsoftCode": "ErrorInvalidRecipients", "requestId": null}'::jsonb END
         FROM numbered
       RETURNING id, tenant_id, service, outcome, created_at, ended_at
     )
     INSERT INTO unsent_messages (message_id, tenant_id, service, outcome, created_at, ended_at, has_content, cause, code)
     SELECT id, tenant_id, service, outcome, created_at, ended_at, false, CASE outcome WHEN 'failed' THEN 'ErrorInvalidRecipients' END, CASE outcome WHEN 'failed' THEN 'recipient-refused' END
       FROM ended WHERE outcome <> 'sent'`,
    [tenantId, newestAt, from, count],
  )
}

/**
 * Writes the events of ended messages, and what became of the last recipient of those that were sent: of 99% it was
 * reached, of nearly 1% it was not, and of one in ten thousand nothing is known.
 */
export async function addReports({ pool }: Testbed, { tenantId, newestAt, from, count }: Stretch): Promise<void> {
  const second = (after: number) => new Date(newestAt.getTime() - after * 1_000)
  const range = [tenantId, second(from + count - 1), second(from)]
  const ofStretch = 'tenant_id = $1 AND created_at BETWEEN $2 AND $3'
  await pool.query(
    `INSERT INTO message_events (tenant_id, position, at, message_id, service, type, code)
     SELECT tenant_id, floor(extract(epoch FROM created_at) * 1000000)::bigint, ended_at, id, service, 'message.' || outcome, problem ->> 'code'
       FROM messages WHERE ${ofStretch} AND outcome IS NOT NULL`,
    range,
  )
  await pool.query(
    `INSERT INTO recipient_outcomes (message_id, address, tenant_id, places, delivery, code, at, source, learned_at)
     SELECT id, lower("to" -> -1 ->> 'address'), tenant_id, 1, CASE WHEN nth % 100 = 0 THEN 'failed' ELSE 'delivered' END, CASE WHEN nth % 100 = 0 THEN '5.1.10' END,
            ended_at, 'trace', ended_at
       FROM (SELECT *, floor(extract(epoch FROM created_at))::bigint AS nth FROM messages WHERE ${ofStretch} AND outcome = 'sent') AS sent
      WHERE nth % 10000 <> 0`,
    range,
  )
}

/** Has the events of a tenant added up from the first on: otherwise those that came later but are older would be left out. */
async function countAnew({ pool }: Testbed, tenantId: string): Promise<void> {
  await pool.query(
    `WITH outcomes AS (UPDATE outcome_progress SET position = 0 WHERE tenant_id = $1), counts AS (UPDATE outcome_counts SET sent = 0, failed = 0, held = 0 WHERE tenant_id = $1),
          limits AS (UPDATE sending_limits SET position = 0 WHERE tenant_id = $1)
     DELETE FROM external_recipients WHERE tenant_id = $1`,
    [tenantId],
  )
}

/** Reads the overview of a tenant until it has added up all events: in the background that is done for one tenant alone. */
export async function untilCounted(
  { pool }: Testbed,
  tenantId: string,
  readOverview: () => Promise<unknown>,
): Promise<void> {
  for (;;) {
    const { rows } = await pool.query<{ behind: boolean }>(
      `SELECT EXISTS (SELECT FROM message_events e WHERE e.tenant_id = $1 AND e.position > coalesce((SELECT p.position FROM outcome_progress p WHERE p.tenant_id = $1), 0))
           OR EXISTS (SELECT FROM message_events e WHERE e.tenant_id = $1 AND e.position > coalesce((SELECT l.position FROM sending_limits l WHERE l.tenant_id = $1), 0)) AS behind`,
      [tenantId],
    )
    if (!rows[0]?.behind) return
    await readOverview()
  }
}

import { ownMessageId } from '@inforiver-mail/m365/mime-message'
import type pg from 'pg'
import { SENT_LATELY } from './delivery-reports.ts'

/** A message that reports are awaited of, for one of its recipients at least. */
export interface AwaitedMessage {
  readonly id: string
  /** Its Message-ID, with the angle brackets. */
  readonly internetMessageId: string
  readonly fromEmail: string
  readonly sentAt: Date
}

/** More are looked at when these are settled. */
const MOST_AWAITED = 20_000

/** $1 tenant */
const READ = `
SELECT m.id, m.internet_message_id AS "internetMessageId", m.from_email AS "fromEmail", m.sent_at AS "sentAt"
  FROM (${SENT_LATELY}) AS e CROSS JOIN LATERAL (SELECT * FROM messages WHERE id = e.message_id OFFSET 0) AS m
 WHERE m.outcome = 'sent' AND m.from_email IS NOT NULL AND m.sent_at > mail_now() - interval '24 hours'
   AND coalesce((SELECT sum(o.places) FROM recipient_outcomes o WHERE o.message_id = m.id AND o.delivery IS NOT NULL), 0) < m.recipients
 ORDER BY m.sent_at DESC LIMIT ${MOST_AWAITED}`

/** Reads the messages of the last 24 hours of which an outcome is not known yet, newest first. */
export async function readAwaited(pool: pg.Pool, tenantId: string): Promise<readonly AwaitedMessage[]> {
  const { rows } = await pool.query<
    Omit<AwaitedMessage, 'internetMessageId'> & { readonly internetMessageId: string | null }
  >(READ, [tenantId])
  return rows.map((row) =>
    Object.assign(row, { internetMessageId: row.internetMessageId ?? ownMessageId(row.id, row.fromEmail) }),
  )
}

import { NOTHING_KNOWN, type SizeLimits } from '@inforiver-mail/m365/size-plan'
import type pg from 'pg'
import { inTransaction } from '../../database/transaction.ts'
import { bucketOf, isWithin, UPLOAD_WINDOW } from '../usage-windows.ts'

// The upload limit of a mailbox, and the size limits learned from Microsoft's refusals. The claim enforces the limits on
// messages, recipients and concurrent requests.

const AT_LEAST_MS = 1_000
/** A learned limit expires after a day, because an administrator may have raised the real one. */
const LEARNED_FOR = `interval '1 day'`

/** The limits of each mailbox over all processes; 0 means no limit. */
export interface MailboxLimits {
  readonly concurrency: number
  readonly messagesPerMinute: number
  readonly recipientsPerDay: number
  readonly uploadBytesPer5Minutes: number
}

/**
 * Keeps two uploads from spending the same allowance. It is not a lock of the mailbox's row: outcomes are written to that, and
 * would wait. $1 tenant
 */
const LOCK_UPLOADS = `SELECT pg_advisory_xact_lock(hashtextextended('uploads of ' || $1, 0))`

/**
 * Charges bytes to the mailbox if they fit the limit, or if nothing else was charged within the window.
 * $1 tenant, $2 bytes, $3 the limit
 */
const CHARGE_UPLOAD = `
INSERT INTO mailbox_usage (tenant_id, started_at, messages, recipients, upload_bytes)
SELECT $1, ${bucketOf('mail_now()')}, 0, 0, $2::bigint
  FROM (SELECT coalesce(sum(u.upload_bytes), 0)::bigint AS bytes FROM mailbox_usage u WHERE u.tenant_id = $1 AND ${isWithin(UPLOAD_WINDOW, 'u.started_at')}) AS used
 WHERE true /* fence: upload-charge */ AND (used.bytes = 0 OR used.bytes + $2::bigint <= $3::bigint) /* end */
ON CONFLICT (tenant_id, started_at) DO UPDATE SET upload_bytes = mailbox_usage.upload_bytes + excluded.upload_bytes`

/** The ms until the oldest charge leaves the window. $1 tenant */
const FREED_IN = `
SELECT ceil(extract(epoch FROM least(min(started_at), mail_now()) + ${UPLOAD_WINDOW.interval} - mail_now()) * 1000)::int AS wait_ms FROM mailbox_usage
 WHERE tenant_id = $1 AND ${isWithin(UPLOAD_WINDOW, 'started_at')} AND upload_bytes > 0`

/** Returns null when the bytes were charged to the mailbox's limit, else the ms after which to ask again. */
export async function chargeUpload(
  pool: pg.Pool,
  { uploadBytesPer5Minutes }: MailboxLimits,
  tenantId: string,
  bytes: number,
): Promise<number | null> {
  if (uploadBytesPer5Minutes === 0) return null
  return inTransaction(pool, async (client) => {
    // fence: upload-turn
    await client.query(LOCK_UPLOADS, [tenantId])
    // end
    const values = [tenantId, bytes, uploadBytesPer5Minutes]
    if ((await client.query(CHARGE_UPLOAD, values)).rowCount === 1) return null
    const { rows } = await client.query<{ wait_ms: number | null }>(FREED_IN, [tenantId])
    return Math.max(AT_LEAST_MS, rows[0]?.wait_ms ?? 0)
  })
}

/** SQL for a limit that was learned lately; null for any other. */
const learned = (limit: string): string => `CASE WHEN m.${limit}_at > mail_now() - ${LEARNED_FOR} THEN m.${limit} END`

/**
 * Stores what Microsoft's answer shows of a limit, and when. $1 tenant, $2 bytes
 *
 * @param stricter which of two is kept; where it is not given, the later one
 */
const learn = (limit: string, stricter?: 'least' | 'greatest'): string => `
INSERT INTO mailboxes AS m (tenant_id, ${limit}, ${limit}_at) VALUES ($1, $2, mail_now())
ON CONFLICT (tenant_id) DO UPDATE
  SET ${limit} = ${stricter ? `${stricter}(${learned(limit)}, excluded.${limit})` : `excluded.${limit}`}, ${limit}_at = excluded.${limit}_at`

const LEARN = [
  ['messageBytes', learn('message_size_limit', 'least')],
  ['requestBytes', learn('request_size_limit')],
  ['sessionMinimumBytes', learn('session_size_minimum', 'greatest')],
] as const

/** Learns the largest message, the longest request and the smallest upload session that Microsoft accepts. */
export async function learnSizeLimits(pool: pg.Pool, tenantId: string, limits: Partial<SizeLimits>): Promise<void> {
  for (const [name, statement] of LEARN) if (limits[name]) await pool.query(statement, [tenantId, limits[name]])
}

/** $1 tenant */
const READ_SIZES = `
SELECT (${learned('message_size_limit')})::float8 AS "messageBytes", (${learned('request_size_limit')})::float8 AS "requestBytes",
       (${learned('session_size_minimum')})::float8 AS "sessionMinimumBytes"
  FROM mailboxes m WHERE m.tenant_id = $1`

/** Reads the size limits learned from Microsoft within the last day; null for an unknown one. */
export async function readSizeLimits(pool: pg.Pool, tenantId: string): Promise<SizeLimits> {
  const { rows } = await pool.query<SizeLimits>(READ_SIZES, [tenantId])
  return rows[0] ?? NOTHING_KNOWN
}

/** $1 tenant, $2 origin. It locks nothing while the origin stays the same. */
const LEARN_UPLOAD_ORIGIN = `
INSERT INTO mailboxes (tenant_id, upload_origin)
SELECT $1, $2 WHERE NOT EXISTS (SELECT FROM mailboxes WHERE tenant_id = $1 AND upload_origin = $2)
ON CONFLICT (tenant_id) DO UPDATE SET upload_origin = excluded.upload_origin`

/** Learns where Microsoft has large attachments uploaded to. */
export async function learnUploadOrigin(pool: pg.Pool, tenantId: string, origin: string): Promise<void> {
  await pool.query(LEARN_UPLOAD_ORIGIN, [tenantId, origin])
}

/** Returns the origin of the last upload session; null before the first. */
export async function readUploadOrigin(pool: pg.Pool, tenantId: string): Promise<string | null> {
  const { rows } = await pool.query<{ origin: string | null }>(
    'SELECT upload_origin AS origin FROM mailboxes WHERE tenant_id = $1',
    [tenantId],
  )
  return rows[0]?.origin ?? null
}

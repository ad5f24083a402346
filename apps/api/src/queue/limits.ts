import type { SizeLimits } from '@inforiver-mail/m365/size-plan'
import type pg from 'pg'
import { inTransaction } from '../database/transaction.ts'

// What a mailbox may do: how much may be uploaded to it, and what Microsoft takes from it, as far as it has told.
// How much may leave it is part of the claim.

const AT_LEAST_MS = 1_000

/** Per mailbox, over all processes; 0 stands for no limit. */
export interface MailboxLimits {
  readonly concurrency: number
  readonly messagesPerMinute: number
  readonly recipientsPerDay: number
  readonly uploadBytesPer5Minutes: number
}

/**
 * Two processes never spend the same allowance. Not by the mailbox's row: claims pass over one that is locked, and
 * other messages would wait for those that upload. $1 tenant
 */
const LOCK_UPLOADS = `SELECT pg_advisory_xact_lock(hashtextextended('uploads of ' || $1, 0))`

/**
 * Charges bytes to the mailbox if they fit its limit of 5 minutes, or if nothing was charged in them.
 * $1 tenant, $2 bytes, $3 the limit
 */
const CHARGE_UPLOAD = `
INSERT INTO mailbox_usage (tenant_id, started_at, messages, recipients, upload_bytes)
SELECT $1, date_bin('10 seconds', mail_now(), 'epoch'), 0, 0, $2::bigint
  FROM (SELECT coalesce(sum(upload_bytes), 0) AS bytes FROM mailbox_usage
         WHERE tenant_id = $1 AND started_at > mail_now() - interval '310 seconds') AS used
 WHERE used.bytes = 0 OR used.bytes + $2::bigint <= $3::bigint
ON CONFLICT (tenant_id, started_at) DO UPDATE SET upload_bytes = mailbox_usage.upload_bytes + excluded.upload_bytes`

/** In how many ms the first of what is charged no longer counts. $1 tenant */
const FREED_IN = `
SELECT ceil(extract(epoch FROM min(started_at) + interval '310 seconds' - mail_now()) * 1000)::int AS wait_ms FROM mailbox_usage
 WHERE tenant_id = $1 AND started_at > mail_now() - interval '310 seconds' AND upload_bytes > 0`

/** Null when the bytes are charged to the mailbox's limit; otherwise in how many ms to ask again. */
export async function chargeUpload(
  pool: pg.Pool,
  { uploadBytesPer5Minutes }: MailboxLimits,
  tenantId: string,
  bytes: number,
): Promise<number | null> {
  if (uploadBytesPer5Minutes === 0) return null
  return inTransaction(pool, async (client) => {
    await client.query(LOCK_UPLOADS, [tenantId])
    const values = [tenantId, bytes, uploadBytesPer5Minutes]
    if ((await client.query(CHARGE_UPLOAD, values)).rowCount === 1) return null
    const { rows } = await client.query<{ wait_ms: number | null }>(FREED_IN, [tenantId])
    return Math.max(AT_LEAST_MS, rows[0]?.wait_ms ?? 0)
  })
}

/** Microsoft refused a message of this size. $1 tenant, $2 encoded bytes */
const LEARN_SIZE_LIMIT = `
INSERT INTO mailboxes AS m (tenant_id, message_size_limit, message_size_limit_at) VALUES ($1, $2::bigint - 1, mail_now())
ON CONFLICT (tenant_id) DO UPDATE
   SET message_size_limit = least(CASE WHEN m.message_size_limit_at > mail_now() - interval '1 day' THEN m.message_size_limit END, excluded.message_size_limit),
       message_size_limit_at = excluded.message_size_limit_at`

/** Microsoft refused a message that has so many bytes encoded. */
export async function learnSizeLimit(pool: pg.Pool, tenantId: string, encodedBytes: number): Promise<void> {
  await pool.query(LEARN_SIZE_LIMIT, [tenantId, encodedBytes])
}

/** Graph takes no longer request. $1 tenant, $2 bytes */
const LEARN_REQUEST_LIMIT = `
INSERT INTO mailboxes (tenant_id, request_size_limit, request_size_limit_at) VALUES ($1, $2, mail_now())
ON CONFLICT (tenant_id) DO UPDATE
   SET request_size_limit = excluded.request_size_limit, request_size_limit_at = excluded.request_size_limit_at`

/** Graph opens no upload session for a smaller file. $1 tenant, $2 bytes */
const LEARN_SESSION_MINIMUM = `
INSERT INTO mailboxes AS m (tenant_id, session_size_minimum, session_size_minimum_at) VALUES ($1, $2::bigint, mail_now())
ON CONFLICT (tenant_id) DO UPDATE
   SET session_size_minimum = greatest(CASE WHEN m.session_size_minimum_at > mail_now() - interval '1 day' THEN m.session_size_minimum END, excluded.session_size_minimum),
       session_size_minimum_at = excluded.session_size_minimum_at`

/** For the next day: what Microsoft takes in one request, and in an upload session. */
export async function learnRequestLimits(
  pool: pg.Pool,
  tenantId: string,
  { requestBytes, sessionMinimumBytes }: Partial<Pick<SizeLimits, 'requestBytes' | 'sessionMinimumBytes'>>,
): Promise<void> {
  if (requestBytes) await pool.query(LEARN_REQUEST_LIMIT, [tenantId, requestBytes])
  if (sessionMinimumBytes) await pool.query(LEARN_SESSION_MINIMUM, [tenantId, sessionMinimumBytes])
}

/** What was learned counts for a day: an administrator may have raised a limit since. $1 tenant */
const READ_SIZES = `
SELECT CASE WHEN message_size_limit_at > mail_now() - interval '1 day' THEN message_size_limit END AS message,
       CASE WHEN request_size_limit_at > mail_now() - interval '1 day' THEN request_size_limit END AS request,
       CASE WHEN session_size_minimum_at > mail_now() - interval '1 day' THEN session_size_minimum END AS session
  FROM mailboxes WHERE tenant_id = $1`

/** What Microsoft takes from a tenant, as far as its refusals have told. */
export async function readSizeLimits(pool: pg.Pool, tenantId: string): Promise<SizeLimits> {
  const { rows } = await pool.query<{ message: string | null; request: string | null; session: string | null }>(
    READ_SIZES,
    [tenantId],
  )
  const [row] = rows
  return {
    messageBytes: numberOrNull(row?.message),
    requestBytes: numberOrNull(row?.request),
    sessionMinimumBytes: numberOrNull(row?.session),
  }
}

function numberOrNull(text: string | null | undefined): number | null {
  return text ? Number(text) : null
}

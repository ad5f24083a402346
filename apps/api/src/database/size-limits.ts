import type { SizeLimits } from '@inforiver-mail/m365/size-plan'
import type pg from 'pg'

/** What was learned counts for a day: an administrator may have raised a limit since. $1 tenant */
const READ = `
SELECT CASE WHEN message_size_limit_at > mail_now() - interval '1 day' THEN message_size_limit END AS message,
       CASE WHEN request_size_limit_at > mail_now() - interval '1 day' THEN request_size_limit END AS request,
       CASE WHEN session_size_minimum_at > mail_now() - interval '1 day' THEN session_size_minimum END AS session
  FROM tenants WHERE id = $1`

/** What Microsoft takes from a tenant, as far as its refusals have told. */
export async function readSizeLimits(pool: pg.Pool, tenantId: string): Promise<SizeLimits> {
  const { rows } = await pool.query<{ message: string | null; request: string | null; session: string | null }>(READ, [
    tenantId,
  ])
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

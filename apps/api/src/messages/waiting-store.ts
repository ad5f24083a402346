import { COUNTED_FROM_BYTES, LARGE_FROM_BYTES } from '@inforiver-mail/contract/message'
import { MAX_ATTACHMENTS_IN_ONE_REQUEST_BYTES } from '@inforiver-mail/m365/size-plan'
import { RANGE_BYTES } from '@inforiver-mail/m365/upload-session'
import type pg from 'pg'
import type { UsageLimits } from './usage.ts'
import { dayMatters, explainWaiting, type Counted, type Place, type Waiting } from './waiting.ts'

/** Nobody waits for the place of a message so far behind: that it leaves no sooner than this one is what it is told. */
const PLACES_COUNTED = 10_000

/** As the claim reads it. $1 tenant */
const READ_MAILBOX = `
SELECT mail_now() AS now, t.mailbox_paused_until AS paused_until, s.sending, s.large, s.recipients,
       (SELECT count(*)::int FROM mailbox_cleanups WHERE tenant_id = t.id AND lease_until > mail_now()) AS cleanups,
       (SELECT coalesce(sum(recipients), 0)::int FROM mailbox_usage WHERE tenant_id = t.id AND started_at > mail_now() - interval '1 day') AS recipients_last_day,
       (SELECT coalesce(sum(upload_bytes), 0)::bigint FROM mailbox_usage WHERE tenant_id = t.id AND started_at > mail_now() - interval '310 seconds') AS uploaded
  FROM tenants t
 CROSS JOIN LATERAL (
   SELECT count(*)::int AS sending, count(*) FILTER (WHERE stored_bytes > ${LARGE_FROM_BYTES})::int AS large,
          coalesce(sum(recipients), 0)::int AS recipients
     FROM messages WHERE tenant_id = t.id AND status = 'sending') AS s
 WHERE t.id = $1`

/** $1 tenant */
const READ_SENT = `
SELECT messages AS count, started_at + interval '70 seconds' AS "freedAt" FROM mailbox_usage
 WHERE tenant_id = $1 AND started_at > mail_now() - interval '70 seconds' AND messages > 0 ORDER BY started_at`

/** $1 tenant */
const READ_RECIPIENTS = `
SELECT recipients AS count, started_at + interval '1 day' AS "freedAt" FROM mailbox_usage
 WHERE tenant_id = $1 AND started_at > mail_now() - interval '1 day' AND recipients > 0 ORDER BY started_at`

/** Of those that are due, in the order of the claim. $1 tenant, $2 ids, $3 how many are looked at */
const READ_PLACES = `
WITH due AS (
  SELECT id, next_attempt_at, recipients, stored_bytes > ${LARGE_FROM_BYTES} AS is_large FROM messages
   WHERE tenant_id = $1 AND status = 'queued' AND next_attempt_at <= mail_now()
   ORDER BY next_attempt_at, id LIMIT $3
), placed AS (
  SELECT id, row_number() OVER line AS messages, count(*) FILTER (WHERE is_large) OVER line AS large,
         sum(recipients) OVER line AS recipients
    FROM due WINDOW line AS (ORDER BY next_attempt_at, id ROWS UNBOUNDED PRECEDING)
)
SELECT id, messages::int, large::int, recipients::int FROM placed
 WHERE id = ANY($2) OR messages = $3`

/** The columns of a queued message that decide how long it waits. */
export interface QueuedRow {
  readonly id: string
  readonly nextAttemptAt: Date | null
  readonly recipients: number
  readonly attachmentBytes: bigint
  readonly storedBytes: bigint
  readonly uploading: boolean
  readonly uploadedBytes: bigint
}

export interface WaitingStore {
  /** Why queued messages of a tenant wait, and until when, by id. */
  explain(tenantId: string, queued: readonly QueuedRow[]): Promise<ReadonlyMap<string, Waiting>>
}

export function createWaitingStore(pool: pg.Pool, limits: UsageLimits): WaitingStore {
  return {
    async explain(tenantId, queued) {
      if (queued.length === 0) return new Map()
      const mailbox = await readMailbox(pool, tenantId)
      const { now } = mailbox
      const due = queued.filter(({ nextAttemptAt }) => (nextAttemptAt ?? now) <= now)
      const places = due.length === 0 ? new Map<string, Place>() : await readPlaces(pool, tenantId, due)
      const needsDay = dayMatters([...places.values()], mailbox, mailbox.recipientsLastDay, limits)
      const queue = {
        ...mailbox,
        messagesSent: due.length === 0 ? [] : await readCounted(pool, READ_SENT, tenantId),
        recipientsSent: needsDay ? await readCounted(pool, READ_RECIPIENTS, tenantId) : [],
      }
      const explained = queued.map((row) => {
        const message = {
          nextAttemptAt: row.nextAttemptAt ?? now,
          recipients: row.recipients,
          isLarge: row.storedBytes > LARGE_FROM_BYTES,
          nextUploadBytes: nextUploadBytes(row),
          place: places.get(row.id) ?? null,
        }
        return [row.id, explainWaiting(message, queue, limits)] as const
      })
      return new Map(explained)
    },
  }
}

async function readMailbox(pool: pg.Pool, tenantId: string) {
  const { rows } = await pool.query<{
    now: Date
    paused_until: Date | null
    sending: number
    large: number
    recipients: number
    cleanups: number
    recipients_last_day: number
    uploaded: string
  }>(READ_MAILBOX, [tenantId])
  const [row] = rows
  if (!row) throw new Error(`There is no tenant ${tenantId}.`)
  const { now } = row
  return {
    now,
    pausedUntil: row.paused_until && row.paused_until > now ? row.paused_until : null,
    sending: row.sending,
    sendingLarge: row.large,
    recipientsSending: row.recipients,
    cleanups: row.cleanups,
    recipientsLastDay: row.recipients_last_day,
    uploadedBytes: Number(row.uploaded),
  }
}

async function readPlaces(
  pool: pg.Pool,
  tenantId: string,
  due: readonly QueuedRow[],
): Promise<ReadonlyMap<string, Place>> {
  const ids = due.map(({ id }) => id)
  const { rows } = await pool.query<Place & { id: string }>(READ_PLACES, [tenantId, ids, PLACES_COUNTED])
  const places = new Map(rows.map(({ id, ...place }) => [id, place]))
  const last = rows.find(({ messages }) => messages === PLACES_COUNTED)
  // What is not among them is behind the last one, or was claimed a moment ago.
  return last ? new Map(ids.map((id) => [id, places.get(id) ?? last])) : places
}

async function readCounted(pool: pg.Pool, statement: string, tenantId: string): Promise<Counted[]> {
  return (await pool.query<Counted>(statement, [tenantId])).rows
}

/** A range of a file, or one request; a small one is not counted. */
function nextUploadBytes({ uploading, attachmentBytes, uploadedBytes, storedBytes }: QueuedRow): number {
  if (uploading || attachmentBytes > MAX_ATTACHMENTS_IN_ONE_REQUEST_BYTES)
    return Math.min(RANGE_BYTES, Number(attachmentBytes - uploadedBytes))
  const requestBytes = Number(storedBytes) + Number(attachmentBytes) / 3
  return requestBytes >= COUNTED_FROM_BYTES ? requestBytes : 0
}

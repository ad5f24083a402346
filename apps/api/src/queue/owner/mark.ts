import type { Sealed } from '@inforiver-mail/m365/token-vault'
import type pg from 'pg'
import { isFoundBy, isInState, isInTime, isToBeWorkedOn } from '../columns.ts'
import { addToCounters, queueRows } from '../counters.ts'
import type { MarkedMessage } from './marked-message.ts'
import { isKnownByDraft } from '../mailbox/mailbox-refusals.ts'
import { isPaused } from '../mailbox/pause.ts'
import type { Route } from '../mailbox/refusals.ts'
import { NO_DOUBT } from '../states.ts'
import type { Owned } from './ownership.ts'
import { ownedBoxes } from './ownership.sql.ts'

// queued ──marked, for an attempt of its own──▶ sending. What the mark does not return any more, since it was cancelled, held,
// postponed or paused meanwhile, or the mailbox has another owner, stays as it is.

/**
 * Marks messages of mailboxes that this process owns. A message that goes in one request is cleared for it here. The row of the
 * settings is locked, so that a change of the settings either sees the request as under way, or is seen by the mark.
 *
 * A message whose time is over is marked only if it is in doubt, so that it is looked for. The messages are locked in the order
 * in which they are given.
 *
 * $1 tenants, $2 this process, $3 its epochs, $4 mark, $5 messages, $6 their tenants
 */
const MARK = `
WITH ${ownedBoxes('$2', '$1', '$3')}, boxes AS MATERIALIZED (
  SELECT tenant_id FROM owned WHERE NOT ${isPaused('owned.tenant_id')}
), settings AS MATERIALIZED (
  SELECT s.tenant_id, s.version, s.status = 'connected' AS connected, concat_ws(' ', s.status, s.version, s.grant_version, s.sent_items_search) AS stamp,
         'Mail.ReadWrite' = ANY (s.granted_permissions) AS readable, s.sent_items_search = 'works' AS searchable, s.from_email
    FROM tenant_settings s WHERE s.tenant_id = ANY (ARRAY(SELECT tenant_id FROM boxes))
     /* fence: settings-lock */ FOR SHARE SKIP LOCKED /* end */
), marked AS (
  UPDATE message_queue q
     SET mark_id = $4, marked_by = $2, marked_at = mail_now(), attempt_count = q.attempt_count + 1,
         attempt_id = CASE WHEN ${goesAtOnce('q', 's')} THEN $4 ELSE q.attempt_id END,
         from_email = CASE WHEN ${goesAtOnce('q', 's')} THEN s.from_email ELSE q.from_email END,
         wire_version = CASE WHEN ${goesAtOnce('q', 's')} THEN s.version END
    FROM unnest($5::text[], $6::text[]) AS chosen(message_id, tenant_id) JOIN boxes b ON b.tenant_id = chosen.tenant_id
    LEFT JOIN settings s ON s.tenant_id = chosen.tenant_id
   WHERE ${isFoundBy('q.message_id', 'chosen.message_id')}
     AND ${isInState('q', 'queued')} AND q.mark_id IS NULL AND q.due_at <= mail_now()
     AND ${isToBeWorkedOn('q')}
  RETURNING q.*, coalesce(s.stamp, '') AS settings_stamp
), counted AS (${addToCounters([queueRows('-', 'marked', { owner: 'NULL' }), queueRows('+', 'marked')])}
)
SELECT l.tenant_id, l.message_id AS id, l.recipients, l.attempt_count, l.trying_ms, l.refusals, l.doubt, l.looks, l.possible_duplicate, l.on_unknown_outcome,
       NOT ${isInTime('l')} AS has_expired, l.save_to_sent_items, l.from_email, l.uploading, l.wire_version AS cleared_version, l.settings_stamp,
       coalesce(c.begun_at, l.waits_since) AS created_at, c.data_key, c.key_sealed AS content_key_sealed,
       coalesce(c.attachment_bytes, 0) AS attachment_bytes, coalesce(c.chunked, false) AS chunked, coalesce(c.stored_bytes, 0) AS stored_bytes,
       CASE WHEN l.size = 'small' THEN c.content END AS content, c.traceparent,
       d.draft_id, d.internet_message_id, d.redirected_to, coalesce(d.upload_attached, 0) AS upload_attached, d.upload_url_sealed, d.upload_expires_at,
       coalesce(d.upload_position, 0) AS upload_position, b.hold ->> 'route' AS held_route,
       CASE WHEN b.probe_id = l.message_id AND l.doubt = 'none' THEN CASE WHEN ${isKnownByDraft('l')} THEN 'draft' ELSE b.hold ->> 'route' END END AS probe_route
  FROM marked l
  LEFT JOIN LATERAL (SELECT * FROM message_contents WHERE message_id = l.message_id OFFSET 0) AS c ON true
  LEFT JOIN LATERAL (SELECT * FROM message_drafts WHERE l.has_draft AND message_id = l.message_id OFFSET 0) AS d ON true
  LEFT JOIN LATERAL (SELECT * FROM mailboxes WHERE tenant_id = l.tenant_id AND hold IS NOT NULL OFFSET 0) AS b ON true
 WHERE (SELECT count(*) FROM counted) >= 0`

/**
 * Whether a message's first request is the one that sends it. In doubt, by draft or while uploading, other requests come
 * first. `q` and `s` are aliases of the message and its settings.
 */
function goesAtOnce(q: string, s: string): string {
  return `coalesce(${s}.connected AND ${q}.doubt = 'none' AND NOT ${q}.has_draft AND NOT ${q}.uploading AND ${q}.size = 'small'
                   AND (NOT ${s}.readable OR ${s}.searchable AND ${q}.save_to_sent_items), false)`
}

export interface Chosen {
  readonly id: string
  readonly tenantId: string
}

/** Returns what was marked, each once; nothing else may be sent. */
export async function mark(
  pool: pg.Pool,
  { owner, mailboxes }: Owned,
  markId: string,
  chosen: readonly Chosen[],
): Promise<MarkedMessage[]> {
  const inOrder = chosen.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  const { rows } = await pool.query<MarkedRow>({
    name: 'mark',
    text: MARK,
    values: [
      mailboxes.map(({ tenantId }) => tenantId),
      owner,
      mailboxes.map(({ epoch }) => epoch),
      markId,
      inOrder.map(({ id }) => id),
      inOrder.map(({ tenantId }) => tenantId),
    ],
  })
  return rows.map((row) => toMarkedMessage(row, markId))
}

interface MarkedRow {
  readonly id: string
  readonly tenant_id: string
  readonly recipients: number
  readonly attempt_count: number
  readonly trying_ms: string
  readonly refusals: number
  readonly held_route: Route | null
  readonly probe_route: Route | null
  readonly doubt: 'none' | 'in-doubt'
  readonly looks: number
  readonly possible_duplicate: boolean
  readonly on_unknown_outcome: 'retry' | 'stop'
  readonly has_expired: boolean
  readonly save_to_sent_items: boolean
  readonly from_email: string | null
  readonly draft_id: string | null
  readonly internet_message_id: string | null
  readonly redirected_to: string | null
  readonly created_at: Date
  readonly data_key: string | null
  readonly content_key_sealed: Sealed | null
  readonly content: Buffer | null
  readonly traceparent: string | null
  readonly attachment_bytes: string
  readonly chunked: boolean
  readonly stored_bytes: string
  readonly uploading: boolean
  readonly upload_attached: number
  readonly upload_url_sealed: Sealed | null
  readonly upload_expires_at: Date | null
  readonly upload_position: string
  readonly settings_stamp: string
  readonly cleared_version: number | null
}

function toMarkedMessage(row: MarkedRow, markId: string): MarkedMessage {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    markId,
    recipients: row.recipients,
    attemptCount: row.attempt_count,
    tryingMs: Number(row.trying_ms),
    refusals: row.refusals,
    heldRoute: row.held_route,
    probeRoute: row.probe_route,
    doubt: row.doubt === 'none' ? NO_DOUBT : { state: 'in-doubt', looks: row.looks },
    possibleDuplicate: row.possible_duplicate,
    onUnknownOutcome: row.on_unknown_outcome,
    hasExpired: row.has_expired,
    saveToSentItems: row.save_to_sent_items,
    fromEmail: row.from_email,
    draftId: row.draft_id,
    internetMessageId: row.internet_message_id,
    redirectedTo: row.redirected_to,
    createdAt: row.created_at,
    dataKey: row.data_key,
    contentKeySealed: row.content_key_sealed,
    content: row.content,
    traceparent: row.traceparent,
    attachmentBytes: Number(row.attachment_bytes),
    chunked: row.chunked,
    storedBytes: Number(row.stored_bytes),
    uploading: row.uploading,
    upload: {
      attached: row.upload_attached,
      session: row.upload_url_sealed && { urlSealed: row.upload_url_sealed, expiresAt: row.upload_expires_at },
      position: Number(row.upload_position),
    },
    settingsStamp: row.settings_stamp,
    clearedVersion: row.cleared_version,
  }
}

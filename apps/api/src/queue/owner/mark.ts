import type pg from 'pg'
import { isFoundBy, isInState, isInTime, isToBeWorkedOn } from '../columns.ts'
import { addToCounters, queueRows } from '../counters.ts'
import type { MarkedMessage, Upload } from './marked-message.ts'
import { isKnownByDraft } from '../mailbox/mailbox-refusals.ts'
import { isPaused } from '../mailbox/pause.ts'
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
), counted AS (${addToCounters([queueRows('-', 'marked', { markId: 'NULL' }), queueRows('+', 'marked')])}
)
SELECT l.tenant_id AS "tenantId", l.message_id AS id, l.mark_id AS "markId", l.recipients, l.attempt_count AS "attemptCount", l.trying_ms::float8 AS "tryingMs",
       l.refusals, jsonb_build_object('state', l.doubt, 'looks', l.looks) AS doubt, l.possible_duplicate AS "possibleDuplicate", l.on_unknown_outcome AS "onUnknownOutcome",
       NOT ${isInTime('l')} AS "hasExpired", l.save_to_sent_items AS "saveToSentItems", l.from_email AS "fromEmail", l.uploading, l.wire_version AS "clearedVersion",
       l.settings_stamp AS "settingsStamp", coalesce(c.begun_at, l.waits_since) AS "createdAt", c.data_key AS "dataKey", c.key_sealed AS "contentKeySealed",
       coalesce(c.attachment_bytes, 0)::float8 AS "attachmentBytes", coalesce(c.chunked, false) AS chunked, coalesce(c.stored_bytes, 0)::float8 AS "storedBytes",
       CASE WHEN l.size = 'small' THEN c.content END AS content, c.traceparent,
       d.draft_id AS "draftId", d.internet_message_id AS "internetMessageId", d.redirected_to AS "redirectedTo", coalesce(d.upload_attached, 0) AS attached,
       coalesce(d.upload_position, 0)::float8 AS position, d.upload_url_sealed AS "urlSealed", d.upload_expires_at AS "expiresAt", b.hold ->> 'route' AS "heldRoute",
       CASE WHEN b.probe_id = l.message_id AND l.doubt = 'none' THEN CASE WHEN ${isKnownByDraft('l')} THEN 'draft' ELSE b.hold ->> 'route' END END AS "probeRoute"
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

/** Returns what was marked, each once, in the order in which it was chosen; nothing else may be sent. */
export async function mark(
  pool: pg.Pool,
  { owner, tenants, epochs }: Owned,
  markId: string,
  chosen: readonly Chosen[],
): Promise<MarkedMessage[]> {
  const inOrder = chosen.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  const { rows } = await pool.query<MarkedRow>({
    name: 'mark',
    text: MARK,
    values: [tenants, owner, epochs, markId, inOrder.map(({ id }) => id), inOrder.map(({ tenantId }) => tenantId)],
  })
  const place = new Map(chosen.map(({ id }, index) => [id, index]))
  const placeOf = ({ id }: MarkedMessage) => place.get(id) ?? 0
  return rows.map(toMarkedMessage).toSorted((a, b) => placeOf(a) - placeOf(b))
}

type Session = NonNullable<Upload['session']>
type MarkedRow = Omit<MarkedMessage, 'upload'> &
  Omit<Upload, 'session'> & {
    readonly urlSealed: Session['urlSealed'] | null
    readonly expiresAt: Session['expiresAt']
  }

function toMarkedMessage({ attached, position, urlSealed, expiresAt, ...row }: MarkedRow): MarkedMessage {
  return { ...row, upload: { attached, position, session: urlSealed && { urlSealed, expiresAt } } }
}

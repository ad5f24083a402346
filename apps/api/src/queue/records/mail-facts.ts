import type { MailState } from '@inforiver-mail/contract/overview'
import type { SettingsProblem } from '@inforiver-mail/contract/consent-problem'
import type { SettingsStatus } from '@inforiver-mail/contract/office365-smtp'
import type { Pause } from '@inforiver-mail/contract/usage'
import type pg from 'pg'
import { readMailState, readSettingsProblem, readSettingsStatus } from '../../domain/stored-values.ts'
import { hasWaited, isBeingSent, markedRows } from '../columns.ts'
import { holdProblem, tokenProblem } from '../mailbox/mailbox-refusals.ts'
import { whyPaused } from '../mailbox/pause.ts'
import type { Hold, TokenTrouble } from '../mailbox/refusals.ts'
import { countersOf } from '../counters.ts'

/** What tells whether mail goes out. Times are the database's. */
export interface MailFacts {
  readonly now: Date
  readonly status: SettingsStatus
  /** What keeps all mail; null where some of it leaves. */
  readonly problem: SettingsProblem | null
  /** The sender; null while nothing is configured. */
  readonly fromEmail: string | null
  /** When the sender was connected; null while nothing is configured. */
  readonly connectedAt: Date | null
  /** When the tenant was made. */
  readonly createdAt: Date
  readonly waiting: number
  readonly scheduled: number
  readonly held: number
  /** Until when nothing is sent from the mailbox; may be over. */
  readonly pausedUntil: Date | null
  /** Null unless it is paused. */
  readonly pausedBecause: Pause | null
  /** The pause because a limit of Microsoft is used up: its code and since when; null while there is none. */
  readonly quota: { readonly code: string; readonly since: Date } | null
  /** Since when Microsoft gives no usable answer; null while it does. */
  readonly troubledSince: Date | null
  /** Since when the oldest of what waits was to leave; null when nothing waits. */
  readonly oldestAt: Date | null
  /** When the first of what nobody is sending is due; null when there is none. */
  readonly firstDueAt: Date | null
  /** Whether an attempt is under way. */
  readonly isSending: boolean
  /** When something was last tried or uploaded, within two days. */
  readonly lastMovedAt: Date | null
  readonly lastSentAt: Date | null
  /** When a message was last sent or failed. */
  readonly lastEndedAt: Date | null
  /** The state that was seen last; null when nobody has looked yet. */
  readonly known: { readonly mail: MailState; readonly since: Date } | null
}

/**
 * Reads a few rows, whatever waits or is kept. $1 tenant
 */
const READ = `
WITH asked AS MATERIALIZED (
  SELECT t.id AS tenant_id, t.created_at, coalesce(c.queued, 0) AS queued, coalesce(c.sending, 0) AS sending,
         coalesce(c.scheduled, 0) AS scheduled, coalesce(c.held, 0) AS held
    FROM tenants t LEFT JOIN LATERAL (${countersOf('t.id')}) AS c ON true WHERE t.id = $1
), marked AS MATERIALIZED (
  SELECT waits_since, marked_at FROM (${markedRows('SELECT tenant_id, sending FROM asked')}) AS rows
)
SELECT mail_now() AS now, coalesce(s.status, 'not-configured') AS status, s.problem, b.hold, b.token_refused AS token, s.from_email AS "fromEmail", s.connected_at AS "connectedAt",
       a.created_at AS "createdAt", a.queued + a.sending AS waiting, a.scheduled, a.held,
       greatest(b.paused_until, b.no_access_until) AS "pausedUntil", ${whyPaused('b')} AS "pausedBecause", b.troubled_since AS "troubledSince",
       CASE WHEN b.quota_paused_until > mail_now() AND b.paused_until >= b.quota_paused_until THEN b.quota_code END AS "quotaCode", b.quota_paused_at AS "quotaSince",
       least((SELECT q.waits_since FROM message_queue q WHERE q.tenant_id = a.tenant_id AND q.state = 'queued' AND ${hasWaited('q')} AND q.mark_id IS NULL
               ORDER BY q.waits_since LIMIT 1), (SELECT min(l.waits_since) FROM marked l)) AS "oldestAt",
       (SELECT q.due_at FROM message_queue q WHERE q.tenant_id = a.tenant_id AND q.state = 'queued' AND q.mark_id IS NULL
         ORDER BY q.due_at LIMIT 1) AS "firstDueAt",
       EXISTS (SELECT 1 FROM marked l WHERE ${isBeingSent('l')}) AS "isSending",
       (SELECT u.started_at FROM mailbox_usage u WHERE u.tenant_id = a.tenant_id AND u.started_at <= mail_now() ORDER BY u.started_at DESC LIMIT 1) AS "lastMovedAt",
       o.last_sent_at AS "lastSentAt", o.last_ended_at AS "lastEndedAt", o.mail AS "knownMail", o.mail_since AS "knownSince"
  FROM asked a
  LEFT JOIN tenant_settings s ON s.tenant_id = a.tenant_id
  LEFT JOIN mailboxes b ON b.tenant_id = a.tenant_id
  LEFT JOIN mail_overviews o ON o.tenant_id = a.tenant_id`

type Row = Omit<MailFacts, 'status' | 'problem' | 'known' | 'quota'> & {
  readonly hold: Hold | null
  readonly token: TokenTrouble | null
  readonly quotaCode: string | null
  readonly quotaSince: Date | null
  readonly status: string
  readonly problem: unknown
  readonly knownMail: string | null
  readonly knownSince: Date | null
}

export async function readMailFacts(pool: pg.Pool, tenantId: string): Promise<MailFacts> {
  const { rows } = await pool.query<Row>(READ, [tenantId])
  const [row] = rows
  if (!row) throw new Error(`There is no tenant ${tenantId}.`)
  const { status: storedStatus, problem, hold, token, knownMail, knownSince, quotaCode, quotaSince, ...facts } = row
  const status = readSettingsStatus(storedStatus)
  return {
    ...facts,
    status,
    problem:
      readSettingsProblem(problem, status) ?? holdProblem(hold?.route === 'send' ? hold : null) ?? tokenProblem(token),
    quota: quotaCode !== null && quotaSince !== null ? { code: quotaCode, since: quotaSince } : null,
    known: knownMail !== null && knownSince !== null ? { mail: readMailState(knownMail), since: knownSince } : null,
  }
}

/**
 * Writes a state that has changed. Writes nothing if the last change was based on newer facts.
 * $1 tenant, $2 mail, $3 since, $4 when it was seen
 */
const RECORD = `
INSERT INTO mail_overviews AS o (tenant_id, mail, mail_since, mail_seen_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (tenant_id) DO UPDATE SET mail = excluded.mail, mail_since = excluded.mail_since, mail_seen_at = excluded.mail_seen_at
 WHERE o.mail IS NULL OR (o.mail <> excluded.mail AND o.mail_seen_at < excluded.mail_seen_at)`

export async function recordMailState(
  pool: pg.Pool,
  tenantId: string,
  { mail, since, seenAt }: { mail: MailState; since: Date; seenAt: Date },
): Promise<void> {
  await pool.query(RECORD, [tenantId, mail, since, seenAt])
}

/** An index has the reasons. $1 tenant */
const READ_HELD = `
SELECT held_because AS reason, count(*)::int AS count FROM message_queue WHERE tenant_id = $1 AND state = 'held' GROUP BY held_because`

/** How many messages are held for each reason that occurs. */
export async function readHeld(pool: pg.Pool, tenantId: string): Promise<ReadonlyMap<string, number>> {
  const { rows } = await pool.query<{ reason: string; count: number }>(READ_HELD, [tenantId])
  return new Map(rows.map(({ reason, count }) => [reason, count]))
}

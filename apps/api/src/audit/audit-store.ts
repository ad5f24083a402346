import type { AuditEvent, AuditFilter } from '@inforiver-mail/contract/audit'
import type pg from 'pg'
import type { ListPosition } from '../http/list-cursor.ts'
import { readAuditAction } from '../stored-values.ts'

export interface AuditPage {
  /** Starts after this event; without it, at the newest. */
  readonly after?: ListPosition | undefined
  readonly limit: number
}

export interface AuditStore {
  /** Returns events, newest first. */
  list(tenantId: string, filter: AuditFilter, page: AuditPage): Promise<AuditEvent[]>
}

interface AuditRow {
  readonly id: string
  readonly at: Date
  readonly actor: string | null
  readonly name: string | null
  readonly email: string | null
  readonly action: string
  readonly outcome: string
  readonly details: unknown
}

/** Shows actors under their current names. An event whose actor is gone stays in the log. */
const LIST = `
SELECT e.id::text, e.at, e.actor, u.name, u.email, e.action, e.outcome, e.details
  FROM audit_events e LEFT JOIN users u ON u.id = e.actor AND u.tenant_id = e.tenant_id
 WHERE e.tenant_id = $1
   AND ($2::timestamptz IS NULL OR e.at >= $2)
   AND ($3::timestamptz IS NULL OR e.at < $3)
   AND ($4::text IS NULL OR e.action = $4)
   AND ($5::text IS NULL OR strpos(lower(u.name), lower($5)) > 0 OR strpos(lower(u.email), lower($5)) > 0
        OR strpos(lower(e.details ->> 'account'), lower($5)) > 0)
   AND ($6::timestamptz IS NULL OR (e.at, e.id) < ($6, $7::bigint))
 ORDER BY e.at DESC, e.id DESC
 LIMIT $8`

export function createAuditStore(pool: pg.Pool): AuditStore {
  return {
    async list(tenantId, { from, to, action, actor }, { after, limit }) {
      // Not a prepared statement: planned with its values, PostgreSQL drops the conditions that are off.
      const { rows } = await pool.query<AuditRow>(LIST, [
        tenantId,
        from === undefined ? null : new Date(from),
        to === undefined ? null : new Date(to),
        action ?? null,
        actor ?? null,
        after?.at ?? null,
        after ? numberOf(after.id) : null,
        limit,
      ])
      return rows.map(toEvent)
    },
  }
}

function toEvent({ id, at, actor, name, email, action, outcome, details }: AuditRow): AuditEvent {
  return {
    id: `aud_${id}`,
    at: at.toISOString(),
    actor: actor === null ? null : { id: actor, name: name ?? actor, email: email ?? '' },
    outcome,
    ...readAuditAction(action, details),
  }
}

function numberOf(id: string): string {
  return id.slice('aud_'.length)
}

import type { AuditEvent, AuditFilter } from '@inforiver-mail/contract/audit'
import type pg from 'pg'
import type { ListPosition } from '../domain/list-position.ts'
import { readAuditAction } from '../domain/stored-values.ts'

export interface AuditPage {
  /** Starts after this event; without it, at the newest. */
  readonly after?: ListPosition | undefined
  readonly limit: number
}

export type AuditStore = ReturnType<typeof createAuditStore>

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

type Bind = (value: unknown) => string

export function createAuditStore(pool: pg.Pool) {
  return {
    /** Returns events, newest first. */
    async list(tenantId: string, filter: AuditFilter, page: AuditPage): Promise<AuditEvent[]> {
      const values: unknown[] = [tenantId]
      const text = listing(filter, page, (value) => `$${values.push(value)}`)
      const { rows } = await pool.query<AuditRow>(text, values)
      return rows.map(toEvent)
    },
  }
}

/**
 * A query for events of $1. It shows actors under their current names; an event whose actor is gone stays in the log.
 *
 * It has only the conditions that are asked for: PostgreSQL makes one plan for all values, which would have to allow for
 * conditions that are off, and read all newer events to find a page. The limit is a constant for the same reason: a plan for
 * any limit may sort all events of the tenant.
 */
function listing({ from, to, action, actor }: AuditFilter, { after, limit }: AuditPage, bind: Bind): string {
  const conditions = ['e.tenant_id = $1']
  if (from !== undefined) conditions.push(`e.at >= ${bind(new Date(from))}::timestamptz`)
  if (to !== undefined) conditions.push(`e.at < ${bind(new Date(to))}::timestamptz`)
  if (action !== undefined) conditions.push(`e.action = ${bind(action)}`)
  if (actor !== undefined) conditions.push(names(bind(actor)))
  if (after) conditions.push(`(e.at, e.id) < (${bind(after.at)}::timestamptz, ${bind(numberOf(after.id))}::bigint)`)
  return `
SELECT e.id::text, e.at, e.actor, u.name, u.email, e.action, e.outcome, e.details
  FROM audit_events e LEFT JOIN users u ON u.id = e.actor AND u.tenant_id = e.tenant_id
 WHERE ${conditions.join(' AND ')}
 ORDER BY e.at DESC, e.id DESC
 LIMIT ${limit}`
}

/** A condition on an event `e` and its actor `u`. */
function names(actor: string): string {
  const texts = ['u.name', 'u.email', `e.details ->> 'account'`]
  return `(${texts.map((text) => `strpos(lower(${text}), lower(${actor})) > 0`).join(' OR ')})`
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

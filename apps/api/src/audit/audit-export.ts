import type { AuditEvent, AuditFilter } from '@inforiver-mail/contract/audit'
import type { ListPosition } from '../domain/list-position.ts'
import { writeAuditCsv } from './audit-csv.ts'
import type { AuditStore } from './audit-store.ts'

interface ExportLimits {
  readonly maxEvents: number
  readonly perQuery: number
}

const EXPORT_LIMITS: ExportLimits = { maxEvents: 100_000, perQuery: 1_000 }

/** Exports the newest events as comma-separated values, query by query. */
export function exportAuditLog(
  store: AuditStore,
  tenantId: string,
  filter: AuditFilter,
  { maxEvents, perQuery }: ExportLimits = EXPORT_LIMITS,
): AsyncGenerator<string> {
  return writeAuditCsv(readAll(store, tenantId, filter, perQuery), maxEvents)
}

/** Reads each page once the one before is written. */
async function* readAll(
  store: AuditStore,
  tenantId: string,
  filter: AuditFilter,
  perQuery: number,
): AsyncGenerator<AuditEvent[]> {
  let after: ListPosition | undefined
  do {
    const page = await store.list(tenantId, filter, { after, limit: perQuery })
    yield page
    const last = page.length === perQuery ? page.at(-1) : undefined
    after = last && positionOf(last)
  } while (after)
}

export function positionOf({ at, id }: AuditEvent): ListPosition {
  return { at: new Date(at), id }
}

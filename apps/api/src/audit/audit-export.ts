import type { AuditEvent, AuditFilter } from '@inforiver-mail/contract/audit'
import { stringify } from 'csv-stringify/sync'
import { CSV_FORMAT, csvCell } from '../http/stream-export.ts'
import type { ListPosition } from '../domain/list-position.ts'
import type { AuditStore } from './audit-store.ts'

const HEADINGS = ['time', 'person', 'address', 'action', 'outcome', 'details']

/**
 * Writes up to `maxEvents` audit events as comma-separated values, page by page; the last line says whether there are
 * more. The byte order mark tells spreadsheets that the file is UTF-8.
 */
export async function* writeAuditCsv(
  pages: AsyncIterable<readonly AuditEvent[]>,
  maxEvents: number,
): AsyncGenerator<string> {
  yield stringify([HEADINGS], { ...CSV_FORMAT, bom: true })
  let left = maxEvents
  for await (const page of pages) {
    yield stringify(page.slice(0, left).map(toRecord), CSV_FORMAT)
    if (page.length > left) {
      const remark = `Only the newest ${maxEvents} events are in this file. Ask for an earlier period to have the others.`
      yield stringify([['', '', '', '', 'cut', remark]], CSV_FORMAT)
      return
    }
    left -= page.length
  }
}

function toRecord({ at, actor, action, outcome, details }: AuditEvent): string[] {
  const cells = [at, actor?.name ?? '', actor?.email ?? '', action, outcome, JSON.stringify(details)]
  return cells.map(csvCell)
}

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

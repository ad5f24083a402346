import { type AuditFilter, listAuditEvents } from '@inforiver-mail/contract/audit'
import { call } from '../api/call.ts'
import { pagedQuery } from '../api/paged-query.ts'

const INTERVAL_MS = 30_000

/** The newest events that the filter asks for. */
export function auditListQuery(filter: AuditFilter) {
  return pagedQuery({
    queryKey: ['audit-events', filter],
    intervalMs: INTERVAL_MS,
    read: (page, signal) => call(listAuditEvents, { query: { ...filter, ...page } }, signal),
  })
}

import { Readable } from 'node:stream'
import { exportAuditEvents, listAuditEvents, type AuditEvent, type AuditFilter } from '@inforiver-mail/contract/audit'
import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import { parseCursor, type ListPosition, writeCursor } from '../http/list-cursor.ts'
import { route } from '../http/route.ts'
import type { SignedIn } from '../http/session.ts'
import { writeAuditCsv } from './audit-csv.ts'
import type { AuditStore } from './audit-store.ts'

const AUDIT_ID = /^aud_\d{1,18}$/
const MAX_EXPORTED = 100_000
const EXPORTED_PER_QUERY = 1_000

interface Options {
  readonly requireAdmin: (request: FastifyRequest) => Promise<SignedIn>
  readonly store: AuditStore
  readonly clock: () => Date
}

export const auditRoutes: FastifyPluginAsync<Options> = async (app, { requireAdmin, store, clock }) => {
  route(app, listAuditEvents, requireAdmin, async ({ caller: { tenantId }, query: { cursor, limit, ...filter } }) => {
    const after = cursor === undefined ? undefined : parseCursor(cursor, AUDIT_ID)
    const found = await store.list(tenantId, filter, { after, limit: limit + 1 })
    const items = found.slice(0, limit)
    const last = items.at(-1)
    return { items, nextCursor: found.length > limit && last ? writeCursor(placeOf(last)) : null }
  })

  route(app, exportAuditEvents, requireAdmin, async ({ caller: { tenantId }, query: filter, reply }) => {
    const day = clock().toISOString().slice(0, 10)
    reply.header('content-disposition', `attachment; filename="inforiver-mail-audit-${day}.csv"`)
    return Readable.from(writeAuditCsv(readAll(store, tenantId, filter), MAX_EXPORTED))
  })
}

/** Reads each page once the one before is written. */
async function* readAll(store: AuditStore, tenantId: string, filter: AuditFilter): AsyncGenerator<AuditEvent[]> {
  let after: ListPosition | undefined
  do {
    const page = await store.list(tenantId, filter, { after, limit: EXPORTED_PER_QUERY })
    yield page
    const last = page.length === EXPORTED_PER_QUERY ? page.at(-1) : undefined
    after = last && placeOf(last)
  } while (after)
}

function placeOf({ at, id }: AuditEvent): ListPosition {
  return { at: new Date(at), id }
}

import { exportAuditEvents, listAuditEvents } from '@inforiver-mail/contract/audit'
import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import { parseCursor, writeCursor } from '../http/list-cursor.ts'
import { route } from '../http/route.ts'
import type { SignedIn } from '../http/session.ts'
import { streamExport } from '../http/stream-export.ts'
import type { Places } from '../memory/shares.ts'
import { exportAuditLog, positionOf } from './audit-export.ts'
import type { AuditStore } from './audit-store.ts'

const AUDIT_ID = /^aud_\d{1,18}$/

interface Options {
  readonly requireAdmin: (request: FastifyRequest) => Promise<SignedIn>
  readonly store: AuditStore
  readonly clock: () => Date
  readonly exportPlaces: Places
}

export const auditRoutes: FastifyPluginAsync<Options> = async (app, { requireAdmin, store, clock, exportPlaces }) => {
  route(app, listAuditEvents, requireAdmin, async ({ caller: { tenantId }, query: { cursor, limit, ...filter } }) => {
    const after = cursor === undefined ? undefined : parseCursor(cursor, AUDIT_ID)
    const found = await store.list(tenantId, filter, { after, limit: limit + 1 })
    const items = found.slice(0, limit)
    const last = items.at(-1)
    return { items, nextCursor: found.length > limit && last ? writeCursor(positionOf(last)) : null }
  })

  route(app, exportAuditEvents, requireAdmin, async ({ caller: { tenantId }, query: filter, request, reply }) => {
    const stream = await streamExport(exportPlaces, request, async () => exportAuditLog(store, tenantId, filter))
    const day = clock().toISOString().slice(0, 10)
    void reply.header('content-disposition', `attachment; filename="inforiver-mail-audit-${day}.csv"`)
    return stream
  })
}

import type { AuditAction, AuditDetails } from '@inforiver-mail/contract/audit'
import type { Scope } from '@inforiver-mail/contract/caller'
import {
  cancelMessages,
  exportMessages,
  listMessages,
  retryMessages,
  type MessageFilter,
} from '@inforiver-mail/contract/message-list'
import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import type { Timers } from '../runtime/clock.ts'
import { refuseInput } from '../http/input-faults.ts'
import { ProblemError, say } from '../http/problem.ts'
import { parseCursor, writeCursor } from '../http/list-cursor.ts'
import { route } from '../http/route.ts'
import { streamExport } from '../http/stream-export.ts'
import { takePlace } from '../http/take-place.ts'
import { createPlaces, type Places } from '../memory/shares.ts'
import type { Actor } from '../queue/actor.ts'
import { describeFilter, type BulkAction, type BulkCounts } from '../queue/changes/bulk.ts'
import { SearchTooLong } from '../queue/records/find.ts'
import type { StoredFilter } from '../queue/records/find-source.ts'
import type { Messages } from '../queue/queue.ts'
import { hasTextFilter } from '../queue/records/search-text.ts'
import { writeMessagesCsv } from './messages-csv.ts'
import { fault } from '@inforiver-mail/contract/fault-text'

const MESSAGE_ID = /^msg_[0-9a-f]{32}$/
const EXPORTED_AT_ONCE = 500
const SEARCH_SECONDS = 10
/** Leaves most connections to the database to submits. */
const SEARCHES_AT_ONCE = 8
/** With more messages outside of the index, they are the likely cause of a search that takes long. */
const MANY_UNINDEXED = 10_000

/** Writes to the audit log. */
export type Audit = (event: {
  readonly tenantId: string
  readonly actor: string | null
  readonly action: AuditAction
  readonly outcome: string
  readonly details: AuditDetails
}) => Promise<void>

interface Options {
  readonly requireServiceOrAdmin: (scope: Scope) => (request: FastifyRequest) => Promise<Actor>
  readonly store: Messages
  /** The address that an unsent message would be sent from now. */
  readonly senderAddress: (tenantId: string) => Promise<string | null>
  /** The domains that the recipients policy of the installation allows now; empty for any. */
  readonly allowedNow: (tenantId: string) => Promise<readonly string[]>
  readonly clock: () => Date
  readonly timers: Timers
  readonly exportPlaces: Places
  readonly audit: Audit
}

/** Finds messages by a filter. */
export const findRoutes: FastifyPluginAsync<Options> = async (app, options) => {
  const { requireServiceOrAdmin, store, senderAddress, allowedNow, clock, timers, exportPlaces, audit } = options
  const searchPlaces = createPlaces(SEARCHES_AT_ONCE)

  route(
    app,
    listMessages,
    requireServiceOrAdmin(listMessages.scope),
    async ({ caller, request, query: { cursor, limit, ...query } }) => {
      const filter = toStoredFilter(caller, query)
      const start = cursor === undefined ? null : parseCursor(cursor, MESSAGE_ID, ['older', 'newer'])
      const giveBack = hasTextFilter(filter) ? takePlace(searchPlaces, request, 'no-place-to-search') : null
      try {
        const sender = await senderAddress(caller.tenantId)
        const signal = timers.deadline(SEARCH_SECONDS * 1_000)
        const found = await store.list(caller, { filter, start, limit, signal }, sender).catch(refuseLongSearch)
        return {
          items: [...found.items],
          nextCursor: found.older && writeCursor(found.older),
          previousCursor: found.newer && writeCursor(found.newer, 'newer'),
          total: found.total,
          totalIsEstimate: found.totalIsEstimate,
        }
      } finally {
        giveBack?.()
      }
    },
  )

  route(app, exportMessages, requireServiceOrAdmin(exportMessages.scope), async ({ caller, query, request, reply }) => {
    const filter = toStoredFilter(caller, query)
    const stream = await streamExport(exportPlaces, request, async () => {
      const configuredSender = await senderAddress(caller.tenantId)
      const { tenantId, userId: actor, service } = caller
      const details = { filter: describeFilter(filter), ...(service !== null && { name: service }) }
      await audit({ tenantId, actor, action: 'messages-exported', outcome: 'begun', details })
      return writeMessagesCsv(store.walk(caller, filter, { atOnce: EXPORTED_AT_ONCE, configuredSender }))
    })
    const day = clock().toISOString().slice(0, 10)
    void reply.header('content-disposition', `attachment; filename="inforiver-mail-messages-${day}.csv"`)
    return stream
  })

  async function changeAll(
    action: BulkAction,
    { request, caller, body }: { request: FastifyRequest; caller: Actor; body: { filter: MessageFilter } },
  ): Promise<BulkCounts> {
    const filter = toStoredFilter(caller, body.filter, 'filter.')
    const allowedDomains = action === 'retry' ? await allowedNow(caller.tenantId) : []
    const counts = await store.changeAll(caller, action, filter, { now: clock(), allowedDomains })
    const { count } = counts
    request.log.info({ action, count, by: caller.service ?? caller.userId }, 'messages are changed in the background')
    return counts
  }

  route(app, retryMessages, requireServiceOrAdmin(retryMessages.scope), (context) => changeAll('retry', context))
  route(app, cancelMessages, requireServiceOrAdmin(cancelMessages.scope), async (context) => {
    const { count } = await changeAll('cancel', context)
    return { count }
  })
}

/** @throws {ProblemError} `search-too-long` where the search was given up */
function refuseLongSearch(error: unknown): never {
  if (!(error instanceof SearchTooLong)) throw error
  const { unindexed } = error
  throw new ProblemError(
    'search-too-long',
    unindexed > MANY_UNINDEXED
      ? say('search-unindexed', { seconds: SEARCH_SECONDS, unindexed })
      : say('search-too-long', { seconds: SEARCH_SECONDS }),
  )
}

/**
 * @param path of the filter in the request
 * @throws {ProblemError} `invalid-input` when a service names a service: it sees its own messages only
 */
function toStoredFilter({ service }: Actor, filter: MessageFilter, path = ''): StoredFilter {
  if (service !== null && filter.service !== undefined)
    throw refuseInput([{ path: `${path}service`, message: fault('filter-of-sessions') }])
  const { submittedFrom, submittedTo, failedFrom, failedTo, ...rest } = filter
  return {
    ...rest,
    ...(submittedFrom !== undefined && { submittedFrom: new Date(submittedFrom) }),
    ...(submittedTo !== undefined && { submittedTo: new Date(submittedTo) }),
    ...(failedFrom !== undefined && { failedFrom: new Date(failedFrom) }),
    ...(failedTo !== undefined && { failedTo: new Date(failedTo) }),
  }
}

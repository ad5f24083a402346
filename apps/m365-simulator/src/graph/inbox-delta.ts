import type { InboxPosition, InboxPositions } from '../simulation/inbox-positions.ts'
import type { Simulation } from '../simulation/simulation.ts'
import { isVisible, type MailboxItem } from '../tenant/store.ts'
import { GraphError } from './graph-error.ts'
import type { Visit } from './mailbox-access.ts'
import { expandedProperties, isMessageProperty, messageJson } from './message-json.ts'
import { readExpansion, readSelection } from './query-options.ts'

const DEFAULT_PAGE = 10
const MAX_PAGE = 1_000
const KNOWN = new Set(['$select', '$filter', '$orderby', '$top', '$expand', 'changeType'])
const FILTER = /^receivedDateTime (ge|gt) (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)$/

/** `GET …/mailFolders/inbox/messages/delta`: what has arrived, a page at a time. @throws GraphError */
export function listInbox(
  { request, address, mailbox, idKind, nowMs }: Visit,
  { settings, delta, url }: Simulation,
): object {
  const asked = new URL(request.url, url())
  const { deltaProperties } = settings.current
  const from = readPosition(asked.searchParams, address, delta, deltaProperties)
  const isNew = (item: MailboxItem) =>
    item.folder === 'inbox' && isVisible(item, nowMs) && receivedMs(item) >= from.sinceMs && !from.listed.has(item.id)
  const arrived = (mailbox?.items ?? []).filter(isNew)
  const page = arrived.slice(0, pageSize(request.headers['prefer']))
  const token = delta.add({ ...from, listed: new Set([...from.listed, ...page.map(({ id }) => id)]) })
  const link = (name: string) => `${asked.origin}${asked.pathname}?${name}=${encodeURIComponent(token)}`
  const properties = deltaProperties === 'returned' ? from.expand : []
  return {
    '@odata.context': `${asked.origin}/v1.0/$metadata#Collection(message)`,
    ...(page.length < arrived.length
      ? { '@odata.nextLink': link('$skiptoken') }
      : { '@odata.deltaLink': link('$deltatoken') }),
    value: page.map((item) =>
      Object.assign(
        messageJson(item, from.select, idKind),
        expandedProperties(item.message.extendedProperties, properties),
      ),
    ),
  }
}

/** @throws GraphError */
function readPosition(
  query: URLSearchParams,
  mailbox: string,
  positions: InboxPositions,
  properties: 'refused' | 'ignored' | 'returned',
): InboxPosition {
  const token = query.get('$deltatoken') ?? query.get('$skiptoken')
  if (token !== null) {
    const known = positions.find(token)
    if (known?.mailbox === mailbox) return known
    throw new GraphError(410, 'SyncStateNotFound', 'The sync state generation is not found; generation=1.')
  }
  const unknown = [...query.keys()].find((name) => !KNOWN.has(name))
  if (unknown !== undefined) throw invalid(`The query option '${unknown}' is not supported.`)
  if ((query.get('changeType') ?? 'created') !== 'created')
    throw invalid('The simulator reads changeType=created only.')
  const expand = readExpansion(query.get('$expand'))
  if (expand.length > 0 && properties === 'refused')
    throw invalid('The expand of extended properties is not supported.')
  const filter = query.get('$filter')
  const [, , since] = FILTER.exec(filter ?? '') ?? []
  if (filter !== null && since === undefined) {
    throw invalid(
      "The following parameters are not supported with change tracking over the 'Messages' resource: '$filter'; only a value of 'receivedDateTime ge value' is supported.",
    )
  }
  return {
    mailbox,
    select: readSelection(query, 'message', isMessageProperty),
    expand,
    sinceMs: since === undefined ? 0 : Date.parse(since),
    listed: new Set(),
  }
}

function receivedMs({ message, visibleFromMs }: MailboxItem): number {
  return visibleFromMs ?? Date.parse(message.sentAt)
}

function pageSize(prefer: string | string[] | undefined): number {
  const [, size] = /odata\.maxpagesize=(\d+)/.exec(String(prefer ?? '')) ?? []
  return Math.min(MAX_PAGE, Math.max(1, Number(size ?? DEFAULT_PAGE)))
}

function invalid(message: string): GraphError {
  return new GraphError(400, 'ErrorInvalidUrlQuery', message)
}

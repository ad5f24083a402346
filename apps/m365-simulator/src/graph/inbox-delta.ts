import type { Settings } from '../faults/settings.ts'
import { GraphError } from './graph-error.ts'
import type { Visit } from './mailbox-access.ts'
import { expandedProperties, isMessageProperty, messageJson } from './message-json.ts'
import { readExpansion, readSelection } from './query-options.ts'
import { parseJson } from '../http/body.ts'
import type { Simulation } from '../simulation/simulation.ts'
import { isVisible } from '../tenant/store.ts'

const DEFAULT_PAGE = 10
const MAX_PAGE = 1_000
const KNOWN = new Set(['$select', '$filter', '$orderby', '$top', '$expand', 'changeType'])
const FILTER = /^receivedDateTime (ge|gt) (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)$/

/** How far a client has read an inbox. The token of change tracking is nothing but this. */
type Position = ReturnType<typeof readStart>

/** `GET …/mailFolders/inbox/messages/delta`: what has arrived, a page at a time. @throws GraphError */
export function listInbox(
  { request, address, mailbox, idKind, nowMs }: Visit,
  { settings, delta, url }: Simulation,
): object {
  const asked = new URL(request.url, url())
  const { deltaProperties } = settings.current
  const token = asked.searchParams.get('$deltatoken') ?? asked.searchParams.get('$skiptoken')
  const from = token === null ? readStart(asked.searchParams, address, deltaProperties) : readToken(token)
  if (from.mailbox !== address || (token !== null && from.generation !== delta.generation)) {
    throw new GraphError('SyncStateNotFound')
  }
  const arrived = [...(mailbox?.values() ?? [])].filter(
    (item) =>
      item.folder === 'inbox' &&
      isVisible(item, nowMs) &&
      Date.parse(item.message.sentAt) >= from.sinceMs &&
      item.sequence > from.after,
  )
  const [, size = DEFAULT_PAGE] = /odata\.maxpagesize=(\d+)/.exec(String(request.headers['prefer'] ?? '')) ?? []
  const page = arrived.slice(0, Math.min(MAX_PAGE, Math.max(1, Number(size))))
  const { generation } = delta
  const next = writeToken({ ...from, generation, after: page.at(-1)?.sequence ?? from.after })
  const name = page.length < arrived.length ? 'skip' : 'delta'
  const properties = deltaProperties === 'returned' ? from.expand : []
  return {
    '@odata.context': `${asked.origin}/v1.0/$metadata#Collection(message)`,
    [name === 'skip' ? '@odata.nextLink' : '@odata.deltaLink']:
      `${asked.origin}${asked.pathname}?$${name}token=${encodeURIComponent(next)}`,
    value: page.map((item) =>
      Object.assign(
        messageJson(item, from.select, idKind),
        expandedProperties(item.message.extendedProperties, properties),
      ),
    ),
  }
}

/** @throws GraphError */
function readStart(query: URLSearchParams, mailbox: string, properties: Settings['deltaProperties']) {
  const unknown = [...query.keys()].find((name) => !KNOWN.has(name))
  if (unknown !== undefined) throw invalid(`The query option '${unknown}' is not supported.`)
  if ((query.get('changeType') ?? 'created') !== 'created') throw invalid('Only changeType=created is read here.')
  const expand = readExpansion(query.get('$expand'))
  if (expand.length > 0 && properties === 'refused') throw invalid('Extended properties cannot be expanded here.')
  const filter = query.get('$filter')
  const [, , since] = FILTER.exec(filter ?? '') ?? []
  if (filter !== null && since === undefined) throw invalid("Only 'receivedDateTime ge value' is supported.")
  const select = readSelection(query, 'message', isMessageProperty)
  return {
    mailbox,
    select,
    expand,
    sinceMs: since === undefined ? 0 : Date.parse(since),
    /** The sequence number of the last message that was listed. */
    after: 0,
    /** Tokens of an earlier generation have ended. */
    generation: '',
  }
}

function writeToken(position: Position): string {
  return `${Buffer.from(JSON.stringify(position)).toString('base64')}==`
}

/** @throws GraphError */
function readToken(token: string): Position {
  const position = parseJson(Buffer.from(token, 'base64').toString()) as Position | undefined
  if (position === undefined) throw new GraphError('SyncStateNotFound')
  return position
}

function invalid(message: string): GraphError {
  return new GraphError('ErrorInvalidUrlQuery', message)
}

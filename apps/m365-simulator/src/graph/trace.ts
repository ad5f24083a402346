import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Endpoint } from '../faults/scenario.ts'
import { GraphError } from './graph-error.ts'
import { QUOTED, unquote } from './query-options.ts'
import type { Simulation } from '../simulation/simulation.ts'
import type { TraceRow } from '../tenant/message.ts'

const TRACES = '/admin/exchange/tracing/messageTraces'
/** The application of Microsoft that serves message traces. */
const TRACE_APP_ID = '8bd644d1-64a1-4d4b-ae52-2e0cbf64e373'
/** The most requests of a tenant in any 5 minutes: lists, pages and details together. */
const MOST_REQUESTS = 100
const RETRY_AFTER_SECONDS = 60
const DAY_MS = 24 * 60 * 60_000
const MOST_ROWS = 5_000
const DEFAULT_ROWS = 1_000
const DETAILS = new RegExp(
  `/messageTraces/([^/]+)/(?:microsoft\\.graph\\.)?getDetailsByRecipient\\(recipientAddress=${QUOTED}\\)$`,
  'i',
)

/**
 * Checks what a request for message traces needs: the service principal of Microsoft's application in the tenant, the
 * permission, and for a person a role that reads traces.
 *
 * @throws GraphError
 */
export function requireTraceAccess({ caller }: FastifyRequest, { settings }: Simulation): void {
  if (settings.current.traceServicePrincipal === 'missing') {
    const message = `Service principal-less Authentication failed: the service principal for App ID ${TRACE_APP_ID} was not found. Create it in your tenant.`
    throw new GraphError('Unauthorized', message)
  }
  const hasRole = caller.kind === 'application' || caller.person.readsTraces
  if (!hasRole || !caller.scopes.has('ExchangeMessageTrace.Read.All')) throw new GraphError('Forbidden')
}

/** The message trace of Exchange. */
export function traceRoutes(app: FastifyInstance, { traces, clock, url }: Simulation): void {
  const config = { endpoint: 'message-trace' satisfies Endpoint } as const
  const takeRequest = () => {
    const headers = { 'retry-after': String(RETRY_AFTER_SECONDS) }
    if (traces.count() > MOST_REQUESTS) throw new GraphError('TooManyRequests', undefined, { headers })
  }

  app.get(TRACES, { config }, async ({ url: path }) => {
    takeRequest()
    const { searchParams } = new URL(path, url())
    const token = searchParams.get('$skiptoken')
    const { query, after } = token === null ? { query: searchParams, after: null } : readToken(token)
    const { matches, top } = readTraceQuery(query, clock().getTime(), token !== null)
    const found = traces.visible().filter((row) => matches(row))
    const start = after === null ? 0 : found.findIndex((row) => keyOf(row) === after) + 1
    const page = found.slice(start, start + top)
    const last = page.at(-1)
    const hasMore = last !== undefined && start + top < found.length
    return {
      '@odata.context': `${url()}/v1.0/$metadata#admin/exchange/tracing/messageTraces`,
      value: page.map((row) => traceJson(row, clock().getTime())),
      ...(hasMore && {
        '@odata.nextLink': `${url()}/v1.0${TRACES}?$skiptoken=${encodeURIComponent(writeToken(query, keyOf(last)))}`,
      }),
    }
  })

  app.get(`${TRACES}/*`, { config }, async ({ url: path }) => {
    const [, id, address = ''] = DETAILS.exec(decodeURIComponent(path.split('?')[0] ?? '')) ?? []
    if (id === undefined) throw new GraphError('BadRequest', 'Resource not found for the segment.')
    takeRequest()
    const recipient = unquote(address).toLowerCase()
    const row = traces.visible().find((each) => each.id === id && each.recipientAddress.toLowerCase() === recipient)
    return {
      '@odata.context': `${url()}/v1.0/$metadata#Collection(microsoft.graph.exchangeMessageTraceDetail)`,
      value: row === undefined ? [] : detailsOf(row, clock().getTime()),
    }
  })
}

/**
 * What the service makes of a query, which is less than it is asked: conditions are joined by AND whatever stands
 * between them, the last value for a property counts, and what it does not know is ignored, not refused.
 *
 * @throws GraphError with the texts of the service
 */
function readTraceQuery(query: URLSearchParams, nowMs: number, isNextPage: boolean) {
  const filter = query.get('$filter') ?? ''
  const top = Number(query.get('$top') ?? '0')
  if (!Number.isInteger(top) || top < 0 || top > MOST_ROWS) throw new GraphError('BadRequest', 'ResultSize is invalid')
  const { fromMs, toMs } = readPeriod(filter, nowMs)
  if (toMs > nowMs && !isNextPage) {
    throw new GraphError('BadRequest', "Invalid EndDate value. The EndDate can't be in the future.")
  }
  const equal = [...filter.matchAll(new RegExp(`(\\w+) eq ${QUOTED}`, 'gi'))]
  const wanted = new Map(equal.map(([, name = '', value = '']) => [name.toLowerCase(), unquote(value).toLowerCase()]))
  return {
    top: top === 0 ? DEFAULT_ROWS : top,
    matches: (row: TraceRow): boolean => {
      const known = {
        id: row.id,
        messageid: row.messageId,
        senderaddress: row.senderAddress,
        recipientaddress: row.recipientAddress,
      }
      const isInPeriod = row.receivedMs >= fromMs && row.receivedMs <= toMs
      return (
        isInPeriod &&
        Object.entries(known).every(
          ([name, value]) => (wanted.get(name) ?? value.toLowerCase()) === value.toLowerCase(),
        )
      )
    },
  }
}

function readPeriod(filter: string, nowMs: number): { readonly fromMs: number; readonly toMs: number } {
  const bound = (operator: string) => {
    const found = [...filter.matchAll(new RegExp(`receivedDateTime ${operator} ([\\dT:.Z+-]+)`, 'gi'))].at(-1)?.[1]
    return found === undefined ? null : Date.parse(found)
  }
  const [fromMs, toMs] = [bound('ge'), bound('le')]
  if (fromMs === null && toMs === null) return { fromMs: nowMs - 2 * DAY_MS, toMs: nowMs }
  if (fromMs === null) throw new GraphError('BadRequest', 'StartDate is required when an EndDate is entered.')
  if (toMs === null) throw new GraphError('BadRequest', 'EndDate is required when a StartDate is entered.')
  if (toMs - fromMs > 10 * DAY_MS) {
    const message = "|System.ArgumentException|The interval between StartDate and EndDate can't be longer than 10 days."
    throw new GraphError('BadRequest', message)
  }
  if (fromMs >= nowMs - (nowMs % DAY_MS) - 90 * DAY_MS) return { fromMs, toMs }
  throw new GraphError('BadRequest', "Invalid StartDate value. The StartDate can't be older than 90 days from today.")
}

function keyOf({ id, recipientAddress }: TraceRow): string {
  return `${id} ${recipientAddress}`
}

/** Nobody but the service reads it. */
function writeToken(query: URLSearchParams, after: string): string {
  return `${Buffer.from(JSON.stringify([query.toString(), after])).toString('base64')}==+/`
}

function readToken(token: string): { readonly query: URLSearchParams; readonly after: string } {
  const [query = '', after = ''] = JSON.parse(Buffer.from(token, 'base64').toString()) as string[]
  return { query: new URLSearchParams(query), after }
}

function traceJson(row: TraceRow, nowMs: number): object {
  const { receivedMs, visibleMs: _visible, settledMs, outcome, isMember: _isMember, ...shown } = row
  return {
    ...shown,
    receivedDateTime: new Date(receivedMs).toISOString().replace(/\.\d+Z$/, 'Z'),
    fromIP: '10.0.0.1',
    toIP: '',
    status: nowMs < settledMs ? 'pending' : outcome.status,
  }
}

/** Returns details in no order, with an event that nobody has heard of. */
function detailsOf({ id, messageId, receivedMs, settledMs, outcome, isMember }: TraceRow, nowMs: number): object[] {
  const dateTime = new Date(Math.max(receivedMs, Math.min(nowMs, settledMs))).toISOString()
  const entry = (event: string, description: string, data = '') => {
    return { id, messageId, dateTime, event, action: '', description, data }
  }
  const reason = `[{LED=${outcome.text}};{MSG=};{FQDN=};{IP=};{LRT=}]`
  const failed = `<root><MEP Name="RecipientStatus" String="${reason}"/></root>`
  const ended =
    {
      failed: entry('Fail', `Reason: ${reason}`, failed),
      expanded: entry('Drop', '250 2.1.5 RESOLVER.GRP.Expanded; distribution list expanded'),
    }[outcome.status] ?? entry('Deliver', 'The message was successfully delivered.')
  const received = [entry('Receive', 'Message received by: EXCHANGE'), entry('Submit', 'Submitted.')]
  const before = isMember ? [] : received
  return nowMs < settledMs ? before : [ended, entry('Journey', 'Something new.'), ...before]
}

import type { FastifyInstance } from 'fastify'
import type { Endpoint } from '../faults/scenario.ts'
import type { TraceRow } from '../tenant/trace-row.ts'
import type { Simulation } from '../simulation/simulation.ts'
import { badRequest, GraphError } from './graph-error.ts'
import { readTraceQuery } from './trace-query.ts'

const TRACES = '/admin/exchange/tracing/messageTraces'
/** The most requests of a tenant in any 5 minutes: lists, pages and details together. */
const MOST_REQUESTS = 100
const DETAILS =
  /\/messageTraces\/([^/]+)\/(?:microsoft\.graph\.)?getDetailsByRecipient\(recipientAddress='((?:[^']|'')*)'\)$/i

/** The message trace of Exchange. */
export function traceRoutes(app: FastifyInstance, { traces, settings, clock, url }: Simulation): void {
  const takeRequest = () => {
    if (traces.count() <= MOST_REQUESTS) return
    const seconds = settings.current.traceRetryAfterSeconds
    throw new GraphError(
      429,
      'TooManyRequests',
      'Your recent queries have surpassed the permitted limit, please try again later.',
      seconds === null ? {} : { 'retry-after': String(seconds) },
    )
  }
  const statusOf = ({ settledMs, outcome }: TraceRow) =>
    clock().getTime() < settledMs ? settings.current.traceFirstStatus : outcome.status

  app.get(TRACES, { config: { endpoint: 'message-trace' satisfies Endpoint } }, async ({ url: path }) => {
    takeRequest()
    const { searchParams } = new URL(path, url())
    const token = searchParams.get('$skiptoken')
    const { query, after } = token === null ? { query: searchParams, after: null } : readToken(token)
    const mayEndLater = token !== null || settings.current.traceFutureEnd === 'accepted'
    const { matches, top } = readTraceQuery(query, clock().getTime(), mayEndLater)
    const found = traces.visible().filter((row) => matches(row, statusOf(row)))
    const start = after === null ? 0 : found.findIndex((row) => keyOf(row) === after) + 1
    const page = found.slice(start, start + top)
    const last = page.at(-1)
    const hasMore = last !== undefined && start + top < found.length
    return {
      '@odata.context': `${url()}/v1.0/$metadata#admin/exchange/tracing/messageTraces`,
      value: page.map((row) => traceJson(row, statusOf(row))),
      ...(hasMore && {
        '@odata.nextLink': `${url()}/v1.0${TRACES}?$skiptoken=${encodeURIComponent(writeToken(query, keyOf(last)))}`,
      }),
    }
  })

  app.get(`${TRACES}/*`, { config: { endpoint: 'message-trace' satisfies Endpoint } }, async ({ url: path }) => {
    const [, id, address] = DETAILS.exec(decodeURIComponent(path.split('?')[0] ?? '')) ?? []
    if (id === undefined || address === undefined) throw badRequest('Resource not found for the segment.')
    takeRequest()
    const row = traces
      .visible()
      .find(
        (each) => each.id === id && each.recipientAddress.toLowerCase() === address.replaceAll("''", "'").toLowerCase(),
      )
    return {
      '@odata.context': `${url()}/v1.0/$metadata#Collection(microsoft.graph.exchangeMessageTraceDetail)`,
      value: row === undefined ? [] : detailsOf(row, clock().getTime()),
    }
  })
}

function keyOf({ id, recipientAddress }: TraceRow): string {
  return `${id} ${recipientAddress}`
}

/** Nobody but the service reads it. */
function writeToken(query: URLSearchParams, after: string): string {
  return `${Buffer.from(JSON.stringify([query.toString(), after])).toString('base64')}==+/`
}

function readToken(token: string): { readonly query: URLSearchParams; readonly after: string } {
  try {
    const [query, after] = JSON.parse(Buffer.from(token.replace(/==\+\/$/, ''), 'base64').toString('utf8')) as [
      string,
      string,
    ]
    return { query: new URLSearchParams(query), after }
  } catch {
    throw badRequest('The skip token is invalid.')
  }
}

function traceJson(row: TraceRow, status: string): object {
  const { id, senderAddress, recipientAddress, messageId, receivedMs, subject, size } = row
  return {
    id,
    senderAddress,
    recipientAddress,
    messageId,
    receivedDateTime: new Date(receivedMs).toISOString().replace(/\.\d+Z$/, 'Z'),
    subject,
    size,
    fromIP: '10.0.0.1',
    toIP: '',
    status,
  }
}

/** Returns details in no order, with an event that nobody has heard of. */
function detailsOf(row: TraceRow, nowMs: number): object[] {
  const event = (name: string, description: string, data = '') => ({
    id: row.id,
    messageId: row.messageId,
    dateTime: new Date(Math.max(row.receivedMs, Math.min(nowMs, row.settledMs))).toISOString(),
    event: name,
    action: '',
    description,
    data,
  })
  const { status, text } = row.outcome
  const ended =
    status === 'failed'
      ? event(
          'Fail',
          `Reason: [{LED=${text}};{MSG=};{FQDN=};{IP=};{LRT=}]`,
          `<root><MEP Name="RecipientStatus" String="[{LED=${text}};{MSG=};{FQDN=};{IP=};{LRT=}]"/></root>`,
        )
      : status === 'expanded'
        ? event('Drop', '250 2.1.5 RESOLVER.GRP.Expanded; distribution list expanded')
        : event('Deliver', 'The message was successfully delivered.')
  const received = row.isMember
    ? []
    : [event('Receive', 'Message received by: EXCHANGE'), event('Submit', 'Submitted.')]
  return nowMs < row.settledMs ? received : [ended, event('Journey', 'Something new.'), ...received]
}

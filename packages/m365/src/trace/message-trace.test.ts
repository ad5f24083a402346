import { describe, expect, it } from 'vitest'
import { patientFetch } from '../test-support/time-limit.ts'
import { answering, intercepting, token } from '../test-support/mailer.ts'
import { serve } from '../test-support/servers.ts'
import { createMessageTrace, reasonOf, type TraceDetail } from './message-trace.ts'

const NOW = new Date('2026-11-24T10:00:00.000Z')
const PERIOD = { from: new Date('2026-11-24T09:00:00.000Z'), to: NOW }
const ROW = {
  id: 'a',
  messageId: '<x@contoso.com>',
  senderAddress: 'ada@contoso.com',
  recipientAddress: 'max@contoso.com',
  receivedDateTime: '2026-11-24T09:30:00Z',
  subject: 'Q3',
  status: 'delivered',
}

function traceAt(graphBaseUrl: string) {
  return createMessageTrace({ graphBaseUrl, fetch: patientFetch, clock: () => NOW })
}

async function list(status: number, body: unknown, headers = {}) {
  const { origin, requests } = await answering(status, body, headers)
  return { answer: await traceAt(origin).list({ ...PERIOD, sender: "o'neil@contoso.com" }, token), requests, origin }
}

describe('the message trace', () => {
  it('is asked for a period and a sender, by both bounds', async () => {
    const { requests } = await list(200, { value: [] })
    const { searchParams } = new URL(requests[0]?.url ?? '', 'http://localhost')
    expect(searchParams.get('$filter')).toBe(
      "receivedDateTime ge 2026-11-24T09:00:00.000Z and receivedDateTime le 2026-11-24T10:00:00.000Z and senderAddress eq 'o''neil@contoso.com'",
    )
  })

  it('asks for nothing that is later than the service’s clock once it refused that, and follows that clock', async () => {
    let hostMs = NOW.getTime() - 30_000
    let ourMs = NOW.getTime()
    const ends: string[] = []
    const origin = await serve((request, response) => {
      const filter = new URL(request.url ?? '', 'http://localhost').searchParams.get('$filter') ?? ''
      const [, end = ''] = /receivedDateTime le (\S+)/.exec(filter) ?? []
      ends.push(end)
      response.setHeader('date', new Date(hostMs).toUTCString())
      response.setHeader('request-id', 'request-of-graph')
      response.statusCode = Date.parse(end) > hostMs ? 400 : 200
      response.end(JSON.stringify({ value: [] }))
    })
    const trace = createMessageTrace({ graphBaseUrl: origin, fetch: patientFetch, clock: () => new Date(ourMs) })
    const ask = (to: Date) => trace.list({ from: PERIOD.from, to }, token)

    expect(await ask(NOW)).toMatchObject({ outcome: 'invalid', endsLate: true })
    expect(await ask(NOW)).toMatchObject({ outcome: 'page' })
    expect(await ask(new Date('2026-11-24T09:30:00.000Z'))).toMatchObject({ outcome: 'page' })
    ourMs += 60_000
    hostMs = ourMs
    expect(await ask(new Date(ourMs))).toMatchObject({ outcome: 'page' })
    expect(await ask(new Date(ourMs))).toMatchObject({ outcome: 'page' })
    expect(ends).toEqual([
      '2026-11-24T10:00:00.000Z',
      '2026-11-24T09:59:29.000Z',
      '2026-11-24T09:30:00.000Z',
      '2026-11-24T10:00:29.000Z',
      '2026-11-24T10:00:59.000Z',
    ])
  })

  it.each([
    ['it says no time', {}],
    ['its time is not before the end of the period', { date: NOW.toUTCString() }],
  ])('takes a refusal for one of the whole question where %s', async (_, headers) => {
    const origin = await serve((_request, response) => {
      response.sendDate = false
      response.writeHead(400, { 'request-id': 'request-of-graph', ...headers }).end()
    })
    const answer = await traceAt(origin).list(PERIOD, token)
    expect(answer.outcome).toBe('invalid')
    expect(answer).not.toHaveProperty('endsLate')
  })

  it('leaves out rows that it cannot read, and takes a status that nobody has heard of', async () => {
    const { answer } = await list(200, {
      value: [ROW, { ...ROW, id: null }, 'x', { ...ROW, status: 'teleported', subject: null }],
    })
    expect(answer).toMatchObject({
      outcome: 'page',
      next: null,
      rows: [{ status: 'delivered' }, { status: 'teleported', subject: '' }],
    })
  })

  it('follows a link of the service with its token, and no other', async () => {
    const { requests, origin } = await answering(200, { value: [ROW] })
    const trace = traceAt(origin)
    const path = '/v1.0/admin/exchange/tracing/messageTraces?$skiptoken=a%2Bb%3D%3D%2F'
    expect(await trace.listNext(`${origin}${path}`, token)).toMatchObject({ outcome: 'page' })
    expect(requests[0]?.url).toBe(path)
    for (const link of [
      `${origin}/v1.0/me/messages?x`,
      `${origin}/v1.0/me/messages?x=/v1.0/admin/exchange/tracing/messageTraces?x`,
      `${origin}/v1.0/admin/exchange/tracing/messageTraces/a?x`,
      `${origin}/beta/admin/exchange/tracing/messageTraces?x`,
      '/v1.0/admin/exchange/tracing/messageTraces?x',
    ])
      expect(await trace.listNext(link, token)).toMatchObject({ outcome: 'invalid' })
    expect(requests).toHaveLength(1)
  })

  it('asks its own host for the next page, also where the link names the host that a gateway stands in for', async () => {
    const { requests, origin } = await answering(200, { value: [ROW] })
    const path = '/v1.0/admin/exchange/tracing/messageTraces?$skiptoken=a%2Bb%3D%3D%2F'
    for (const host of ['https://graph.microsoft.com', 'https://elsewhere.example/graph'])
      expect(await traceAt(`${origin}/Gateway`).listNext(`${host}${path}`, token)).toMatchObject({ outcome: 'page' })
    expect(requests).toMatchObject([{ url: `/Gateway${path}` }, { url: `/Gateway${path}` }])
  })

  it.each([
    [
      401,
      'Service principal-less Authentication failed: the service principal for App ID 8bd6 was not found.',
      'not-provisioned',
    ],
    [403, 'The service principal is missing.', 'not-provisioned'],
    [401, 'Access token has expired.', 'denied'],
    [403, '', 'denied'],
    [400, 'The skip token is invalid.', 'invalid'],
    [404, 'Resource not found for the segment.', 'unavailable'],
    [500, '', 'unavailable'],
    [504, '', 'unavailable'],
    [200, '', 'unavailable'],
  ])('tells by HTTP %i (%s) what stands in the way: %s', async (status, message, outcome) => {
    const body = status === 200 ? 'no JSON' : { error: { code: 'x', message } }
    expect((await list(status, body)).answer.outcome).toBe(outcome)
  })

  it.each([200, 400, 401, 403, 404, 429])(
    'takes HTTP %i of something that answers in place of Graph for no answer',
    async (status) => {
      const { origin } = await intercepting(status, 'RBAC: access denied', { 'content-type': 'text/plain' })
      const answer = await traceAt(origin).list(PERIOD, token)
      expect(answer).toMatchObject({ outcome: 'unavailable', failure: { outcome: 'intercepted' } })
      expect(answer).not.toHaveProperty('endsLate')
    },
  )

  it('takes a page that Graph passes on with HTTP 403 for a denial', async () => {
    const { answer } = await list(403, { error: { code: 'UnknownError', message: '<html>403</html>' } })
    expect(answer.outcome).toBe('denied')
  })

  it.each([
    [
      { value: [{ dateTime: '2026-11-24T09:31:00Z', event: 'Fail', description: 'Reason', data: '<root/>' }, {}] },
      {
        outcome: 'details',
        details: [
          { at: new Date('2026-11-24T09:31:00.000Z'), event: 'Fail', description: 'Reason', data: '<root/>' },
          { at: null, event: '', description: '', data: '' },
        ],
      },
    ],
    [{ value: 'x' }, { outcome: 'unavailable' }],
    ['no JSON', { outcome: 'unavailable' }],
  ])('reads the details %j of a row', async (body, expected) => {
    const { origin } = await answering(200, body)
    expect(await traceAt(origin).details(ROW, token)).toMatchObject(expected)
  })

  it('says that the application is denied, since no person’s access is used', async () => {
    const { answer } = await list(403, {
      error: { code: 'ErrorAccessDenied', message: 'Access is denied. Ask again.' },
    })
    const detail = 'Exchange does not let the application read message traces: Access is denied.'
    expect(answer).toMatchObject({ outcome: 'denied', failure: { microsoftCode: 'ErrorAccessDenied', detail } })
  })

  it.each([
    [{ 'retry-after': '90' }, 90],
    [{}, 60],
  ])('waits after a 429 with %j', async (headers, seconds) => {
    const { answer } = await list(429, { error: { code: 'x', message: '' } }, headers)
    expect(answer).toMatchObject({ outcome: 'throttled', retryAfter: new Date(NOW.getTime() + seconds * 1_000) })
  })
})

describe('the reason of a failure', () => {
  const detail = (changes: Partial<TraceDetail>): TraceDetail => ({
    at: NOW,
    event: 'Fail',
    description: '',
    data: '',
    ...changes,
  })

  it.each<[string, readonly TraceDetail[], string | null]>([
    [
      'is in the description',
      [detail({ description: 'Reason: [{LED=550 5.1.10 RESOLVER.ADR.RecipientNotFound};{MSG=}]' })],
      '5.1.10',
    ],
    [
      'is in the data',
      [
        detail({
          data: '<root><MEP Name="RecipientStatus" String="[{LED=550 5.7.1 &lt;x&gt; refused};{IP=1.2.3.4}]"/></root>',
        }),
      ],
      '5.7.1',
    ],
    ['is a plain text', [detail({ description: 'Remote server returned 550 5.4.1' })], '5.4.1'],
    ['is no address of a server', [detail({ description: 'Rejected by 10.5.1.20' })], null],
    ['is not that of another event', [detail({ event: 'Defer', description: '451 4.7.0' })], null],
  ])('%s', (_where, details, code) => {
    expect(reasonOf([detail({ event: 'Receive' }), ...details]).code).toBe(code)
  })
})

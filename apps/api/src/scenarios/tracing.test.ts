import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { beforeEach, expect, it, onTestFinished } from 'vitest'
import type { TestProduct } from '../test-support/test-product.ts'
import { connectMailbox, createServiceClient } from '../test-support/test-service.ts'
import { useFixture } from '../test-support/use-fixture.ts'

const CALLER = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' }
const TRACEPARENT = `00-${CALLER.traceId}-${CALLER.spanId}-01`

interface Attribute {
  readonly key: string
  readonly value: { readonly stringValue?: string; readonly intValue?: number | string }
}

interface Span {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes: readonly Attribute[]
}

const fixture = useFixture()
beforeEach(() => fixture.clear())

/** Serves the endpoint of an OTLP receiver. */
async function startReceiver(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Starts a receiver that keeps what it gets. */
async function startKeepingReceiver() {
  const bodies: string[] = []
  const requests: string[] = []
  const endpoint = await startReceiver((request, response) => {
    let body = ''
    requests.push([request.method, request.url, request.headers['x-tenant']].join(' '))
    request.setEncoding('utf8').on('data', (text: string) => (body += text))
    request.on('end', () => {
      bodies.push(body)
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
  })
  const spans = () =>
    bodies.flatMap((body) =>
      (JSON.parse(body) as { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] }).resourceSpans.flatMap((resource) =>
        resource.scopeSpans.flatMap((scope) => scope.spans),
      ),
    )
  return { endpoint, bodies, requests, spans }
}

async function startTraced(environment: Record<string, string>): Promise<TestProduct> {
  const product = await fixture.startProduct({ environment })
  onTestFinished(() => product.close())
  await connectMailbox(product)
  return product
}

function valueOf({ attributes }: Span, name: string): unknown {
  const value = attributes.find(({ key }) => key === name)?.value
  return value?.stringValue ?? (value?.intValue === undefined ? undefined : Number(value.intValue))
}

it('follows a message in the trace of its caller, from the submit through the claim to Microsoft', async () => {
  const receiver = await startKeepingReceiver()
  const product = await startTraced({
    OTEL_EXPORTER_OTLP_ENDPOINT: `${receiver.endpoint}/`,
    OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=con%20toso',
  })
  const service = await createServiceClient(product)
  const message = { subject: 'Secret figures', text: 'Nobody knows.', reference: 'ref-4711' }
  const { id } = await service.submit(message, { traceparent: TRACEPARENT })
  await service.until(id, { status: 'sent' })
  await product.close()

  expect(receiver.requests[0]).toBe('POST /v1/traces con toso')
  const spans = receiver.spans()
  const [submit, deliver, claim, send] = ['submit message', 'deliver message', 'claim message', 'POST sendMail'].map(
    (name) => {
      const found = spans.filter((span) => span.name === name && span.traceId === CALLER.traceId)
      expect(found).toHaveLength(1)
      return found[0] as Span
    },
  ) as [Span, Span, Span, Span]
  expect(submit.parentSpanId).toBe(CALLER.spanId)
  expect(deliver.parentSpanId).toBe(submit.spanId)
  expect([claim.parentSpanId, send.parentSpanId]).toEqual([deliver.spanId, deliver.spanId])
  expect([submit, deliver].map((span) => valueOf(span, 'inforiver_mail.message.id'))).toEqual([id, id])
  expect(valueOf(deliver, 'inforiver_mail.outcome')).toBe('sent')
  expect(valueOf(send, 'http.response.status_code')).toBe(202)
  for (const span of spans) expect(BigInt(span.endTimeUnixNano) >= BigInt(span.startTimeUnixNano)).toBe(true)

  const said = receiver.bodies.join('\n')
  for (const hidden of ['@', 'contoso.com', 'Secret', 'Nobody', 'ref-4711', service.key, 'eyJ', '/v1.0/'])
    expect(said).not.toContain(hidden)
})

it('begins a trace where the caller has none, and names a refusal by its code alone', async () => {
  const receiver = await startKeepingReceiver()
  const product = await startTraced({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint })
  const service = await createServiceClient(product)
  const refused = await service.post('/api/v1/messages', { to: ['max@contoso.com'] }, { traceparent: 'nonsense' })
  expect(refused.status).toBe(400)
  await product.close()

  const [span] = receiver.spans()
  expect(span?.traceId).toMatch(/^[0-9a-f]{32}$/)
  expect(span?.parentSpanId).toBeUndefined()
  expect(valueOf(span as Span, 'error.type')).toBe('invalid-input')
  expect(receiver.bodies.join()).not.toContain('max@')
})

it('sends and stops all the same when the receiver does not answer', async () => {
  const product = await startTraced({ OTEL_EXPORTER_OTLP_ENDPOINT: await startReceiver(() => {}) })
  const service = await createServiceClient(product)
  const { id } = await service.submit()
  await service.until(id, { status: 'sent' })

  await expect(product.close()).resolves.toBeUndefined()
})

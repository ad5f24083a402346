import { AsyncLocalStorage } from 'node:async_hooks'
import { getCACertificates } from 'node:tls'
import type { MicrosoftFetch } from '@inforiver-mail/m365/microsoft-fetch'
import {
  defaultTextMapGetter,
  defaultTextMapSetter,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Span,
} from '@opentelemetry/api'
import { ExportResultCode, W3CTraceContextPropagator } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  TracerProvider,
  type SpanExporter,
} from '@opentelemetry/sdk-trace'
import type { FastifyBaseLogger } from 'fastify'
import { systemClock, type Timers } from './clock.ts'
import type { Tracing } from './tracing.ts'
import { VERSION } from './version.ts'

const EXPORT_TIMEOUT_MS = 5_000
const EXPORT_EVERY_MS = 2_000
/** Spans that find no room are dropped: a receiver that is away must cost neither memory nor time. */
const MAX_WAITING_SPANS = 2_048
const STOP_WITHIN_MS = 2_000

/** The last segments of Microsoft's paths that name an operation. Any other may hold an address, an id or a key. */
const OPERATIONS = new Set([
  'sendMail',
  'send',
  'messages',
  'attachments',
  'createUploadSession',
  'token',
  'keys',
  'me',
])

export interface OtlpOptions {
  /** The base URL of the receiver, without `/v1/traces`. */
  readonly endpoint: string
  readonly headers: Readonly<Record<string, string>>
  readonly serviceName: string
  readonly extraCaCertificates: string | null
  readonly role: string
  readonly timers: Pick<Timers, 'sleep'>
  readonly logger: Pick<FastifyBaseLogger, 'warn' | 'info'>
}

/** Sends spans by OTLP over HTTP, in the background. */
export function createOtlpTracing({
  endpoint,
  headers,
  serviceName,
  extraCaCertificates,
  role,
  timers,
  logger,
}: OtlpOptions): Tracing {
  const exporter = new OTLPTraceExporter({
    url: `${endpoint}/v1/traces`,
    headers: { ...headers },
    timeoutMillis: EXPORT_TIMEOUT_MS,
    ...(extraCaCertificates !== null && {
      httpAgentOptions: { ca: [...getCACertificates('default'), extraCaCertificates] },
    }),
  })
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.name': serviceName,
      'service.version': VERSION,
      'inforiver_mail.role': role,
    }),
    sampler: new ParentBasedSampler({ root: new AlwaysOnSampler() }),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: reporting(exporter, logger),
        maxQueueSize: MAX_WAITING_SPANS,
        scheduledDelayMillis: EXPORT_EVERY_MS,
        exportTimeoutMillis: EXPORT_TIMEOUT_MS,
      }),
    ],
  })
  const tracer = provider.getTracer('inforiver-mail', VERSION)
  const propagator = new W3CTraceContextPropagator()
  /** The delivery that a request to Microsoft belongs to. */
  const delivering = new AsyncLocalStorage<Context>()

  return {
    async submit({ traceparent, elapsedMs }, run, messageIdOf) {
      const span = tracer.startSpan(
        'submit message',
        { kind: SpanKind.SERVER, startTime: msAgo(elapsedMs) },
        contextOf(traceparent),
      )
      return ending(span, run(formatTraceparent(span)), (result) => ({
        'inforiver_mail.message.id': messageIdOf(result),
      }))
    },

    async delivery({ id, traceparent, attemptCount }, claimedMs, run, outcomeOf) {
      const startTime = msAgo(claimedMs)
      const attributes = { 'inforiver_mail.message.id': id, 'inforiver_mail.attempt': attemptCount }
      const span = tracer.startSpan(
        'deliver message',
        { kind: SpanKind.CONSUMER, startTime, attributes },
        contextOf(traceparent),
      )
      const context = trace.setSpan(ROOT_CONTEXT, span)
      tracer.startSpan('claim message', { startTime }, context).end()
      return ending(span, delivering.run(context, run), (result) => ({ 'inforiver_mail.outcome': outcomeOf(result) }))
    },

    fetch: (fetch) => traceFetch(fetch),

    async stop() {
      const timer = new AbortController()
      const late = timers.sleep(STOP_WITHIN_MS, timer.signal).catch(() => {})
      await Promise.race([provider.shutdown().catch(() => {}), late])
      timer.abort()
    },
  }

  function traceFetch(fetch: MicrosoftFetch): MicrosoftFetch {
    return async (url, init) => {
      const context = delivering.getStore()
      if (context === undefined) return fetch(url, init)
      const method = init?.method ?? 'GET'
      const { hostname, pathname } = new URL(url)
      const operation = pathname.split('/').at(-1) ?? ''
      const name = OPERATIONS.has(operation) ? `${method} ${operation}` : method
      const attributes = { 'http.request.method': method, 'server.address': hostname }
      const span = tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes }, context)
      return ending(span, fetch(url, init), ({ status, headers: answered }) => {
        if (status >= 400) span.setStatus({ code: SpanStatusCode.ERROR })
        const requestId = answered.get('request-id')
        return {
          'http.response.status_code': status,
          ...(requestId !== null && { 'inforiver_mail.microsoft.request_id': requestId.slice(0, 64) }),
        }
      })
    }
  }

  function contextOf(traceparent: unknown): Context {
    return propagator.extract(ROOT_CONTEXT, { traceparent }, defaultTextMapGetter)
  }

  function formatTraceparent(span: Span): string | null {
    const carrier: Record<string, string> = {}
    propagator.inject(trace.setSpan(ROOT_CONTEXT, span), carrier, defaultTextMapSetter)
    return carrier['traceparent'] ?? null
  }
}

/** Ends the span with what it was about. An error is named by its kind alone: its text may quote an address. */
async function ending<Result>(
  span: Span,
  work: Promise<Result>,
  describe: (result: Result) => Attributes,
): Promise<Result> {
  try {
    const result = await work
    span.setAttributes(describe(result))
    return result
  } catch (error) {
    span.setAttribute('error.type', typeOf(error))
    span.setStatus({ code: SpanStatusCode.ERROR })
    throw error
  } finally {
    span.end()
  }
}

function typeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}

/** Logs when the receiver stops taking spans, and when it takes them again. */
function reporting(exporter: SpanExporter, logger: OtlpOptions['logger']): SpanExporter {
  let isAway = false
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        const failed = result.code !== ExportResultCode.SUCCESS
        if (failed && !isAway) logger.warn('traces could not be handed over; they are dropped until that works again')
        if (!failed && isAway) logger.info('traces are handed over again')
        isAway = failed
        done(result)
      })
    },
    forceFlush: async () => exporter.forceFlush?.(),
    shutdown: () => exporter.shutdown(),
  }
}

function msAgo(ms: number): number {
  // Spans of one trace come from several processes, and receivers sort them by the clock of each machine.
  return systemClock().getTime() - Math.max(0, ms)
}

import { timingSafeEqual } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import { isLoopback } from '@inforiver-mail/m365/loopback'
import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import { Counter, Gauge, type Registry } from 'prom-client'
import { VERSION } from '../runtime/version.ts'
import { ProblemError } from './problem.ts'

const PROXY_HEADER = /^(?:forwarded|via|x-forwarded(?:-.+)?|x-real-ip)$/

/** Serves `GET /metrics` for Prometheus to requests with the token or, if none is configured, to this machine only. */
export const metrics: FastifyPluginAsync<{ registry: Registry; token: string | null }> = async (
  app,
  { registry, token },
) => {
  app.get('/metrics', { config: { concealed: true } }, async (request, reply) => {
    const given = request.headers.authorization?.match(/^Bearer +(.+)$/i)?.[1]
    const allowed = token === null ? isFromHere(request) : given !== undefined && equal(given, token)
    // Answer 404, so that the endpoint is not revealed.
    if (!allowed) throw new ProblemError('not-found', 'There is nothing at this address.')
    return reply
      .type(registry.contentType)
      .header('cache-control', 'no-store')
      .send(await registry.metrics())
  })
}

/**
 * Measures for how long this process computed, or waited for a core to do so. JavaScript runs on one core: a process that
 * gains a second each second is at its limit.
 *
 * @param busyMs since the process began
 */
export function measureEventLoop(
  registry: Registry,
  busyMs: () => number = () => performance.eventLoopUtilization().active,
): void {
  const busy: Counter = new Counter({
    name: 'inforiver_mail_event_loop_busy_seconds_total',
    help: 'How long this process has computed, or waited for a core to do so.',
    registers: [registry],
    collect() {
      busy.reset()
      busy.inc(busyMs() / 1_000)
    },
  })
}

/** Tells the rules of Prometheus where the runbook is. */
export function nameInstallation(registry: Registry, publicUrl: string): void {
  new Gauge({
    name: 'inforiver_mail_info',
    help: 'Version and PUBLIC_URL of this process; always 1.',
    labelNames: ['version', 'public_url'],
    registers: [registry],
  }).set({ version: VERSION, public_url: publicUrl }, 1)
}

/** Makes a reading that all gauges share which ask for it in the same scrape. */
export function oncePerScrape<Reading>(read: () => Promise<Reading>): () => Promise<Reading> {
  let reading: Promise<Reading> | null = null
  return () =>
    (reading ??= read().finally(() => {
      reading = null
    }))
}

/**
 * Measures gauges that share a reading. While it fails, as when the database is away, none is shown; a gauge without a value
 * is not either.
 */
export function measureTogether<Reading>(
  registry: Registry,
  read: () => Promise<Reading>,
  gauges: readonly { name: string; help: string; valueOf: (reading: Reading) => number | null }[],
): void {
  const readKnown = oncePerScrape(() => read().catch(() => null))
  for (const { name, help, valueOf } of gauges) {
    const gauge: Gauge = new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        const reading = await readKnown()
        const value = reading === null ? null : valueOf(reading)
        if (value === null) gauge.remove()
        else gauge.set(value)
      },
    })
  }
}

/** Decides by the address of the connection, since a client can put anything into a header. */
function isFromHere({ socket, headers, raw }: FastifyRequest): boolean {
  if (!raw.url?.startsWith('/')) return false // absolute form is used with proxies, RFC 9112 section 3.2.2
  if (Object.keys(headers).some((name) => PROXY_HEADER.test(name))) return false
  return isLoopback(socket.remoteAddress ?? '') && namesThisMachine(headers.host)
}

/** Detects a local proxy that adds no header: it still forwards the host name that was asked for. */
function namesThisMachine(host = ''): boolean {
  const url = `http://${host}`
  return URL.canParse(url) && isLoopback(new URL(url).hostname)
}

function equal(given: string, token: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(token)]
  return one.length === other.length && timingSafeEqual(one, other)
}

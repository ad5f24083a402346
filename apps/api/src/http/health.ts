import type { Health } from '@inforiver-mail/contract/health'
import type { FastifyBaseLogger, FastifyPluginAsync } from 'fastify'
import { Gauge, type Registry } from 'prom-client'
import { VERSION } from '../version.ts'

/** Probes of load balancers give up about as soon. */
const CHECK_TIMEOUT_MS = 5_000
/** What is wrong with a check that rejects. */
const FAILED = 'The check failed; the cause is in the log.'

/** Checks one precondition for serving requests. Resolves to null, or to a sentence that says what is wrong. */
export type ReadinessCheck = () => Promise<string | null>

type Checks = Readonly<Record<string, ReadinessCheck>>

/** `GET /healthz` answers while the process is alive, `GET /readyz` with 200 when it can serve requests. */
export const health: FastifyPluginAsync<{ checks: Checks }> = async (app, { checks }) => {
  app.get('/healthz', async (_request, reply) =>
    reply.header('cache-control', 'no-store').send({ status: 'ok', version: VERSION } satisfies Health),
  )

  app.get('/readyz', async (request, reply) => {
    const results = await runChecks(checks, (name, error) =>
      request.log.error({ err: error }, `readiness check ${name} failed`),
    )
    const ready = isReady(results)
    return reply
      .code(ready ? 200 : 503)
      .header('cache-control', 'no-store')
      .send({ status: ready ? 'ready' : 'not-ready', checks: results })
  })
}

/** Shows by a metric what `GET /readyz` answers, and logs each reason of a check once until the check succeeds again. */
export function measureReadiness(registry: Registry, checks: Checks, logger: Pick<FastifyBaseLogger, 'warn'>): void {
  const logged = new Map<string, Set<string>>()
  const isNew = (name: string, reason: string) => {
    const reasons = logged.get(name) ?? new Set<string>()
    logged.set(name, reasons)
    return reasons.size < reasons.add(reason).size
  }
  const gauge: Gauge = new Gauge({
    name: 'inforiver_mail_ready',
    help: 'Whether this process can serve requests or deliver: 1 if it can, else 0.',
    registers: [registry],
    async collect() {
      const results = await runChecks(checks, (name, error) => {
        if (isNew(name, FAILED)) logger.warn({ err: error }, `readiness check ${name} failed`)
      })
      for (const [name, result] of Object.entries(results)) {
        if (result === 'ok') logged.delete(name)
        else if (isNew(name, result)) logger.warn(`readiness check ${name} failed: ${result}`)
      }
      gauge.set(isReady(results) ? 1 : 0)
    },
  })
}

/** Runs all checks at once, and returns for each `ok` or what is wrong. */
async function runChecks(
  checks: Checks,
  onError: (name: string, error: unknown) => void,
): Promise<Readonly<Record<string, string>>> {
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => {
      const result = check().catch((error: unknown) => {
        onError(name, error)
        return FAILED
      })
      return [name, (await inTime(result)) ?? 'ok'] as const
    }),
  )
  return Object.fromEntries(results)
}

function isReady(results: Readonly<Record<string, string>>): boolean {
  return Object.values(results).every((result) => result === 'ok')
}

async function inTime(result: Promise<string | null>): Promise<string | null> {
  const late = Promise.withResolvers<string>()
  const timer = setTimeout(late.resolve, CHECK_TIMEOUT_MS, 'The check did not end in time.')
  try {
    return await Promise.race([result, late.promise])
  } finally {
    clearTimeout(timer)
  }
}

import type { Health } from '@inforiver-mail/contract/health'
import type { FastifyBaseLogger, FastifyPluginAsync } from 'fastify'
import type { Registry } from 'prom-client'
import { VERSION } from '../runtime/version.ts'
import { measureTogether } from './metrics.ts'

/** Probes of load balancers give up about as soon. */
const CHECK_TIMEOUT_MS = 5_000
/** What is wrong with a check that rejects. */
const FAILED = 'The check failed; the cause is in the log.'
/** A reason that is worded differently each time must not fill the log. */
const MOST_REASONS = 10

/**
 * Checks one precondition for serving requests. Resolves to null, to a sentence that says what is wrong, or to undefined
 * where it could not look: what it found before holds.
 */
export type ReadinessCheck = () => Promise<string | null | undefined>

type Checks = Readonly<Record<string, ReadinessCheck>>
/** `ok` or the failure, for each check. */
type Results = Readonly<Record<string, string>>
type ReadReadiness = () => Promise<Results>

/** Returns what runs the checks, and logs each reason of one, up to ten, whoever asks, once until the check succeeds again. */
export function watchReadiness(checks: Checks, logger: Pick<FastifyBaseLogger, 'warn'>): ReadReadiness {
  const logged = new Map<string, Set<string>>()
  let before: Results = {}
  const isNew = (name: string, reason: string) => {
    const reasons = logged.get(name) ?? new Set<string>()
    logged.set(name, reasons)
    return reasons.size < MOST_REASONS && reasons.size < reasons.add(reason).size
  }
  return async () => {
    const results = await runChecks(checks, before, (name, error) => {
      if (isNew(name, causeOf(error))) logger.warn({ err: error }, `readiness check ${name} failed`)
    })
    before = results
    for (const [name, result] of Object.entries(results)) {
      if (result === 'ok') logged.delete(name)
      else if (result !== FAILED && isNew(name, result)) logger.warn(`readiness check ${name} failed: ${result}`)
    }
    return results
  }
}

/** `GET /healthz` answers while the process is alive, `GET /readyz` with 200 when it can serve requests. */
export const health: FastifyPluginAsync<{ readReadiness: ReadReadiness }> = async (app, { readReadiness }) => {
  app.get('/healthz', async (_request, reply) =>
    reply.header('cache-control', 'no-store').send({ status: 'ok', version: VERSION } satisfies Health),
  )

  app.get('/readyz', async (_request, reply) => {
    const results = await readReadiness()
    const ready = isReady(results)
    return reply
      .code(ready ? 200 : 503)
      .header('cache-control', 'no-store')
      .send({ status: ready ? 'ready' : 'not-ready', checks: results })
  })
}

/** Shows by a metric what `GET /readyz` answers. */
export function measureReadiness(registry: Registry, readReadiness: ReadReadiness): void {
  measureTogether(registry, readReadiness, [
    {
      name: 'inforiver_mail_ready',
      help: 'Whether this process can serve requests or deliver: 1 if it can, else 0.',
      valueOf: (results) => (isReady(results) ? 1 : 0),
    },
  ])
}

/** Runs all checks at once. */
async function runChecks(
  checks: Checks,
  before: Results,
  onError: (name: string, error: unknown) => void,
): Promise<Results> {
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => {
      const result = check().catch((error: unknown) => {
        onError(name, error)
        return FAILED
      })
      const found = await inTime(result)
      return [name, found === undefined ? (before[name] ?? 'ok') : (found ?? 'ok')] as const
    }),
  )
  return Object.fromEntries(results)
}

/** Several failed addresses are one error without a message, which has a code. */
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return 'code' in error ? `${String(error.code)} ${error.message}` : error.message
}

function isReady(results: Results): boolean {
  return Object.values(results).every((result) => result === 'ok')
}

async function inTime<Result>(result: Promise<Result>): Promise<Result | string> {
  const late = Promise.withResolvers<string>()
  const timer = setTimeout(late.resolve, CHECK_TIMEOUT_MS, 'The check did not end in time.')
  try {
    return await Promise.race([result, late.promise])
  } finally {
    clearTimeout(timer)
  }
}

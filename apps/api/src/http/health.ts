import { setTimeout as delay } from 'node:timers/promises'
import type { Health } from '@inforiver-mail/contract/health'
import type { FastifyPluginAsync } from 'fastify'
import { VERSION } from '../version.ts'

/** Probes of load balancers give up about as soon. */
const CHECK_TIMEOUT_MS = 5_000

/** Checks one precondition for serving requests. Resolves to null, or to a sentence that says what is wrong. */
export type ReadinessCheck = () => Promise<string | null>

/** `GET /healthz` answers while the process is alive, `GET /readyz` with 200 when it can serve requests. */
export const health: FastifyPluginAsync<{ checks: Readonly<Record<string, ReadinessCheck>> }> = async (
  app,
  { checks },
) => {
  app.get('/healthz', async (_request, reply) =>
    reply.header('cache-control', 'no-store').send({ status: 'ok', version: VERSION } satisfies Health),
  )

  app.get('/readyz', async (request, reply) => {
    const results = await Promise.all(
      Object.entries(checks).map(async ([name, check]) => {
        const result = check().catch((error: unknown) => {
          request.log.error({ err: error }, `readiness check ${name} failed`)
          return 'The check failed; the cause is in the log.'
        })
        return [name, (await inTime(result)) ?? 'ok'] as const
      }),
    )
    const ready = results.every(([, result]) => result === 'ok')
    return reply
      .code(ready ? 200 : 503)
      .header('cache-control', 'no-store')
      .send({ status: ready ? 'ready' : 'not-ready', checks: Object.fromEntries(results) })
  })
}

async function inTime(result: Promise<string | null>): Promise<string | null> {
  const timer = new AbortController()
  const late = delay(CHECK_TIMEOUT_MS, 'The check did not end in time.', { signal: timer.signal })
  try {
    return await Promise.race([result, late])
  } finally {
    timer.abort()
    late.catch(() => {})
  }
}

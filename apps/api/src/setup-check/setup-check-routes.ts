import { checkSetup } from '@inforiver-mail/contract/setup-check'
import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import { ProblemError, say } from '../http/problem.ts'
import { route } from '../http/route.ts'
import type { SignedIn } from '../http/session.ts'
import type { SetupCheck } from './setup-check.ts'

interface Options {
  readonly requireAdmin: (request: FastifyRequest) => Promise<SignedIn>
  readonly check: SetupCheck
  /** Takes the only place over all processes. Returns what gives it back, or null while another has it. */
  readonly takePlace: () => Promise<(() => Promise<void>) | null>
}

/** Serves the set-up check, one at a time. It ends early when its client is gone or the process stops. */
export const setupCheckRoutes: FastifyPluginAsync<Options> = async (app, { requireAdmin, check, takePlace }) => {
  const stopping = new AbortController()
  app.addHook('preClose', async () => stopping.abort())

  route(app, checkSetup, requireAdmin, async ({ reply, body: { fromEmail } }) => {
    const giveBack = await takePlace()
    if (giveBack === null) throw new ProblemError('check-running', say('check-running', { seconds: 20 }))
    const gone = new AbortController()
    reply.raw.once('close', () => gone.abort())
    const signal = AbortSignal.any([gone.signal, stopping.signal])
    try {
      return { checks: await check({ fromEmail, signal }) }
    } catch (error) {
      if (!signal.aborted) throw error
      throw new ProblemError('unavailable', say('check-stopping'))
    } finally {
      await giveBack()
    }
  })
}

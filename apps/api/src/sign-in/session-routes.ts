import { endOtherSessions, endSession, listSessions } from '@inforiver-mail/contract/session'
import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import { ProblemError } from '../http/problem.ts'
import { route } from '../http/route.ts'
import type { SignedIn } from '../http/session.ts'
import type { SignInStore } from './sign-in-store.ts'

interface Options {
  readonly requireAdmin: (request: FastifyRequest) => Promise<SignedIn>
  readonly store: Pick<SignInStore, 'listSessions' | 'endSessionOf' | 'endOtherSessions'>
  readonly clock: () => Date
}

/** Who is signed in where, for workspace admins. */
export const sessionRoutes: FastifyPluginAsync<Options> = async (app, { requireAdmin, store, clock }) => {
  route(app, listSessions, requireAdmin, async ({ caller }) => ({ items: await store.listSessions(caller, clock()) }))

  route(app, endSession, requireAdmin, async ({ caller, params: { id } }) => {
    if (!(await store.endSessionOf(id, caller, clock())))
      throw new ProblemError('not-found', 'There is no such session, or it has ended.')
  })

  route(app, endOtherSessions, requireAdmin, async ({ caller }) => store.endOtherSessions(caller, clock()))
}

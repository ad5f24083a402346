import type { MicrosoftIdentity } from '@inforiver-mail/m365/microsoft-identity'
import type { TokenVault } from '@inforiver-mail/m365/token-vault'
import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import type { Runtime } from '../runtime/clock.ts'
import type { Database } from '../database/database.ts'
import type { FindSession, SignedIn } from '../http/session.ts'
import { createSignIn } from './sign-in.ts'
import { signInReturn, signInRoutes } from './sign-in-routes.ts'
import { createSignInStore } from './sign-in-store.ts'

/** Wires sign-in and sessions. */
export function composeSignIn(
  deps: Runtime & {
    database: Pick<Database, 'prisma'>
    /** Sign-in names. */
    workspaceAdmins: readonly string[]
    tenantId: string
    publicUrl: string
    identity: MicrosoftIdentity
    vault: TokenVault
    /** Called when a person signs in again in the browser of a session of theirs, with the hashes of both. */
    onContinued: (sessions: { from: string; to: string }) => Promise<void>
  },
) {
  const { clock } = deps
  const store = createSignInStore(deps.database.prisma, deps.workspaceAdmins, deps.newId)
  const signIn = createSignIn({ ...deps, store })
  return {
    findSession: ((idHash, by) => store.findSession(idHash, by, clock())) satisfies FindSession,
    routes:
      ({ requireAdmin }: { requireAdmin: (request: FastifyRequest) => Promise<SignedIn> }): FastifyPluginAsync =>
      async (app) => {
        await app.register(signInRoutes, { ...deps, requireAdmin, signIn, store })
      },
    signInReturn: signInReturn({ signIn, publicUrl: deps.publicUrl }),
    /** Housekeeping runs these, by name. */
    tasks: { 'sweep-sign-ins': () => store.sweep(clock()) },
  }
}

import type { MicrosoftIdentity } from '@inforiver-mail/m365/microsoft-identity'
import type { RandomBytes } from '@inforiver-mail/m365/random'
import type { TokenVault } from '@inforiver-mail/m365/token-vault'
import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import type { Database } from '../database/database.ts'
import type { ReturnHandler } from '../http/microsoft-callback.ts'
import type { FindSession, SignedIn } from '../http/session.ts'
import type { NewId } from '../runtime/ids.ts'
import { sessionRoutes } from './session-routes.ts'
import { createSignIn } from './sign-in.ts'
import { signInReturn, signInRoutes } from './sign-in-routes.ts'
import { createSignInStore } from './sign-in-store.ts'

export interface ComposedSignIn {
  readonly findSession: FindSession
  readonly routes: (guards: { requireAdmin: (request: FastifyRequest) => Promise<SignedIn> }) => FastifyPluginAsync
  readonly signInReturn: ReturnHandler
  /** Housekeeping runs these, by name. */
  readonly tasks: Readonly<Record<string, () => Promise<void>>>
}

/** Wires sign-in and sessions. */
export function composeSignIn({
  database,
  workspaceAdmins,
  tenantId,
  publicUrl,
  identity,
  vault,
  onContinued,
  clock,
  random,
  newId,
}: {
  database: Pick<Database, 'prisma'>
  /** Sign-in names. */
  workspaceAdmins: readonly string[]
  tenantId: string
  publicUrl: string
  identity: MicrosoftIdentity
  vault: TokenVault
  /** Called when a person signs in again in the browser of a session of theirs, with the hashes of both. */
  onContinued: (sessions: { from: string; to: string }) => Promise<void>
  clock: () => Date
  random: RandomBytes
  newId: NewId
}): ComposedSignIn {
  const store = createSignInStore(database.prisma, workspaceAdmins, newId)
  const signIn = createSignIn({ store, identity, vault, tenantId, onContinued, clock, random })
  return {
    findSession: (idHash, by) => store.findSession(idHash, by, clock()),
    routes:
      ({ requireAdmin }) =>
      async (app) => {
        await app.register(signInRoutes, { signIn, store, publicUrl, clock, random })
        await app.register(sessionRoutes, { requireAdmin, store, clock })
      },
    signInReturn: signInReturn({ signIn, publicUrl }),
    tasks: { 'sweep-sign-ins': () => store.sweep(clock()) },
  }
}

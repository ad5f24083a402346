import { readCredential } from '@inforiver-mail/contract/credential'
import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import type { CredentialExpiry } from '../domain/credential-expiry.ts'
import { route } from '../http/route.ts'
import type { SignedIn } from '../http/session.ts'
import { viewCredential } from './credential-watch.ts'

interface Options {
  readonly requireAdmin: (request: FastifyRequest) => Promise<SignedIn>
  readonly credentialExpiry: () => CredentialExpiry
  readonly clock: () => Date
}

export const credentialRoutes: FastifyPluginAsync<Options> = async (app, { requireAdmin, credentialExpiry, clock }) => {
  route(app, readCredential, requireAdmin, async () => viewCredential(credentialExpiry(), clock()))
}

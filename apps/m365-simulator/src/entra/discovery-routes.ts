import type { FastifyInstance, FastifyReply } from 'fastify'
import type { Simulation } from '../simulation/simulation.ts'
import { EntraError, errorBody } from './aadsts.ts'
import { requireTenant, type TenantRequest } from './authorize-request.ts'

/** Serves the discovery document and the keys. */
export function discoveryRoutes(app: FastifyInstance, { index, registration, tokens, url }: Simulation): void {
  const issuer = (): string => `${url()}/${registration.tenantId}/v2.0`

  /** Answers for the tenant in the path, unless it is unknown. */
  const handle =
    (json: (base: string) => object) =>
    async (request: TenantRequest, reply: FastifyReply): Promise<object> => {
      const { tenant } = request.params
      try {
        requireTenant(tenant, registration, index.directory.domain)
        return json(`${url()}/${tenant}`)
      } catch (error) {
        if (!(error instanceof EntraError)) throw error
        return reply.code(400).send({ ...errorBody(error, request), error: 'invalid_tenant' })
      }
    }

  app.get(
    '/:tenant/v2.0/.well-known/openid-configuration',
    { config: { endpoint: 'discovery' } },
    handle((base) => ({
      issuer: issuer(),
      authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
      token_endpoint: `${base}/oauth2/v2.0/token`,
      token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt'],
      jwks_uri: `${base}/discovery/v2.0/keys`,
      response_modes_supported: ['query'],
      response_types_supported: ['code'],
      scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
      subject_types_supported: ['pairwise'],
      id_token_signing_alg_values_supported: ['RS256'],
    })),
  )
  app.get(
    '/:tenant/discovery/v2.0/keys',
    { config: { endpoint: 'keys' } },
    handle(() => ({ keys: [{ ...tokens.publicKey(), issuer: issuer() }] })),
  )
}

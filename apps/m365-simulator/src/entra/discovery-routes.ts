import type { FastifyInstance } from 'fastify'
import { sendPage, sendRedirect } from '../http/pages.ts'
import type { Simulation } from '../simulation.ts'
import { AADSTS, correlate, type EntraError, errorBody, isCatalogued } from './aadsts.ts'
import { findTenantFault, RESPONSE_MODES } from './authorize-request.ts'
import { messagePage } from './pages.ts'
import { matchRedirectUri } from './redirect-uri.ts'
import { forgetPerson } from './session-cookie.ts'

interface TenantPath {
  readonly Params: { readonly tenant: string }
}

/** Discovery document, keys, sign-out, and the page behind `error_uri`. */
export function discoveryRoutes(app: FastifyInstance, simulation: Simulation): void {
  const { index, registration, tokens, url, clock } = simulation

  /** `common` and `organizations` describe themselves, although nobody can sign in there. */
  const tenantFault = (tenant: string): EntraError | null =>
    tenant === 'common' || tenant === 'organizations'
      ? null
      : findTenantFault(tenant, registration, index.directory.domains)

  app.get<TenantPath>(
    '/:tenant/v2.0/.well-known/openid-configuration',
    { config: { endpoint: 'discovery' } },
    async (request, reply) => {
      const { tenant } = request.params
      const fault = tenantFault(tenant)
      if (fault !== null) {
        const wrongTenant: EntraError = { ...fault, error: 'invalid_tenant' }
        return reply.code(400).send(errorBody(wrongTenant, correlate(request.facts.clientRequestId, clock()), url()))
      }
      const base = `${url()}/${tenant}`
      const isTemplate = tenant === 'common' || tenant === 'organizations'
      return {
        token_endpoint: `${base}/oauth2/v2.0/token`,
        token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic'],
        jwks_uri: `${base}/discovery/v2.0/keys`,
        response_modes_supported: RESPONSE_MODES,
        subject_types_supported: ['pairwise'],
        id_token_signing_alg_values_supported: ['RS256'],
        response_types_supported: ['code'],
        scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
        issuer: `${url()}/${isTemplate ? '{tenantid}' : registration.tenantId}/v2.0`,
        request_uri_parameter_supported: false,
        authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
        http_logout_supported: true,
        frontchannel_logout_supported: true,
        end_session_endpoint: `${base}/oauth2/v2.0/logout`,
        claims_supported: [
          'sub',
          'iss',
          'aud',
          'exp',
          'iat',
          'nonce',
          'preferred_username',
          'name',
          'tid',
          'ver',
          'email',
        ],
        tenant_region_scope: null,
        cloud_instance_name: new URL(url()).host,
        cloud_graph_host_name: 'graph.windows.net',
        msgraph_host: new URL(url()).host,
      }
    },
  )

  app.get<TenantPath>('/:tenant/discovery/v2.0/keys', { config: { endpoint: 'keys' } }, async (request, reply) => {
    const { tenant } = request.params
    const fault = tenantFault(tenant)
    if (fault !== null) {
      return reply.code(400).send(errorBody(fault, correlate(request.facts.clientRequestId, clock()), url()))
    }
    return { keys: [{ ...tokens.publicKey(), issuer: `${url()}/${registration.tenantId}/v2.0` }] }
  })

  app.get<TenantPath>('/:tenant/oauth2/v2.0/logout', { config: { endpoint: 'logout' } }, (request, reply) => {
    const target = new URL(request.url, url()).searchParams.get('post_logout_redirect_uri')
    forgetPerson(reply)
    // Only a registered URI is followed; any other would make this an open redirect.
    if (target !== null && matchRedirectUri(target, registration.redirectUris) !== null)
      return sendRedirect(reply, target)
    return sendPage(
      reply,
      200,
      messagePage('You signed out of your account', 'It’s a good idea to close all browser windows.'),
    )
  })

  app.get('/error', (request, reply) => {
    const code = Number(new URL(request.url, url()).searchParams.get('code'))
    const entry = isCatalogued(code) ? AADSTS[code] : null
    return sendPage(
      reply,
      entry === null ? 404 : 200,
      messagePage(
        entry === null ? 'Unknown error code' : `AADSTS${code}`,
        entry?.text ?? 'The simulator never answers with it.',
      ),
    )
  })
}

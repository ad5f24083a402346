import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { sendPage, sendRedirect } from '../http/pages.ts'
import type { Simulation } from '../simulation/simulation.ts'
import { AADSTS, correlate, EntraError, errorBody, isCatalogued } from './aadsts.ts'
import { RESPONSE_MODES, requireTenant } from './authorize-request.ts'
import { forgetSignIn } from './authorize-routes.ts'
import { messagePage } from './pages.ts'
import { matchRedirectUri } from './redirect-uri.ts'

interface TenantPath {
  readonly Params: { readonly tenant: string }
}

/** Serves the discovery document, the keys, sign-out, and the page that `error_uri` names. */
export function discoveryRoutes(app: FastifyInstance, simulation: Simulation): void {
  const { index, registration, tokens, url, clock } = simulation

  /** Answers for the tenant in the path, unless it is unknown. `common` and `organizations` have documents as well. */
  const answer = (
    request: FastifyRequest<TenantPath>,
    reply: FastifyReply,
    json: (tenant: string) => object,
  ): object => {
    const { tenant } = request.params
    try {
      if (!isTemplate(tenant)) requireTenant(tenant, registration, index.directory.domain)
      return json(tenant)
    } catch (error) {
      if (!(error instanceof EntraError)) throw error
      const body = errorBody(error, correlate(request.facts.clientRequestId, clock()), url())
      const isDiscovery = request.routeOptions.config.endpoint === 'discovery'
      return reply.code(400).send(isDiscovery ? { ...body, error: 'invalid_tenant' } : body)
    }
  }

  app.get<TenantPath>(
    '/:tenant/v2.0/.well-known/openid-configuration',
    { config: { endpoint: 'discovery' } },
    async (request, reply) => answer(request, reply, discoveryDocument),
  )
  app.get<TenantPath>('/:tenant/discovery/v2.0/keys', { config: { endpoint: 'keys' } }, async (request, reply) => {
    const issuer = `${url()}/${registration.tenantId}/v2.0`
    return answer(request, reply, () => ({ keys: [{ ...tokens.publicKey(), issuer }] }))
  })

  const discoveryDocument = (tenant: string): object => {
    const base = `${url()}/${tenant}`
    const { host } = new URL(url())
    return {
      token_endpoint: `${base}/oauth2/v2.0/token`,
      token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic'],
      jwks_uri: `${base}/discovery/v2.0/keys`,
      response_modes_supported: RESPONSE_MODES,
      subject_types_supported: ['pairwise'],
      id_token_signing_alg_values_supported: ['RS256'],
      response_types_supported: ['code'],
      scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
      issuer: `${url()}/${isTemplate(tenant) ? '{tenantid}' : registration.tenantId}/v2.0`,
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
      cloud_instance_name: host,
      cloud_graph_host_name: 'graph.windows.net',
      msgraph_host: host,
    }
  }

  app.get<TenantPath>('/:tenant/oauth2/v2.0/logout', { config: { endpoint: 'logout' } }, (request, reply) => {
    const target = new URL(request.url, url()).searchParams.get('post_logout_redirect_uri')
    forgetSignIn(reply)
    // Following any but a registered URI would make this an open redirect.
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
        entry?.text ?? 'The simulator never returns it.',
      ),
    )
  })
}

function isTemplate(tenant: string): boolean {
  return tenant === 'common' || tenant === 'organizations'
}

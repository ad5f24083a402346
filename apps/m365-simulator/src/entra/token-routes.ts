import { createHash } from 'node:crypto'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { correlate, EntraError, entraError, errorBody, scenarioError } from './aadsts.ts'
import {
  createClientCheck,
  isGraphDefault,
  isOidcScope,
  readScopes,
  requireTenant,
  type TenantRequest,
} from './client.ts'
import { clientInfo, logParameters } from './flow.ts'
import {
  grantedScopes,
  hashSecret,
  idTokenClaims,
  issueAccessToken,
  issueApplicationToken,
  type IssuedAccessToken,
  issueRefreshToken,
} from './issue-tokens.ts'
import type { Settings } from '../faults/settings.ts'
import { readForm } from '../http/body.ts'
import type { Simulation } from '../simulation/simulation.ts'
import type { CodeState } from '../tenant/store.ts'
import { GRAPH_AUDIENCE } from '../tenant/token-service.ts'

const CODE_LIFETIME_MS = 10 * 60 * 1000
const REFRESH_TOKEN_IDLE_MS = 90 * 24 * 60 * 60 * 1000
const LOGGED_PARAMETERS = ['grant_type', 'client_id', 'redirect_uri', 'scope', 'claims']

/** Serves the token endpoint. */
export function tokenRoutes(app: FastifyInstance, simulation: Simulation): void {
  const { index, registration, scenarios, settings, store, tokens, clock } = simulation
  const requireClient = createClientCheck(simulation)

  /** @throws EntraError */
  const answer = async (request: TenantRequest): Promise<object> => {
    requireTenant(request.params.tenant, registration, index.domain)
    // A body of another type is not read at all, so its parameters are missing.
    const form = readForm(request)
    await requireClient(form, request)
    const grantType = form.get('grant_type') ?? ''
    switch (grantType) {
      case 'authorization_code':
        return redeemCode(form)
      case 'refresh_token':
        return refresh(form)
      case 'client_credentials':
        return grantApplication(requireParameter(form, 'scope'))
      default:
        throw entraError(70003, [grantType])
    }
  }

  const redeemCode = async (form: URLSearchParams): Promise<object> => {
    const hash = hashSecret(requireParameter(form, 'code'))
    requireParameter(form, 'redirect_uri')
    applyScenario('code')
    const code = requireRedeemable(store.state.codes.get(hash), form, clock())
    // It decides what the refresh token is for, whatever the token request asks.
    return issue(form, code, { nonce: code.nonce, isSignIn: true }, () => store.commit({ type: 'code-redeemed', hash }))
  }

  const refresh = async (form: URLSearchParams): Promise<object> => {
    const hash = hashSecret(requireParameter(form, 'refresh_token'))
    const token = store.state.refreshTokens.get(hash)
    if (token === undefined) throw entraError(70000, ['refresh_token'])
    applyScenario('refresh')
    const nowMs = clock().getTime()
    if (nowMs - token.lastUsedAtMs > REFRESH_TOKEN_IDLE_MS) {
      throw entraError(700082, [new Date(token.issuedAtMs).toISOString()])
    }
    if (token.issuedAtMs < (store.state.refreshTokensValidFromMs.get(token.oid) ?? 0)) throw entraError(50173)
    return issue(form, token, { nonce: null, isSignIn: false }, () =>
      // The old token stays valid: rotation does not revoke it, and two workers may refresh at once.
      store.commit({ type: 'refresh-token-used', hash, atMs: nowMs }),
    )
  }

  const grantApplication = async (scope: string): Promise<object> => {
    if (!isGraphDefault(scope)) {
      readScopes(scope, registration)
      throw entraError(1002012, [scope])
    }
    // Without a user there is no refresh token and no id_token; Microsoft leaves out `scope` as well.
    return tokenMembers(await issueApplicationToken(simulation))
  }

  const applyScenario = (at: 'code' | 'refresh'): void => {
    const effect = scenarios.take('entra-error', (effect) => effect.at === at)
    if (effect !== null) throw scenarioError(effect, [clock().toISOString()])
  }

  /**
   * @param signIn what the person signed in for
   * @param use makes the code or refresh token count as used, once it is clear that there will be tokens
   */
  const issue = async (
    form: URLSearchParams,
    signIn: { readonly oid: string; readonly scopes: readonly string[] },
    { nonce, isSignIn }: { readonly nonce: string | null; readonly isSignIn: boolean },
    use: () => void,
  ): Promise<object> => {
    const person = index.personByOid(signIn.oid)
    if (person === undefined) throw entraError(50034)
    const text = form.get('scope')?.trim() ?? ''
    const asked = text === '' ? { scopes: signIn.scopes, isDefault: false } : readScopes(text, registration)
    // `.default` stands for whatever has been consented to.
    const scopes = asked.isDefault ? [...asked.scopes.filter(isOidcScope), ...signIn.scopes] : asked.scopes
    const granted = grantedScopes(store, person.oid)
    if (!scopes.every((scope) => granted.has(scope))) {
      throw entraError(65001, [registration.clientId, registration.displayName])
    }
    use()
    const change = scenarios.take('tokens')?.change ?? null
    const issued = await issueAccessToken(person.oid, simulation, scenarios.take('fewer-scopes')?.without)
    const body: Record<string, unknown> = {
      ...tokenMembers(issued),
      ...WORDINGS[settings.current.scopeWording](issued.scopes),
    }
    if ((isSignIn ? signIn.scopes : scopes).includes('offline_access') && change !== 'no-refresh-token') {
      body['refresh_token'] = issueRefreshToken(person.oid, signIn.scopes, simulation)
    }
    if (scopes.includes('openid') && change !== 'no-id-token') {
      const claims = idTokenClaims(person, scopes, nonce, change, simulation)
      body['id_token'] = await tokens.signIdToken(claims, change === 'wrong-signature' ? 'unknown' : 'published')
    }
    if (form.get('client_info') === '1') body['client_info'] = clientInfo(person, registration.tenantId)
    return body
  }

  const handle = async (request: TenantRequest, reply: FastifyReply): Promise<object> => {
    const { traceId, correlationId } = correlate(request)
    reply.type('application/json; charset=utf-8').headers({
      'x-ms-request-id': traceId,
      'client-request-id': correlationId,
      'cache-control': 'no-store, no-cache',
      pragma: 'no-cache',
      expires: '-1',
    })
    try {
      return await answer(request)
    } catch (error) {
      if (!(error instanceof EntraError)) throw error
      request.facts.details['error'] = `AADSTS${error.code}`
      return reply.code(error.sent.status).send(errorBody(error, request))
    }
  }

  app.route<{ Params: TenantRequest['params'] }>({
    method: 'POST',
    url: '/:tenant/oauth2/v2.0/token',
    config: { endpoint: 'token' },
    // A request that a scenario answers is logged with its parameters too.
    preValidation: async (request) => logParameters(readForm(request), LOGGED_PARAMETERS, request),
    handler: handle,
  })
}

/** @throws EntraError when the code cannot be redeemed by this request now */
function requireRedeemable(code: CodeState | undefined, form: URLSearchParams, now: Date): CodeState {
  if (code === undefined) throw entraError(70000, ['code'])
  if (code.redeemed) throw entraError(54005)
  if (now.getTime() - code.issuedAtMs > CODE_LIFETIME_MS) throw entraError(70008)
  const redirectUri = form.get('redirect_uri') ?? ''
  if (redirectUri !== code.redirectUri) throw entraError(500112, [redirectUri, code.redirectUri])
  if (!isVerified(code.challenge, form.get('code_verifier'))) throw entraError(501481)
  return code
}

function isVerified(challenge: CodeState['challenge'], verifier: string | null): boolean {
  if (challenge === null || verifier === null) return challenge === null && verifier === null
  if (!/^[A-Za-z0-9._~-]{43,128}$/.test(verifier)) return false
  return challenge === createHash('sha256').update(verifier).digest('base64url')
}

function requireParameter(form: URLSearchParams, name: string): string {
  const value = form.get(name)
  if (!value) throw entraError(900144, [name])
  return value
}

function tokenMembers({ accessToken, expiresIn }: IssuedAccessToken): Record<string, unknown> {
  return { token_type: 'Bearer', expires_in: expiresIn, ext_expires_in: expiresIn, access_token: accessToken }
}

const WORDINGS: Readonly<Record<Settings['scopeWording'], (scopes: readonly string[]) => { scope?: string }>> = {
  short: (scopes) => ({ scope: scopes.join(' ') }),
  qualified: (scopes) => ({
    scope: scopes.map((scope) => (isOidcScope(scope) ? scope : `${GRAPH_AUDIENCE}/${scope}`)).join(' '),
  }),
  'upper-case': (scopes) => ({ scope: scopes.join(' ').toUpperCase() }),
  more: (scopes) => ({ scope: [...scopes, 'Calendars.Read'].join(' ') }),
  absent: () => ({}),
}

/** Serves the discovery document and the keys. */
export function discoveryRoutes(app: FastifyInstance, { index, registration, tokens, url }: Simulation): void {
  const issuer = (): string => `${url()}/${registration.tenantId}/v2.0`

  /** Answers for the tenant in the path, unless it is unknown. */
  const handle =
    (json: (base: string) => object) =>
    async (request: TenantRequest, reply: FastifyReply): Promise<object> => {
      const { tenant } = request.params
      try {
        requireTenant(tenant, registration, index.domain)
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

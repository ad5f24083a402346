import { createHash } from 'node:crypto'
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { Settings } from '../faults/settings.ts'
import { readForm } from '../http/body.ts'
import type { Simulation } from '../simulation/simulation.ts'
import type { Person } from '../tenant/directory.ts'
import type { CodeState } from '../tenant/store.ts'
import { GRAPH_AUDIENCE } from '../tenant/token-service.ts'
import { correlate, EntraError, entraError, errorBody, scenarioError } from './aadsts.ts'
import { clientInfo } from './answers.ts'
import { createClientCheck } from './authenticate-client.ts'
import { requireTenant, type TenantRequest } from './authorize-request.ts'
import {
  grantedScopes,
  hashSecret,
  idTokenClaims,
  issueAccessToken,
  issueApplicationToken,
  type IssuedAccessToken,
  issueRefreshToken,
} from './issue-tokens.ts'
import { isGraphDefault, isOidcScope, readScopes } from './scopes.ts'

const CODE_LIFETIME_MS = 10 * 60 * 1000
const REFRESH_TOKEN_IDLE_MS = 90 * 24 * 60 * 60 * 1000
const LOGGED_PARAMETERS = ['grant_type', 'client_id', 'redirect_uri', 'scope', 'claims']

/** Says what a request may get tokens for. */
interface Grant {
  readonly person: Person
  /** They include the scopes of OpenID Connect. */
  readonly scopes: readonly string[]
  /** The refresh token carries the scopes of the sign-in. */
  readonly signInScopes: readonly string[]
  readonly nonce: string | null
}

/** Serves the token endpoint. */
export function tokenRoutes(app: FastifyInstance, simulation: Simulation): void {
  const { index, registration, scenarios, settings, store, tokens, clock } = simulation
  const requireClient = createClientCheck(simulation)

  /** @throws EntraError */
  const answer = async (request: TenantRequest): Promise<object> => {
    requireTenant(request.params.tenant, registration, index.directory.domain)
    // A body of another type is not read at all, so its parameters are missing.
    const form = readForm(request)
    await requireClient(form, request)
    const { origin } = request.headers
    if (origin !== undefined) throw entraError(9002326, [origin])
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
    const grant = requireGrant(form, code.oid, code.scopes, code.nonce)
    store.commit({ type: 'code-redeemed', hash })
    return issue(grant, form, code.scopes)
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
    const grant = requireGrant(form, token.oid, token.scopes, null)
    // The old token stays valid: rotation does not revoke it, and two workers may refresh at once.
    store.commit({ type: 'refresh-token-used', hash, atMs: nowMs })
    return issue(grant, form, grant.scopes)
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

  const requireGrant = (
    form: URLSearchParams,
    oid: string,
    signInScopes: readonly string[],
    nonce: string | null,
  ): Grant => {
    const person = index.personByOid(oid)
    if (person === undefined) throw entraError(50034)
    const scopes = requestedScopes(form.get('scope') ?? '', signInScopes)
    const granted = grantedScopes(store, oid)
    if (scopes.every((scope) => granted.has(scope))) return { person, scopes, signInScopes, nonce }
    throw entraError(65001, [registration.clientId, registration.displayName])
  }

  const requestedScopes = (text: string, signInScopes: readonly string[]): readonly string[] => {
    if (text.trim() === '') return signInScopes
    const { scopes, isDefault } = readScopes(text, registration, 700022)
    // `.default` stands for whatever has been consented to.
    return isDefault ? [...scopes.filter(isOidcScope), ...signInScopes] : scopes
  }

  /** @param refreshable the scopes that decide whether there is a refresh token */
  const issue = async (grant: Grant, form: URLSearchParams, refreshable: readonly string[]): Promise<object> => {
    const { person, scopes, signInScopes, nonce } = grant
    const change = scenarios.take('tokens')?.change ?? null
    const issued = await issueAccessToken(person.oid, simulation, scenarios.take('fewer-scopes')?.without)
    const body: Record<string, unknown> = {
      ...tokenMembers(issued),
      ...WORDINGS[settings.current.scopeWording](issued.scopes),
    }
    if (refreshable.includes('offline_access') && change !== 'no-refresh-token') {
      body['refresh_token'] = issueRefreshToken(person.oid, signInScopes, simulation)
    }
    if (scopes.includes('openid') && change !== 'no-id-token') {
      const claims = idTokenClaims(person, scopes, nonce, change, simulation)
      body['id_token'] = await tokens.signIdToken(claims, change === 'wrong-signature' ? 'unknown' : 'published')
    }
    if (form.get('client_info') === '1') body['client_info'] = clientInfo(person, registration.tenantId)
    return body
  }

  const refuse = (request: TenantRequest, reply: FastifyReply, error: EntraError): FastifyReply => {
    request.facts.details['error'] = `AADSTS${error.code}`
    return reply.code(error.status).send(errorBody(error, request))
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
      if (request.method !== 'POST') throw entraError(900561, [request.method])
      return await answer(request)
    } catch (error) {
      if (!(error instanceof EntraError)) throw error
      return refuse(request, reply, error)
    }
  }

  app.route<{ Params: TenantRequest['params'] }>({
    method: ['POST', 'GET', 'HEAD', 'PUT', 'PATCH', 'DELETE'],
    url: '/:tenant/oauth2/v2.0/token',
    config: { endpoint: 'token' },
    // Scenarios run after this hook, so that they can distinguish a refresh from the redemption of a code.
    preValidation: async (request) => {
      const form = readForm(request)
      request.facts.grantType = form.get('grant_type')
      for (const name of LOGGED_PARAMETERS) {
        const value = form.get(name)
        if (value) request.facts.details[name] = value
      }
    },
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

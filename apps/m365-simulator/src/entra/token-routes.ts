import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Person } from '../directory/directory.ts'
import type { TokenChange } from '../faults/scenario.ts'
import type { Settings } from '../faults/settings.ts'
import { readForm } from '../http/body.ts'
import type { Simulation } from '../simulation.ts'
import { correlate, type EntraError, entraError, errorBody, wantedError } from './aadsts.ts'
import { findTenantFault, scopeError } from './authorize-request.ts'
import { createAssertionJudge } from './client-assertion.ts'
import { clientInfo } from './client-info.ts'
import { grantedScopes, hashSecret } from './grants.ts'
import { idTokenClaims } from './id-token.ts'
import { issueAccessToken, issueApplicationToken, issueRefreshToken } from './issue-tokens.ts'
import { GRAPH_AUDIENCE } from './token-service.ts'
import { isGraphDefault, isOidcScope, readScopes } from './scopes.ts'
import { findClientFault, findCodeFault } from './token-request.ts'

interface TenantPath {
  readonly Params: { readonly tenant: string }
}

const DAY_MS = 24 * 60 * 60 * 1000
const REFRESH_TOKEN_IDLE_MS = 90 * DAY_MS

/** What a request may have tokens for. */
interface Entitlement {
  readonly person: Person
  /** Asked for by this request, OpenID ones included. */
  readonly scopes: readonly string[]
  /** Asked for when the person signed in, which is what its refresh tokens stand for. */
  readonly grantScopes: readonly string[]
  /** Only the first request after a sign-in has one. */
  readonly nonce: string | null
}

type Outcome =
  | { readonly kind: 'refused'; readonly error: EntraError }
  | { readonly kind: 'granted'; readonly body: Record<string, unknown> }

export function tokenRoutes(app: FastifyInstance, simulation: Simulation): void {
  const { index, registration, scenarios, settings, store, tokens, url, clock } = simulation

  const assertions = createAssertionJudge(registration, clock)

  const judge = async (request: FastifyRequest<TenantPath>, form: URLSearchParams | null): Promise<Outcome> => {
    const tenantFault = findTenantFault(request.params.tenant, registration, index.directory.domains)
    if (tenantFault !== null) return refused(tenantFault)
    // A body of another type is not read at all, so that its parameters are missing.
    if (form === null) return refused(entraError(900144, ['grant_type']))
    const { origin } = request.headers
    const { authorization } = request.headers
    const proof = { authorization, audiences: audiencesAt(request.params.tenant), assertions }
    const clientFault = await findClientFault(form, proof, registration, scenarios)
    if (clientFault !== null) return refused(clientFault)
    if (origin !== undefined) return refused(entraError(9002326, [origin]))
    switch (form.get('grant_type')) {
      case 'authorization_code':
        return redeemCode(form)
      case 'refresh_token':
        return refresh(form)
      case 'client_credentials':
        return grantApplication(form)
      default:
        return refused(entraError(70003, [form.get('grant_type') ?? '']))
    }
  }

  const redeemCode = async (form: URLSearchParams): Promise<Outcome> => {
    const secret = form.get('code')
    if (!secret) return refused(entraError(900144, ['code']))
    if (!form.get('redirect_uri')) return refused(entraError(900144, ['redirect_uri']))
    const scenario = scenarioError('code')
    if (scenario !== null) return refused(scenario)
    const hash = hashSecret(secret)
    const code = store.state.codes.get(hash)
    const fault = findCodeFault(code, form, clock())
    if (fault !== null || code === undefined) return refused(fault ?? entraError(70000, ['code']))
    const entitled = entitle(code.oid, form, code.scopes, code.nonce)
    if ('code' in entitled) return refused(entitled)
    store.commit({ type: 'code-redeemed', hash })
    return granted(entitled, form, code.scopes.includes('offline_access'))
  }

  const refresh = async (form: URLSearchParams): Promise<Outcome> => {
    const secret = form.get('refresh_token')
    if (!secret) return refused(entraError(900144, ['refresh_token']))
    const hash = hashSecret(secret)
    const token = store.state.refreshTokens.get(hash)
    if (token === undefined) return refused(entraError(70000, ['refresh_token']))
    const scenario = scenarioError('refresh')
    if (scenario !== null) return refused(scenario)
    const now = clock().getTime()
    if (now - token.lastUsedAtMs > REFRESH_TOKEN_IDLE_MS) {
      return refused(entraError(700082, [new Date(token.issuedAtMs).toISOString()]))
    }
    if (token.issuedAtMs < (store.state.refreshTokensValidFromMs.get(token.oid) ?? 0)) return refused(entraError(50173))
    const entitled = entitle(token.oid, form, token.scopes, null)
    if ('code' in entitled) return refused(entitled)
    // The old one stays valid: rotation does not revoke, and two workers may refresh at once.
    store.commit({ type: 'refresh-token-used', hash, atMs: now })
    return granted(entitled, form, entitled.scopes.includes('offline_access'))
  }

  /** No user, so neither refresh token nor id_token; nor `scope`, which Microsoft leaves out here. */
  const grantApplication = async (form: URLSearchParams): Promise<Outcome> => {
    const scope = form.get('scope')
    if (!scope) return refused(entraError(900144, ['scope']))
    if (!isGraphDefault(scope)) {
      const reading = readScopes(scope)
      const isForeign = reading.kind === 'unknown-resource'
      return refused(isForeign ? scopeError(reading, registration) : entraError(1002012, [scope]))
    }
    const { accessToken, expiresInSeconds } = await issueApplicationToken(simulation)
    return {
      kind: 'granted',
      body: {
        token_type: 'Bearer',
        expires_in: expiresInSeconds,
        ext_expires_in: expiresInSeconds,
        access_token: accessToken,
      },
    }
  }

  /** The endpoint an assertion is for, by the name the client used and by the tenant's id. */
  const audiencesAt = (tenant: string): string[] =>
    [tenant, registration.tenantId].map((name) => `${url()}/${name}/oauth2/v2.0/token`)

  const scenarioError = (at: 'code' | 'refresh'): EntraError | null => {
    const effect = scenarios.take((effect) => effect.kind === 'entra-error' && effect.at === at)
    return effect?.kind === 'entra-error' ? wantedError(effect, [clock().toISOString()]) : null
  }

  const entitle = (
    oid: string,
    form: URLSearchParams,
    grantScopes: readonly string[],
    nonce: string | null,
  ): Entitlement | EntraError => {
    const person = index.personByOid(oid)
    if (person === undefined) return entraError(50034)
    if (store.state.disabledAccounts.has(oid)) return entraError(50057)
    const text = form.get('scope')
    let scopes = grantScopes
    if (text !== null && text.trim() !== '') {
      const reading = readScopes(text)
      if (reading.kind === 'unknown-resource' && reading.isMixed) return entraError(700022)
      if (reading.kind !== 'scopes') return scopeError(reading, registration)
      // `.default` stands for whatever has been consented.
      scopes = reading.isDefault ? [...reading.scopes.filter(isOidcScope), ...grantScopes] : reading.scopes
    }
    const consented = grantedScopes(store, oid)
    const isCovered = scopes.every((scope) => consented.has(scope))
    if (!isCovered) return entraError(65001, [registration.clientId, registration.displayName])
    return { person, scopes, grantScopes, nonce }
  }

  const granted = async (entitled: Entitlement, form: URLSearchParams, withRefreshToken: boolean): Promise<Outcome> => {
    const { person, scopes, grantScopes, nonce } = entitled
    const now = clock()
    const change = takeTokenChange()
    const issued = await issueAccessToken(person.oid, simulation, takeLeftOut())
    const body: Record<string, unknown> = {
      token_type: 'Bearer',
      ...scopeMember(settings.current.scopeWording, issued.scopes),
      expires_in: issued.expiresInSeconds,
      ext_expires_in: issued.expiresInSeconds,
      access_token: issued.accessToken,
    }
    if (withRefreshToken && change !== 'no-refresh-token') {
      body['refresh_token'] = issueRefreshToken(person.oid, grantScopes, simulation)
    }
    if (scopes.includes('openid') && change !== 'no-id-token') {
      const { tenantId, clientId } = registration
      const claims = idTokenClaims({ person, tenantId, clientId, authorityHost: url(), scopes, nonce, now }, change)
      body['id_token'] = await tokens.signIdToken(claims, change === 'wrong-signature' ? 'unknown' : 'published')
    }
    if (form.get('client_info') === '1') body['client_info'] = clientInfo(person, registration.tenantId)
    return { kind: 'granted', body }
  }

  const takeTokenChange = (): TokenChange | null => {
    const effect = scenarios.take((effect) => effect.kind === 'tokens')
    return effect?.kind === 'tokens' ? effect.change : null
  }

  const takeLeftOut = (): readonly string[] => {
    const effect = scenarios.take((effect) => effect.kind === 'fewer-scopes')
    return effect?.kind === 'fewer-scopes' ? effect.without : []
  }

  const path = '/:tenant/oauth2/v2.0/token'

  // Read before scenarios run, so that they can tell a refresh from the redemption of a code.
  const readGrantType = async (request: FastifyRequest): Promise<void> => {
    const form = readForm(request.headers['content-type'], request.body)
    request.facts.grantType = form?.get('grant_type') ?? null
    for (const name of ['grant_type', 'client_id', 'redirect_uri', 'scope', 'claims']) {
      const value = form?.get(name)
      if (value) request.facts.details[name] = value
    }
  }

  app.post<TenantPath>(
    path,
    { config: { endpoint: 'token' }, preValidation: readGrantType },
    async (request, reply) => {
      const outcome = await judge(request, readForm(request.headers['content-type'], request.body))
      const correlation = correlate(request.facts.clientRequestId, clock())
      neverStored(reply).headers({
        'x-ms-request-id': correlation.traceId,
        'client-request-id': correlation.correlationId,
        'content-type': 'application/json; charset=utf-8',
      })
      if (outcome.kind === 'granted') return outcome.body
      const { error } = outcome
      request.facts.details['error'] = `AADSTS${error.code}`
      return reply.code(error.status).send(errorBody(error, correlation, url()))
    },
  )

  app.route({
    method: ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE'],
    url: path,
    config: { endpoint: 'token' },
    handler: async (request, reply) => {
      const correlation = correlate(request.facts.clientRequestId, clock())
      return neverStored(reply)
        .code(400)
        .send(errorBody(entraError(900561, [request.method]), correlation, url()))
    },
  })
}

function refused(error: EntraError): Outcome {
  return { kind: 'refused', error }
}

function neverStored(reply: FastifyReply): FastifyReply {
  return reply.headers({ 'cache-control': 'no-store, no-cache', pragma: 'no-cache', expires: '-1' })
}

function scopeMember(wording: Settings['scopeWording'], scopes: readonly string[]): { scope?: string } {
  switch (wording) {
    case 'short':
      return { scope: scopes.join(' ') }
    case 'qualified':
      return { scope: scopes.map((scope) => (isOidcScope(scope) ? scope : `${GRAPH_AUDIENCE}/${scope}`)).join(' ') }
    case 'upper-case':
      return { scope: scopes.join(' ').toUpperCase() }
    case 'more':
      return { scope: [...scopes, 'Calendars.Read'].join(' ') }
    case 'absent':
      return {}
    default:
      return wording satisfies never
  }
}

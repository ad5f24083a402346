import type { Registration } from '../simulation.ts'
import type { IssuedCode } from '../state/events.ts'
import { type EntraError, entraError } from './aadsts.ts'
import { matchRedirectUri } from './redirect-uri.ts'
import { type Permission, readScopes, type ScopeRequest } from './scopes.ts'

export const RESPONSE_MODES = ['query', 'fragment', 'form_post'] as const
export type ResponseMode = (typeof RESPONSE_MODES)[number]

/** Where an answer may go: a registered URI only. */
export interface ClientTarget {
  readonly redirectUri: string
  readonly responseMode: ResponseMode
  readonly state: string | null
}

export interface AuthorizeRequest {
  readonly target: ClientTarget
  /** As the client wrote it; the token request has to repeat it. */
  readonly redirectUri: string
  readonly scopes: readonly Permission[]
  readonly nonce: string | null
  readonly prompt: 'login' | 'none' | 'consent' | 'select_account' | null
  readonly loginHint: string | null
  readonly challenge: IssuedCode['challenge']
  readonly wantsClientInfo: boolean
  /** Empty when there are none. */
  readonly claims: object
}

/** page: shown on Entra's own host, because the redirect URI cannot be trusted. */
export type Reading<Request> =
  | { readonly kind: 'ok'; readonly request: Request }
  | { readonly kind: 'page'; readonly error: EntraError }
  | { readonly kind: 'redirect'; readonly target: ClientTarget; readonly error: EntraError }

const PROMPTS = ['login', 'none', 'consent', 'select_account'] as const
const S256_CHALLENGE = /^[A-Za-z0-9_-]{43}$/
const PLAIN_CHALLENGE = /^[A-Za-z0-9._~-]{43,128}$/

/** @param tenant the first segment of the path */
export function readAuthorizeRequest(
  parameters: URLSearchParams,
  tenant: string,
  registration: Registration,
  domains: readonly string[],
): Reading<AuthorizeRequest> {
  const untrusted = findClientFault(parameters, tenant, registration, domains)
  if (untrusted !== null) return { kind: 'page', error: untrusted }

  const redirectUri = parameters.get('redirect_uri') ?? ''
  const mode = RESPONSE_MODES.find((known) => known === (parameters.get('response_mode') ?? 'query'))
  // A registered URI without a path comes back with one.
  const target: ClientTarget = {
    redirectUri: new URL(redirectUri).href,
    responseMode: mode ?? 'query',
    state: parameters.get('state'),
  }
  const refuse = (error: EntraError): Reading<AuthorizeRequest> => ({ kind: 'redirect', target, error })

  const responseType = parameters.get('response_type')
  if (responseType === null || responseType === '') return refuse(entraError(900144, ['response_type']))
  const responseTypes = responseType.split(' ')
  if (responseTypes.includes('id_token')) return refuse(entraError(700054))
  if (responseType !== 'code') return refuse(entraError(700051, [responseType]))
  if (mode === undefined) return refuse(entraError(90023, ['response_mode']))

  const scopes = readScopes(parameters.get('scope') ?? '')
  if (scopes.kind !== 'scopes') return refuse(scopeError(scopes, registration))

  const prompt = parameters.get('prompt') ?? ''
  const knownPrompt = PROMPTS.find((known) => known === prompt) ?? null
  if (prompt !== '' && knownPrompt === null) return refuse(entraError(90023, ['prompt']))

  const challenge = readChallenge(parameters)
  if (challenge !== null && 'code' in challenge) return refuse(challenge)

  const claims = parameters.get('claims')
  if (claims !== null && !isJsonObject(claims)) {
    return refuse(entraError(9002313, ["The 'claims' parameter is no JSON object."]))
  }

  return {
    kind: 'ok',
    request: {
      target,
      redirectUri,
      scopes: scopes.scopes,
      nonce: parameters.get('nonce'),
      prompt: knownPrompt,
      loginHint: parameters.get('login_hint'),
      challenge,
      wantsClientInfo: parameters.get('client_info') === '1',
      claims: JSON.parse(claims ?? '{}') as object,
    },
  }
}

/** What has to be right before anything is sent to the redirect URI. */
export function findClientFault(
  parameters: URLSearchParams,
  tenant: string,
  registration: Registration,
  domains: readonly string[],
): EntraError | null {
  const tenantFault = findTenantFault(tenant, registration, domains)
  if (tenantFault !== null) return tenantFault
  const duplicate = findDuplicate(parameters)
  if (duplicate !== null) return entraError(9000411, [duplicate])
  const clientId = parameters.get('client_id') ?? ''
  if (clientId === '') return entraError(900144, ['client_id'])
  if (clientId.toLowerCase() !== registration.clientId.toLowerCase()) {
    return entraError(700016, [clientId, registration.tenantId])
  }
  const redirectUri = parameters.get('redirect_uri') ?? ''
  if (redirectUri === '') return entraError(900144, ['redirect_uri'])
  if (matchRedirectUri(redirectUri, registration.redirectUris) === null) {
    return entraError(50011, [redirectUri, registration.clientId])
  }
  return null
}

/** The registration is for a single tenant: only its id and its domains lead anywhere. */
export function findTenantFault(
  tenant: string,
  registration: Registration,
  domains: readonly string[],
): EntraError | null {
  const name = tenant.toLowerCase()
  if (name === registration.tenantId.toLowerCase() || domains.includes(name)) return null
  if (name === 'common' || name === 'organizations') return entraError(50194, [registration.clientId])
  if (name === 'consumers') return entraError(9002332, [registration.clientId])
  return entraError(90002, [tenant])
}

export function findDuplicate(parameters: URLSearchParams): string | null {
  const seen = new Set<string>()
  for (const name of parameters.keys()) {
    if (seen.has(name)) return name
    seen.add(name)
  }
  return null
}

export function scopeError(scopes: Exclude<ScopeRequest, { kind: 'scopes' }>, registration: Registration): EntraError {
  switch (scopes.kind) {
    case 'empty':
      return entraError(900144, ['scope'])
    case 'unknown-scope':
      return entraError(650053, [registration.displayName, scopes.scope])
    case 'unknown-resource':
      return entraError(500011, [scopes.resource, registration.tenantId])
    case 'default-mixed':
      return entraError(70011, ['.default scope cannot be combined with resource-specific scopes.'])
    default:
      return scopes satisfies never
  }
}

function readChallenge(parameters: URLSearchParams): IssuedCode['challenge'] | EntraError {
  const value = parameters.get('code_challenge')
  const method = parameters.get('code_challenge_method')
  if (value === null) return method === null ? null : entraError(50147)
  // RFC 7636 section 4.3: without a method the challenge is the verifier itself.
  if (method === null || method === 'plain')
    return PLAIN_CHALLENGE.test(value) ? { method: 'plain', value } : entraError(501491)
  if (method !== 'S256') return entraError(90023, ['code_challenge_method'])
  return S256_CHALLENGE.test(value) ? { method: 'S256', value } : entraError(501491)
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}

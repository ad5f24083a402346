import { z } from 'zod'
import { parseJson } from '../http/body.ts'
import type { Registration } from '../simulation/simulation.ts'
import type { IssuedCode } from '../tenant/events.ts'
import type { Permission } from '../tenant/permissions.ts'
import { entraError } from './aadsts.ts'
import { matchRedirectUri } from './redirect-uri.ts'
import { requireScopes } from './scopes.ts'

export const RESPONSE_MODES = ['query', 'fragment', 'form_post'] as const
const PROMPTS = ['login', 'none', 'consent', 'select_account'] as const
const JsonObject = z.string().transform(parseJson).pipe(z.record(z.string(), z.unknown()))
const S256_CHALLENGE = /^[A-Za-z0-9_-]{43}$/
const PLAIN_CHALLENGE = /^[A-Za-z0-9._~-]{43,128}$/

/** Where a response goes; always a registered URI. */
export interface ClientTarget {
  readonly redirectUri: string
  readonly responseMode: (typeof RESPONSE_MODES)[number]
  readonly state: string | null
}

export interface AuthorizeRequest {
  /** As the client wrote it; the token request has to repeat it. */
  readonly redirectUri: string
  readonly scopes: readonly Permission[]
  readonly nonce: string | null
  readonly prompt: (typeof PROMPTS)[number] | null
  readonly loginHint: string | null
  readonly challenge: IssuedCode['challenge']
  readonly wantsClientInfo: boolean
  /** Empty when there are none. */
  readonly claims: object
}

/** Reads where the response goes, from a request whose client and redirect URI are known to be right. */
export function readTarget(parameters: URLSearchParams): ClientTarget {
  return {
    // A registered URI without a path comes back with one.
    redirectUri: new URL(parameters.get('redirect_uri') ?? '').href,
    responseMode: RESPONSE_MODES.find((mode) => mode === parameters.get('response_mode')) ?? 'query',
    state: parameters.get('state'),
  }
}

/** @throws EntraError, to be sent to the redirect URI */
export function readAuthorizeRequest(parameters: URLSearchParams, registration: Registration): AuthorizeRequest {
  const responseType = parameters.get('response_type') ?? ''
  if (responseType === '') throw entraError(900144, ['response_type'])
  if (responseType.split(' ').includes('id_token')) throw entraError(700054)
  if (responseType !== 'code') throw entraError(700051, [responseType])
  requireOneOf(parameters, 'response_mode', RESPONSE_MODES)
  const { scopes } = requireScopes(parameters.get('scope') ?? '', registration)
  return {
    redirectUri: parameters.get('redirect_uri') ?? '',
    scopes,
    nonce: parameters.get('nonce'),
    prompt: parameters.get('prompt') === '' ? null : requireOneOf(parameters, 'prompt', PROMPTS),
    loginHint: parameters.get('login_hint'),
    challenge: readChallenge(parameters),
    wantsClientInfo: parameters.get('client_info') === '1',
    claims: readClaims(parameters.get('claims')),
  }
}

/** @throws EntraError, to be shown on Entra's own page, because the redirect URI cannot be trusted */
export function requireTrustedClient(
  parameters: URLSearchParams,
  tenant: string,
  registration: Registration,
  domain: string,
): void {
  requireTenant(tenant, registration, domain)
  requireUniqueNames(parameters)
  const clientId = parameters.get('client_id') ?? ''
  if (clientId === '') throw entraError(900144, ['client_id'])
  if (clientId.toLowerCase() !== registration.clientId.toLowerCase()) {
    throw entraError(700016, [clientId, registration.tenantId])
  }
  const redirectUri = parameters.get('redirect_uri') ?? ''
  if (redirectUri === '') throw entraError(900144, ['redirect_uri'])
  if (matchRedirectUri(redirectUri, registration.redirectUris) === null) {
    throw entraError(50011, [redirectUri, registration.clientId])
  }
}

/**
 * The registration is for a single tenant, whose id and domain alone are valid.
 *
 * @param tenant the first segment of the path
 * @throws EntraError
 */
export function requireTenant(tenant: string, { tenantId, clientId }: Registration, domain: string): void {
  const name = tenant.toLowerCase()
  if (name === tenantId.toLowerCase() || name === domain) return
  if (name === 'common' || name === 'organizations') throw entraError(50194, [clientId])
  if (name === 'consumers') throw entraError(9002332, [clientId])
  throw entraError(90002, [tenant])
}

/** @throws EntraError when a parameter is repeated */
export function requireUniqueNames(parameters: URLSearchParams): void {
  const names = [...parameters.keys()]
  const repeated = names.find((name, position) => names.indexOf(name) !== position)
  if (repeated !== undefined) throw entraError(9000411, [repeated])
}

function requireOneOf<Value extends string>(
  parameters: URLSearchParams,
  name: string,
  values: readonly Value[],
): Value | null {
  const text = parameters.get(name)
  const value = values.find((known) => known === text) ?? null
  if (text !== null && value === null) throw entraError(90023, [name])
  return value
}

function readChallenge(parameters: URLSearchParams): IssuedCode['challenge'] {
  const value = parameters.get('code_challenge')
  const method = parameters.get('code_challenge_method')
  if (value === null && method === null) return null
  if (value === null) throw entraError(50147)
  if (method !== null && method !== 'plain' && method !== 'S256') throw entraError(90023, ['code_challenge_method'])
  const pattern = method === 'S256' ? S256_CHALLENGE : PLAIN_CHALLENGE
  if (!pattern.test(value)) throw entraError(501491)
  // RFC 7636 section 4.3: without a method the challenge is the verifier itself.
  return { method: method ?? 'plain', value }
}

function readClaims(text: string | null): object {
  const claims = JsonObject.safeParse(text ?? '{}')
  if (!claims.success) throw entraError(9002313, ["The 'claims' parameter is not a JSON object."])
  return claims.data
}

import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import { parseJson } from '../http/body.ts'
import type { Registration } from '../simulation/simulation.ts'
import type { IssuedCode } from '../tenant/events.ts'
import type { Permission } from '../tenant/permissions.ts'
import { entraError } from './aadsts.ts'
import { matchRedirectUri } from './redirect-uri.ts'
import { readScopes } from './scopes.ts'

const PROMPTS = ['login', 'consent', 'select_account', 'none'] as const
const JsonObject = z.string().transform(parseJson).pipe(z.record(z.string(), z.unknown()))
const S256_CHALLENGE = /^[A-Za-z0-9_-]{43}$/

/** A request whose path begins with the tenant. */
export type TenantRequest = FastifyRequest<{ Params: { readonly tenant: string } }>

export interface AuthorizeRequest {
  readonly scopes: readonly Permission[]
  readonly nonce: string | null
  readonly prompt: (typeof PROMPTS)[number] | null
  readonly loginHint: string | null
  readonly challenge: IssuedCode['challenge']
  readonly wantsClientInfo: boolean
  /** Empty when there are none. */
  readonly claims: object
}

/** @throws EntraError, to be sent to the redirect URI */
export function readAuthorizeRequest(parameters: URLSearchParams, registration: Registration): AuthorizeRequest {
  const responseType = parameters.get('response_type') ?? ''
  if (responseType === '') throw entraError(900144, ['response_type'])
  if (responseType.split(' ').includes('id_token')) throw entraError(700054)
  if (responseType !== 'code') throw entraError(700051, [responseType])
  requireOneOf(parameters, 'response_mode', ['query'])
  const { scopes } = readScopes(parameters.get('scope') ?? '', registration)
  return {
    scopes,
    nonce: parameters.get('nonce'),
    prompt: parameters.get('prompt') === '' ? null : requireOneOf(parameters, 'prompt', PROMPTS),
    loginHint: parameters.get('login_hint'),
    challenge: readChallenge(parameters),
    wantsClientInfo: parameters.get('client_info') === '1',
    claims: readClaims(parameters.get('claims')),
  }
}

/**
 * Returns where the answer goes.
 *
 * @throws EntraError, to be shown on Entra's own page, because the redirect URI cannot be trusted
 */
export function requireTrustedClient(
  parameters: URLSearchParams,
  tenant: string,
  registration: Registration,
  domain: string,
): string {
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
  // A registered URI without a path comes back with one.
  return new URL(redirectUri).href
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
  // RFC 9700 section 2.1.1: S256 is the only method that does not expose the verifier.
  if (method !== 'S256') throw entraError(90023, ['code_challenge_method'])
  if (!S256_CHALLENGE.test(value)) throw entraError(501491)
  return value
}

function readClaims(text: string | null): object {
  const claims = JsonObject.safeParse(text ?? '{}')
  if (!claims.success) throw entraError(9002313, ["The 'claims' parameter is not a JSON object."])
  return claims.data
}

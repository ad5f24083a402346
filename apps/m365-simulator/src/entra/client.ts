import { createHash, timingSafeEqual, X509Certificate } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, errors, jwtVerify, type JWTVerifyOptions } from 'jose'
import { z } from 'zod'
import { entraError, scenarioError } from './aadsts.ts'
import { parseJson } from '../http/body.ts'
import type { Registration, Simulation } from '../simulation/simulation.ts'
import { type Permission, PERMISSION_NAMES } from '../tenant/directory.ts'

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
/** Whom a token of another issuer has to be for. */
const FEDERATED_AUDIENCE = 'api://AzureADTokenExchange'
/** How much Entra allows clocks to differ. */
const SKEW_SECONDS = 300

/**
 * Returns a check of the client of a token request: that it is the registered one, and that it presents either its
 * secret in the body or an assertion signed with its certificate. The check throws an EntraError.
 */
export function createClientCheck({ registration, scenarios, url, clock }: Simulation) {
  const requireValidAssertion = createAssertionCheck(registration, clock)

  return async (form: URLSearchParams, { headers, params }: TenantRequest): Promise<void> => {
    requireUniqueNames(form)
    if (!form.get('grant_type')) throw entraError(900144, ['grant_type'])
    requireClientId(form, registration)
    const assertion = form.get('client_assertion')
    const secret = form.get('client_secret')
    // RFC 6749 section 2.3: a request uses one authentication method.
    const methods = [headers.authorization !== undefined, form.has('client_secret'), form.has('client_assertion')]
    if (methods.filter(Boolean).length > 1) throw entraError(9002313, ['Two client credentials were given.'])
    if (!secret && !assertion) throw entraError(7000218)

    const effect = scenarios.take('entra-error', ({ at }) => at === 'client')
    if (effect !== null) throw scenarioError(effect, [registration.clientId])
    if (assertion) {
      if (form.get('client_assertion_type') !== ASSERTION_TYPE) throw entraError(900144, ['client_assertion_type'])
      // An assertion is for the token endpoint, named by the tenant as the client wrote it or by the tenant's id.
      const tenants = [params.tenant, registration.tenantId]
      await requireValidAssertion(
        assertion,
        tenants.map((tenant) => `${url()}/${tenant}/oauth2/v2.0/token`),
      )
    } else if (!isSameText(secret ?? '', registration.clientSecret)) {
      throw entraError(7000215, [registration.clientId])
    }
  }
}

function isSameText(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}

/**
 * Returns a check of client assertions (RFC 7523 section 3) as Entra's page on certificate credentials specifies them:
 * PS256 with `x5t#S256`, for this token endpoint, from and about this client, within their lifetime, and used once.
 * A token of the issuer of a federated credential stands for the app too (RS256, until it expires); its audience, issuer
 * and subject have to match letter by letter. The check throws an EntraError.
 *
 * @throws Error when a registered certificate cannot be read
 */
function createAssertionCheck(
  { clientId, certificates = [], federatedCredential: federated }: Registration,
  clock: () => Date,
) {
  const keys = federated && createLocalJWKSet({ keys: [...federated.keys] })
  const registered = certificates.map((pem) => readCertificate(pem))
  const usedIds = new Set<unknown>()
  const options = (algorithm: string, requiredClaims: string[]): JWTVerifyOptions => ({
    algorithms: [algorithm],
    currentDate: clock(),
    clockTolerance: SKEW_SECONDS,
    requiredClaims,
  })

  const requireFederated = async (assertion: string): Promise<void> => {
    const { iss = '', sub = '', aud } = decodeJwt(assertion)
    if (federated === undefined || keys === undefined || iss !== federated.issuer) throw entraError(700211, [iss])
    if (aud !== FEDERATED_AUDIENCE) throw entraError(700212, [String(aud)])
    if (sub !== federated.subject) throw entraError(700213, [sub])
    await jwtVerify(assertion, keys, options('RS256', ['exp']))
  }

  /** @param audiences the names of this token endpoint */
  const requireValid = async (assertion: string, audiences: readonly string[]): Promise<void> => {
    const thumbprint = decodeProtectedHeader(assertion)['x5t#S256']
    // Other issuers name a key, and no certificate.
    if (thumbprint === undefined && decodeJwt(assertion).iss !== clientId) return requireFederated(assertion)
    const certificate = registered.find((known) => known.thumbprint === thumbprint)
    if (certificate === undefined) throw entraError(700027, ['Reason - The key was not found.'])
    if (certificate.validToMs <= clock().getTime()) throw entraError(700027, ['Reason - The key used is expired.'])
    const claims = ['aud', 'iss', 'sub', 'jti', 'nbf', 'exp']
    const { payload } = await jwtVerify(assertion, certificate.publicKey, options('PS256', claims))
    const { aud, iss, sub, jti } = payload
    if (typeof aud !== 'string' || !audiences.includes(aud)) throw entraError(700023)
    if (iss !== clientId || sub !== clientId) throw entraError(700021)
    if (usedIds.has(jti)) throw entraError(50012, ['The client assertion has been used before.'])
    usedIds.add(jti)
  }

  return (assertion: string, audiences: readonly string[]): Promise<void> =>
    requireValid(assertion, audiences).catch((error: unknown) => {
      throw verificationError(error)
    })
}

function verificationError(error: unknown): unknown {
  const isTime = error instanceof errors.JWTExpired || error instanceof errors.JWTClaimValidationFailed
  if (isTime && error.reason !== 'missing') return entraError(700024)
  const isForeign = error instanceof errors.JWSSignatureVerificationFailed || error instanceof errors.JWKSNoMatchingKey
  if (isForeign) return entraError(700027, ['Client assertion failed signature validation.'])
  return error instanceof errors.JOSEError || error instanceof TypeError ? entraError(50027, [error.message]) : error
}

function readCertificate(pem: string) {
  const certificate = new X509Certificate(pem)
  return {
    thumbprint: Buffer.from(certificate.fingerprint256.replaceAll(':', ''), 'hex').toString('base64url'),
    publicKey: certificate.publicKey,
    validToMs: certificate.validToDate.getTime(),
  }
}

const PROMPTS = ['login', 'consent', 'select_account', 'none'] as const
const JsonObject = z.string().transform(parseJson).pipe(z.record(z.string(), z.unknown()))
const S256_CHALLENGE = /^[A-Za-z0-9_-]{43}$/

/** A request whose path begins with the tenant. */
export type TenantRequest = FastifyRequest<{ Params: { readonly tenant: string } }>

export type AuthorizeRequest = ReturnType<typeof readAuthorizeRequest>

/** @throws EntraError, to be sent to the redirect URI */
export function readAuthorizeRequest(parameters: URLSearchParams, registration: Registration) {
  const responseType = parameters.get('response_type') ?? ''
  if (responseType !== 'code') throw entraError(700051, [responseType])
  requireOneOf(parameters, 'response_mode', ['query'])
  const claims = JsonObject.safeParse(parameters.get('claims') ?? '{}')
  if (!claims.success) throw entraError(9002313, ["The 'claims' parameter is not a JSON object."])
  return {
    scopes: readScopes(parameters.get('scope') ?? '', registration).scopes,
    nonce: parameters.get('nonce'),
    prompt: parameters.get('prompt') === '' ? null : requireOneOf(parameters, 'prompt', PROMPTS),
    loginHint: parameters.get('login_hint'),
    challenge: readChallenge(parameters),
    wantsClientInfo: parameters.get('client_info') === '1',
    /** Empty when there are none. */
    claims: claims.data,
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
  requireClientId(parameters, registration)
  const redirectUri = parameters.get('redirect_uri') ?? ''
  if (redirectUri === '') throw entraError(900144, ['redirect_uri'])
  if (!isRegistered(redirectUri, registration.redirectUris)) {
    throw entraError(50011, [redirectUri, registration.clientId])
  }
  // A registered URI without a path comes back with one.
  return new URL(redirectUri).href
}

/** @throws EntraError */
function requireClientId(parameters: URLSearchParams, { clientId, tenantId }: Registration): void {
  const asked = parameters.get('client_id') ?? ''
  if (asked === '') throw entraError(900144, ['client_id'])
  if (asked.toLowerCase() !== clientId.toLowerCase()) throw entraError(700016, [asked, tenantId])
}

/**
 * The registration is for a single tenant, whose id and domain alone are valid.
 *
 * @param tenant the first segment of the path
 * @throws EntraError
 */
export function requireTenant(tenant: string, { tenantId }: Registration, domain: string): void {
  if (![tenantId.toLowerCase(), domain].includes(tenant.toLowerCase())) throw entraError(90002, [tenant])
}

/** @throws EntraError when a parameter is repeated */
function requireUniqueNames(parameters: URLSearchParams): void {
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

/** The challenge of PKCE. RFC 9700 section 2.1.1: S256 is the only method that does not expose the verifier. */
function readChallenge(parameters: URLSearchParams): string | null {
  const value = parameters.get('code_challenge')
  const method = parameters.get('code_challenge_method')
  if (value === null && method === null) return null
  if (method !== 'S256') throw entraError(90023, ['code_challenge_method'])
  if (!S256_CHALLENGE.test(value ?? '')) throw entraError(501491)
  return value
}

/** @returns why it cannot be registered as a URI of the *Web* platform, or null */
export function findRedirectUriFault(uri: string): string | null {
  const url = URL.canParse(uri) ? new URL(uri) : null
  const isLoopback = url?.hostname === 'localhost' || url?.hostname === '127.0.0.1'
  const isSecure = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback)
  // Entra refuses these characters, fragments, and more than 256 characters.
  if (isSecure && uri.length <= 256 && !/[!$'(),;*\\#]/.test(uri)) return null
  return `The redirect URI ${uri} cannot be registered: it must be https, or http on localhost, without a fragment.`
}

/** Whether a registered URI equals this one, apart from the port of `localhost`. */
export function isRegistered(requested: string, registered: readonly string[]): boolean {
  if (!URL.canParse(requested)) return false
  const { href } = new URL(requested)
  // A URI that only becomes equal once dot segments or escapes are resolved is another URI.
  if (requested !== href && `${requested}/` !== href) return false
  return registered.some((candidate) => comparable(candidate) === comparable(requested))
}

function comparable(uri: string): string {
  const url = new URL(uri)
  if (url.hostname === 'localhost') url.port = ''
  return url.href
}

/** The app registration lists these permissions, and `.default` requests all of them. */
const REGISTERED_PERMISSIONS: readonly Permission[] = ['User.Read', 'Mail.Send', 'Mail.Send.Shared', 'Mail.ReadWrite']

const OIDC: ReadonlySet<string> = new Set(['openid', 'profile', 'email', 'offline_access'] satisfies Permission[])
/** Graph's identifiers in the various clouds. */
const GRAPH_RESOURCES = [
  'https://graph.microsoft.com',
  'https://graph.microsoft.us',
  'https://dod-graph.microsoft.us',
  'https://microsoftgraph.chinacloudapi.cn',
  '00000003-0000-0000-c000-000000000000',
]

/**
 * Reads a `scope` parameter. Names match in any case, with or without one of Graph's identifiers as a prefix.
 *
 * @throws EntraError
 */
export function readScopes(text: string, { displayName, tenantId }: Registration) {
  const names = text.split(/ +/).filter(Boolean).map(withoutResource)
  if (names.length === 0) throw entraError(900144, ['scope'])
  const foreign = names.find((name) => name.includes('/'))
  if (foreign !== undefined) throw entraError(500011, [foreign.slice(0, foreign.lastIndexOf('/')), tenantId])
  const named = names.filter((name) => name.toLowerCase() !== '.default')
  const isDefault = named.length < names.length
  const scopes = named.map((name) => {
    const permission = PERMISSION_NAMES.find((known) => known.toLowerCase() === name.toLowerCase())
    if (permission === undefined) throw entraError(650053, [displayName, name])
    if (!isDefault || isOidcScope(permission)) return permission
    throw entraError(70011, ['.default scope cannot be combined with resource-specific scopes.'])
  })
  return { scopes: [...new Set(scopes), ...(isDefault ? REGISTERED_PERMISSIONS : [])], isDefault }
}

/** A doubled slash would be right only for a resource whose identifier ends in one; Graph's does not. */
function withoutResource(value: string): string {
  const resource = GRAPH_RESOURCES.find((candidate) => value.toLowerCase().startsWith(`${candidate}/`))
  return resource === undefined ? value : value.slice(resource.length + 1)
}

/** Whether this is `{graph}/.default`, the only scope that an application requests for itself. */
export function isGraphDefault(text: string): boolean {
  return GRAPH_RESOURCES.some((resource) => text.toLowerCase() === `${resource}/.default`)
}

export function isOidcScope(scope: string): boolean {
  return OIDC.has(scope.toLowerCase())
}

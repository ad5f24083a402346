import { createHash } from 'node:crypto'
import { ConfidentialClientApplication } from '@azure/msal-node'
import { createRemoteJWKSet, customFetch } from 'jose'
import { z } from 'zod'
import { adminCentersAt, type AdminCenters } from '../admin-centers.ts'
import { acceptedIssuers, authorityEndpoints, graphResource, permissionPrefix, type CloudName } from '../clouds.ts'
import type { Explanation } from '../explanation.ts'
import { readGatewayAnswer, type GatewayAnswer } from '../gateway-answer.ts'
import { readJson } from '../json.ts'
import type { MicrosoftFetch } from '../microsoft-fetch.ts'
import { retryAfterDate } from '../retry-after.ts'
import { applicationRoles, grantedPermissions, missingPermissions } from './permissions.ts'
import { type ClientCertificate, readFederatedToken } from './client-credentials.ts'
import { readTokenRefusal, isFromEntra } from './entra-refusal.ts'
import {
  explainInterceptedSignIn,
  explainRefusal,
  explainTokenFile,
  explainUnexpectedAnswer,
  explainUnreachable,
  explainWithdrawnPermissions,
  explainWrongAccount,
  type Leg,
} from './explain-refusal.ts'
import { verifyIdToken, type Person } from './id-token.ts'
import { createRecordingNetwork, type RecordingNetwork } from './msal-network.ts'

/** msal-node adds these scopes to every request of a person; the approval link has to name them itself. */
const OIDC_SCOPES = ['openid', 'profile', 'offline_access']

/** Microsoft's documented minimum, for an answer without `expires_in`. */
const DEFAULT_LIFETIME_SECONDS = 60 * 60

/** What authenticates the app. */
export type AppCredential =
  | { readonly clientSecret: string; readonly clientCertificate?: never; readonly federatedTokenFile?: never }
  | {
      readonly clientCertificate: ClientCertificate
      readonly clientSecret?: never
      readonly federatedTokenFile?: never
    }
  /** The path of a file that always holds a fresh token of another issuer. */
  | { readonly federatedTokenFile: string; readonly clientSecret?: never; readonly clientCertificate?: never }

/** The app, and the one credential that authenticates it. */
export type AppRegistration = { readonly tenantId: string; readonly clientId: string } & AppCredential

/**
 * The addresses to which explanations send an Entra administrator. They lead to the page of `adminConsentUrl` for these
 * scopes, or to that of `applicationConsentUrl`.
 */
export interface ApprovalLinks {
  delegated(scopes: readonly string[]): string
  /** @param permission the one that is missing, where it is one alone */
  application(permission?: string): string
}

export interface MicrosoftIdentityOptions {
  readonly registration: AppRegistration
  /** The credential of this moment, if it can change. Defaults to that of the registration. */
  readonly currentCredential?: () => AppCredential
  /** Base URL, such as `https://login.microsoftonline.com` or `http://127.0.0.1:3001`. */
  readonly authorityHost: string
  /** Base URL of Graph in the same cloud, or of a gateway in front of it. */
  readonly graphBaseUrl: string
  /** The cloud behind hosts that are not Microsoft's own. Defaults to the global cloud. */
  readonly cloud?: CloudName
  readonly redirectUri: string
  readonly approvalLinks: ApprovalLinks
  readonly fetch: MicrosoftFetch
  readonly clock: () => Date
}

export interface AuthorizeRequest {
  readonly scopes: readonly string[]
  readonly state: string
  readonly nonce: string
  readonly codeChallenge: string
  /** `consent` is left out: it would ask even an approved person for admin approval. */
  readonly prompt?: 'select_account' | 'login' | 'none'
  /** A sign-in name to fill in. msal-node drops it with `select_account`, as Microsoft's documentation asks. */
  readonly loginHint?: string
  /** A claims challenge that the sign-in has to satisfy. */
  readonly claims?: string | undefined
}

export interface CodeRedemption {
  readonly code: string
  readonly codeVerifier: string
  readonly nonce: string
  readonly scopes: readonly string[]
  /** `sign-in` only identifies a person; the default belongs to a consent. */
  readonly leg?: 'redeem' | 'sign-in'
  /** The same challenge as in the authorize request. */
  readonly claims?: string | undefined
  readonly signal?: AbortSignal
}

export interface RefreshRequest {
  readonly refreshToken: string
  /** Without one of them the refresh is refused. */
  readonly scopes: readonly string[]
  /** Asked for as well; the refresh succeeds without them. */
  readonly optionalScopes?: readonly string[]
  /** The challenge with which Graph refused the previous token. */
  readonly claims?: string | undefined
  readonly signal?: AbortSignal
}

export interface Tokens {
  readonly accessToken: string
  readonly refreshToken: string
  readonly expiresAt: Date
}

export type Redemption =
  | {
      readonly outcome: 'granted'
      /** `refreshToken` is null when Microsoft gave none: that is enough to sign in, but not to send later. */
      readonly tokens: Omit<Tokens, 'refreshToken'> & { readonly refreshToken: string | null }
      /** Short names; may be more than was asked for. */
      readonly grantedPermissions: readonly string[]
      readonly person: Person
    }
  | { readonly outcome: 'refused'; readonly explanation: Explanation }

export type Refresh =
  | {
      readonly outcome: 'granted'
      /** They cover all `scopes`. Store them before you use the access token. */
      readonly tokens: Tokens
      /** The `optionalScopes` that Microsoft does not grant any more. */
      readonly withdrawn: readonly string[]
    }
  | RefusedTokens

export interface RefusedTokens {
  readonly outcome: 'refused'
  /** The `kind` for an existing connection is one of `RenewalFailure`; an outage never ends it. */
  readonly explanation: Explanation
  /** Entra asked for no request before this time; null when it did not say. */
  readonly retryAfter: Date | null
  /** What answered in Entra's place. */
  readonly gateway?: GatewayAnswer
  /** Entra itself answered. */
  readonly answered?: true
}

export interface ApplicationTokenRequest {
  /** `redeem` proves a consent; `application` is for sending by an existing connection. */
  readonly leg: 'redeem' | 'application'
  /** The challenge with which Graph refused the previous token. */
  readonly claims?: string | undefined
  readonly signal?: AbortSignal
}

export type ApplicationGrant =
  | {
      readonly outcome: 'granted'
      readonly tokens: Omit<Tokens, 'refreshToken'>
      /**
       * What Entra granted according to the token; null when it cannot be read. It never includes what Exchange grants
       * (RBAC for Applications), so only a request shows what the token allows.
       */
      readonly grantedPermissions: readonly string[] | null
    }
  | RefusedTokens

export type MicrosoftIdentity = ReturnType<typeof createMicrosoftIdentity>

/** Signs people in and gets tokens by msal-node, at one authority and for one app registration. */
export function createMicrosoftIdentity({
  registration,
  currentCredential = () => registration,
  authorityHost,
  graphBaseUrl,
  cloud,
  redirectUri,
  approvalLinks,
  fetch,
  clock,
}: MicrosoftIdentityOptions) {
  const { tenantId, clientId } = registration
  /** The only scope that a token without a user can have. It stands for everything that was granted. */
  const everythingGranted = `${graphResource(authorityHost, graphBaseUrl, cloud)}/.default`
  const prefix = permissionPrefix(authorityHost, graphBaseUrl, cloud)
  const withPrefix = (scopes: readonly string[]) =>
    scopes.map((scope) => (OIDC_SCOPES.includes(scope) ? scope : `${prefix}${scope}`))
  const endpoints = authorityEndpoints(authorityHost, tenantId)
  const adminCenters = adminCentersAt(authorityHost, graphBaseUrl, cloud)
  const issuers = acceptedIssuers(authorityHost, tenantId)
  const keys = createRemoteJWKSet(new URL(endpoints.keys), {
    // The tokens come from the authority of the keys, so no stranger can make us fetch keys over and over.
    cooldownDuration: 0,
    [customFetch]: async (url, { headers, signal }) => {
      const response = await fetch(url, { headers: Object.fromEntries(headers), signal })
      return new Response(await response.text(), { status: response.status })
    },
  })

  /** Each call has its own application: msal-node's cache and throttle must not outlive it, or mix people up. */
  function beginCall(signal: AbortSignal | undefined): Call {
    const host = msalHost(authorityHost)
    const network = createRecordingNetwork(fetch, signal)
    let credentialFault: string | null = null
    const application = new ConfidentialClientApplication({
      auth: {
        clientId,
        ...msalCredential(currentCredential(), async (path) => {
          const reading = await readFederatedToken(path, clock())
          if (reading.outcome === 'read') return reading.token
          credentialFault = reading.fault
          throw new Error(`The token file ${reading.fault}.`)
        }),
        authority: `https://${host}/${tenantId}`,
        knownAuthorities: [host],
        authorityMetadata: JSON.stringify({
          authorization_endpoint: endpoints.authorization,
          token_endpoint: endpoints.token,
          issuer: endpoints.issuer,
          jwks_uri: endpoints.keys,
        }),
      },
      system: { networkClient: network },
    })
    return { application, network, credentialFault: () => credentialFault }
  }

  /** Microsoft's page on which an Entra administrator approves delegated permissions for everybody. */
  function adminConsentUrl({ scopes, state }: { readonly scopes: readonly string[]; readonly state?: string }): string {
    return adminConsentPage([...new Set([...withPrefix(scopes), ...OIDC_SCOPES])].join(' '), state)
  }

  /** Microsoft's page on which an Entra administrator grants the application permissions of the registration. */
  function applicationConsentUrl({ state }: { readonly state?: string } = {}): string {
    return adminConsentPage(everythingGranted, state)
  }

  function adminConsentPage(scope: string, state: string | undefined): string {
    const query = new URLSearchParams({
      client_id: clientId,
      scope,
      redirect_uri: redirectUri,
      ...(state !== undefined && { state }),
    })
    return `${endpoints.adminConsent}?${query.toString()}`
  }

  /** Classifies the raw answer, since msal-node's errors do not say whether a connection has ended. */
  function refusedTokens(
    { network: { answer }, credentialFault }: Call,
    leg: Leg,
    approvalLink: string,
  ): RefusedTokens {
    const fault = credentialFault()
    if (fault !== null) return { ...refused(explainTokenFile(fault, leg, adminCenters)), retryAfter: null }
    if (answer === null) return { ...refused(explainUnreachable(leg, adminCenters)), retryAfter: null }
    const retryAfter = retryAfterDate(answer.headers, clock())
    if (answer.status < 500 && !isFromEntra(answer)) {
      const gateway = readGatewayAnswer(answer, new URL(endpoints.token).host)
      return { ...refused(explainInterceptedSignIn(gateway, leg, adminCenters)), retryAfter, gateway }
    }
    const refusal = readTokenRefusal(answer.status, answer.body)
    const explanation = explainRefusal(refusal, { leg, approvalLink, adminCenters })
    return { ...refused(explanation), retryAfter, ...(isFromEntra(answer) && { answered: true }) }
  }

  function expiryOf({ expires_in: lifetimeSeconds }: TokenGrant): Date {
    return new Date(clock().getTime() + lifetimeSeconds * 1_000)
  }

  async function refreshWith(
    { refreshToken, scopes, optionalScopes = [], claims, signal }: RefreshRequest,
    optional: readonly string[],
  ): Promise<Refresh> {
    const call = beginCall(signal)
    const { application, network } = call
    const asked = [...scopes, ...optional]
    const result = await orNull(
      // Without forceCache, msal-node drops the rotated refresh token, and with it the connection.
      application.acquireTokenByRefreshToken({
        refreshToken,
        scopes: withPrefix(asked),
        forceCache: true,
        ...(claims !== undefined && { claims }),
      }),
    )
    const grant = readGrant(network)
    const approvalLink = approvalLinks.delegated([...scopes, ...optionalScopes])
    if (!grant || !result?.accessToken) return refusedTokens(call, 'refresh', approvalLink)
    const granted = grantedPermissions(grant.scope, asked)
    const missing = missingPermissions(scopes, granted)
    if (missing.length > 0) return { ...refused(explainWithdrawnPermissions(missing, approvalLink)), retryAfter: null }
    return {
      outcome: 'granted',
      tokens: {
        accessToken: result.accessToken,
        // An answer without a refresh token leaves the old one valid.
        refreshToken: cachedRefreshToken(application) ?? refreshToken,
        expiresAt: expiryOf(grant),
      },
      withdrawn: missingPermissions(optional, granted),
    }
  }

  return {
    authorizeUrl: ({ scopes, claims, ...request }: AuthorizeRequest): Promise<string> =>
      beginCall(undefined).application.getAuthCodeUrl({
        ...request,
        scopes: withPrefix(scopes),
        redirectUri,
        correlationId: correlationIdOf(request.state),
        codeChallengeMethod: 'S256',
        ...(claims !== undefined && { claims }),
      }),

    adminConsentUrl,

    async redeemCode({ scopes, leg = 'redeem', claims, signal, ...answer }: CodeRedemption): Promise<Redemption> {
      const call = beginCall(signal)
      const { application, network } = call
      const result = await orNull(
        application.acquireTokenByCode({
          ...answer,
          redirectUri,
          scopes: withPrefix(scopes),
          ...(claims !== undefined && { claims }),
        }),
      )
      const grant = readGrant(network)
      if (!grant) return refusedTokens(call, leg, approvalLinks.delegated(scopes))
      // A grant that msal-node refuses has an id_token that is missing, unreadable or not ours.
      if (!result?.accessToken || !result.idToken) return refused(explainInvalidIdToken(null, adminCenters))

      const expected = { tenantId, clientId, nonce: answer.nonce, issuers, keys, now: clock() }
      const verified = await verifyIdToken(result.idToken, expected)
      if (verified.outcome === 'keys-unavailable') return refused(explainUnreachable(leg, adminCenters))
      if (verified.outcome === 'invalid') return refused(explainInvalidIdToken(verified.fault, adminCenters))
      if (verified.outcome === 'other-tenant') return refused(explainWrongAccount('other-organisation', adminCenters))
      return {
        outcome: 'granted',
        tokens: {
          accessToken: result.accessToken,
          refreshToken: cachedRefreshToken(application),
          expiresAt: expiryOf(grant),
        },
        grantedPermissions: grantedPermissions(grant.scope, scopes),
        person: verified.person,
      }
    },

    async refresh(request: RefreshRequest): Promise<Refresh> {
      const { optionalScopes = [] } = request
      const whole = await refreshWith(request, optionalScopes)
      if (whole.outcome === 'granted' || optionalScopes.length === 0) return whole
      if (whole.explanation.kind !== 'reconnect-required') return whole
      // Entra refuses the whole request where the consent to one scope was withdrawn. Any other reason refuses this too.
      const rest = await refreshWith(request, [])
      return rest.outcome === 'granted' ? { ...rest, withdrawn: optionalScopes } : rest
    },

    applicationConsentUrl,

    /** Gets a token without a user (RFC 6749 section 4.4, client credentials). */
    async applicationToken({ leg, claims, signal }: ApplicationTokenRequest): Promise<ApplicationGrant> {
      const call = beginCall(signal)
      const { application, network } = call
      const result = await orNull(
        application.acquireTokenByClientCredential({
          scopes: [everythingGranted],
          ...(claims !== undefined && { claims }),
        }),
      )
      const grant = readGrant(network)
      if (!grant || !result?.accessToken) return refusedTokens(call, leg, approvalLinks.application())
      const { accessToken } = result
      return {
        outcome: 'granted',
        tokens: { accessToken, expiresAt: expiryOf(grant) },
        grantedPermissions: applicationRoles(accessToken),
      }
    },

    /** The administrators' pages of this cloud, for explanations. */
    adminCenters,
    approvalLinks,
  }
}

/** Derives the id from the state, so that the page keeps its address; msal-node would make up another id. */
function correlationIdOf(state: string): string {
  const hex = createHash('sha256').update(state).digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-')
}

interface Call {
  readonly application: ConfidentialClientApplication
  readonly network: RecordingNetwork
  /** What was wrong with the token file, so that no request was made. */
  readonly credentialFault: () => string | null
}

/** With a certificate, msal-node signs an assertion by PS256 and names the certificate in `x5t#S256`. */
function msalCredential(
  { clientSecret, clientCertificate, federatedTokenFile }: AppCredential,
  readToken: (path: string) => Promise<string>,
) {
  if (federatedTokenFile !== undefined) return { clientAssertion: () => readToken(federatedTokenFile) }
  if (clientCertificate === undefined) return { clientSecret }
  const { thumbprintSha256, privateKey } = clientCertificate
  return { clientCertificate: { thumbprintSha256, privateKey } }
}

/** msal-node insists on https for the name of the authority; `authorityMetadata` decides where requests go. */
function msalHost(authorityHost: string): string {
  const url = new URL(authorityHost)
  return url.protocol === 'https:' ? url.host : 'login.microsoftonline.com'
}

/** msal-node throws on every refusal. The recorded answer says which one it was, so the error is dropped. */
async function orNull<T>(call: Promise<T>): Promise<T | null> {
  try {
    return await call
  } catch {
    return null
  }
}

/** RFC 6749 section 5.1; every member but the token may be missing. */
const TokenGrant = z.object({
  access_token: z.string().min(1),
  scope: z.string().optional().catch(undefined),
  expires_in: z.coerce.number().positive().catch(DEFAULT_LIFETIME_SECONDS),
})
type TokenGrant = z.infer<typeof TokenGrant>

function readGrant({ answer }: RecordingNetwork): TokenGrant | null {
  return answer?.status === 200 ? (TokenGrant.safeParse(answer.body).data ?? null) : null
}

const MsalCache = z.object({ RefreshToken: z.record(z.string(), z.object({ secret: z.string() })) })

/** msal-node reveals the refresh token nowhere but in its serialised cache. */
function cachedRefreshToken(application: ConfidentialClientApplication): string | null {
  const cache = readJson(application.getTokenCache().serialize(), MsalCache)
  return Object.values(cache?.RefreshToken ?? {})[0]?.secret ?? null
}

const TIME_CLAIMS = new Set(['exp', 'nbf', 'iat'])

/** `claim` names the claim or step that failed; null when the token cannot be read. */
function explainInvalidIdToken(claim: string | null, adminCenters: AdminCenters): Explanation {
  if (claim === null) return explainUnexpectedAnswer('unproved', adminCenters)
  return explainUnexpectedAnswer({ name: TIME_CLAIMS.has(claim) ? 'wrong-time' : 'wrong-claim', claim }, adminCenters)
}

function refused(explanation: Explanation): { readonly outcome: 'refused'; readonly explanation: Explanation } {
  return { outcome: 'refused', explanation }
}

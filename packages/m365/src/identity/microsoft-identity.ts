import { ConfidentialClientApplication } from '@azure/msal-node'
import { createRemoteJWKSet, customFetch } from 'jose'
import { acceptedIssuers, authorityEndpoints } from '../clouds.ts'
import type { Explanation } from '../explanation.ts'
import type { MicrosoftFetch } from '../microsoft-fetch.ts'
import { readTokenRefusal } from './entra-refusal.ts'
import {
  explainRefusal,
  explainUnexpectedAnswer,
  explainUnreachable,
  explainWrongAccount,
  type Leg,
} from './explain-refusal.ts'
import { grantedPermissions } from './granted-permissions.ts'
import { verifyIdToken, type Person } from './id-token.ts'
import { createRecordingNetwork, type RecordingNetwork } from './msal-network.ts'

/** msal-node adds these to every request of a person; the approval link has to name them itself. */
const OIDC_SCOPES = ['openid', 'profile', 'offline_access']

/** Microsoft's documented minimum, for an answer that does not say how long its token lives. */
const DEFAULT_LIFETIME_SECONDS = 60 * 60

export interface AppRegistration {
  readonly tenantId: string
  readonly clientId: string
  readonly clientSecret: string
}

export interface MicrosoftIdentityOptions {
  readonly registration: AppRegistration
  /** Base URL, such as `https://login.microsoftonline.com` or `http://127.0.0.1:3001`. */
  readonly authorityHost: string
  readonly redirectUri: string
  readonly fetch: MicrosoftFetch
  readonly clock: () => Date
}

export interface AuthorizeRequest {
  readonly scopes: readonly string[]
  readonly state: string
  readonly nonce: string
  readonly codeChallenge: string
  /** Never `consent`: it would send even an approved person through admin approval. */
  readonly prompt?: 'select_account' | 'login' | 'none'
  /** A sign-in name to fill in. msal-node drops it beside `select_account`, as Microsoft's documentation asks. */
  readonly loginHint?: string
}

export interface CodeRedemption {
  readonly code: string
  readonly codeVerifier: string
  readonly nonce: string
  readonly scopes: readonly string[]
  readonly signal?: AbortSignal
}

export interface RefreshRequest {
  readonly refreshToken: string
  readonly scopes: readonly string[]
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
      /** `refreshToken` is null when Microsoft gave none: enough to sign somebody in, not to send later. */
      readonly tokens: Omit<Tokens, 'refreshToken'> & { readonly refreshToken: string | null }
      /** Short names, as `grantedPermissions` gives them; may be more than was asked. */
      readonly grantedPermissions: readonly string[]
      readonly person: Person
    }
  | { readonly outcome: 'refused'; readonly explanation: Explanation }

export type Refresh =
  | {
      readonly outcome: 'granted'
      /** To be stored before the access token is used. An answer without a refresh token keeps the old one. */
      readonly tokens: Tokens
      readonly grantedPermissions: readonly string[]
    }
  /** `kind` is `reconnect-required`, `app-misconfigured` or `microsoft-unavailable`; the last never ends a grant. */
  | { readonly outcome: 'refused'; readonly explanation: Explanation }

export interface MicrosoftIdentity {
  authorizeUrl(request: AuthorizeRequest): Promise<string>
  /** Microsoft's page on which an Entra administrator approves the permissions for everybody. */
  adminConsentUrl(request: { readonly scopes: readonly string[]; readonly state?: string }): string
  redeemCode(request: CodeRedemption): Promise<Redemption>
  refresh(request: RefreshRequest): Promise<Refresh>
}

/** Signs people in and gets tokens, by msal-node, at one authority for one app registration. */
export function createMicrosoftIdentity(options: MicrosoftIdentityOptions): MicrosoftIdentity {
  const { registration, authorityHost, redirectUri, fetch, clock } = options
  const endpoints = authorityEndpoints(authorityHost, registration.tenantId)
  const issuers = acceptedIssuers(authorityHost, registration.tenantId)
  const keys = createRemoteJWKSet(new URL(endpoints.keys), {
    // The tokens come from the same authority as the keys: nobody else can make us ask for new keys.
    cooldownDuration: 0,
    [customFetch]: async (url, { headers, signal }) => {
      const response = await fetch(url, { headers: Object.fromEntries(headers), signal })
      return new Response(await response.text(), { status: response.status })
    },
  })

  /** One application per call: msal-node's cache and its local throttle must not outlive the call or mix people. */
  function createApplication(network: RecordingNetwork): ConfidentialClientApplication {
    const host = msalHost(authorityHost)
    return new ConfidentialClientApplication({
      auth: {
        clientId: registration.clientId,
        clientSecret: registration.clientSecret,
        authority: `https://${host}/${registration.tenantId}`,
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
  }

  function adminConsentUrl({ scopes, state }: { readonly scopes: readonly string[]; readonly state?: string }): string {
    const query = new URLSearchParams({
      client_id: registration.clientId,
      scope: [...new Set([...scopes, ...OIDC_SCOPES])].join(' '),
      redirect_uri: redirectUri,
      ...(state !== undefined && { state }),
    })
    return `${endpoints.adminConsent}?${query.toString()}`
  }

  /** Reads the raw answer: only Entra's own words tell what became of a grant. */
  function explainFailure(network: RecordingNetwork, leg: Leg, scopes: readonly string[]): Explanation {
    if (network.answer === null) return explainUnreachable(leg)
    const refusal = readTokenRefusal(network.answer.status, network.answer.body)
    return explainRefusal(refusal, { leg, approvalLink: adminConsentUrl({ scopes }) })
  }

  function expiryOf(network: RecordingNetwork): Date {
    const seconds = Number(network.answer?.body?.['expires_in'])
    const lifetimeSeconds = Number.isFinite(seconds) && seconds > 0 ? seconds : DEFAULT_LIFETIME_SECONDS
    return new Date(clock().getTime() + lifetimeSeconds * 1_000)
  }

  return {
    authorizeUrl: ({ scopes, state, nonce, codeChallenge, prompt, loginHint }) =>
      createApplication(createRecordingNetwork(fetch, undefined)).getAuthCodeUrl({
        scopes: [...scopes],
        redirectUri,
        state,
        nonce,
        codeChallenge,
        codeChallengeMethod: 'S256',
        ...(prompt && { prompt }),
        ...(loginHint !== undefined && { loginHint }),
      }),

    adminConsentUrl,

    async redeemCode({ code, codeVerifier, nonce, scopes, signal }) {
      const network = createRecordingNetwork(fetch, signal)
      const application = createApplication(network)
      const result = await settled(
        application.acquireTokenByCode({ code, codeVerifier, nonce, redirectUri, scopes: [...scopes] }),
      )
      if (!isTokenAnswer(network)) return refused(explainFailure(network, 'redeem', scopes))
      // A token answer that msal-node refuses carries an id_token that is missing, unreadable or not ours.
      if (!result?.accessToken || !result.idToken) return refused(explainInvalidIdToken('form'))

      const verified = await verifyIdToken(result.idToken, {
        tenantId: registration.tenantId,
        clientId: registration.clientId,
        nonce,
        issuers,
        keys,
        now: clock(),
      })
      if (verified.outcome === 'keys-unavailable') return refused(explainUnreachable('redeem'))
      if (verified.outcome === 'invalid') return refused(explainInvalidIdToken(verified.fault))
      if (verified.outcome === 'other-tenant')
        return refused(explainWrongAccount('The account belongs to another organisation than Inforiver Mail.'))
      return {
        outcome: 'granted',
        tokens: {
          accessToken: result.accessToken,
          refreshToken: cachedRefreshToken(application),
          expiresAt: expiryOf(network),
        },
        grantedPermissions: grantedPermissions(scopeOf(network), scopes),
        person: verified.person,
      }
    },

    async refresh({ refreshToken, scopes, signal }) {
      const network = createRecordingNetwork(fetch, signal)
      const application = createApplication(network)
      const result = await settled(
        // Without forceCache the rotated refresh token is dropped, and with it the grant.
        application.acquireTokenByRefreshToken({ refreshToken, scopes: [...scopes], forceCache: true }),
      )
      if (!isTokenAnswer(network) || !result?.accessToken) return refused(explainFailure(network, 'refresh', scopes))
      return {
        outcome: 'granted',
        tokens: {
          accessToken: result.accessToken,
          refreshToken: cachedRefreshToken(application) ?? refreshToken,
          expiresAt: expiryOf(network),
        },
        grantedPermissions: grantedPermissions(scopeOf(network), scopes),
      }
    },
  }
}

/** msal-node insists on https for the authority's name; where requests go is decided by `authorityMetadata`. */
function msalHost(authorityHost: string): string {
  const url = new URL(authorityHost)
  return url.protocol === 'https:' ? url.host : 'login.microsoftonline.com'
}

/** msal-node throws for every kind of refusal; what it was is read from the recorded answer, not from the error. */
async function settled<T>(call: Promise<T>): Promise<T | null> {
  try {
    return await call
  } catch {
    return null
  }
}

function isTokenAnswer({ answer }: RecordingNetwork): boolean {
  const accessToken = answer?.body?.['access_token']
  return answer?.status === 200 && typeof accessToken === 'string' && accessToken !== ''
}

function scopeOf({ answer }: RecordingNetwork): string | undefined {
  const scope = answer?.body?.['scope']
  return typeof scope === 'string' ? scope : undefined
}

/** msal-node hands out no refresh token except in its serialised cache. */
function cachedRefreshToken(application: ConfidentialClientApplication): string | null {
  const cache = JSON.parse(application.getTokenCache().serialize()) as {
    RefreshToken?: Record<string, { secret?: string }>
  }
  const [entry] = Object.values(cache.RefreshToken ?? {})
  return entry?.secret ?? null
}

function explainInvalidIdToken(fault: string): Explanation {
  return explainUnexpectedAnswer(`The identity in the answer could not be verified (${fault}).`)
}

function refused(explanation: Explanation): { readonly outcome: 'refused'; readonly explanation: Explanation } {
  return { outcome: 'refused', explanation }
}

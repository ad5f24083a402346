import type { Scenarios } from '../faults/scenario.ts'
import type { SettingsHolder } from '../faults/settings.ts'
import type { DirectoryIndex } from '../tenant/directory.ts'
import type { Store } from '../tenant/store.ts'
import type { TokenService } from '../tenant/token-service.ts'
import type { Arrivals } from './arrivals.ts'
import type { Traffic } from './traffic.ts'
import type { UploadSessions } from './upload-sessions.ts'

export interface FederatedCredential {
  readonly issuer: string
  readonly subject: string
  /** What Entra would fetch from the issuer (RFC 7517). */
  readonly keys: readonly Readonly<Record<string, unknown>>[]
}

/** The one app registration of the simulated tenant: platform *Web*, single tenant. */
export interface Registration {
  readonly tenantId: string
  readonly clientId: string
  readonly clientSecret: string
  /** In PEM. Their private keys sign client assertions; without one, the secret is the only credential. */
  readonly certificates?: readonly string[]
  /** Tokens of this issuer about this subject stand for the app. */
  readonly federatedCredential?: FederatedCredential
  readonly redirectUris: readonly string[]
  readonly displayName: string
}

/** What the routes receive. */
export interface Simulation {
  readonly registration: Registration
  readonly index: DirectoryIndex
  readonly store: Store
  readonly tokens: TokenService
  readonly scenarios: Scenarios
  readonly settings: SettingsHolder
  readonly traffic: Traffic
  readonly arrivals: Arrivals
  readonly uploads: UploadSessions
  readonly clock: () => Date
  /** Origin of the running server, which is both authority host and Graph host; empty until it listens. */
  readonly url: () => string
}

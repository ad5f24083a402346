import type { DirectoryIndex } from './directory/directory.ts'
import type { TokenService } from './entra/token-service.ts'
import type { Scenarios } from './faults/scenario.ts'
import type { SettingsHolder } from './faults/settings.ts'
import type { Traffic } from './http/traffic.ts'
import type { Arrivals } from './mail/arrivals.ts'
import type { Store } from './state/store.ts'
import type { UploadSessions } from './uploads/upload-sessions.ts'

/** The one app registration of the simulated tenant: platform *Web*, single tenant. */
export interface Registration {
  readonly tenantId: string
  readonly clientId: string
  readonly clientSecret: string
  /** PEM. Their private keys sign client assertions; without one, the secret is the only credential. */
  readonly certificates?: readonly string[]
  readonly redirectUris: readonly string[]
  readonly displayName: string
}

/** What every part of the simulator is given. */
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
  /** Origin of the running server, which is authority host and Graph host in one. Known once it listens. */
  readonly url: () => string
}

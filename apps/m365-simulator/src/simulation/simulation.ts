import { z } from 'zod'
import type { Scenarios } from '../faults/scenario.ts'
import type { SettingsHolder } from '../faults/settings.ts'
import type { TraceLog } from './trace-log.ts'
import type { DirectoryIndex } from '../tenant/directory.ts'
import type { Store } from '../tenant/store.ts'
import type { TokenService } from '../tenant/token-service.ts'
import type { Arrivals } from './arrivals.ts'
import type { InboxPositions } from './inbox-positions.ts'
import type { Quotas } from './quotas.ts'
import type { Traffic } from './traffic.ts'
import type { UploadSessions } from './upload-sessions.ts'

const FederatedCredential = z.strictObject({
  issuer: z.url(),
  subject: z.string().min(1),
  /** What Entra would fetch from the issuer (RFC 7517). */
  keys: z.array(z.record(z.string(), z.unknown()).readonly()).min(1).readonly(),
})
export type FederatedCredential = z.infer<typeof FederatedCredential>

/** The one app registration of the simulated tenant: platform *Web*, single tenant. */
export const Registration = z.strictObject({
  tenantId: z.guid(),
  clientId: z.guid(),
  clientSecret: z.string().min(1),
  /** In PEM. Their private keys sign client assertions; without one, the secret is the only credential. */
  certificates: z.array(z.string().min(1)).max(10).readonly().exactOptional(),
  /** Tokens of this issuer about this subject stand for the app. */
  federatedCredential: FederatedCredential.exactOptional(),
  redirectUris: z.array(z.string()).min(1).readonly(),
  displayName: z.string().min(1),
})
export type Registration = z.infer<typeof Registration>

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
  readonly traces: TraceLog
  readonly delta: InboxPositions
  readonly quotas: Quotas
  readonly clock: () => Date
  /** Origin of the running server, which is both authority host and Graph host; empty until it listens. */
  readonly url: () => string
}

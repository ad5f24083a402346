import type { Failure } from '@inforiver-mail/m365/classify-failure'
import { toReportsProblem } from '@inforiver-mail/m365/explain-reports'
import type { GraphMailer } from '@inforiver-mail/m365/graph-mailer'
import type { MessageTrace } from '@inforiver-mail/m365/message-trace'
import type { MicrosoftIdentity } from '@inforiver-mail/m365/microsoft-identity'
import type { RandomBytes } from '@inforiver-mail/m365/random'
import type { TokenVault } from '@inforiver-mail/m365/token-vault'
import type { FastifyBaseLogger, FastifyPluginAsync, FastifyRequest } from 'fastify'
import { Gauge, type Registry } from 'prom-client'
import type { Timers } from '../runtime/clock.ts'
import type { CredentialExpiry } from '../domain/credential-expiry.ts'
import type { Database } from '../database/database.ts'
import type { GrantedAccess } from '../domain/mailbox-access.ts'
import type { SignedIn } from '../http/session.ts'
import type { NewId } from '../runtime/ids.ts'
import { createAccessSource } from './access.ts'
import { createAccessRecheck } from './access-recheck.ts'
import { createApplicationConsent } from './application-consent.ts'
import { createConsentStore } from './consent-store.ts'
import type { WaitForGrant } from './consent-strategy.ts'
import { createConsents } from './consents.ts'
import { credentialRoutes } from './credential-routes.ts'
import { createCredentialStore } from './credential-store.ts'
import { createCredentialWatch, type ExpiringCredential } from './credential-watch.ts'
import { createDelegatedConsent } from './delegated-consent.ts'
import { createDeliveryReportSwitches } from './delivery-reports.ts'
import { createGrantStore } from './grant-store.ts'
import { createKeepAlive } from './keep-alive.ts'
import { recipientsPolicyRoutes } from './recipients-policy-routes.ts'
import { proveInbox, type TakeTraceRequest } from './report-proofs.ts'
import { createReportsConsent } from './reports-consent.ts'
import { createReportsStore } from './reports-store.ts'
import { checkSentItemsSearch } from './sent-items-search.ts'
import { createReportSourceStore } from './report-source-store.ts'
import { createHandOff } from './hand-off.ts'
import { consentReturn, settingsRoutes } from './settings-routes.ts'
import { createSettingsStore } from './settings-store.ts'
import { createSubmitSettingsReader } from './submit-settings-store.ts'

const REFRESH_TIMEOUT_MS = 5 * 60_000

/** Wires the settings, their consents and the access that they grant. */
export function composeSettings({
  database,
  graphAuth,
  tenantId,
  credentialExpiry,
  registry,
  publicUrl,
  identity,
  mailer,
  trace,
  traceOffered,
  takeTraceRequest,
  mayHaveLeftDraft,
  vault,
  clock,
  timers,
  chance,
  random,
  newId,
  waitForGrant = timers.sleep,
  logger,
  onExpiring,
}: {
  database: Pick<Database, 'prisma' | 'pool'>
  graphAuth: 'delegated' | 'application'
  tenantId: string
  credentialExpiry: () => CredentialExpiry
  registry: Registry
  publicUrl: string
  identity: MicrosoftIdentity
  mailer: GraphMailer
  trace: MessageTrace
  /** Whether Microsoft offers the message trace in this cloud. */
  traceOffered: boolean
  takeTraceRequest: TakeTraceRequest
  /** Has a draft of a message looked for in the mailbox later, and deleted. */
  mayHaveLeftDraft: (tenantId: string, messageId: string) => Promise<boolean>
  vault: TokenVault
  clock: () => Date
  timers: Timers
  chance: () => number
  random: RandomBytes
  newId: NewId
  waitForGrant?: WaitForGrant | undefined
  logger: FastifyBaseLogger
  onExpiring: (expiring: ExpiringCredential) => Promise<void>
}) {
  const settingsStore = createSettingsStore(database.prisma, newId)
  const consentStore = createConsentStore(database.prisma)
  const reportsStore = createReportsStore(database.prisma)
  const grantStore = createGrantStore(database.prisma)
  const readSubmitSettings = createSubmitSettingsReader(database.pool, timers)
  const accessSource = createAccessSource({ settingsStore, grantStore, identity, vault, clock, timers, chance, random })
  const strategy =
    graphAuth === 'application'
      ? createApplicationConsent({ identity, mailer, mayHaveLeftDraft, clock, timers, waitForGrant })
      : createDelegatedConsent({ consentStore, identity, mailer, clock, timers })
  const reportsConsent = createReportsConsent({
    identity,
    mailer,
    trace,
    takeTraceRequest,
    clock,
    timers,
    waitForGrant,
  })
  const consents = createConsents({
    settingsStore,
    consentStore,
    reportsStore,
    strategy,
    reportsConsent,
    accessSource,
    vault,
    clock,
    timers,
    random,
    newId,
  })
  const reportSwitches = createDeliveryReportSwitches({
    settingsStore,
    reportsStore,
    consents,
    accessSource,
    identity,
    mailer,
    trace,
    traceOffered,
    takeTraceRequest,
    clock,
    timers,
  })
  const handOff = createHandOff({
    graphAuth,
    tenantId,
    publicUrl,
    identity,
    settingsStore,
    clock,
    timers,
    random,
    waitForGrant,
  })
  measureExpiry(registry, credentialExpiry)
  const reportSources = createReportSourceStore(database.pool)
  const keepAlive = createKeepAlive({ grantStore, accessSource, logger })
  const recheckAccess = createAccessRecheck({ settingsStore, grantStore, accessSource, logger })
  const watchCredential = createCredentialWatch({
    credentialExpiry,
    tenantId,
    store: createCredentialStore(database.prisma),
    logger,
    clock,
    onExpiring,
  })

  return {
    accessSource,

    readSubmitSettings,
    reportSources,

    /** Keeps why the sender's inbox, in which reports arrive, cannot be read; a null failure says that it can. */
    async reportInboxHealth(
      { accessToken, connection }: GrantedAccess,
      tenant: string,
      failure: Failure | null,
    ): Promise<void> {
      const subject = { ...connection, delegate: connection.delegate?.email ?? null }
      const refusal = failure && (await proveInbox(subject, { accessToken, mailer, identity, timers }))
      await reportSources.noteProblem(tenant, 'bounces', refusal && toReportsProblem(refusal))
    },

    routes:
      ({
        requireAdmin,
        requireServiceOrAdmin,
      }: {
        requireAdmin: (request: FastifyRequest) => Promise<SignedIn>
        /** Reading the settings is open to services as well. */
        requireServiceOrAdmin: (request: FastifyRequest) => Promise<{ readonly tenantId: string }>
      }): FastifyPluginAsync =>
      async (app) => {
        await app.register(settingsRoutes, {
          requireAdmin,
          requireServiceOrAdmin,
          settingsStore,
          consentStore,
          consents,
          reportSwitches,
          showHandOff: handOff.show,
          clock,
          timers,
        })
        await app.register(recipientsPolicyRoutes, {
          requireAdmin,
          readPolicy: async (tenant) => (await readSubmitSettings(tenant)).recipientsPolicy,
          settingsStore,
          clock,
          timers,
        })
        await app.register(credentialRoutes, { requireAdmin, credentialExpiry, clock })
      },

    consentReturn: consentReturn({ consents, settingsUrl: `${publicUrl}/settings/office365-smtp` }),
    /** Shows an Entra administrator what came of an approval. */
    approvalReturn: handOff.approvalReturn,

    /** Lets a person finish their open consents in the session that continues one of theirs. Both are hashes. */
    carryConsents: (sessions: { from: string; to: string }): Promise<void> =>
      consentStore.carry(tenantId, sessions, clock()),

    /** Housekeeping runs these, by name. */
    tasks: {
      'sweep-consents': () => consentStore.sweep(clock()),
      'keep-grants-alive': () => keepAlive(clock(), timers.deadline(REFRESH_TIMEOUT_MS)),
      'recheck-access': () => recheckAccess(timers.deadline(REFRESH_TIMEOUT_MS)),
      'watch-credential': watchCredential,
      'check-sent-items-search': () => checkSentItemsSearch({ grantStore, accessSource, mailer, clock, timers }),
    },
  }
}

function measureExpiry(registry: Registry, credentialExpiry: () => CredentialExpiry): void {
  const gauge: Gauge = new Gauge({
    name: 'inforiver_mail_credential_expires_timestamp_seconds',
    help: 'When the secret or certificate of the app registration expires, in seconds since 1970.',
    registers: [registry],
    collect() {
      const { expiresAt } = credentialExpiry()
      if (expiresAt === null) gauge.remove() // zero would be a date
      else gauge.set(expiresAt.getTime() / 1_000)
    },
  })
}

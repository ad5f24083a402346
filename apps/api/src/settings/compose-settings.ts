import type { Failure } from '@inforiver-mail/m365/classify-failure'
import { toReportsProblem } from '@inforiver-mail/m365/explain-reports'
import type { TokenVault } from '@inforiver-mail/m365/token-vault'
import type { FastifyBaseLogger, FastifyPluginAsync } from 'fastify'
import type { Registry } from 'prom-client'
import type { Runtime } from '../runtime/clock.ts'
import type { CredentialExpiry } from '../domain/credential-expiry.ts'
import type { Database } from '../database/database.ts'
import type { GrantedAccess } from '../domain/mailbox-access.ts'
import { measureTogether } from '../http/metrics.ts'
import { createAccessSource } from './access.ts'
import { createConsentStore } from './consent-store.ts'
import type { ProofDeps } from './consent-page.ts'
import { createConsents } from './consents.ts'
import { createCredentialWatch, type TellOfExpiry } from './credential-watch.ts'
import { createDeliveryReportSwitches } from './report-switches.ts'
import { createGrantStore } from './grant-store.ts'
import { keepGrantsAlive, recheckAccess } from './refresh-grants.ts'
import { proveInbox } from './report-proofs.ts'
import { createReportSourceStore, createReportsStore } from './reports-store.ts'
import { checkSentItemsSearch } from './sent-items-search.ts'
import { createHandOff } from './hand-off.ts'
import { consentReturn, settingsRoutes, type SettingsRoutesOptions } from './settings-routes.ts'
import { createSettingsStore } from './settings-store.ts'
import { createSubmitSettingsReader } from './submit-settings-store.ts'

const REFRESH_TIMEOUT_MS = 5 * 60_000

/** Wires the settings, their consents and the access that they grant. */
export function composeSettings(
  deps: Runtime &
    ProofDeps & {
      database: Pick<Database, 'prisma' | 'pool'>
      graphAuth: 'delegated' | 'application'
      tenantId: string
      credentialExpiry: () => CredentialExpiry
      registry: Registry
      publicUrl: string
      /** Whether Microsoft offers the message trace in this cloud. */
      traceOffered: boolean
      vault: TokenVault
      logger: FastifyBaseLogger
      onExpiring: TellOfExpiry
    },
) {
  const { database, tenantId, credentialExpiry, registry, publicUrl, mailer, clock, timers } = deps
  const settingsStore = createSettingsStore(database.prisma, deps.newId)
  const consentStore = createConsentStore(database.prisma)
  const reportsStore = createReportsStore(database.prisma)
  const grantStore = createGrantStore(database.prisma)
  const readSubmitSettings = createSubmitSettingsReader(database.pool)
  const accessSource = createAccessSource({ ...deps, settingsStore, grantStore })
  const consents = createConsents({ ...deps, settingsStore, consentStore, reportsStore, accessSource })
  const reportSwitches = createDeliveryReportSwitches({ ...deps, settingsStore, reportsStore, consents, accessSource })
  const handOff = createHandOff({ ...deps, settingsStore })
  measureTogether(registry, async () => credentialExpiry(), [
    {
      name: 'inforiver_mail_credential_expires_timestamp_seconds',
      help: 'When the secret or certificate of the app registration expires, in seconds since 1970.',
      valueOf: ({ expiresAt }) => expiresAt && expiresAt.getTime() / 1_000,
    },
  ])
  const reportSources = createReportSourceStore(database.pool)
  const refreshing = { ...deps, grantStore, accessSource }

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
      const refusal = failure && (await proveInbox(subject, { ...deps, accessToken }))
      await reportSources.noteProblem(tenant, 'bounces', refusal && toReportsProblem(refusal))
    },

    routes:
      (guards: Pick<SettingsRoutesOptions, 'requireAdmin' | 'requireServiceOrAdmin'>): FastifyPluginAsync =>
      async (app) => {
        await app.register(settingsRoutes, {
          ...deps,
          ...guards,
          settingsStore,
          consentStore,
          consents,
          reportSwitches,
          showHandOff: handOff.show,
          readPolicy: async (tenant) => (await readSubmitSettings(tenant)).recipientsPolicy,
        })
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
      'keep-grants-alive': () => keepGrantsAlive(refreshing, clock(), timers.deadline(REFRESH_TIMEOUT_MS)),
      'recheck-access': () => recheckAccess(refreshing, timers.deadline(REFRESH_TIMEOUT_MS)),
      'watch-credential': createCredentialWatch(deps),
      'check-sent-items-search': () => checkSentItemsSearch({ grantStore, accessSource, mailer, clock, timers }),
    },
  }
}

import { randomBytes, randomInt } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { createGraphMailer } from '@inforiver-mail/m365/graph-mailer'
import { createMicrosoftFetch } from '@inforiver-mail/m365/microsoft-fetch'
import { createMicrosoftIdentity } from '@inforiver-mail/m365/microsoft-identity'
import { createTokenVault } from '@inforiver-mail/m365/token-vault'
import type { FastifyBaseLogger, FastifyInstance, FastifyPluginAsync, FastifyPluginOptions } from 'fastify'
import { Counter, Registry } from 'prom-client'
import { buildApp, buildOperationsApp } from './app.ts'
import { systemClock } from './clock.ts'
import type { Config } from './config.ts'
import { openDatabase, type Database } from './database/database.ts'
import { startEmbeddedPostgres } from './database/embedded-postgres.ts'
import { openInstallation } from './database/installation.ts'
import { isUnavailable } from './database/is-unavailable.ts'
import { pendingMigrations } from './database/migrate.ts'
import { checkVaultKeys } from './database/sealed-values.ts'
import { createDeliveryMetrics } from './delivery/delivery-metrics.ts'
import { createDeliveryStore } from './delivery/delivery-store.ts'
import { createQueueDepthReader } from './delivery/queue-depth-store.ts'
import { createWorker, type Worker } from './delivery/worker.ts'
import { createHousekeeping, type Housekeeping } from './housekeeping.ts'
import { health } from './http/health.ts'
import { metrics } from './http/metrics.ts'
import { workspaceAdminGuard } from './http/session.ts'
import { messageRoutes } from './messages/message-routes.ts'
import { createMessageStore } from './messages/message-store.ts'
import { createRetention } from './messages/retention-store.ts'
import { createSubmit } from './messages/submit.ts'
import { createUsageStore } from './messages/usage-store.ts'
import { createCallerGuard, hashServiceKey } from './service-keys/service-key-guard.ts'
import { serviceKeyRoutes } from './service-keys/service-key-routes.ts'
import { createServiceKeyStore, type ServiceKeyStore } from './service-keys/service-key-store.ts'
import { createAccessSource } from './settings/access.ts'
import { createAccessRecheck } from './settings/access-recheck.ts'
import { createConsents } from './settings/consents.ts'
import { checkSentItemsSearch } from './settings/sent-items-search.ts'
import { consentReturn, settingsRoutes } from './settings/settings-routes.ts'
import { createSettingsStore } from './settings/settings-store.ts'
import { createSignIn } from './sign-in/sign-in.ts'
import { signInReturn, signInRoutes } from './sign-in/sign-in-routes.ts'
import { createSignInStore } from './sign-in/sign-in-store.ts'
import { loadVaultKeys } from './vault-keys.ts'

const RECHECK_TIMEOUT_MS = 5 * 60_000
const WEB_DIRECTORY = fileURLToPath(new URL('../../web/dist', import.meta.url))

export interface Product {
  /** The HTTP application, not yet listening. */
  buildApp(): Promise<FastifyInstance>
  /** Health and metrics only, for a process that serves nothing else. */
  buildOperationsApp(): Promise<FastifyInstance>
  readonly worker: Worker
  readonly housekeeping: Housekeeping
  /** Closes the database, and stops it when it is the embedded one. Whatever uses it has to be stopped before. */
  close(): Promise<void>
}

/** Wires everything, and the only place that does. */
export async function compose(
  config: Config,
  logger: FastifyBaseLogger,
  {
    onFatal,
    clock = systemClock,
    microsoftTimeoutMs,
  }: { onFatal: (error: unknown) => void; clock?: () => Date; microsoftTimeoutMs?: number },
): Promise<Product> {
  const random = randomBytes
  const embedded =
    config.database.kind === 'embedded'
      ? await startEmbeddedPostgres({
          dataDirectory: config.dataDirectory,
          onRestart: () => logger.warn('the embedded PostgreSQL ended; starting it again'),
          onLost: onFatal,
        })
      : null
  let opened: Database | null = null
  try {
    const connectionString =
      config.database.kind === 'external' ? config.database.url : (embedded?.connectionString ?? '')
    const database = await openDatabase(connectionString, (error) =>
      logger.warn({ err: error }, 'an idle database connection broke'),
    )
    opened = database
    const tenantId = await openInstallation(database, config.registration, clock())
    const vault = createTokenVault(await loadVaultKeys(config, (message) => logger.warn(message)))
    await checkVaultKeys(database.pool, vault)

    const { httpsProxy, noProxy, extraCaCertificates } = config.outbound
    const fetch = createMicrosoftFetch({
      ...(httpsProxy !== null && { httpsProxy }),
      ...(noProxy !== null && { noProxy }),
      ...(extraCaCertificates !== null && { extraCaCertificates }),
      ...(microsoftTimeoutMs !== undefined && { timeoutMs: microsoftTimeoutMs }),
    })
    const { registration, authorityHost, redirectUri, publicUrl } = config
    const identity = createMicrosoftIdentity({ registration, authorityHost, redirectUri, fetch, clock })
    const mailer = createGraphMailer({ graphBaseUrl: config.graphBaseUrl, fetch, clock })

    const signInStore = createSignInStore(database.prisma, config.workspaceAdmins)
    const signIn = createSignIn({ store: signInStore, identity, vault, tenantId, clock, random })
    const settingsStore = createSettingsStore(database.prisma)
    const accessSource = createAccessSource({ store: settingsStore, identity, vault, clock })
    const consents = createConsents({ store: settingsStore, identity, mailer, accessSource, vault, clock, random })
    const messageStore = createMessageStore(database.prisma, database.pool, clock)
    const submit = createSubmit({ store: messageStore, vault, random })
    const serviceKeyStore = createServiceKeyStore(database.prisma, database.pool, clock)
    if (config.seededServiceKey !== null)
      await seedServiceKey(serviceKeyStore, tenantId, config.seededServiceKey, clock())

    const registry = new Registry()
    const submitted = new Counter({
      name: 'inforiver_mail_submitted_total',
      help: 'Messages accepted.',
      registers: [registry],
    })
    const deliveryMetrics = createDeliveryMetrics(registry, createQueueDepthReader(database.pool, clock))
    const worker = createWorker({
      store: createDeliveryStore(database.pool, connectionString, config.mailboxLimits, clock),
      access: (tenant, options) => accessSource.access(tenant, options),
      mailer,
      vault,
      clock,
      random,
      chance: () => randomInt(0, 1_000_000) / 1_000_000,
      logger,
      metrics: deliveryMetrics,
    })
    const recheckAccess = createAccessRecheck({ store: settingsStore, accessSource, logger })
    const retention = createRetention(database.pool, config)
    const housekeeping = createHousekeeping({
      connectionString,
      logger,
      tasks: {
        'sweep-sign-ins': () => signInStore.sweep(clock()),
        'sweep-consents': () => settingsStore.sweep(clock()),
        'sweep-messages': () => retention(clock()),
        'recheck-access': () => recheckAccess(AbortSignal.timeout(RECHECK_TIMEOUT_MS)),
        'check-sent-items-search': () => checkSentItemsSearch({ store: settingsStore, accessSource, mailer, clock }),
      },
    })

    const requireAdmin = workspaceAdminGuard(config.office365SmtpEnabled)
    const configuredSender = async (tenant: string) => {
      const { state } = await settingsStore.read(tenant)
      return state.status === 'not-configured' ? null : state.connection.fromEmail
    }
    const guard = createCallerGuard({ store: serviceKeyStore, requireAdmin })
    const checks = {
      database: async () => (await database.pool.query('SELECT 1'), null),
      migrations: async () => {
        const [pending] = await pendingMigrations(database.pool)
        return pending ? `The migration ${pending} is not applied: start this version again.` : null
      },
      vaultKeys: async () => (await checkVaultKeys(database.pool, vault), null),
    }

    const operations = [bind(health, { checks }), bind(metrics, { registry, token: config.metricsToken })]

    return {
      buildApp: () =>
        buildApp({
          logger,
          publicUrl,
          trustedProxies: config.trustedProxies,
          webDirectory: WEB_DIRECTORY,
          demoUrl: config.demo ? config.graphBaseUrl : null,
          findSession: (idHash) => signInStore.findSession(idHash, clock()),
          isUnavailable,
          returnHandlers: [
            signInReturn({ signIn, publicUrl }),
            consentReturn({ consents, settingsUrl: `${publicUrl}/settings/office365-smtp` }),
          ],
          features: [
            ...operations,
            bind(signInRoutes, { signIn, store: signInStore, publicUrl, clock }),
            bind(settingsRoutes, {
              requireAdmin,
              requireServiceOrAdmin: guard.either('settings:read'),
              store: settingsStore,
              consents,
              identity,
              clock,
            }),
            bind(serviceKeyRoutes, { requireAdmin, store: serviceKeyStore, clock, random }),
            bind(messageRoutes, {
              requireAdmin,
              requireService: guard.serviceOnly,
              requireServiceOrAdmin: guard.either,
              store: messageStore,
              usageStore: createUsageStore(database.pool),
              limits: config.mailboxLimits,
              submit,
              onSubmitted: () => submitted.inc(),
              configuredSender,
              clock,
            }),
          ],
        }),
      buildOperationsApp: () => buildOperationsApp({ logger, isUnavailable, features: operations }),
      worker,
      housekeeping,
      async close() {
        await database.close()
        await embedded?.stop()
      },
    }
  } catch (error) {
    await opened?.close()
    await embedded?.stop()
    throw error
  }
}

/** One key whose value the operator chose; another value replaces it. */
async function seedServiceKey(store: ServiceKeyStore, tenantId: string, key: string, now: Date): Promise<void> {
  await store.seed({
    id: `key_${'0'.repeat(32)}`,
    tenantId,
    name: 'inforiver',
    scopes: ['messages:send', 'messages:read', 'settings:read'],
    keyHash: hashServiceKey(key),
    now,
  })
}

function bind<Options extends FastifyPluginOptions>(
  plugin: FastifyPluginAsync<Options>,
  options: Options,
): FastifyPluginAsync {
  return async (app) => {
    await app.register(plugin as FastifyPluginAsync<FastifyPluginOptions>, options)
  }
}

import { randomBytes, randomInt } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { createGraphMailer } from '@inforiver-mail/m365/graph-mailer'
import { createMicrosoftFetch } from '@inforiver-mail/m365/microsoft-fetch'
import { createMicrosoftIdentity } from '@inforiver-mail/m365/microsoft-identity'
import { createTokenVault } from '@inforiver-mail/m365/token-vault'
import type { FastifyBaseLogger, FastifyInstance, FastifyPluginAsync, FastifyPluginOptions } from 'fastify'
import { Counter, Registry } from 'prom-client'
import { composeAlerts } from './alerts/compose-alerts.ts'
import { buildApp, buildOperationsApp } from './app.ts'
import { createByteBudget } from './byte-budget.ts'
import { elapsedMs as systemElapsedMs, systemClock } from './clock.ts'
import { auditRoutes } from './audit/audit-routes.ts'
import { createAuditStore } from './audit/audit-store.ts'
import type { Config } from './config.ts'
import { createContentKeys } from './content-keys.ts'
import { credentialExpiry } from './credential-expiry.ts'
import { appendAuditEvent } from './database/audit-log.ts'
import { watchClock } from './database/clock-watch.ts'
import { createDatabaseClock } from './database/database-clock.ts'
import { databaseWarnings } from './database/database-warnings.ts'
import { openDatabase, type Database } from './database/database.ts'
import { startEmbeddedPostgres } from './database/embedded-postgres.ts'
import { openInstallation } from './database/installation.ts'
import { outageOf } from './database/is-unavailable.ts'
import { createRefusalAudit } from './database/refusal-audit.ts'
import { pendingMigrations } from './database/migrate.ts'
import { checkVaultKeys } from './database/sealed-values.ts'
import { createWaitForDatabase } from './database/wait-for-database.ts'
import { createWriteCheck } from './database/write-check.ts'
import { createDeliveryMetrics } from './delivery/delivery-metrics.ts'
import { createWorker, type Worker } from './delivery/worker.ts'
import { createHousekeeping, type Housekeeping } from './housekeeping.ts'
import { health } from './http/health.ts'
import { metrics } from './http/metrics.ts'
import { workspaceAdminGuard } from './http/session.ts'
import { messageRoutes } from './messages/message-routes.ts'
import { createSubmit } from './messages/submit.ts'
import { createQueue, type Receiving } from './queue/queue.ts'
import { SEALED_COLUMNS } from './sealed-columns.ts'
import { composeServiceKeys } from './service-keys/compose-service-keys.ts'
import { approvalLinks } from './approval-links.ts'
import { composeSettings } from './settings/compose-settings.ts'
import { composeSignIn } from './sign-in/compose-sign-in.ts'
import { loadVaultKeys, type LoadedVaultKeys } from './vault-keys.ts'
import { announceSealingKey } from './vault-rotation/presence-store.ts'
import { createResealTask } from './vault-rotation/reseal-task.ts'
import { measureSealedValues } from './vault-rotation/rotation-metrics.ts'
import { createSealedStore } from './vault-rotation/sealed-store.ts'

/** What content occupies in memory at once on its way out. On its way in it has a budget of its own: neither waits for the other. */
const DELIVERY_BUDGET_BYTES = 24 * 1024 * 1024
const WEB_DIRECTORY = fileURLToPath(new URL('../../web/dist', import.meta.url))

export interface Product {
  /** The HTTP application, not yet listening. */
  buildApp(): Promise<FastifyInstance>
  /** Health and metrics only, for a process that serves nothing else. */
  buildOperationsApp(): Promise<FastifyInstance>
  readonly worker: Worker
  readonly housekeeping: Housekeeping
  /** An error of the start, as a sentence where the disk of the embedded database is its cause. */
  explain(error: unknown): Promise<unknown>
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
    elapsedMs = systemElapsedMs,
    chance = () => randomInt(0, 1_000_000) / 1_000_000,
    microsoftTimeoutMs,
    deliveryGraceMs,
    stopping,
  }: {
    onFatal: (error: unknown) => void
    clock?: () => Date
    /** Milliseconds since some moment, by no clock that can be set. */
    elapsedMs?: () => number
    /** Between 0 and 1, for waits that are spread in time. */
    chance?: () => number
    microsoftTimeoutMs?: number
    /** How long the worker's `stop` lets deliveries go on. */
    deliveryGraceMs?: number
    /** Aborted when the process is to end while this is still under way. */
    stopping?: AbortSignal | undefined
  },
): Promise<Product> {
  const random = randomBytes
  const embedded =
    config.database.kind === 'embedded'
      ? await startEmbeddedPostgres({
          dataDirectory: config.dataDirectory,
          runtimeDirectory: config.runtimeDirectory,
          onRestart: () => logger.warn('the embedded PostgreSQL ended; starting it again'),
          onLost: onFatal,
          signal: stopping,
        })
      : null
  let opened: Database | null = null
  let keys: LoadedVaultKeys | null = null
  let presence: { stop(): Promise<void> } | null = null
  let clockWatch: { stop(): void } | null = null
  const explain = async (error: unknown) => (embedded === null ? error : embedded.explain(error))
  const close = async () => {
    clockWatch?.stop()
    keys?.close()
    try {
      await presence?.stop()
      await opened?.close()
    } finally {
      await embedded?.stop()
    }
  }
  try {
    const connectionString =
      config.database.kind === 'external' ? config.database.url : (embedded?.connectionString ?? '')
    const waitForDatabase = createWaitForDatabase(logger, stopping)
    const database = await waitForDatabase(() =>
      openDatabase(
        connectionString,
        (error) => logger.warn({ err: error }, 'an idle database connection broke'),
        (message) => logger.info(message),
      ),
    )
    opened = database
    stopping?.throwIfAborted()
    const warnings = await waitForDatabase(() => databaseWarnings(database.pool, connectionString))
    for (const warning of warnings) logger.warn(warning)
    const tenantId = await waitForDatabase(() => openInstallation(database, config, clock()))
    keys = await loadVaultKeys(config, (message) => logger.warn(message))
    const { keyRing } = keys
    const vault = createTokenVault(keyRing)
    await waitForDatabase(() => checkVaultKeys(database.pool, vault, Object.values(SEALED_COLUMNS)))
    presence = await waitForDatabase(() => announceSealingKey(connectionString, () => keyRing.sealing.kid))

    const { httpsProxy, noProxy, extraCaCertificates } = config.outbound
    const fetch = createMicrosoftFetch({
      ...(httpsProxy !== null && { httpsProxy }),
      ...(noProxy !== null && { noProxy }),
      ...(extraCaCertificates !== null && { extraCaCertificates }),
      ...(microsoftTimeoutMs !== undefined && { timeoutMs: microsoftTimeoutMs }),
    })
    const { registration, authorityHost, graphBaseUrl, cloud, redirectUri, publicUrl } = config
    const identity = createMicrosoftIdentity({
      registration,
      authorityHost,
      graphBaseUrl,
      cloud,
      redirectUri,
      approvalLinks: approvalLinks(publicUrl),
      fetch,
      clock,
    })
    const mailer = createGraphMailer({ graphBaseUrl, fetch, clock })

    const signIn = composeSignIn({
      database,
      workspaceAdmins: config.workspaceAdmins,
      tenantId,
      publicUrl,
      identity,
      vault,
      clock,
      random,
    })
    const registry = new Registry()
    const databaseNow = createDatabaseClock(database.pool)
    const queue = createQueue(database, {
      connectionString,
      limits: config.mailboxLimits,
      storageBytes: config.tenantStorageBytes,
      contentRetentionDays: config.contentRetentionDays,
      logRetentionDays: config.logRetentionDays,
    })
    const alerts = composeAlerts({
      database,
      queue: queue.upkeep,
      recipientsPerDay: config.mailboxLimits.recipientsPerDay,
      databaseNow,
      allowPrivate: config.webhookAllowPrivate,
      extraCaCertificates,
      publicUrl,
      adminCenters: identity.adminCenters,
      vault,
      clock,
      elapsedMs,
      chance,
      random,
      logger,
    })
    const settings = composeSettings({
      database,
      graphAuth: config.graphAuth,
      tenantId,
      credential: credentialExpiry(config),
      registry,
      publicUrl,
      identity,
      mailer,
      vault,
      clock,
      chance,
      random,
      logger,
      onExpiring: ({ expiresAt, daysAhead, at, ...facts }) =>
        alerts.store.raiseSecretExpiring({ ...facts, expiresAt: expiresAt.toISOString(), threshold: daysAhead }, at),
    })
    const writeCheck = createWriteCheck(database.pool, clock)
    const contentKeys = createContentKeys({ store: queue.dataKeys, vault, random, elapsedMs })
    const submit = createSubmit({
      store: { submit: writeCheck.watch((message) => queue.messages.submit(message)) },
      contentKeys,
      random,
    })
    const auditRefusal = createRefusalAudit({ prisma: database.prisma, clock, logger })
    const requireAdmin = workspaceAdminGuard(config.office365SmtpEnabled, (member, operation) =>
      auditRefusal({
        tenantId: member.tenantId,
        actor: member.userId,
        action: 'access-refused',
        outcome: 'not-workspace-admin',
        details: { operation },
        limits: [{ of: {}, atMost: 1 }],
      }),
    )
    const serviceKeys = composeServiceKeys({ database, tenantId, requireAdmin, auditRefusal, clock, random })
    // A worker lets no service in: whether there is such a key is for those to say that do.
    if (config.role !== 'worker') await waitForDatabase(() => serviceKeys.seed(config.seededServiceKey))

    clockWatch = await watchClock({ pool: database.pool, registry, clock, logger })
    const submitted = new Counter({
      name: 'inforiver_mail_submitted_total',
      help: 'Messages accepted.',
      registers: [registry],
    })
    const deliveryBudget = createByteBudget(DELIVERY_BUDGET_BYTES)
    const deliveryMetrics = createDeliveryMetrics(registry, {
      queueDepth: () => queue.upkeep.readDepth(),
      memoryBytes: () => deliveryBudget.usedBytes,
    })
    const worker = createWorker({
      store: queue.deliveries,
      mailboxStore: queue.mailboxes,
      budget: deliveryBudget,
      access: (tenant, options) => settings.accessSource.access(tenant, options),
      lostAccess: (tenant, refusal) => settings.accessSource.reportRefusal(tenant, refusal),
      mailer,
      adminCenters: identity.adminCenters,
      vault,
      contentKeys,
      clock,
      elapsedMs,
      random,
      chance,
      logger,
      metrics: deliveryMetrics,
      ...(deliveryGraceMs !== undefined && { graceMs: deliveryGraceMs }),
    })

    const sealedStore = createSealedStore(database, Object.values(SEALED_COLUMNS))
    measureSealedValues(registry, { count: () => sealedStore.count(), clock })
    const resealValues = createResealTask({ store: sealedStore, vault, keyRing, clock, logger })
    const housekeeping = createHousekeeping({
      connectionString,
      logger,
      tasks: {
        ...signIn.tasks,
        ...settings.tasks,
        ...alerts.tasks,
        'sweep-messages': async () => queue.upkeep.expire(await databaseNow()),
        'sweep-attachments': async () => queue.upkeep.sweepReceived(await databaseNow()),
        'reseal-values': resealValues,
      },
    })

    const checks = {
      database: () => writeCheck.check(),
      migrations: async () => {
        const [pending] = await pendingMigrations(database.pool)
        return pending ? `The migration ${pending} is not applied: start this version again.` : null
      },
      vaultKeys: async () => (await checkVaultKeys(database.pool, vault, Object.values(SEALED_COLUMNS)), null),
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
          graphAuth: config.graphAuth,
          findSession: signIn.findSession,
          outageOf,
          returnHandlers: [signIn.signInReturn, settings.consentReturn],
          features: [
            ...operations,
            signIn.routes,
            settings.routes({ requireAdmin, requireServiceOrAdmin: serviceKeys.guard.either('settings:read') }),
            bind(auditRoutes, { requireAdmin, store: createAuditStore(database.pool), clock }),
            serviceKeys.routes,
            alerts.routes({ requireAdmin }),
            bind(messageRoutes, {
              requireAdmin,
              requireService: serviceKeys.guard.serviceOnly,
              requireServiceOrAdmin: serviceKeys.guard.either,
              store: queue.messages,
              limits: config.mailboxLimits,
              submit,
              onSubmitted: () => submitted.inc(),
              auditTestMessage: ({ tenantId, actor, messageId: message }) =>
                appendAuditEvent(database.prisma, {
                  tenantId,
                  at: clock(),
                  actor,
                  action: 'test-message-sent',
                  outcome: 'done',
                  details: { message },
                }),
              intake: {
                store: {
                  ...queue.receiving,
                  writeChunk: writeCheck.watch((...chunk: Parameters<Receiving['writeChunk']>) =>
                    queue.receiving.writeChunk(...chunk),
                  ),
                },
                contentKeys,
                random,
              },
              admission: { store: queue.messages, readSender: settings.readSender },
              databaseNow,
              clock,
            }),
          ],
        }),
      buildOperationsApp: () => buildOperationsApp({ logger, outageOf, features: operations }),
      worker,
      housekeeping: {
        async start() {
          await housekeeping.start()
          alerts.dispatcher.start()
        },
        async stop() {
          await alerts.dispatcher.stop()
          await housekeeping.stop()
        },
      },
      explain,
      close,
    }
  } catch (error) {
    await close()
    throw await explain(error)
  }
}

function bind<Options extends FastifyPluginOptions>(
  plugin: FastifyPluginAsync<Options>,
  options: Options,
): FastifyPluginAsync {
  return async (app) => {
    await app.register(plugin as FastifyPluginAsync<FastifyPluginOptions>, options)
  }
}

import { randomBytes, randomInt } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { createGraphMailer } from '@inforiver-mail/m365/graph-mailer'
import { createMicrosoftFetch } from '@inforiver-mail/m365/microsoft-fetch'
import { createMicrosoftIdentity } from '@inforiver-mail/m365/microsoft-identity'
import { createTokenVault } from '@inforiver-mail/m365/token-vault'
import type { FastifyBaseLogger, FastifyInstance, FastifyPluginAsync, FastifyPluginOptions } from 'fastify'
import { Counter, Gauge, Registry } from 'prom-client'
import { createAlertDispatcher, createWebhookAttempt } from './alerts/alert-dispatcher.ts'
import { alertRoutes } from './alerts/alert-routes.ts'
import { createAlertStore } from './alerts/alert-store.ts'
import { createQueueWatch } from './alerts/queue-watch.ts'
import { createAddressRule } from './alerts/webhook-address.ts'
import { createWebhookSender } from './alerts/webhook-sender.ts'
import { buildApp, buildOperationsApp } from './app.ts'
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
import { createDeliveryBudget } from './memory/memory-use.ts'
import { createSubmit } from './messages/submit.ts'
import { createQueue, type Receiving } from './queue/queue.ts'
import { createCallerGuard, hashServiceKey } from './service-keys/service-key-guard.ts'
import { serviceKeyRoutes } from './service-keys/service-key-routes.ts'
import { createServiceKeyStore, type ServiceKeyStore } from './service-keys/service-key-store.ts'
import { createAccessSource } from './settings/access.ts'
import { createAccessRecheck } from './settings/access-recheck.ts'
import { approvalLinks } from './approval-links.ts'
import { createApplicationConsent } from './settings/application-consent.ts'
import { createConsents } from './settings/consents.ts'
import { createDelegatedConsent } from './settings/delegated-consent.ts'
import { credentialRoutes } from './settings/credential-routes.ts'
import { createCredentialStore } from './settings/credential-store.ts'
import { createCredentialWatch } from './settings/credential-watch.ts'
import { createKeepAlive } from './settings/keep-alive.ts'
import { checkSentItemsSearch } from './settings/sent-items-search.ts'
import { consentReturn, settingsRoutes } from './settings/settings-routes.ts'
import { createSettingsStore } from './settings/settings-store.ts'
import { createSignIn } from './sign-in/sign-in.ts'
import { signInReturn, signInRoutes } from './sign-in/sign-in-routes.ts'
import { createSignInStore } from './sign-in/sign-in-store.ts'
import { loadVaultKeys, type LoadedVaultKeys } from './vault-keys.ts'
import { announceSealingKey } from './vault-rotation/presence-store.ts'
import { createResealTask } from './vault-rotation/reseal-task.ts'
import { measureSealedValues } from './vault-rotation/rotation-metrics.ts'
import { SEALED_COLUMNS } from './vault-rotation/sealed-store.ts'
import { createSealedStore } from './vault-rotation/sealed-store.ts'

/** Of each key, and of all that are none: the clients that are told of in the audit log. */
const REFUSALS_PER_KEY_AND_HOUR = 20
const UNKNOWN_KEYS_PER_HOUR = 100
const RECHECK_TIMEOUT_MS = 5 * 60_000
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
    deliveryLookEveryMs,
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
    /** How often the worker looks for abandoned messages, and for drafts and copies to delete. */
    deliveryLookEveryMs?: number
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

    const signInStore = createSignInStore(database.prisma, config.workspaceAdmins)
    const signIn = createSignIn({ store: signInStore, identity, vault, tenantId, clock, random })
    const settingsStore = createSettingsStore(database.prisma)
    const accessSource = createAccessSource({ store: settingsStore, identity, vault, clock, chance })
    const way =
      config.graphAuth === 'application'
        ? createApplicationConsent({ identity, mailer, clock })
        : createDelegatedConsent({ store: settingsStore, identity, mailer, clock })
    const consents = createConsents({ store: settingsStore, way, accessSource, vault, clock, random })
    const databaseNow = createDatabaseClock(database.pool)
    const queue = createQueue(database, {
      connectionString,
      limits: config.mailboxLimits,
      storageBytes: config.tenantStorageBytes,
      contentRetentionDays: config.contentRetentionDays,
      logRetentionDays: config.logRetentionDays,
    })
    const writeCheck = createWriteCheck(database.pool, clock)
    const contentKeys = createContentKeys({ store: queue.dataKeys, vault, random, elapsedMs })
    const submit = createSubmit({
      store: { submit: writeCheck.watch((message) => queue.messages.submit(message)) },
      contentKeys,
      random,
    })
    const serviceKeyStore = createServiceKeyStore(database.prisma, database.pool, clock)
    // A worker lets no service in: whether there is such a key is for those to say that do.
    if (config.role !== 'worker')
      await waitForDatabase(() => seedServiceKey(serviceKeyStore, tenantId, config.seededServiceKey, clock()))

    const registry = new Registry()
    clockWatch = await watchClock({ pool: database.pool, registry, clock, logger })
    const submitted = new Counter({
      name: 'inforiver_mail_submitted_total',
      help: 'Messages accepted.',
      registers: [registry],
    })
    const credential = credentialExpiry(config)
    if (credential.expiresAt !== null) {
      new Gauge({
        name: 'inforiver_mail_credential_expires_timestamp_seconds',
        help: 'When the secret or certificate of the app registration expires, in seconds since 1970.',
        registers: [registry],
      }).set(credential.expiresAt.getTime() / 1_000)
    }
    const deliveryBudget = createDeliveryBudget()
    const deliveryMetrics = createDeliveryMetrics(registry, {
      queueDepth: () => queue.upkeep.readDepth(),
      memoryBytes: () => deliveryBudget.usedBytes,
    })
    const worker = createWorker({
      deliveries: queue.deliveries,
      mailboxes: queue.mailboxes,
      budget: deliveryBudget,
      requestAccess: (tenant, options) => accessSource.access(tenant, options),
      reportAccessRefusal: (tenant, refusal) => accessSource.lost(tenant, refusal),
      mailer,
      places: identity.places,
      vault,
      contentKeys,
      clock,
      elapsedMs,
      random,
      chance,
      logger,
      metrics: deliveryMetrics,
      ...(deliveryGraceMs !== undefined && { graceMs: deliveryGraceMs }),
      ...(deliveryLookEveryMs !== undefined && { lookEveryMs: deliveryLookEveryMs }),
    })
    const alertStore = createAlertStore(database.prisma, database.pool)
    const allowAddress = createAddressRule({ allowPrivate: config.webhookAllowPrivate })
    const sendWebhook = createWebhookSender({ allowAddress, extraCaCertificates })
    const attemptWebhook = createWebhookAttempt({ vault, send: sendWebhook, clock, logger })
    const alerts = createAlertDispatcher({
      store: alertStore,
      attempt: attemptWebhook,
      publicUrl,
      places: identity.places,
      clock,
      chance,
      logger,
    })
    const watchQueues = createQueueWatch({
      queue: queue.upkeep,
      store: alertStore,
      limits: config.mailboxLimits,
      databaseNow,
      elapsedMs,
    })

    const sealedStore = createSealedStore(database)
    measureSealedValues(registry, { count: () => sealedStore.count(), clock })
    const resealValues = createResealTask({ store: sealedStore, vault, keyRing, clock, logger })
    const keepAlive = createKeepAlive({ store: settingsStore, accessSource, logger })
    const recheckAccess = createAccessRecheck({ store: settingsStore, accessSource, logger })
    const watchCredential = createCredentialWatch({
      credential,
      tenantId,
      store: createCredentialStore(database.prisma),
      logger,
      clock,
      onExpiring: ({ expiresAt, daysAhead, at, ...facts }) =>
        alertStore.raiseSecretExpiring({ ...facts, expiresAt: expiresAt.toISOString(), threshold: daysAhead }, at),
    })
    const housekeeping = createHousekeeping({
      connectionString,
      logger,
      tasks: {
        'sweep-sign-ins': () => signInStore.sweep(clock()),
        'sweep-consents': () => settingsStore.sweep(clock()),
        'sweep-messages': async () => queue.upkeep.expire(await databaseNow()),
        'sweep-attachments': async () => queue.upkeep.sweepReceived(await databaseNow()),
        'reseal-values': resealValues,
        'keep-grants-alive': () => keepAlive(clock(), AbortSignal.timeout(RECHECK_TIMEOUT_MS)),
        'recheck-access': () => recheckAccess(AbortSignal.timeout(RECHECK_TIMEOUT_MS)),
        'raise-stalled-queues': watchQueues,
        'sweep-alerts': () => alertStore.sweep(clock()),
        'watch-credential': watchCredential,
        'check-sent-items-search': () => checkSentItemsSearch({ store: settingsStore, accessSource, mailer, clock }),
      },
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
    const readSender = async (tenant: string) => {
      const { state } = await settingsStore.read(tenant)
      return state.status === 'not-configured' ? null : state.connection
    }
    const guard = createCallerGuard({
      store: serviceKeyStore,
      requireAdmin,
      auditRefused: ({ reason, key, client, operation }) =>
        auditRefusal({
          tenantId,
          actor: null,
          action: 'service-key-refused',
          outcome: reason,
          details: { key: key?.id ?? null, name: key?.name ?? null, client, operation },
          limits: [
            { of: { key: key?.id ?? null, client }, atMost: 1 },
            { of: { key: key?.id ?? null }, atMost: key ? REFUSALS_PER_KEY_AND_HOUR : UNKNOWN_KEYS_PER_HOUR },
          ],
        }),
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
          findSession: (idHash) => signInStore.findSession(idHash, clock()),
          outageOf,
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
              way,
              clock,
            }),
            bind(credentialRoutes, { requireAdmin, credential, clock }),
            bind(auditRoutes, { requireAdmin, store: createAuditStore(database.pool), clock }),
            bind(serviceKeyRoutes, { requireAdmin, store: serviceKeyStore, clock, random }),
            bind(alertRoutes, {
              requireAdmin,
              store: alertStore,
              vault,
              attempt: attemptWebhook,
              allowAddress,
              publicUrl,
              places: identity.places,
              clock,
              random,
            }),
            bind(messageRoutes, {
              requireAdmin,
              requireService: guard.serviceOnly,
              requireServiceOrAdmin: guard.either,
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
              admission: { store: queue.messages, readSender },
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
          alerts.start()
        },
        async stop() {
          await alerts.stop()
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

/** One key whose value the operator chose; another value replaces it, and none revokes it. */
async function seedServiceKey(store: ServiceKeyStore, tenantId: string, key: string | null, now: Date): Promise<void> {
  const id = `key_${'0'.repeat(32)}`
  if (key === null) return store.revokeSeeded(tenantId, id, now)
  await store.seed({
    id,
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

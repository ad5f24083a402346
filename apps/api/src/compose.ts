import { randomBytes, randomInt } from 'node:crypto'
import { fileURLToPath } from 'node:url'
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
import { createByteBudget } from './byte-budget.ts'
import { elapsedMs as systemElapsedMs, systemClock } from './clock.ts'
import { auditRoutes } from './audit/audit-routes.ts'
import { createAuditStore } from './audit/audit-store.ts'
import { composeMicrosoft } from './compose-microsoft.ts'
import type { Config } from './config.ts'
import { credentialExpiry } from './credential-expiry.ts'
import { appendAuditEvent } from './database/audit-log.ts'
import { watchClock } from './database/clock-watch.ts'
import { createDatabaseClock } from './database/database-clock.ts'
import { databaseWarnings } from './database/database-warnings.ts'
import { openDatabase } from './database/database.ts'
import { openInstallation } from './database/installation.ts'
import { outageOf } from './database/is-unavailable.ts'
import { createRefusalAudit } from './database/refusal-audit.ts'
import { openProductDatabase } from './database/product-database.ts'
import { readinessChecks } from './database/readiness.ts'
import { checkVaultKeys } from './database/sealed-values.ts'
import { createWaitForDatabase } from './database/wait-for-database.ts'
import { createDeliveryMetrics } from './delivery/delivery-metrics.ts'
import { createWorker, type Worker } from './delivery/worker.ts'
import { createHousekeeping, type Housekeeping } from './housekeeping.ts'
import { health } from './http/health.ts'
import { metrics } from './http/metrics.ts'
import { workspaceAdminGuard } from './http/session.ts'
import { messageRoutes } from './messages/message-routes.ts'
import { createSubmit } from './messages/submit.ts'
import { composeQueue } from './queue/compose-queue.ts'
import { createCallerGuard, hashServiceKey } from './service-keys/service-key-guard.ts'
import { serviceKeyRoutes } from './service-keys/service-key-routes.ts'
import { createServiceKeyStore, type ServiceKeyStore } from './service-keys/service-key-store.ts'
import { createAccessSource } from './settings/access.ts'
import { createAccessRecheck } from './settings/access-recheck.ts'
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
import { loadVaultKeys } from './vault-keys.ts'
import { announceSealingKey } from './vault-rotation/presence-store.ts'
import { createResealTask } from './vault-rotation/reseal-task.ts'
import { measureSealedValues } from './vault-rotation/rotation-metrics.ts'
import { createSealedStore, SEALED_COLUMNS } from './vault-rotation/sealed-store.ts'

/** Bounds the memory for outgoing content. Incoming content has a budget of its own, so that neither waits for the other. */
const DELIVERY_BUDGET_BYTES = 24 * 1024 * 1024
/** How many refused clients the audit log names per hour: for each service key, and for all unknown keys together. */
const REFUSALS_PER_KEY_AND_HOUR = 20
const UNKNOWN_KEYS_PER_HOUR = 100
const RECHECK_TIMEOUT_MS = 5 * 60_000
const WEB_DIRECTORY = fileURLToPath(new URL('../../web/dist', import.meta.url))

export interface Product {
  /** The HTTP application, not yet listening. */
  buildApp(): Promise<FastifyInstance>
  /** An application with health and metrics only, for a process that only delivers. */
  buildOperationsApp(): Promise<FastifyInstance>
  readonly worker: Worker
  readonly housekeeping: Housekeeping
  /** Turns an error of the start into a sentence, if the disk of the embedded PostgreSQL caused it. */
  explain(error: unknown): Promise<unknown>
  /** Closes the database, and stops the embedded one. Stop first whatever uses it. */
  close(): Promise<void>
}

/**
 * Wires the product. A start that fails leaves nothing running.
 *
 * @throws {ConfigurationError} when the operator has to change something
 */
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
    /** Milliseconds since some moment, by a monotonic clock. */
    elapsedMs?: () => number
    /** Returns a number between 0 and 1, for jitter. */
    chance?: () => number
    microsoftTimeoutMs?: number
    /** How long deliveries may go on after the worker's `stop`. */
    deliveryGraceMs?: number
    /** Cancels the start. */
    stopping?: AbortSignal | undefined
  },
): Promise<Product> {
  const random = randomBytes
  const waitForDatabase = createWaitForDatabase(logger, stopping)
  const opened = await openProductDatabase(config, {
    open: (connectionString) =>
      waitForDatabase(() =>
        openDatabase(
          connectionString,
          (error) => logger.warn({ err: error }, 'an idle database connection broke'),
          (message) => logger.info(message),
        ),
      ),
    onRestart: () => logger.warn('the embedded PostgreSQL ended; starting it again'),
    onLost: onFatal,
    stopping,
  })
  const { database, connectionString } = opened
  const closers: (() => void | Promise<void>)[] = []
  const close = async () => {
    try {
      for (const closeOne of closers.toReversed()) await closeOne()
    } finally {
      await opened.close()
    }
  }
  try {
    stopping?.throwIfAborted()
    const warnings = await waitForDatabase(() => databaseWarnings(database.pool, connectionString))
    for (const warning of warnings) logger.warn(warning)
    const tenantId = await waitForDatabase(() => openInstallation(database, config, clock()))
    const keys = await loadVaultKeys(config, (message) => logger.warn(message))
    closers.push(() => keys.close())
    const { keyRing } = keys
    const vault = createTokenVault(keyRing)
    const sealedColumns = Object.values(SEALED_COLUMNS)
    await waitForDatabase(() => checkVaultKeys(database.pool, vault, sealedColumns))
    const presence = await waitForDatabase(() => announceSealingKey(connectionString, () => keyRing.sealing.kid))
    closers.push(() => presence.stop())

    const { publicUrl } = config
    const { identity, mailer } = composeMicrosoft(config, { clock, timeoutMs: microsoftTimeoutMs })

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
    const queue = composeQueue({ database, connectionString, config, vault, clock, elapsedMs, random })
    const { contentKeys, writeCheck } = queue
    const submit = createSubmit({
      store: queue.messages,
      contentKeys,
      random,
    })
    const serviceKeyStore = createServiceKeyStore(database.prisma, database.pool, clock)
    // A worker does not authenticate services, so it leaves the seeded key to the processes that do.
    if (config.role !== 'worker')
      await waitForDatabase(() => seedServiceKey(serviceKeyStore, tenantId, config.seededServiceKey, clock()))

    const registry = new Registry()
    const clockWatch = await watchClock({ pool: database.pool, registry, clock, logger })
    closers.push(() => clockWatch.stop())
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
    const deliveryBudget = createByteBudget(DELIVERY_BUDGET_BYTES)
    const deliveryMetrics = createDeliveryMetrics(registry, {
      queueDepth: () => queue.upkeep.readDepth(),
      memoryBytes: () => deliveryBudget.usedBytes,
    })
    const worker = createWorker({
      store: queue.deliveries,
      mailboxStore: queue.mailboxes,
      budget: deliveryBudget,
      access: (tenant, options) => accessSource.access(tenant, options),
      lostAccess: (tenant, refusal) => accessSource.lost(tenant, refusal),
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
    })
    const alertStore = createAlertStore(database.prisma, database.pool)
    const allowAddress = createAddressRule({ allowPrivate: config.webhookAllowPrivate })
    const sendWebhook = createWebhookSender({
      allowAddress,
      extraCaCertificates: config.outbound.extraCaCertificates,
    })
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
    const checks = readinessChecks({ pool: database.pool, vault, sealedColumns, writeCheck })
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
                store: queue.receiving,
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
      explain: (error) => opened.explain(error),
      close,
    }
  } catch (error) {
    await close()
    throw await opened.explain(error)
  }
}

/** Stores the service key whose value the operator chose. Another value replaces it, and none revokes it. */
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

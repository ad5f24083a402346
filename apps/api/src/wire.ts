import { hostname } from 'node:os'
import { fileURLToPath } from 'node:url'
import { cloudAt } from '@inforiver-mail/m365/clouds'
import type { FastifyBaseLogger, FastifyInstance, FastifyPluginAsync, FastifyPluginOptions } from 'fastify'
import { Registry } from 'prom-client'
import { composeAlerts } from './alerts/compose-alerts.ts'
import { buildApp, buildOperationsApp } from './app.ts'
import type { Runtime } from './runtime/clock.ts'
import { auditRoutes } from './audit/audit-routes.ts'
import { createAuditStore } from './audit/audit-store.ts'
import { createHousekeeping, type Housekeeping, type MakeHousekeeping } from './background/housekeeping.ts'
import { composeBackground } from './compose-background.ts'
import { composeProductCheck } from './compose-check.ts'
import { composeMicrosoft, type WrapFetch } from './compose-microsoft.ts'
import type { Config, RereadSecrets } from './configuration/config.ts'
import { useCredential } from './credential-in-use.ts'
import { watchClock } from './database/clock-watch.ts'
import { createDatabaseClock } from './database/database-clock.ts'
import { measureOldestTransaction } from './database/open-transactions.ts'
import { outageOf } from './database/is-unavailable.ts'
import { createRefusalAudit } from './database/refusal-audit.ts'
import { readinessChecks } from './database/readiness.ts'
import type { DeliverySizes } from './delivery/attempt.ts'
import { createDeliveryMetrics } from './delivery/delivery-metrics.ts'
import { createWorker, type Worker } from './delivery/worker.ts'
import { composeDeliveryReports } from './delivery-reports/compose-delivery-reports.ts'
import { createTraceStore } from './delivery-reports/trace-store.ts'
import type { MarkedMessage } from './queue/owner/marked-message.ts'
import { composeOverview } from './overview/overview-routes.ts'
import { eventRoutes } from './events/event-routes.ts'
import type { OpenedProduct } from './open-product.ts'
import { health, measureReadiness, watchReadiness } from './http/health.ts'
import { measureEventLoop, metrics, nameInstallation } from './http/metrics.ts'
import { workspaceAdminGuard } from './http/session.ts'
import { createExportPlaces } from './http/stream-export.ts'
import { composeMessages } from './messages/compose-messages.ts'
import { measureStorage, toUsage } from './messages/usage.ts'
import { createBodyBudget } from './memory/body-budget.ts'
import { createDeliveryBudget } from './memory/memory-use.ts'
import { composeQueue } from './queue/queue.ts'
import type { JudgingWaits } from './queue/doubt/abandoned.ts'
import { SEALED_COLUMNS } from './sealed-columns.ts'
import { composeServiceKeys } from './service-keys/compose-service-keys.ts'
import { composeSettings } from './settings/compose-settings.ts'
import type { WaitForGrant } from './settings/consent-page.ts'
import { endRefreshWait } from './settings/grant-store.ts'
import { composeSignIn } from './sign-in/compose-sign-in.ts'
import { composeSmtp, type SmtpFeature } from './smtp/compose-smtp.ts'
import { setupCheckRoutes } from './setup-check/setup-check-routes.ts'
import { createCheckPlace } from './setup-check/setup-check-store.ts'
import type { DnsResolver } from './setup-check/sender-domain-check.ts'
import { createResealTask, measureSealedValues } from './vault/reseal.ts'
import { createSealedStore } from './vault/sealed-store.ts'

const WEB_DIRECTORY = fileURLToPath(new URL('../../web/dist', import.meta.url))

export interface Product {
  /** The HTTP application, not yet listening. */
  buildApp(): Promise<FastifyInstance>
  /** An application with health and metrics only, for a process that only delivers. */
  buildOperationsApp(): Promise<FastifyInstance>
  /** The SMTP door, not yet listening; null where none is configured, or this process only delivers. */
  readonly smtpDoor: SmtpFeature | null
  readonly worker: Worker
  readonly housekeeping: Housekeeping
  /** Switches to the values that were read again, and runs VAULT_KEYS_COMMAND again. Keeps the rest, with a warning. */
  reload(reread: RereadSecrets): Promise<void>
  /** Turns an error of the start into a sentence, if the disk of the embedded PostgreSQL caused it. */
  explain(error: unknown): Promise<unknown>
  /** Closes the database, and stops the embedded one. Stop everything that uses it first. */
  close(): Promise<void>
}

export interface Wired extends Product {
  /** What a process does once before it serves or delivers. */
  begin(): Promise<void>
}

export interface WireOptions extends Runtime {
  /** How long deliveries may go on after the worker's `stop`. */
  readonly deliveryGraceMs?: number
  /** How often the worker looks for abandoned messages, and for drafts and copies to delete. */
  readonly deliveryLookEveryMs?: number
  /** From when on the worker takes over from others. */
  readonly judgingWaits?: JudgingWaits | undefined
  readonly deliverySizes?: DeliverySizes | undefined
  /** Replaces the name servers of this machine for the set-up check. */
  readonly resolver?: DnsResolver
  /** Waits until what was granted just now may have taken effect. */
  readonly waitForGrant?: WaitForGrant | undefined
  readonly wrapFetch?: WrapFetch | undefined
  readonly makeHousekeeping?: MakeHousekeeping
  /** Whether the page has been built; in development another process serves it from its sources. */
  readonly servesPage?: boolean | undefined
}

/** Wires the whole product. It connects nothing and makes no statement. */
export function wire(
  config: Config,
  logger: FastifyBaseLogger,
  opened: OpenedProduct,
  {
    deliveryGraceMs,
    deliveryLookEveryMs,
    judgingWaits,
    deliverySizes,
    resolver,
    waitForGrant,
    wrapFetch,
    makeHousekeeping = createHousekeeping,
    servesPage = true,
    ...runtime
  }: WireOptions,
): Wired {
  const { database, connectionString, tenantId, keys, vault, tracing } = opened
  const { clock, timers, elapsedMs } = runtime
  const { keyRing } = keys
  const sealedColumns = Object.values(SEALED_COLUMNS)
  const { publicUrl } = config
  const credential = useCredential(config)
  const { identity, mailer, trace } = composeMicrosoft(config, {
    currentCredential: credential.current,
    tracing,
    clock,
    wrapFetch,
  })

  const registry = new Registry()
  const databaseNow = createDatabaseClock(database.pool)
  /** What most features need. */
  const shared = {
    ...runtime,
    database,
    databaseNow,
    tenantId,
    publicUrl,
    identity,
    mailer,
    trace,
    vault,
    registry,
    tracing,
    logger,
  }
  const signIn = composeSignIn({
    ...shared,
    workspaceAdmins: config.workspaceAdmins,
    onContinued: (sessions) => settings.carryConsents(sessions),
  })
  let clockWatch: { stop(): void } | null = null
  measureEventLoop(registry)
  measureOldestTransaction(registry, database.pool)
  measureStorage(registry, () => queue.upkeep.readStorage(tenantId))
  const processName = `${hostname()}:${config.port} (${config.role})`
  const queue = composeQueue({
    ...shared,
    connectionString,
    config,
    processName,
    databaseWasAway: opened.waitForDatabase.hasWaited,
    endRefreshWait,
    judgingWaits,
  })
  const { contentKeys, writeCheck } = queue
  const alerts = composeAlerts({
    ...shared,
    queue: queue.upkeep,
    events: queue.events,
    recipientsPerDay: config.mailboxLimits.recipientsPerDay,
    allowPrivate: config.webhookAllowPrivate,
    extraCaCertificates: config.outbound.extraCaCertificates,
    adminCenters: identity.adminCenters,
  })
  const traceStore = createTraceStore(database.pool)
  const settings = composeSettings({
    ...shared,
    graphAuth: config.graphAuth,
    credentialExpiry: credential.expiry,
    traceOffered: cloudAt(config.authorityHost, config.graphBaseUrl, config.cloud) === 'global',
    takeTraceRequest: async (tenant) => (await traceStore.takeRequest(tenant)) !== null,
    mailboxes: queue.mailboxes,
    waitForGrant: waitForGrant ?? timers.sleep,
    onExpiring: (expiry, now) => alerts.store.raiseSecretExpiring(expiry, now),
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
  const serviceKeys = composeServiceKeys({ ...shared, requireAdmin, auditRefusal })
  const readSender = async (tenant: string) => (await settings.readSubmitSettings(tenant)).sender
  const exportPlaces = createExportPlaces()
  const messages = composeMessages({
    ...shared,
    store: queue.messages,
    receiving: queue.receiving,
    readSettings: settings.readSubmitSettings,
    contentKeys,
    limits: config.mailboxLimits,
    storageBytes: config.tenantStorageBytes,
    exportPlaces,
  })
  const bodyBudget = createBodyBudget()
  const deliveryBudget = createDeliveryBudget()
  const inFlight = new Map<MarkedMessage, Promise<void>>()
  const deliveryMetrics = createDeliveryMetrics(registry, {
    queueDepth: () => queue.upkeep.readDepth(),
    failures: () => queue.upkeep.readFailures(),
    process: processName,
    isOwner: () => queue.ownership.isOwner(),
    epoch: () => queue.upkeep.readEpoch(tenantId),
    inFlight: () => inFlight.size,
    memoryBytes: () => deliveryBudget.usedBytes,
  })
  const worker = createWorker({
    ...shared,
    ownership: queue.ownership,
    deliveries: queue.deliveries,
    mailboxes: queue.mailboxes,
    budget: deliveryBudget,
    inFlight,
    requestAccess: (tenant, options) => settings.accessSource.access(tenant, options),
    reportAccessRefusal: (tenant, refusal) => settings.accessSource.reportRefusal(tenant, refusal),
    reportIgnoredSender: (tenant, ignored) => settings.accessSource.reportIgnoredSender(tenant, ignored),
    adminCenters: identity.adminCenters,
    contentKeys,
    metrics: deliveryMetrics,
    ...(deliveryGraceMs !== undefined && { graceMs: deliveryGraceMs }),
    ...(deliveryLookEveryMs !== undefined && { lookEveryMs: deliveryLookEveryMs }),
    ...(deliverySizes && { sizes: deliverySizes }),
  })

  const overview = composeOverview({
    ...shared,
    insight: queue.insight,
    readUsage: async (tenant) =>
      toUsage(await queue.messages.readMailbox(tenant), config.mailboxLimits, config.tenantStorageBytes),
    readSender,
  })
  const deliveryReports = composeDeliveryReports(config, {
    ...shared,
    queue,
    traceStore,
    sources: settings.reportSources,
    reportHealth: (access, tenant, failure) => settings.reportInboxHealth(access, tenant, failure),
    requestAccess: (tenant, options) => settings.accessSource.access(tenant, options),
    lookEveryMs: deliveryLookEveryMs,
  })

  const sealedStore = createSealedStore(database, sealedColumns)
  measureSealedValues(registry, sealedStore)
  const resealValues = createResealTask({ store: sealedStore, vault, keyRing, clock, timers, logger })
  const housekeeping = composeBackground({
    ...shared,
    makeHousekeeping,
    upkeep: queue.upkeep,
    alerts,
    overview,
    tasks: { ...signIn.tasks, ...settings.tasks, ...alerts.tasks, 'reseal-values': resealValues },
    deliveryMetrics,
  })

  const checkSetup = composeProductCheck(config, {
    ...runtime,
    database,
    tenantId,
    vault,
    credential,
    keyRing,
    checkWrites: () => writeCheck.check(),
    resolver,
    onBroken: (check, error) => logger.error({ err: error, check }, 'a check of the set-up failed itself'),
  })

  const smtpDoor =
    config.role === 'worker'
      ? null
      : composeSmtp(config, {
          ...shared,
          readSender,
          readSizeLimits: (tenant) => queue.messages.readSizeLimits(tenant),
          authenticate: (presented) =>
            serviceKeys.guard.authenticate({ ...presented, scope: 'messages:send', operation: 'smtp' }),
          isKey: serviceKeys.isKey,
          requireRecipient: messages.requireRecipient,
          findKey: (name) => queue.messages.findKey(name),
          accept: messages.accept,
          budget: bodyBudget,
          outageOf,
        })

  const checks = {
    ...readinessChecks({ pool: database.pool, vault, sealedColumns, writeCheck }),
    ...(smtpDoor && { smtp: async () => smtpDoor.whatIsWrong() }),
  }
  const readReadiness = watchReadiness(checks, logger)
  measureReadiness(registry, readReadiness)
  if (config.role !== 'worker') nameInstallation(registry, config.publicUrl)
  const operations = [bind(health, { readReadiness }), bind(metrics, { registry, token: config.metricsToken })]

  return {
    buildApp: () =>
      buildApp({
        logger,
        bodyBudget,
        publicUrl,
        trustedProxies: config.trustedProxies,
        webDirectory: servesPage ? WEB_DIRECTORY : null,
        demoUrl: config.demo ? config.graphBaseUrl : null,
        graphAuth: config.graphAuth,
        findSession: signIn.findSession,
        outageOf,
        returnHandlers: [signIn.signInReturn, settings.consentReturn, settings.approvalReturn],
        features: [
          ...operations,
          signIn.routes({ requireAdmin }),
          settings.routes({ requireAdmin, requireServiceOrAdmin: serviceKeys.guard.either('settings:read') }),
          bind(setupCheckRoutes, { requireAdmin, check: checkSetup, takePlace: createCheckPlace(database.pool) }),
          bind(auditRoutes, { requireAdmin, store: createAuditStore(database.pool), clock, exportPlaces }),
          serviceKeys.routes,
          alerts.routes({ requireAdmin }),
          bind(eventRoutes, {
            requireServiceOrAdmin: serviceKeys.guard.either,
            events: queue.events,
            elapsedMs,
            timers,
          }),
          overview.routes({ requireAdmin, requireServiceOrAdmin: serviceKeys.guard.either('settings:read') }),
          messages.routes({
            requireAdmin,
            requireService: serviceKeys.guard.serviceOnly,
            requireServiceOrAdmin: serviceKeys.guard.either,
          }),
        ],
      }),
    buildOperationsApp: () => buildOperationsApp({ logger, bodyBudget, outageOf, features: operations }),
    smtpDoor,
    worker: {
      start() {
        worker.start()
        deliveryReports.start()
      },
      async stop() {
        await Promise.all([worker.stop(), deliveryReports.stop()])
      },
    },
    housekeeping,
    async reload(reread) {
      for (const fault of reread.faults) logger.warn(`${fault} What was read before stays in use.`)
      credential.replace(reread)
      smtpDoor?.reload()
      const hasReadKeys = await keys.reload(reread.vaultKeys)
      const { kind, expiresAt } = credential.expiry()
      logger.info(
        { credential: kind, expiresAt, vaultKey: keyRing.sealing.kid },
        hasReadKeys && reread.faults.length === 0
          ? 'certificate and keys read again'
          : 'certificate and keys read again as far as they could be; this is in use',
      )
    },
    async begin() {
      // A worker does not authenticate services, so it leaves the seeded key to the processes that do.
      if (config.role !== 'worker') await opened.waitForDatabase(() => serviceKeys.seed(config.seededServiceKey))
      clockWatch = await watchClock({ pool: database.pool, registry, clock, timers, logger })
    },
    explain: (error) => opened.explain(error),
    async close() {
      clockWatch?.stop()
      await opened.close()
    },
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

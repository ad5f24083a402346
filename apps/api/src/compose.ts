import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { createGraphMailer } from '@inforiver-mail/m365/graph-mailer'
import { createMicrosoftFetch } from '@inforiver-mail/m365/microsoft-fetch'
import { createMicrosoftIdentity } from '@inforiver-mail/m365/microsoft-identity'
import { createTokenVault } from '@inforiver-mail/m365/token-vault'
import type { FastifyBaseLogger, FastifyInstance, FastifyPluginAsync, FastifyPluginOptions } from 'fastify'
import { buildApp } from './app.ts'
import { systemClock } from './clock.ts'
import type { Config } from './config.ts'
import { openDatabase } from './database/database.ts'
import { startEmbeddedPostgres } from './database/embedded-postgres.ts'
import { openInstallation } from './database/installation.ts'
import { isUnavailable } from './database/is-unavailable.ts'
import { pendingMigrations } from './database/migrate.ts'
import { checkVaultKeys } from './database/sealed-values.ts'
import { createDeliveryStore } from './delivery/delivery-store.ts'
import { createWorker, type Worker } from './delivery/worker.ts'
import { health } from './http/health.ts'
import { workspaceAdminGuard } from './http/session.ts'
import { messageRoutes } from './messages/message-routes.ts'
import { createMessageStore } from './messages/message-store.ts'
import { createSubmit } from './messages/submit.ts'
import { createAccessSource } from './settings/access.ts'
import { createConsents } from './settings/consents.ts'
import { consentReturn, settingsRoutes } from './settings/settings-routes.ts'
import { createSettingsStore } from './settings/settings-store.ts'
import { createSignIn } from './sign-in/sign-in.ts'
import { signInReturn, signInRoutes } from './sign-in/sign-in-routes.ts'
import { createSignInStore } from './sign-in/sign-in-store.ts'
import { loadVaultKeys } from './vault-keys.ts'

const WEB_DIRECTORY = fileURLToPath(new URL('../../web/dist', import.meta.url))

export interface Product {
  /** The HTTP application, not yet listening. */
  buildApp(): Promise<FastifyInstance>
  readonly worker: Worker
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
  try {
    const connectionString =
      config.database.kind === 'external' ? config.database.url : (embedded?.connectionString ?? '')
    const database = await openDatabase(connectionString, (error) =>
      logger.warn({ err: error }, 'an idle database connection broke'),
    )
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
    const messageStore = createMessageStore(database.prisma)
    const submit = createSubmit({ store: messageStore, vault, clock, random })
    const worker = createWorker({
      store: createDeliveryStore(database.pool, connectionString),
      access: (tenant, options) => accessSource.access(tenant, options),
      mailer,
      vault,
      clock,
      random,
      logger,
    })

    const requireAdmin = workspaceAdminGuard(config.office365SmtpEnabled)
    const configuredSender = async (tenant: string) => {
      const { state } = await settingsStore.read(tenant)
      return state.status === 'not-configured' ? null : state.connection.fromEmail
    }
    const checks = {
      database: async () => (await database.pool.query('SELECT 1'), null),
      migrations: async () => {
        const [pending] = await pendingMigrations(database.pool)
        return pending ? `The migration ${pending} is not applied: start this version again.` : null
      },
      vaultKeys: async () => (await checkVaultKeys(database.pool, vault), null),
    }

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
            bind(health, { checks }),
            bind(signInRoutes, { signIn, store: signInStore, publicUrl, clock }),
            bind(settingsRoutes, { requireAdmin, store: settingsStore, consents, identity, clock }),
            bind(messageRoutes, { requireAdmin, store: messageStore, submit, configuredSender, clock }),
          ],
        }),
      worker,
      async close() {
        await database.close()
        await embedded?.stop()
      },
    }
  } catch (error) {
    await embedded?.stop()
    throw error
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

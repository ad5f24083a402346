import { randomBytes } from 'node:crypto'
import type { KeyRing } from '@inforiver-mail/m365/key-ring'
import { createTokenVault } from '@inforiver-mail/m365/token-vault'
import pg from 'pg'
import { systemClock, systemTimers } from './runtime/clock.ts'
import { ConfigurationError, type Config } from './configuration/config.ts'
import { connectDatabase, type Database } from './database/database.ts'
import { KEEP_ALIVE } from './database/keep-alive.ts'
import { connectOrExplain, readMigrationState, type MigrationState } from './database/migrations/migrate.ts'
import { openProductDatabase } from './database/product-database.ts'
import { checkVaultKeys } from './database/sealed-values.ts'
import { SEALED_COLUMNS } from './sealed-columns.ts'
import { createIds } from './runtime/ids.ts'
import { createGrantStore } from './settings/grant-store.ts'
import { createSettingsStore } from './settings/settings-store.ts'
import { findLost, forget } from './vault/forget.ts'
import type { LostKind } from './vault/lost-kinds.ts'
import { createForgetStore } from './vault/forget-store.ts'
import { reseal } from './vault/reseal.ts'
import { createSealedStore } from './vault/sealed-store.ts'

const CONNECT_TIMEOUT_MS = 10_000

/** What the vault command does with the stored secrets. */
export type VaultTools = Awaited<ReturnType<typeof composeVault>>

/** Wires the vault command: an external database, that of a running product, or the embedded one, started for a while. */
export async function composeVault(config: Config, { wait }: { wait: (ms: number) => Promise<unknown> }) {
  const opened = await openProductDatabase(config, {
    open: openReady,
    joinRunning: true,
    timers: systemTimers,
  })
  const { database } = opened
  const store = createSealedStore(database, Object.values(SEALED_COLUMNS))
  const grants = createGrantStore(database.prisma)
  const settings = createSettingsStore(database.prisma, createIds({ clock: systemClock, random: randomBytes }))
  return {
    store,
    /** Whether a product uses the embedded database at this moment. */
    isProductRunning: opened.joined,
    /** Whether another process may use the database, also one whose key cannot be told. */
    isUsedByAnother: () => opened.isUsedByAnother(),
    /** @throws {ConfigurationError} when a key is missing that something stored needs */
    checkKeys: (keyRing: KeyRing) =>
      checkVaultKeys(database.pool, createTokenVault(keyRing), Object.values(SEALED_COLUMNS)),
    reseal: (keyRing: KeyRing, onProgress: (resealed: number) => void) =>
      reseal({
        store,
        vault: createTokenVault(keyRing),
        kid: keyRing.sealing.kid,
        clock: systemClock,
        signal: new AbortController().signal,
        onProgress,
        wait,
      }),
    findLost: (keyRing: KeyRing) => findLost({ store, vault: createTokenVault(keyRing) }),
    /** Returns how many values it gave up. */
    forget: (keyRing: KeyRing, kinds: readonly LostKind[]) =>
      forget({
        store,
        vault: createTokenVault(keyRing),
        kinds,
        forgetStore: createForgetStore(database),
        async requireReconnect(tenantId, problem) {
          const { grant } = await grants.read(tenantId)
          if (grant) await settings.applyHealth(tenantId, grant, { type: 'tokens-refused', problem }, systemClock())
        },
        clock: systemClock,
      }),
    close: () => opened.close(),
  }
}

/** Connects to a database that is of this version. A command that only reads must not migrate it. */
async function openReady(connectionString: string): Promise<Database> {
  await refuseUnreachable(connectionString)
  const database = connectDatabase(connectionString, () => {})
  try {
    const fault = faultOf(await readMigrationState(database.pool))
    if (fault !== null) throw new ConfigurationError(fault)
    return database
  } catch (error) {
    await database.close()
    throw error
  }
}

/** A pool would not explain why it cannot connect. */
async function refuseUnreachable(connectionString: string): Promise<void> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: CONNECT_TIMEOUT_MS, ...KEEP_ALIVE })
  client.on('error', () => {})
  await connectOrExplain(client)
  await client.end()
}

function faultOf({ tables, pending, newer, older }: MigrationState): string | null {
  if (newer !== null || older !== null) return newer ?? older
  if (tables === 'foreign')
    return 'The database holds tables of another program. Give Inforiver Mail a database of its own.'
  if (tables === 'empty') return 'The database is empty. Start Inforiver Mail once.'
  return pending.length === 0
    ? null
    : 'The database is of an older version. Start this version, or run inforiver-mail migrate, and try again.'
}

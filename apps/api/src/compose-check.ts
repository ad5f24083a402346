import { Resolver } from 'node:dns/promises'
import { join } from 'node:path'
import type { CheckId } from '@inforiver-mail/contract/setup-check'
import { CLOUDS, type CloudName } from '@inforiver-mail/m365/clouds'
import type { KeyRing } from '@inforiver-mail/m365/key-ring'
import { createMicrosoftFetch } from '@inforiver-mail/m365/microsoft-fetch'
import type { RandomBytes } from '@inforiver-mail/m365/random'
import { createTokenVault, type TokenVault } from '@inforiver-mail/m365/token-vault'
import type { Timers } from './runtime/clock.ts'
import { composeMicrosoft } from './compose-microsoft.ts'
import { ConfigurationError, type Config } from './configuration/config.ts'
import { readTlsCertificateFiles } from './configuration/environment-files.ts'
import { configurationWarnings } from './configuration/warnings.ts'
import { useCredential, type CredentialInUse } from './credential-in-use.ts'
import { exists, isDataFolderTaken, readFreeBytes } from './database/embedded/data-folder.ts'
import { findForeignOwner } from './database/embedded/data-owner.ts'
import { connectDatabase, type Database } from './database/database.ts'
import { findRunningPostgres } from './database/embedded/embedded-postgres.ts'
import { inspectDatabase, unreachable } from './database/inspect-database.ts'
import { installationFault, readInstallation } from './database/installation.ts'
import { findVaultFaults, sampleSealedValues } from './database/sealed-values.ts'
import { createWriteCheck } from './database/write-check.ts'
import { isUsable, type DatabaseFinding } from './domain/database-finding.ts'
import { readUploadOrigin } from './queue/mailbox/limits.ts'
import { findLargestServices, isNearlyFull, readStorage } from './queue/intake/storage.ts'
import { SEALED_COLUMNS } from './sealed-columns.ts'
import { createConnectionCheck } from './settings/check-connection.ts'
import { viewCredential } from './settings/credential-watch.ts'
import { createGrantStore } from './settings/grant-store.ts'
import { createSettingsStore } from './settings/settings-store.ts'
import { createIds } from './runtime/ids.ts'
import type { VaultFinding } from './setup-check/database-checks.ts'
import { checkPort, checkSmtp } from './setup-check/port-checks.ts'
import type { DnsResolver } from './setup-check/sender-domain-check.ts'
import { createSetupCheck, type SetupCheck, type SetupCheckDeps, type Stored } from './setup-check/setup-check.ts'
import { checkStorage } from './setup-check/storage-check.ts'
import { readVaultKeys, usesKeyFile } from './vault/vault-keys.ts'

/** Bounds each request of a check: three of them follow one another at most. */
const REQUEST_TIMEOUT_MS = 6_000
const DNS_TIMEOUT_MS = 2_500

/**
 * Microsoft names the host of an upload with each session. Only that of the global cloud is documented; the others are
 * the names under which Exchange Online is known there.
 */
const UPLOAD_ORIGINS: Readonly<Record<CloudName, string>> = {
  global: 'https://outlook.office.com',
  'gcc-high': 'https://outlook.office365.us',
  dod: 'https://outlook-dod.office365.us',
  china: 'https://partner.outlook.cn',
}

interface Common {
  readonly credential: CredentialInUse
  readonly clock: () => Date
  /** Returns a number between 0 and 1, for jitter. */
  readonly chance: () => number
  readonly timers: Timers
  readonly random: RandomBytes
  /** Replaces the name servers of this machine. */
  readonly resolver?: DnsResolver | undefined
  readonly requestTimeoutMs?: number | undefined
  readonly onBroken: (id: CheckId, error: unknown) => void
}

/** Wires the set-up check of a running product. */
export function composeProductCheck(
  config: Config,
  {
    database,
    tenantId,
    vault,
    keyRing,
    checkWrites,
    ...common
  }: Common & {
    database: Database
    tenantId: string
    vault: TokenVault
    keyRing: KeyRing
    checkWrites: () => Promise<string | null>
  },
): SetupCheck {
  const microsoft = microsoftOf(config, common)
  const storageBytes = config.tenantStorageBytes
  return createSetupCheck({
    ...commonDeps(config, common, microsoft),
    inspectDatabase: () => inspect(config, database, { ...common, checkWrites }),
    openStored: async (finding) =>
      isUsable(finding) ? storedOf(tenantId, { database, vault, microsoft, storageBytes, ...common }) : null,
    checkVault: (finding) => compareVault(finding, database, vault, keyRing),
  })
}

/** Wires the command `doctor`, which runs beside the product or before its start. It starts no database. */
export async function composeDoctor(
  config: Config,
  {
    account,
    ...given
  }: Omit<Common, 'credential'> & {
    /** The account that the data have to belong to; undefined where that does not matter. */
    account: number | undefined
  },
): Promise<{ readonly check: SetupCheck; close(): Promise<void> }> {
  const common = { ...given, credential: useCredential(config) }
  const microsoft = microsoftOf(config, common)
  const { dataDirectory, host, port, smtpDoor, tenantStorageBytes: storageBytes } = config
  const isEmbedded = config.database.kind === 'embedded'
  const isTaken = isEmbedded ? await isDataFolderTaken(dataDirectory).catch(() => null) : null
  const address = await findDatabase(config)
  const database = typeof address === 'string' ? connectDatabase(address, () => {}) : null
  const readingKeys = readKeys(config) // VAULT_KEYS_COMMAND may take a while
  readingKeys.catch(() => {}) // the check of the vault reports it

  const check = createSetupCheck({
    ...commonDeps(config, common, microsoft),
    isSimulatorStopped: config.demo !== null && isTaken === false,
    async inspectDatabase() {
      if (database === null) return address as DatabaseFinding
      const writeCheck = createWriteCheck(database, common.clock)
      return inspect(config, database, { ...common, checkWrites: () => writeCheck.check() })
    },
    async openStored(finding) {
      if (database === null || !isUsable(finding)) return null
      const keys = await readingKeys
      if (keys.outcome === 'refused') return null
      const vault = createTokenVault(keys.keyRing)
      const tenantId = (await readInstallation(database.pool))?.tenantId ?? '' // of whom nothing is stored
      return storedOf(tenantId, { database, vault, microsoft, storageBytes, ...common })
    },
    async checkVault(finding) {
      const keys = await readingKeys
      if (keys.outcome === 'refused')
        return finding.state === 'not-made' && usesKeyFile(config)
          ? { state: 'not-made' }
          : { state: 'unusable', sentence: keys.sentence }
      if (database === null) return { state: 'not-compared' }
      return compareVault(finding, database, createTokenVault(keys.keyRing), keys.keyRing)
    },
    checkPort: (signal) => checkPort({ host, port, isDataFolderTaken: isTaken, signal }),
    ...(smtpDoor && config.role !== 'worker'
      ? {
          checkSmtp: (signal: AbortSignal) =>
            checkSmtp({
              host: smtpDoor.host,
              ports: [smtpDoor.port, smtpDoor.tlsPort].filter((each) => each !== null),
              certificate: readValidity(smtpDoor.certificate),
              product: { host, port },
              isDataFolderTaken: isTaken,
              now: common.clock(),
              signal,
            }),
        }
      : {}),
    checkStorage: () =>
      checkStorage({
        dataDirectory,
        isEmbedded,
        foreignOwner: (folder) => findForeignOwner(folder, account),
        readFreeBytes,
      }),
  })
  return { check, close: async () => database?.close() }
}

/** The configuration has been read, so the certificate can be, unless it was replaced at this moment. */
function readValidity(paths: NonNullable<Config['smtpDoor']>['certificate']) {
  const reading = paths && readTlsCertificateFiles(paths)
  return reading?.outcome === 'read' ? reading.certificate : null
}

type Microsoft = ReturnType<typeof microsoftOf>

function microsoftOf(config: Config, { credential, clock, requestTimeoutMs = REQUEST_TIMEOUT_MS }: Common) {
  return composeMicrosoft(config, { currentCredential: credential.current, clock, timeoutMs: requestTimeoutMs })
}

function commonDeps(
  config: Config,
  { credential, clock, onBroken, resolver, requestTimeoutMs = REQUEST_TIMEOUT_MS }: Common,
  { fetch, identity, mailer }: Microsoft,
): Omit<SetupCheckDeps, 'inspectDatabase' | 'openStored' | 'checkVault'> {
  const { authorityHost, graphBaseUrl, cloud, registration, graphAuth, publicUrl, outbound } = config
  const { extraCaCertificates } = outbound
  return {
    clock,
    onBroken,
    resolver: resolver ?? new Resolver({ timeout: DNS_TIMEOUT_MS, tries: 2 }),
    warnings: () => configurationWarnings(config, clock()),
    demo: config.demo !== null,
    isSimulatorStopped: false,
    microsoft: {
      authorityHost,
      entraTenantId: registration.tenantId,
      graphBaseUrl,
      uploadOrigin: graphBaseUrl === CLOUDS[cloud].graphBaseUrl ? UPLOAD_ORIGINS[cloud] : null,
      cloud,
      graphAuth,
      fetch,
      identity,
      mailer,
    },
    credential: {
      view: (now) => viewCredential(credential.expiry(), now),
      validFrom: () => credential.current().clientCertificate?.validFrom ?? null,
    },
    checkStorage: () =>
      checkStorage({
        dataDirectory: config.dataDirectory,
        isEmbedded: config.database.kind === 'embedded',
        foreignOwner: () => null, // the start has refused another account
        readFreeBytes,
      }),
    publicUrl: {
      url: publicUrl,
      // Requests to our own address do not go through the proxy to Microsoft.
      fetch: createMicrosoftFetch({
        timeoutMs: requestTimeoutMs,
        ...(extraCaCertificates !== null && { extraCaCertificates }),
      }),
    },
  }
}

function inspect(
  config: Config,
  { pool }: Database,
  { clock, checkWrites }: Pick<Common, 'clock'> & { checkWrites: () => Promise<string | null> },
): Promise<DatabaseFinding> {
  return inspectDatabase(pool, {
    clock,
    checkWrites,
    refuseInstallation: (installation) => installationFault(installation, config),
  })
}

function storedOf(
  tenantId: string,
  {
    database: { pool, prisma },
    microsoft: { identity },
    vault,
    storageBytes,
    clock,
    timers,
    chance,
    random,
  }: Pick<Common, 'clock' | 'timers' | 'chance' | 'random'> & {
    storageBytes: number
    database: Database
    microsoft: Microsoft
    vault: TokenVault
  },
): Stored {
  const settingsStore = createSettingsStore(prisma, createIds({ clock, random }))
  const grantStore = createGrantStore(prisma)
  const access = { settingsStore, grantStore, identity, vault, clock, timers, chance, random }
  return {
    ...createConnectionCheck({ tenantId, ...access }),
    async readStorage() {
      const use = await readStorage(pool, tenantId, storageBytes)
      return { ...use, largest: isNearlyFull(use) ? await findLargestServices(pool, tenantId) : null }
    },
    readUploadOrigin: () => readUploadOrigin(pool, tenantId),
  }
}

async function compareVault(
  finding: DatabaseFinding,
  { pool }: Database,
  vault: TokenVault,
  { keys }: KeyRing,
): Promise<VaultFinding> {
  const isEmpty = finding.state === 'reached' && finding.tables === 'empty'
  if (!isEmpty && !isUsable(finding)) return { state: 'not-compared' }
  const faults = isEmpty
    ? new Map<string, 'missing'>()
    : await findVaultFaults(vault, await sampleSealedValues(pool, Object.values(SEALED_COLUMNS)))
  if (faults.size === 0) return { state: 'opens', keys: [...keys.keys()] }
  const kidsOf = (fault: 'missing' | 'changed') => [...faults].filter(([, each]) => each === fault).map(([kid]) => kid)
  return { state: 'lacks-keys', missing: kidsOf('missing'), changed: kidsOf('changed') }
}

type KeysRead =
  | { readonly outcome: 'read'; readonly keyRing: KeyRing }
  | { readonly outcome: 'refused'; readonly sentence: string }

async function readKeys(config: Config): Promise<KeysRead> {
  try {
    return { outcome: 'read', keyRing: await readVaultKeys(config) }
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    return { outcome: 'refused', sentence: error.message }
  }
}

/** Finds the address of the database, or why there is none now. */
async function findDatabase({ database, dataDirectory }: Config): Promise<string | DatabaseFinding> {
  if (database.kind === 'external') return database.url
  try {
    if (!(await exists(join(dataDirectory, 'postgres', 'PG_VERSION')))) return { state: 'not-made' }
    return (await findRunningPostgres(dataDirectory)) ?? { state: 'stopped' }
  } catch (error) {
    if (!(error instanceof ConfigurationError)) return unreachable(error)
    return { state: 'unreachable', sentence: error.message.replace(/\.$/, ''), reason: 'embedded' }
  }
}

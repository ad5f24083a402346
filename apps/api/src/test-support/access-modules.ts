import { randomBytes } from 'node:crypto'
import type { GraphMailer } from '@inforiver-mail/m365/graph-mailer'
import type { MicrosoftIdentity } from '@inforiver-mail/m365/microsoft-identity'
import { createTokenVault } from '@inforiver-mail/m365/token-vault'
import { systemTimers } from '../runtime/clock.ts'
import { composeMicrosoft, type WrapFetch } from '../compose-microsoft.ts'
import type { Config } from '../configuration/config.ts'
import { openDatabase } from '../database/database.ts'
import { createAccessSource, type AccessSource } from '../settings/access.ts'
import { createGrantStore, type GrantStore } from '../settings/grant-store.ts'
import { createSettingsStore, type SettingsStore } from '../settings/settings-store.ts'
import { loadVaultKeys } from '../vault/vault-keys.ts'
import { newId } from './new-id.ts'
import type { TestFixture } from './test-product.ts'
import { useCreated } from './use-created.ts'

/** What a worker uses to get access to a mailbox, without the rest of a product. */
export interface AccessModules {
  readonly tenantId: string
  readonly settingsStore: SettingsStore
  readonly grantStore: GrantStore
  readonly accessSource: AccessSource
  readonly mailer: GraphMailer
  close(): Promise<void>
}

export async function createAccessModules({
  fixture,
  config,
  clock,
  wrapGrants = (store) => store,
  wrapIdentity = (identity) => identity,
  wrapFetch,
}: {
  fixture: TestFixture
  /** The configuration of a product on the same fixture. */
  config: Config
  clock: () => Date
  wrapGrants?: (store: GrantStore) => GrantStore
  wrapIdentity?: (identity: MicrosoftIdentity) => MicrosoftIdentity
  wrapFetch?: WrapFetch
}): Promise<AccessModules> {
  const [installation] = await fixture.database.query<{ tenant_id: string }>('SELECT tenant_id FROM installation')
  const database = await openDatabase(fixture.database.url, () => {})
  const settingsStore = createSettingsStore(database.prisma, newId)
  const grantStore = wrapGrants(createGrantStore(database.prisma))
  const microsoft = composeMicrosoft(config, { currentCredential: () => config.registration, clock, wrapFetch })
  const identity = wrapIdentity(microsoft.identity)
  const keys = await loadVaultKeys(
    config,
    () => {},
    async () => false,
  )
  const vault = createTokenVault(keys.keyRing)
  return {
    tenantId: installation?.tenant_id ?? '',
    settingsStore,
    grantStore,
    accessSource: createAccessSource({
      settingsStore,
      grantStore,
      identity,
      vault,
      clock,
      timers: systemTimers,
      chance: () => 1,
      random: randomBytes,
    }),
    mailer: microsoft.mailer,
    close: () => database.close(),
  }
}

/** The same for the tests of a file. */
export const useAccessModules = (options: () => Parameters<typeof createAccessModules>[0]): AccessModules =>
  useCreated(
    () => createAccessModules(options()),
    (modules) => modules.close(),
  )

import { createGraphMailer, type GraphMailer } from '@inforiver-mail/m365/graph-mailer'
import { createMicrosoftFetch } from '@inforiver-mail/m365/microsoft-fetch'
import { createMicrosoftIdentity, type MicrosoftIdentity } from '@inforiver-mail/m365/microsoft-identity'
import { createTokenVault } from '@inforiver-mail/m365/token-vault'
import { approvalLinks } from '../approval-links.ts'
import type { Config } from '../config.ts'
import { openDatabase } from '../database/database.ts'
import { createAccessSource, type AccessSource } from '../settings/access.ts'
import { createGrantStore, type GrantStore } from '../settings/grant-store.ts'
import { createSettingsStore, type SettingsStore } from '../settings/settings-store.ts'
import { loadVaultKeys } from '../vault-keys.ts'
import type { TestGround } from './test-product.ts'

/** The parts of a process that keep the tokens, as a worker has them. */
export interface AccessParts {
  readonly tenantId: string
  readonly settingsStore: SettingsStore
  readonly grantStore: GrantStore
  readonly accessSource: AccessSource
  readonly mailer: GraphMailer
  close(): Promise<void>
}

export async function createAccessParts({
  ground,
  config,
  clock,
  wrapGrants = (store) => store,
  wrapIdentity = (identity) => identity,
}: {
  ground: TestGround
  /** Of the product beside it. */
  config: Config
  clock: () => Date
  wrapGrants?: (store: GrantStore) => GrantStore
  wrapIdentity?: (identity: MicrosoftIdentity) => MicrosoftIdentity
}): Promise<AccessParts> {
  const { registration, authorityHost, graphBaseUrl, redirectUri, publicUrl } = config
  const [installation] = await ground.database.query<{ tenant_id: string }>('SELECT tenant_id FROM installation')
  const database = await openDatabase(ground.database.url, () => {})
  const settingsStore = createSettingsStore(database.prisma)
  const grantStore = wrapGrants(createGrantStore(database.prisma))
  const fetch = createMicrosoftFetch({ timeoutMs: 5_000 })
  const identity = wrapIdentity(
    createMicrosoftIdentity({
      registration,
      authorityHost,
      graphBaseUrl,
      redirectUri,
      approvalLinks: approvalLinks(publicUrl),
      fetch,
      clock,
    }),
  )
  const vault = createTokenVault((await loadVaultKeys(config, () => {})).keyRing)
  return {
    tenantId: installation?.tenant_id ?? '',
    settingsStore,
    grantStore,
    accessSource: createAccessSource({ settingsStore, grantStore, identity, vault, clock, chance: () => 1 }),
    mailer: createGraphMailer({ graphBaseUrl, fetch, clock }),
    close: () => database.close(),
  }
}

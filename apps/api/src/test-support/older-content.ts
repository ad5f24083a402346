import { deriveContentKeys } from '@inforiver-mail/m365/content-cipher'
import { parseVaultKeys } from '@inforiver-mail/m365/key-ring'
import { createTokenVault, type Sealed } from '@inforiver-mail/m365/token-vault'
import type { TestDatabase } from './test-database.ts'
import type { TestProduct } from './test-product.ts'

/** Stores the key of a message as version 1.0.0 did: sealed next to its content, which does not change. */
export async function keyAsVersion1(database: TestDatabase, { config }: TestProduct, id: string): Promise<void> {
  const keys = parseVaultKeys(config.vaultKeys ?? '')
  if (keys.outcome !== 'read') throw new Error(keys.faults.join(' '))
  const vault = createTokenVault(keys.keyRing)
  const [stored] = await database.query<{ tenant: string; record: string; sealed: Sealed }>(
    `SELECT k.tenant_id AS tenant, k.id AS record, k.key_sealed AS sealed
       FROM message_contents c JOIN data_keys k ON k.id = c.data_key WHERE c.message_id = $1`,
    [id],
  )
  if (!stored) throw new Error(`There is no content of a message ${id}.`)
  const { tenant, record, sealed } = stored
  const contentKey = deriveContentKeys(await vault.open(sealed, { tenant, record, purpose: 'data-key' }))(id)
  await database.query('UPDATE message_contents SET data_key = NULL, key_sealed = $2 WHERE message_id = $1', [
    id,
    await vault.seal(contentKey, { tenant, record: id, purpose: 'content-key' }),
  ])
}

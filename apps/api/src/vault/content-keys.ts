import { deriveContentKeys, newContentKey } from '@inforiver-mail/m365/content-cipher'
import type { RandomBytes } from '@inforiver-mail/m365/random'
import type { Sealed, TokenVault } from '@inforiver-mail/m365/token-vault'
import { LRUCache } from 'lru-cache'
import type { NewId } from '../runtime/ids.ts'
import type { DataKey, DataKeys } from '../queue/intake/data-keys.ts'

/** How long a current data key is cached, which is also how long it serves new messages after its hour. */
const CURRENT_FOR_MS = 5 * 60_000
const MAX_CACHED = 1_000

/** The columns of a stored message that determine its content key. */
export interface KeyedMessage {
  readonly id: string
  readonly tenantId: string
  readonly dataKey: string | null
  readonly contentKeySealed: Sealed | null
}

/** Content keys, which are derived from a data key per tenant and hour. The vault seals the data keys. */
export type ContentKeys = ReturnType<typeof createContentKeys>

export function createContentKeys({
  store,
  vault,
  random,
  newId,
  elapsedMs,
}: {
  store: DataKeys
  vault: Pick<TokenVault, 'seal' | 'open'>
  random: RandomBytes
  newId: NewId
  elapsedMs: () => number
}) {
  const current = new LRUCache<string, Promise<OpenKey>>({
    max: MAX_CACHED,
    ttl: CURRENT_FOR_MS,
    ttlResolution: 0, // otherwise it keeps the time for a millisecond by a timer of its own
    perf: { now: elapsedMs },
  })
  const opened = new LRUCache<string, Promise<DeriveKey>>({ max: MAX_CACHED })

  /** Shares one lookup among concurrent callers. A failed lookup is not cached. */
  function once<Value>(
    cache: LRUCache<string, Promise<Value>>,
    key: string,
    find: () => Promise<Value>,
  ): Promise<Value> {
    const known = cache.get(key)
    if (known) return known
    const found = find()
    cache.set(key, found)
    found.catch(() => cache.delete(key))
    return found
  }

  async function findCurrent(tenantId: string): Promise<OpenKey> {
    const stored = (await store.current(tenantId)) ?? (await make(tenantId))
    return { id: stored.id, derive: await open(tenantId, stored.id, stored.keySealed) }
  }

  async function make(tenantId: string): Promise<DataKey> {
    const id = newId('dataKey')
    const keySealed = await vault.seal(newContentKey(random), ownerOf(tenantId, id))
    await store.add(tenantId, { id, keySealed })
    const stored = await store.current(tenantId) // another process may have been first
    if (!stored) return make(tenantId) // the hour ended in between
    return stored
  }

  function open(tenantId: string, id: string, keySealed?: Sealed): Promise<DeriveKey> {
    return once(opened, `${tenantId} ${id}`, async () => {
      const sealed = keySealed ?? (await store.read(id))?.keySealed
      if (!sealed) throw new Error('The data key of the message is gone.')
      return deriveContentKeys(await vault.open(sealed, ownerOf(tenantId, id)))
    })
  }

  return {
    async forNewMessage({
      id,
      tenantId,
    }: {
      readonly id: string
      readonly tenantId: string
    }): Promise<{ readonly dataKey: string; readonly contentKey: string }> {
      const { id: dataKey, derive } = await once(current, tenantId, () => findCurrent(tenantId))
      return { dataKey, contentKey: derive(id) }
    },

    /** Reports that a data key is no longer stored, so that the next message gets another one. */
    async dataKeyGone(tenantId: string, dataKey: string): Promise<void> {
      const known = current.get(tenantId)
      const isGone = (await known?.catch(() => null))?.id === dataKey
      if (isGone && current.get(tenantId) === known) current.delete(tenantId)
    },

    /** Rejects with a `VaultError` when the vault cannot open the key, and with an `Error` when the data key is gone. */
    async forStoredMessage({ id, tenantId, dataKey, contentKeySealed }: KeyedMessage): Promise<string> {
      if (dataKey !== null) return (await open(tenantId, dataKey))(id)
      if (contentKeySealed === null) throw new Error(`The content of ${id} is gone.`)
      return vault.open(contentKeySealed, { tenant: tenantId, record: id, purpose: 'content-key' })
    },
  }
}

/** Derives the content key of a message from a data key. */
type DeriveKey = (message: string) => string

interface OpenKey {
  readonly id: string
  readonly derive: DeriveKey
}

function ownerOf(tenant: string, record: string) {
  return { tenant, record, purpose: 'data-key' }
}

import type { TokenVault } from '@inforiver-mail/m365/token-vault'
import type { ForgettableColumn } from '../domain/sealed-column.ts'
import type { SealedStore, StoredValue } from './sealed-store.ts'

const BATCH = 200
const MAX_IDLE_PASSES = 10
const AFTER_IDLE_PASS_MS = 200

export type Resealing =
  /** Every stored value is sealed with the first key. */
  | { readonly outcome: 'done'; readonly resealed: number }
  /** Running processes seal with other keys; nothing was changed. */
  | { readonly outcome: 'disagreement'; readonly kids: readonly string[] }
  /** Some values could not be opened, or keep being changed. */
  | { readonly outcome: 'left'; readonly resealed: number }

/**
 * Reseals everything that other keys seal, with the key that seals new values. Each value is replaced on its own, and
 * only if it is unchanged, so that resealing may stop anywhere, start again, and run alongside refreshes, sends and another
 * resealing. It refuses to begin while a running process seals with another key: that process may not have this one.
 */
export async function reseal({
  store,
  vault,
  kid,
  clock,
  signal,
  onProgress,
  wait,
}: {
  store: SealedStore
  vault: TokenVault
  kid: string
  clock: () => Date
  signal: AbortSignal
  onProgress?: (resealed: number) => void
  wait: (ms: number) => Promise<unknown>
}): Promise<Resealing> {
  if (isOnly(kid, await store.findKids())) return { outcome: 'done', resealed: 0 }
  const others = [...(await store.findSealingKids())].filter((other) => other !== kid)
  if (others.length > 0) return { outcome: 'disagreement', kids: others }
  let resealed = 0
  let finished = false
  for (let idlePasses = 0; !finished && idlePasses < MAX_IDLE_PASSES && !signal.aborted;) {
    const before = resealed
    for (const column of store.columns) await resealColumn(column)
    finished = isOnly(kid, await store.findKids())
    if (resealed > before || finished) continue
    idlePasses += 1
    await wait(AFTER_IDLE_PASS_MS)
  }
  if (resealed > 0) await store.recordRotation({ kid, resealed, finished, now: clock() })
  return { outcome: finished ? 'done' : 'left', resealed }

  async function resealColumn(column: ForgettableColumn): Promise<void> {
    let after = ''
    while (!signal.aborted) {
      const values = await store.read(column, { after, exceptKid: kid, limit: BATCH })
      const changes = (await Promise.all(values.map(resealValue))).filter((change) => change !== null)
      if (changes.length > 0) resealed += await store.replace(column, changes)
      if (values.length > 0) onProgress?.(resealed)
      const last = values.at(-1)
      if (!last || values.length < BATCH) return
      after = last.key
    }
  }

  /** Returns null for a value that does not open; only `forget` may delete it. */
  async function resealValue({ key, value, owner }: StoredValue) {
    const secret = await vault.open(value, owner).catch(() => null)
    return secret === null ? null : { key, before: value, after: await vault.seal(secret, owner) }
  }
}

function isOnly(kid: string, kids: ReadonlySet<string>): boolean {
  return [...kids].every((each) => each === kid)
}

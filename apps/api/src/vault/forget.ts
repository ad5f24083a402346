import type { ConnectionProblem } from '@inforiver-mail/contract/consent-problem'
import type { TokenVault } from '@inforiver-mail/m365/token-vault'
import type { ForgettableColumn } from '../domain/sealed-column.ts'
import type { ForgetStore } from './forget-store.ts'
import type { SealedStore, StoredValue } from './sealed-store.ts'
import { worded } from '@inforiver-mail/m365/explanation'
import { KINDS, type LostKind } from './lost-kinds.ts'

const BATCH = 500
const NAMED_AT_MOST = 10

/** Records of one purpose whose values no longer open. */
export interface Lost {
  readonly kind: LostKind
  readonly purpose: string
  readonly count: number
  /** The keys that they were sealed with. */
  readonly kids: readonly string[]
  /** Ids of up to ten of them: the tenant's for tokens, else the record's. */
  readonly names: readonly string[]
}

export interface Findings {
  readonly lost: readonly Lost[]
  /** The keys that open at least one stored value: only these are known to have the value that they sealed with. */
  readonly proven: ReadonlySet<string>
}

type Deps = Readonly<{ store: SealedStore; vault: TokenVault }>

/** Opens every stored value and lists those that do not open. */
export async function findLost({ store, vault }: Deps): Promise<Findings> {
  const found: Lost[] = []
  const proven = new Set<string>()
  for (const column of store.columns) {
    const kids = new Set<string>()
    const names: string[] = []
    let count = 0
    for await (const { opened, lost } of openEach({ store, vault }, column)) {
      count += lost.length
      for (const { value } of opened) proven.add(kidOf(vault, value))
      for (const { value } of lost) kids.add(kidOf(vault, value))
      names.push(...lost.slice(0, NAMED_AT_MOST - names.length).map(({ key }) => key))
    }
    if (count > 0) found.push({ kind: kindOf(column), purpose: column.purpose, count, kids: [...kids], names })
  }
  return { lost: found, proven }
}

/**
 * Gives up the records of these kinds that no longer open, and returns how many; all others stay. A tenant whose tokens
 * are lost has to reconnect, and its messages are held until then.
 */
export async function forget(
  deps: Deps & {
    readonly kinds: readonly LostKind[]
    readonly forgetStore: ForgetStore
    /** Applies the problem to the settings of the tenant. It runs before the tokens are deleted. */
    readonly requireReconnect: (tenantId: string, problem: ConnectionProblem) => Promise<void>
    readonly clock: () => Date
  },
): Promise<number> {
  const { store, kinds, forgetStore, requireReconnect, clock } = deps
  let forgotten = 0
  for (const column of store.columns.filter((each) => kinds.includes(kindOf(each)))) {
    for await (const { lost } of openEach(deps, column)) {
      if (lost.length === 0) continue
      if (kindOf(column) === 'tokens') for (const { key } of lost) await requireReconnect(key, tokensLost(clock()))
      forgotten += await forgetStore.forget(column, lost, clock())
    }
  }
  return forgotten
}

interface Batch {
  readonly opened: readonly StoredValue[]
  readonly lost: readonly StoredValue[]
}

async function* openEach({ store, vault }: Deps, column: ForgettableColumn): AsyncGenerator<Batch> {
  let after = ''
  for (;;) {
    const values = await store.read(column, { after, exceptKid: null, limit: BATCH })
    const results = await Promise.allSettled(values.map(({ value, owner }) => vault.open(value, owner)))
    const resulting = (status: 'fulfilled' | 'rejected') =>
      values.filter((_, index) => results[index]?.status === status)
    yield { opened: resulting('fulfilled'), lost: resulting('rejected') }
    const last = values.at(-1)
    if (!last || values.length < BATCH) return
    after = last.key
  }
}

function kindOf({ purpose }: Pick<ForgettableColumn, 'purpose'>): LostKind {
  const kind = (KINDS as Readonly<Record<string, LostKind | undefined>>)[purpose]
  if (kind === undefined) throw new Error(`No kind is defined for values sealed as ${purpose}.`)
  return kind
}

function kidOf(vault: TokenVault, value: StoredValue['value']): string {
  try {
    return vault.keyIdOf(value)
  } catch {
    return '?'
  }
}

function tokensLost(now: Date): ConnectionProblem {
  const text = worded({ title: 'tokens-lost.title', detail: ['tokens-lost'], action: ['reconnect-same-account'] })
  return { code: 'reconnect-required', ...text, correlationId: null, since: now.toISOString() }
}

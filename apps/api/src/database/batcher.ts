import type { Timers } from '../runtime/clock.ts'

interface Waiting<Item, Result> {
  readonly item: Item
  readonly sizeBytes: number
  readonly resolve: (result: Result) => void
  readonly reject: (error: unknown) => void
}

/** Stands for the result of an item that failed, while others of its batch did not. */
export class FailedItem {
  readonly error: unknown

  constructor(error: unknown) {
    this.error = error
  }
}

/** Has items wait for each other while many come. */
export interface Gathering {
  /** The next batch waits after one of at least this many items. */
  readonly from: number
  readonly wait: () => Promise<unknown>
}

/** A batch that takes longer is overtaken: its connection may be silent, or a process that stands still may hold its locks. */
const SLOW_AFTER_MS = 500
/** How many slow batches are overtaken: by those of the same owners, which may wait for the same locks, and by any. */
const MAX_SLOW = { sameOwner: 1, any: 2 }

/**
 * Group commit: items that arrive while a batch is running form the next one, so that small writes share a round trip and
 * a flush to disk. A single item does not wait, unless it follows many and `gathering` says so. While a batch is slow, the
 * next ones run beside it, first those of other owners.
 *
 * @param run returns a result per item, in the same order, or a `FailedItem`; when it throws, the whole batch fails
 */
export function createBatcher<Item, Result>(
  run: (items: readonly Item[]) => Promise<readonly (Result | FailedItem)[]>,
  limits: {
    readonly timers: Pick<Timers, 'after' | 'nextTurn'>
    readonly maxItems: number
    readonly maxBytes?: number
    readonly sizeOf?: (item: Item) => number
    /** Whose locks an item needs, such as those of a tenant. */
    readonly ownerOf?: (item: Item) => string
    readonly gathering?: Gathering
    readonly slowAfterMs?: number
  },
): (item: Item) => Promise<Result> {
  const { timers, maxItems, maxBytes = Number.POSITIVE_INFINITY, slowAfterMs = SLOW_AFTER_MS, gathering } = limits
  const { sizeOf = () => 0, ownerOf = () => '' } = limits
  type Batch = readonly Waiting<Item, Result>[]
  let waiting: Waiting<Item, Result>[] = []
  let running = false
  const slow = new Set<Batch>()
  let wake = () => {}

  function takeBatch(): Batch {
    const ready = slow.size === 0 ? waiting : besideSlow()
    let sizeBytes = 0
    const end = ready.findIndex((next, index) => {
      sizeBytes += next.sizeBytes
      return index > 0 && (index >= maxItems || sizeBytes > maxBytes)
    })
    const batch = end === -1 ? ready : ready.slice(0, end)
    if (ready === waiting) waiting = waiting.slice(batch.length)
    else {
      const taken = new Set(batch)
      waiting = waiting.filter((item) => !taken.has(item))
    }
    return batch
  }

  /** What may run beside the slow batches. */
  function besideSlow(): Batch {
    if (slow.size > MAX_SLOW.any) return []
    const owners = new Set([...slow].flat().map(({ item }) => ownerOf(item)))
    const others = waiting.filter(({ item }) => !owners.has(ownerOf(item)))
    return others.length > 0 || slow.size > MAX_SLOW.sameOwner ? others : waiting
  }

  async function drain(): Promise<void> {
    while (waiting.length > 0) {
      const batch = takeBatch()
      if (batch.length === 0) {
        await new Promise<void>((resolve) => (wake = resolve))
        continue
      }
      await untilDoneOrSlow(batch)
      // What arrived meanwhile may still lie in sockets: each round trip that is saved is worth more than this turn.
      await timers.nextTurn()
      if (gathering && batch.length >= gathering.from && waiting.length < maxItems) await gathering.wait()
    }
    running = false
  }

  function untilDoneOrSlow(batch: Batch): Promise<void> {
    return new Promise((resolve) => {
      const cancel = timers.after(slowAfterMs, () => {
        slow.add(batch)
        resolve()
      })
      void runBatch(batch, () => {
        cancel()
        if (slow.delete(batch)) wake()
        resolve()
      })
    })
  }

  async function runBatch(batch: Batch, done: () => void): Promise<void> {
    try {
      const results = await run(batch.map(({ item }) => item))
      done()
      batch.forEach(({ resolve, reject }, index) => {
        const result = results[index]
        if (result instanceof FailedItem) reject(result.error)
        else resolve(result as Result)
      })
    } catch (error) {
      done()
      for (const { reject } of batch) reject(error)
    }
  }

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, sizeBytes: sizeOf(item), resolve, reject })
      // Starts after this turn of the event loop, so that items submitted in it share a batch.
      if (running) wake()
      else {
        running = true
        void timers.nextTurn().then(drain)
      }
    })
}

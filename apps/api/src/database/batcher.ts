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
const MOST_AT_ONCE = 2

/**
 * Group commit: items that arrive while a batch is running form the next one, so that small writes share a round trip and
 * a flush to disk. A single item does not wait, unless it follows many and `gathering` says so. While a batch is slow, the
 * next ones run beside it.
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
    readonly gathering?: Gathering
    readonly slowAfterMs?: number
  },
): (item: Item) => Promise<Result> {
  const { timers, maxItems, maxBytes = Number.POSITIVE_INFINITY, sizeOf = () => 0, gathering } = limits
  const { slowAfterMs = SLOW_AFTER_MS } = limits
  type Batch = readonly Waiting<Item, Result>[]
  const waiting: Waiting<Item, Result>[] = []
  let running = false
  let slow = 0
  let oneEnded = () => {}

  function takeBatch(): Batch {
    let sizeBytes = 0
    const end = waiting.findIndex((next, index) => {
      sizeBytes += next.sizeBytes
      return index > 0 && (index >= maxItems || sizeBytes > maxBytes)
    })
    return waiting.splice(0, end === -1 ? waiting.length : end)
  }

  async function drain(): Promise<void> {
    while (waiting.length > 0) {
      if (slow === MOST_AT_ONCE) await new Promise<void>((resolve) => (oneEnded = resolve))
      const batch = takeBatch()
      await untilDoneOrSlow(batch)
      // What arrived meanwhile may still lie in sockets: each round trip that is saved is worth more than this turn.
      await timers.nextTurn()
      if (gathering && batch.length >= gathering.from && waiting.length < maxItems) await gathering.wait()
    }
    running = false
  }

  function untilDoneOrSlow(batch: Batch): Promise<void> {
    return new Promise((resolve) => {
      let isSlow = false
      const cancel = timers.after(slowAfterMs, () => {
        isSlow = true
        slow += 1
        resolve()
      })
      void runBatch(batch, () => {
        cancel()
        if (isSlow) {
          slow -= 1
          oneEnded()
        }
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
      if (running) return
      running = true
      // After this turn of the event loop, so that items submitted in it share a batch.
      void timers.nextTurn().then(drain)
    })
}

import { setImmediate as turnOfTheEventLoop } from 'node:timers/promises'

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

/**
 * Group commit: items that arrive while a batch is running form the next one, so that small writes share a round trip and
 * a flush to disk. A single item does not wait, unless it follows many and `gathering` says so.
 *
 * @param run returns a result per item, in the same order, or a `FailedItem`; when it throws, the whole batch fails
 */
export function createBatcher<Item, Result>(
  run: (items: readonly Item[]) => Promise<readonly (Result | FailedItem)[]>,
  limits: {
    readonly maxItems: number
    readonly maxBytes?: number
    readonly sizeOf?: (item: Item) => number
    readonly gathering?: Gathering
  },
): (item: Item) => Promise<Result> {
  const { maxItems, maxBytes = Number.POSITIVE_INFINITY, sizeOf = () => 0, gathering } = limits
  let waiting: Waiting<Item, Result>[] = []
  let running = false

  function takeBatch(): Waiting<Item, Result>[] {
    let sizeBytes = 0
    const end = waiting.findIndex((next, index) => {
      sizeBytes += next.sizeBytes
      return index > 0 && (index >= maxItems || sizeBytes > maxBytes)
    })
    const batch = end === -1 ? waiting : waiting.slice(0, end)
    waiting = end === -1 ? [] : waiting.slice(end)
    return batch
  }

  async function drain(): Promise<void> {
    running = true
    while (waiting.length > 0) {
      const batch = takeBatch()
      try {
        const results = await run(batch.map(({ item }) => item))
        batch.forEach(({ resolve, reject }, index) => {
          const result = results[index]
          if (result instanceof FailedItem) reject(result.error)
          else resolve(result as Result)
        })
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
      // What arrived meanwhile may still lie in sockets: each round trip that is saved is worth more than this turn.
      await turnOfTheEventLoop()
      if (gathering && batch.length >= gathering.from && waiting.length < maxItems) await gathering.wait()
    }
    running = false
  }

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, sizeBytes: sizeOf(item), resolve, reject })
      // Starts after this turn of the event loop, so that items submitted in it share a batch.
      if (!running) {
        running = true
        setImmediate(() => void drain())
      }
    })
}

import type { ByteBudget, GiveBack } from './byte-budget.ts'
import { RESERVED_FOR_SMALL_BODIES, RESERVED_FOR_STORING, memoryFor } from './memory-use.ts'

/** The memory of one request. All sizes are those of its body in bytes; how often a body is held is accounted for here. */
export interface BodyMemory {
  /** @throws the error of `timeoutError` after too long a wait for room, as every other method does */
  holdSmallJson(bytes: number): Promise<void>
  /**
   * Holds memory for JSON of at most this many bytes, and admits only a few of these at once. The returned function takes
   * the actual size, and gives the rest back.
   */
  holdLargeJson(mostBytes: number): Promise<(bytes: number) => void>
  /** Holds bytes of memory for files that are arriving. */
  hold(bytes: number): Promise<GiveBack>
  /** Holds bytes of memory for what is on its way to the database, until they are given back. */
  holdForStoring(bytes: number): Promise<GiveBack>
  /** Gives back whatever else is held, and ends every wait. */
  release(): void
}

/** One for all, since making an error takes longer than most bodies do. Whoever waited for memory is gone by then. */
const RELEASED = new Error('The memory of this request is given back.')

export function createBodyMemory(
  budget: ByteBudget,
  { longestWaitMs, timeoutError }: { longestWaitMs: number; timeoutError: () => Error },
): BodyMemory {
  const released = new AbortController()
  const held: GiveBack[] = []

  async function take(bytes: number, leaveBytes: number): Promise<GiveBack> {
    return budget.takeAtOnce(bytes, leaveBytes) ?? (await wait(bytes, leaveBytes))
  }

  async function wait(bytes: number, leaveBytes: number): Promise<GiveBack> {
    const patience = AbortSignal.timeout(longestWaitMs)
    try {
      return await budget.take(bytes, AbortSignal.any([released.signal, patience]), leaveBytes)
    } catch (error) {
      throw patience.aborted ? timeoutError() : error
    }
  }

  async function hold(bytes: number, leaveBytes: number): Promise<GiveBack> {
    const giveBack = await take(bytes, leaveBytes)
    if (released.signal.aborted) giveBack()
    else held.push(giveBack)
    return giveBack
  }

  return {
    async holdSmallJson(bytes) {
      await hold(memoryFor.json(bytes), 0)
    },
    async holdLargeJson(mostBytes) {
      const giveBack = await hold(memoryFor.json(mostBytes), RESERVED_FOR_STORING)
      return (bytes) => giveBack(memoryFor.json(Math.max(0, mostBytes - bytes)))
    },
    hold: (bytes) => hold(bytes, RESERVED_FOR_STORING),
    holdForStoring: (bytes) => take(bytes, RESERVED_FOR_SMALL_BODIES),
    release() {
      released.abort(RELEASED)
      for (const giveBack of held) giveBack()
    },
  }
}

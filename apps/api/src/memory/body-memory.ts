import type { ByteBudget, GiveBack } from './byte-budget.ts'
import { RESERVED_FOR_SMALL_BODIES, RESERVED_FOR_STORING, memoryFor } from './memory-use.ts'

/** The memory of one request. All sizes are those of its body in bytes; how often a body is held is accounted for here. */
export interface BodyMemory {
  /** Returns false, and holds nothing, where the memory for small JSON is not free. */
  holdSmallJsonAtOnce(bytes: number): boolean
  /**
   * Undefined when the memory was free at once.
   *
   * @throws the error of `timeoutError` after too long a wait for room, as every other method does
   */
  holdSmallJson(bytes: number): Promise<void> | undefined
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
  /** Made for the first wait: hardly any body waits, and a signal for each costs more than its JSON. */
  let waits: AbortController | null = null
  let isReleased = false
  const held: GiveBack[] = []

  async function take(bytes: number, leaveBytes: number): Promise<GiveBack> {
    return budget.takeAtOnce(bytes, leaveBytes) ?? (await wait(bytes, leaveBytes))
  }

  async function wait(bytes: number, leaveBytes: number): Promise<GiveBack> {
    if (isReleased) throw RELEASED
    const patience = AbortSignal.timeout(longestWaitMs)
    waits ??= new AbortController()
    try {
      return await budget.take(bytes, AbortSignal.any([waits.signal, patience]), leaveBytes)
    } catch (error) {
      throw patience.aborted ? timeoutError() : error
    }
  }

  async function hold(bytes: number, leaveBytes: number): Promise<GiveBack> {
    const giveBack = await take(bytes, leaveBytes)
    keep(giveBack)
    return giveBack
  }

  function keep(giveBack: GiveBack): void {
    if (isReleased) giveBack()
    else held.push(giveBack)
  }

  function holdSmallJsonAtOnce(bytes: number): boolean {
    const giveBack = budget.takeAtOnce(memoryFor.json(bytes))
    if (giveBack !== null) keep(giveBack)
    return giveBack !== null
  }

  return {
    holdSmallJsonAtOnce,
    holdSmallJson(bytes) {
      return holdSmallJsonAtOnce(bytes) ? undefined : wait(memoryFor.json(bytes), 0).then(keep)
    },
    async holdLargeJson(mostBytes) {
      const giveBack = await hold(memoryFor.json(mostBytes), RESERVED_FOR_STORING)
      return (bytes) => giveBack(memoryFor.json(Math.max(0, mostBytes - bytes)))
    },
    hold: (bytes) => hold(bytes, RESERVED_FOR_STORING),
    holdForStoring: (bytes) => take(bytes, RESERVED_FOR_SMALL_BODIES),
    release() {
      isReleased = true
      waits?.abort(RELEASED)
      for (const giveBack of held) giveBack()
    },
  }
}

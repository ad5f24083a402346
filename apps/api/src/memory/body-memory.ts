import type { BodyBudget } from './body-budget.ts'
import type { GiveBack } from './byte-budget.ts'
import { memoryFor } from './memory-use.ts'
import type { Holder } from './shares.ts'

/**
 * The memory of one request. All sizes are those of its body in bytes; how often a body is held is accounted for here.
 * What would exceed the share of its holder throws the error of `shareError`.
 */
export type BodyMemory = ReturnType<typeof createBodyMemory>

export type FreeUnused = (bytes: number) => void

/** One for all, since making an error takes longer than most bodies do. Whoever waited for memory is gone by then. */
const RELEASED = new Error('The memory of this request is given back.')

export function createBodyMemory(
  budget: BodyBudget,
  {
    holder,
    longestWaitMs,
    timeoutError,
    shareError,
  }: { holder: () => Holder; longestWaitMs: number; timeoutError: () => Error; shareError: (holder: Holder) => Error },
) {
  /** Made for the first wait: hardly any body waits, and a signal for each costs more than its JSON. */
  let waits: AbortController | null = null
  let isReleased = false
  const held: GiveBack[] = []
  const heldAsSmall: GiveBack[] = []

  function keep(giveBack: GiveBack | null, among = held): GiveBack {
    if (giveBack === null) throw shareError(holder())
    if (isReleased) giveBack()
    else among.push(giveBack)
    return giveBack
  }

  /** Holds memory for JSON of at most this many bytes. The returned function takes the actual size, and frees the rest. */
  function holdLargeJson(mostBytes: number): FreeUnused {
    const giveBack = keep(budget.takeLarge(holder(), memoryFor.json(mostBytes)))
    return (bytes) => giveBack(memoryFor.json(Math.max(0, mostBytes - bytes)))
  }

  async function waitForStoring(bytes: number): Promise<GiveBack> {
    if (isReleased) throw RELEASED
    const patience = AbortSignal.timeout(longestWaitMs)
    waits ??= new AbortController()
    try {
      return await budget.takeForStoring(bytes, AbortSignal.any([waits.signal, patience]))
    } catch (error) {
      throw patience.aborted ? timeoutError() : error
    }
  }

  return {
    holdSmallJson: (bytes: number): void => void keep(budget.takeSmall(holder(), memoryFor.json(bytes)), heldAsSmall),
    holdLargeJson,
    /** The same for JSON that was held as small until it proved to be large. */
    becomeLargeJson(mostBytes: number): FreeUnused {
      const freeUnused = holdLargeJson(mostBytes)
      for (const giveBack of heldAsSmall.splice(0)) giveBack()
      return freeUnused
    },
    /** Holds bytes of memory for files that are arriving. */
    hold: (bytes: number): GiveBack => keep(budget.takeLarge(holder(), bytes)),
    /**
     * Waits for bytes of memory for what is on its way to the database, and holds them until they are given back.
     *
     * @throws the error of `timeoutError` after too long a wait
     */
    holdForStoring: async (bytes: number): Promise<GiveBack> =>
      budget.takeForStoringAtOnce(bytes) ?? (await waitForStoring(bytes)),
    /** Gives back everything that is still held, and ends every wait. */
    release(): void {
      isReleased = true
      waits?.abort(RELEASED)
      for (const giveBack of [...held, ...heldAsSmall]) giveBack()
    },
  }
}

import { createByteBudget, type ByteBudget, type GiveBack } from '../byte-budget.ts'
import { ProblemError } from './problem.ts'

const KIB = 1024
const MIB = 1024 * KIB

/** JSON is held as it came, parsed, decoded and sealed. */
const TIMES_JSON = 4
/** Ordinary mail never waits for large mail. */
export const SMALL_BODY_BYTES = 64 * KIB
/** What small bodies alone may take, */
const LEFT_TO_SMALL_BYTES = 12 * MIB
/** and what they may take besides with what is being stored: that always goes on, so that uploads come to an end. */
const LEFT_TO_STORING_BYTES = LEFT_TO_SMALL_BYTES + 4 * MIB
/** Four of the largest JSON bodies at once, or uploads in their place, beside as much as is left to small ones. */
const BUDGET_BYTES = LEFT_TO_STORING_BYTES + LEFT_TO_SMALL_BYTES + 4 * TIMES_JSON * 6 * MIB

/** One for all bodies that arrive in this process. */
export function createBodyBudget(): ByteBudget {
  return createByteBudget(BUDGET_BYTES)
}

/** The memory of one request. */
export interface BodyMemory {
  holdSmallJson(bytes: number): Promise<void>
  /**
   * For JSON of at most so many bytes, of which only a few at once are let in. The returned function is told what it
   * turned out to have, and gives the rest back.
   */
  holdLargeJson(mostBytes: number): Promise<(bytes: number) => void>
  /** For files that are arriving. */
  hold(bytes: number): Promise<GiveBack>
  /** For what is on its way to the database, until it is given back. */
  holdForStoring(bytes: number): Promise<GiveBack>
  /** Gives back whatever else is held, and waits for nothing any more. */
  release(): void
}

/** There was none for too long. */
export class OutOfMemoryError extends ProblemError {
  constructor(longestWaitMs: number) {
    super(
      'unavailable',
      `Other large messages are arriving, and after ${longestWaitMs / 1_000} seconds there was still no memory for this one. Nothing was stored; try again in a moment, or send attachments as parts of a multipart/form-data body.`,
    )
  }
}

export function createBodyMemory(budget: ByteBudget, longestWaitMs: number): BodyMemory {
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
      throw patience.aborted ? new OutOfMemoryError(longestWaitMs) : error
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
      await hold(bytes * TIMES_JSON, 0)
    },
    async holdLargeJson(mostBytes) {
      const giveBack = await hold(mostBytes * TIMES_JSON, LEFT_TO_STORING_BYTES)
      return (bytes) => giveBack(Math.max(0, mostBytes - bytes) * TIMES_JSON)
    },
    hold: (bytes) => hold(bytes, LEFT_TO_STORING_BYTES),
    holdForStoring: (bytes) => take(bytes, LEFT_TO_SMALL_BYTES),
    release() {
      released.abort()
      for (const giveBack of held) giveBack()
    },
  }
}

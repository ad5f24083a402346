export interface ByteBudget {
  /**
   * Waits until there is room, first come first served. Requests are capped at what may be taken; zero bytes return at
   * once. `leaveBytes` of the budget stay free for others, and a request that leaves less does not queue behind one that
   * leaves more. Rejects with the signal's reason when it is aborted.
   */
  take(bytes: number, signal?: AbortSignal, leaveBytes?: number): Promise<GiveBack>
  /** Returns null where it would have to wait. */
  takeAtOnce(bytes: number, leaveBytes?: number): GiveBack | null
  /** How many bytes are taken now. */
  readonly usedBytes: number
}

/** Gives bytes back, by default all that remain of what was taken. Calling it again does no harm. */
export type GiveBack = (bytes?: number) => void

interface Waiter {
  readonly bytes: number
  readonly leaveBytes: number
  readonly admit: () => void
}

/** A counting semaphore over bytes of memory: whoever exceeds it waits. */
export function createByteBudget(totalBytes: number): ByteBudget {
  let usedBytes = 0
  let waiting: Waiter[] = []

  function fits(bytes: number, leaveBytes: number): boolean {
    return usedBytes + bytes <= totalBytes - leaveBytes
  }

  function admitWaiting(): void {
    let blockedFromLeaving = Number.POSITIVE_INFINITY
    waiting = waiting.filter(({ bytes, leaveBytes, admit }) => {
      if (leaveBytes >= blockedFromLeaving) return true
      if (!fits(bytes, leaveBytes)) {
        blockedFromLeaving = leaveBytes
        return true
      }
      usedBytes += bytes
      admit()
      return false
    })
  }

  function giver(takenBytes: number): GiveBack {
    let leftBytes = takenBytes
    return (bytes = leftBytes) => {
      const given = Math.min(bytes, leftBytes)
      leftBytes -= given
      usedBytes -= given
      admitWaiting()
    }
  }

  function takeAtOnce(wanted: number, leaveBytes = 0): GiveBack | null {
    const bytes = Math.min(wanted, totalBytes - leaveBytes)
    if (!fits(bytes, leaveBytes) || waiting.some((waiter) => waiter.leaveBytes <= leaveBytes)) return null
    usedBytes += bytes
    return giver(bytes)
  }

  return {
    async take(wanted, signal, leaveBytes = 0) {
      signal?.throwIfAborted()
      if (wanted === 0) return () => {}
      const atOnce = takeAtOnce(wanted, leaveBytes)
      if (atOnce !== null) return atOnce
      const bytes = Math.min(wanted, totalBytes - leaveBytes)
      await new Promise<void>((resolve, reject) => {
        const waiter = { bytes, leaveBytes, admit }
        waiting.push(waiter)
        signal?.addEventListener('abort', leave, { once: true })
        admitWaiting()

        function admit(): void {
          signal?.removeEventListener('abort', leave)
          resolve()
        }
        function leave(): void {
          waiting = waiting.filter((other) => other !== waiter)
          reject(signal?.reason)
          admitWaiting()
        }
      })
      return giver(bytes)
    },
    takeAtOnce,
    get usedBytes() {
      return usedBytes
    },
  }
}

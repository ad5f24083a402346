export type ByteBudget = ReturnType<typeof createByteBudget>

/** Gives bytes back, by default all that remain of what was taken. Calling it again does no harm. */
export type GiveBack = (bytes?: number) => void

interface Waiter {
  readonly bytes: number
  readonly leaveBytes: number
  readonly admit: () => void
}

/** A counting semaphore over bytes of memory: a request that exceeds it waits. */
export function createByteBudget(totalBytes: number) {
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
    /**
     * Waits until there is room, first come first served. Requests are capped at what may be taken; zero bytes return at
     * once. `leaveBytes` of the budget stay free for others, and a request that leaves less does not queue behind one that
     * leaves more. Rejects with the signal's reason when it is aborted.
     */
    async take(wanted: number, signal?: AbortSignal, leaveBytes: number = 0): Promise<GiveBack> {
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
    /** Returns null where it would have to wait. */
    takeAtOnce,
    /** How many bytes are taken now. */
    get usedBytes() {
      return usedBytes
    },
  }
}

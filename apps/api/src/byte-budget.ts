export interface ByteBudget {
  /**
   * Waits until there is room, first come first served; a share larger than the whole gets the whole, and who needs
   * none waits for nobody.
   * Rejects when the signal is aborted. The returned function gives the bytes back, once.
   */
  take(bytes: number, signal?: AbortSignal): Promise<() => void>
  /** Of what is taken. */
  readonly usedBytes: number
}

interface Waiter {
  readonly bytes: number
  readonly admit: () => void
}

/** The memory that content may occupy in this process at once: who comes later waits, whoever sends or receives it. */
export function createByteBudget(totalBytes: number): ByteBudget {
  let usedBytes = 0
  const waiting: Waiter[] = []

  function admitWaiting(): void {
    for (let first = waiting[0]; first && usedBytes + first.bytes <= totalBytes; first = waiting[0]) {
      waiting.shift()
      usedBytes += first.bytes
      first.admit()
    }
  }

  function giver(bytes: number): () => void {
    let given = false
    return () => {
      if (given) return
      given = true
      usedBytes -= bytes
      admitWaiting()
    }
  }

  return {
    async take(wanted, signal) {
      signal?.throwIfAborted()
      if (wanted === 0) return () => {}
      const bytes = Math.min(wanted, totalBytes)
      await new Promise<void>((resolve, reject) => {
        const waiter = { bytes, admit }
        waiting.push(waiter)
        signal?.addEventListener('abort', leave, { once: true })
        admitWaiting()

        function admit(): void {
          signal?.removeEventListener('abort', leave)
          resolve()
        }
        function leave(): void {
          waiting.splice(waiting.indexOf(waiter), 1)
          reject(signal?.reason)
          admitWaiting()
        }
      })
      return giver(bytes)
    },
    get usedBytes() {
      return usedBytes
    },
  }
}

import { problemCode } from './failure.ts'

const MAX_REPETITIONS = 5

/**
 * The time between the end of a session and the next sign-in. Requests that were refused for lack of a session wait here,
 * and are repeated then: they have changed nothing, so that nothing that was entered has to be entered again.
 */
export type SessionGap = ReturnType<typeof createSessionGap>

export function createSessionGap() {
  let waiting: PromiseWithResolvers<void> | null = null
  const listeners = new Set<() => void>()
  return {
    /** Waits until somebody is signed in again; throws the abort of `signal`. */
    wait(signal?: AbortSignal): Promise<void> {
      waiting ??= Promise.withResolvers<void>()
      for (const listener of listeners) listener()
      return signal ? Promise.race([waiting.promise, aborted(signal)]) : waiting.promise
    },
    /** Lets every request that waits go on. */
    end(): void {
      waiting?.resolve()
      waiting = null
    },
    /** Calls back whenever a request begins to wait. Returns how to stop that. */
    onWait(listener: () => void): () => void {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

/**
 * Makes a request, and makes it again each time that somebody has signed in after it was refused. It gives up on a server
 * that keeps refusing although it takes the session elsewhere.
 */
export async function overGap<Answer>(
  gap: SessionGap,
  request: () => Promise<Answer>,
  signal?: AbortSignal,
): Promise<Answer> {
  for (let repetition = 0; ; repetition++) {
    try {
      return await request()
    } catch (error) {
      if (problemCode(error) !== 'not-signed-in' || repetition === MAX_REPETITIONS) throw error
      await gap.wait(signal)
    }
  }
}

/** The gap of this document, in which all calls wait. */
export const sessionGap = createSessionGap()

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const abort = () => reject(signal.reason as Error)
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
  })
}

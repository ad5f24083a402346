import type { Running } from '../../apps/api/src/running.ts'

/** An editor that saves several files at once causes one restart. */
const CHANGES_SETTLE_MS = 50

export interface Restartable {
  start(): Promise<void>
  /** Resolves when no start is under way, whether the last one succeeded or not. */
  settled(): Promise<void>
  /** Closes what runs and starts it again; one that comes during a start follows it. */
  restart(changedPath: string): void
  close(): Promise<void>
}

/**
 * Runs one instance at a time of what `startOne` starts. After a failed start, the next restart tries again. `startOne` gets
 * a function to call when what it started ends without being closed: that is started again, once between two changes.
 */
export function createRestartable(
  name: string,
  startOne: (onEnded: (how: string) => void) => Promise<Running | null>,
): Restartable {
  const reasons = new Set<string>()
  let running: Running | null = null
  let hasEnded = false
  let lastStep: Promise<void> = Promise.resolve()
  let timer: NodeJS.Timeout | undefined
  let isClosed = false

  async function replace(): Promise<void> {
    if (isClosed || reasons.size === 0) return
    const because = [...reasons].join(', ')
    reasons.clear()
    const startedAt = performance.now()
    try {
      await running?.close()
      running = null
      running = await startOne(onEnded)
      console.log(`${name} restarted in ${((performance.now() - startedAt) / 1_000).toFixed(1)} s: ${because}`)
    } catch (error) {
      if (!isClosed)
        console.error(`${name} did not start, and tries again with the next change: ${(error as Error).message}`)
    }
  }

  function onEnded(how: string): void {
    if (isClosed) return
    if (hasEnded) return console.error(`${name} ended (${how}) once more, and starts again with the next change.`)
    hasEnded = true
    console.error(`${name} ended (${how}), and starts again.`)
    restartSoon('it had ended')
  }

  function restartSoon(reason: string): void {
    reasons.add(reason)
    clearTimeout(timer)
    timer = setTimeout(() => {
      lastStep = lastStep.then(replace)
    }, CHANGES_SETTLE_MS)
  }

  return {
    async start() {
      const started = startOne(onEnded)
      lastStep = started.then(
        () => {},
        () => {},
      )
      running = await started
    },
    settled: () => lastStep,
    restart(changedPath) {
      hasEnded = false
      restartSoon(changedPath)
    },
    async close() {
      isClosed = true
      clearTimeout(timer)
      await lastStep
      await running?.close()
      running = null
    },
  }
}

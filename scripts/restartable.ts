import type { Running } from '../apps/api/src/running.ts'

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

/** Runs one instance at a time of what `startOne` starts. After a failed start, the next restart tries again. */
export function createRestartable(name: string, startOne: () => Promise<Running | null>): Restartable {
  const changedPaths = new Set<string>()
  let running: Running | null = null
  let lastStep: Promise<void> = Promise.resolve()
  let timer: NodeJS.Timeout | undefined
  let isClosed = false

  async function replace(): Promise<void> {
    if (isClosed || changedPaths.size === 0) return
    const paths = [...changedPaths].join(', ')
    changedPaths.clear()
    const startedAt = performance.now()
    try {
      await running?.close()
      running = null
      running = await startOne()
      console.log(`${name} restarted in ${((performance.now() - startedAt) / 1_000).toFixed(1)} s: ${paths}`)
    } catch (error) {
      if (!isClosed) console.error(`${name} did not start, and starts again with the next change.`, error)
    }
  }

  return {
    async start() {
      const started = startOne()
      lastStep = started.then(
        () => {},
        () => {},
      )
      running = await started
    },
    settled: () => lastStep,
    restart(changedPath) {
      changedPaths.add(changedPath)
      clearTimeout(timer)
      timer = setTimeout(() => {
        lastStep = lastStep.then(replace)
      }, CHANGES_SETTLE_MS)
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

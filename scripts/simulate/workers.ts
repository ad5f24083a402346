import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Report } from './work.ts'

// Schedules run in processes of their own: what stands in for timers and connections is the whole process's.

const WORK = fileURLToPath(new URL('work.ts', import.meta.url))
const EXEC_ARGV = [
  // V8 would collect the whole heap after every 64 MB of buffers, and its threads compete with the other worker.
  '--max-semi-space-size=64',
  '--single-threaded-gc',
  '--external-memory-accounted-in-global-limit',
  '--initial-old-space-size=400',
  '--no-deprecation',
  '--disable-warning=ExperimentalWarning',
]

/**
 * @param number the only one that is open by that number
 * @param plant the fence that is missing there, if any
 */
export function openWorker(serverUrl: string, number = 0, plant = '') {
  const child = fork(WORK, [plant, serverUrl, String(number)], { execArgv: EXEC_ARGV })
  const ended = once(child, 'exit').then(() => {
    throw new Error('A process that runs schedules has ended. What it wrote is above.')
  })
  ended.catch(() => {}) // unless somebody waits for its answer
  return {
    /** One schedule after the other. With `twice` it is run again, and what happened is compared. */
    async run(seed: number, twice = false): Promise<Report> {
      child.send([seed, twice])
      const [report] = await Promise.race([once(child, 'message'), ended])
      return report as Report
    },
    close: () => child.disconnect(),
  }
}

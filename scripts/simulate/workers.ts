import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Ground } from './ground.ts'
import type { How, Order, Report } from './work.ts'

// Schedules run in processes of their own: what stands in for timers and connections is the whole process's.

export interface Worker {
  run(seed: number, how?: How): Promise<Report>
  close(): void
}

const WORK = fileURLToPath(new URL('work.ts', import.meta.url))
const PLANT = new URL('load-without-fence.ts', import.meta.url).href
/** V8 would collect the whole heap after every 64 MB of buffers, and its threads compete with the other worker. */
const EXEC_ARGV = [
  '--max-semi-space-size=64',
  '--single-threaded-gc',
  '--external-memory-accounted-in-global-limit',
  '--initial-old-space-size=400',
  '--no-deprecation',
  '--disable-warning=ExperimentalWarning',
]
let opened = 0

/** @param plant the fence that is missing there; null: none */
export function openWorker(ground: Ground, plant: string | null = null): Worker {
  const child =
    plant === null
      ? fork(WORK, { execArgv: EXEC_ARGV })
      : fork(WORK, [plant], { execArgv: [...EXEC_ARGV, '--import', PLANT] })
  const order = (message: Order) => void child.send(message)
  order({ ground, worker: ++opened })
  return {
    run(seed, how = {}) {
      order({ seed, ...how })
      return answerOf(child)
    },
    close: () => child.disconnect(),
  }
}

/** A worker answers one schedule after the other. */
function answerOf(child: ChildProcess): Promise<Report> {
  return new Promise((resolve, reject) => {
    const settle = () => {
      child.off('message', answered)
      child.off('exit', ended)
    }
    const answered = (report: Report) => {
      settle()
      resolve(report)
    }
    const ended = () => {
      settle()
      reject(new Error('A process that runs schedules has ended. What it wrote is above.'))
    }
    child.on('message', answered)
    child.on('exit', ended)
  })
}

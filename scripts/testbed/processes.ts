import type { ChildProcess } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { forkSimulator } from '../start/simulator-process.ts'

const SIMULATOR = new URL('../../apps/m365-simulator/src/serve.ts', import.meta.url)
const READY_TIMEOUT_MS = 120_000 // long enough on a busy machine
const READY_ASK_MS = 10_000
const LOOK_EVERY_MS = 50

export type Process = ReturnType<typeof toProcess>

/** A process of the product that serves at `url`. */
export function toProcess(child: ChildProcess, url: string) {
  let ended = false
  // 'close', not 'exit': by then its last output has been read.
  const exited = new Promise<void>((resolve) => child.once('close', () => resolve())).then(() => {
    ended = true
  })
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal)
    await exited
  }
  return {
    url,
    get pid() {
      return child.pid ?? 0
    },
    /** Null while it runs, and when a signal ended it. */
    get exitCode() {
      return child.exitCode
    },
    /** Whether it has ended, by itself or by a signal. */
    get ended() {
      return ended
    },
    /** Suspends the process: whatever is sent to it waits until `resume`. */
    freeze: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
  }
}

/** @throws with the output of a process that ends before it is ready, or does not become ready */
export async function untilReady(started: Process, output: () => string): Promise<void> {
  const giveUpAt = Date.now() + READY_TIMEOUT_MS
  while (Date.now() < giveUpAt) {
    if (started.ended) throw new Error(`A process ended before it was ready: ${output()}`)
    const ready = await fetch(`${started.url}/readyz`, { signal: AbortSignal.timeout(READY_ASK_MS) }).then(
      ({ status }) => status === 200,
      () => false,
    )
    if (ready) return
    await delay(LOOK_EVERY_MS)
  }
  throw new Error(`A process did not become ready: ${output()}`)
}

/** Asks the simulator. */
export type Control = (method: string, path: string, body?: unknown) => Promise<any> // oxlint-disable-line typescript/no-explicit-any -- the simulator's answers are read where they are used

/** Starts the simulator on a free port. An abort of the signal ends its start, which then rejects. */
export async function startSimulator(options: object, signal: AbortSignal | undefined) {
  const { url, exited, end } = await forkSimulator(SIMULATOR, { port: 0, ...options }, { signal })
  const control: Control = async (method, path, body) => {
    const response = await fetch(`${url}/control${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`The simulator answered ${response.status} to ${path}: ${text}`)
    return text === '' ? null : JSON.parse(text)
  }
  return {
    url,
    control,
    stop(): Promise<void> {
      end()
      return exited
    },
  }
}

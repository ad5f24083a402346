import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { TestFixture } from './test-product.ts'

const RUN_WORKER = fileURLToPath(new URL('run-worker.ts', import.meta.url))

/** A worker in a process of its own, or with `ROLE` another kind of process. */
export interface WorkerProcess {
  /** Its whole log. */
  readonly log: string
  readonly publicUrl: string
  signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void
  /** Its resident memory, in bytes. */
  residentBytes(): Promise<number>
  close(): Promise<void>
}

export async function startWorkerProcess(
  fixture: TestFixture,
  environment: Record<string, string> = {},
): Promise<WorkerProcess> {
  const config = await fixture.configure({ ROLE: 'worker', MAILBOX_MESSAGES_PER_MINUTE: '0', ...environment })
  const child = fork(RUN_WORKER, {
    execArgv: ['--disable-warning=ExperimentalWarning'],
    serialization: 'advanced', // dates of the configuration stay dates
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  let log = ''
  child.stdout?.on('data', (chunk: Buffer) => (log += chunk.toString('utf8')))
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.send(config)
  const started = await Promise.race([
    new Promise((resolve) => child.once('message', resolve)),
    exited.then(() => null),
  ])
  if (started === null) throw new Error(`The worker ended before it was ready: ${log}`)
  return {
    get log() {
      return log
    },
    publicUrl: config.publicUrl,
    signal: (signal) => void child.kill(signal),
    residentBytes() {
      const answer = new Promise<number>((resolve) => child.once('message', (bytes) => resolve(bytes as number)))
      child.send('resident bytes')
      return answer
    },
    async close() {
      child.kill('SIGKILL')
      await exited
    },
  }
}

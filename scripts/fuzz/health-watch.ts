import { setTimeout as delay } from 'node:timers/promises'
import { parentPort, Worker, workerData } from 'node:worker_threads'

const EVERY_MS = 50

export interface HealthWatch {
  /** The longest that an answer took, in milliseconds. */
  stop(): Promise<number>
}

/** Asks `/healthz` again and again, on a thread of its own: this one is busy with making requests. */
export function watchHealth(url: string): HealthWatch {
  const worker = new Worker(new URL(import.meta.url), { workerData: { url } })
  return {
    async stop() {
      const slowest = new Promise<number>((resolve) => worker.once('message', resolve))
      worker.postMessage('stop')
      const milliseconds = await slowest
      await worker.terminate()
      return milliseconds
    },
  }
}

async function watch(url: string): Promise<number> {
  let stopped = false
  parentPort?.once('message', () => (stopped = true))
  let slowest = 0
  while (!stopped) {
    const startedAt = performance.now()
    await fetch(`${url}/healthz`, { headers: { 'x-forwarded-for': '10.255.0.1' } }).then(
      (answer) => answer.text(),
      () => {},
    )
    slowest = Math.max(slowest, Math.round(performance.now() - startedAt))
    await delay(EVERY_MS)
  }
  return slowest
}

// As a thread of its own.
if (parentPort !== null) parentPort.postMessage(await watch((workerData as { url: string }).url))

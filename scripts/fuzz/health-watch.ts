import { fork } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const EVERY_MS = 50

export interface HealthWatch {
  /** Resolves to the slowest answer, in milliseconds. */
  stop(): Promise<number>
}

/** Polls `/healthz` from a process of its own, since this one is busy making requests. */
export function watchHealth(url: string): HealthWatch {
  const child = fork(fileURLToPath(import.meta.url), [url], { execArgv: ['--disable-warning=ExperimentalWarning'] })
  return {
    async stop() {
      child.send('stop')
      return new Promise((resolve) => child.once('message', (slowestMs) => resolve(Number(slowestMs))))
    },
  }
}

async function watch(url: string): Promise<number> {
  const stop = new AbortController()
  process.once('message', () => stop.abort())
  let slowestMs = 0
  while (!stop.signal.aborted) {
    const startedAt = performance.now()
    await fetch(`${url}/healthz`, { headers: { 'x-forwarded-for': '10.255.0.1' } }).then(
      (answer) => answer.text(),
      () => {},
    )
    slowestMs = Math.max(slowestMs, Math.round(performance.now() - startedAt))
    await delay(EVERY_MS)
  }
  return slowestMs
}

const [, file, url] = process.argv
if (file === fileURLToPath(import.meta.url) && url !== undefined) {
  const slowestMs = await watch(url)
  process.send?.(slowestMs, () => process.disconnect())
}

import { setTimeout as delay } from 'node:timers/promises'
import type { Testbed } from './testbed.ts'

const EVERY_MS = 50

/** Commits one small row after the other until stopped, and returns how long the slowest commit took, in ms. */
export function watchCommits({ pool }: Pick<Testbed, 'pool'>): { stop(): Promise<number> } {
  const stopping = new AbortController()
  const watching = watch()
  watching.catch(() => {}) // whoever stops it learns of it
  return {
    stop() {
      stopping.abort()
      return watching
    },
  }

  async function watch(): Promise<number> {
    let longestMs = 0
    await pool.query('CREATE TABLE IF NOT EXISTS watched_commits (at timestamptz NOT NULL)')
    while (!stopping.signal.aborted) {
      const startedAt = performance.now()
      await pool.query('INSERT INTO watched_commits (at) VALUES (now())')
      longestMs = Math.max(longestMs, performance.now() - startedAt)
      await delay(EVERY_MS)
    }
    return longestMs
  }
}

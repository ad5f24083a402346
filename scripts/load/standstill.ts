import { setTimeout as delay } from 'node:timers/promises'
import { readCores } from '../bench/processor-time.ts'
import type { Testbed } from '../testbed/testbed.ts'

const EVERY_MS = 50
/** Longer than what is under way at once takes at the slowest Microsoft that is measured. */
const LONG_PAUSE_MS = 1_000
/** A rate during which a bare commit took longer says more of the disk than of the product. */
const LONG_COMMIT_MS = 500
/** With less, the cores set the rate. Two workers alone on two cores leave them idle for a third of the time. */
const LITTLE_IDLE = 0.1

export interface Standstill {
  /** The longest time in which no mail left the queue. */
  readonly pauseMs: number
  /** How long the slowest commit of a small row took. */
  readonly commitMs: number
  /** The share of the time that the cores were idle. */
  readonly idle: number
}

/** Commits a small row again and again until stopped, and looks whether mail leaves and a core is free. */
export function watchStandstill({ pool }: Pick<Testbed, 'pool'>): { stop(): Promise<Standstill> } {
  const stopping = new AbortController()
  const watching = watch()
  watching.catch(() => {}) // whoever stops it learns of it
  return {
    stop() {
      stopping.abort()
      return watching
    },
  }

  async function watch(): Promise<Standstill> {
    await pool.query('CREATE TABLE IF NOT EXISTS watched_commits (at timestamptz NOT NULL)')
    let [pauseMs, commitMs] = [0, 0]
    const before = readCores()
    let [left, changedAt] = [await countLeft(), performance.now()]
    while (!stopping.signal.aborted) {
      const startedAt = performance.now()
      await pool.query('INSERT INTO watched_commits (at) VALUES (now())')
      commitMs = Math.max(commitMs, performance.now() - startedAt)
      const leftNow = await countLeft()
      pauseMs = Math.max(pauseMs, performance.now() - changedAt)
      if (leftNow !== left) [left, changedAt] = [leftNow, performance.now()]
      await delay(EVERY_MS)
    }
    const after = readCores()
    return { pauseMs, commitMs, idle: (after.idleMs - before.idleMs) / (after.ms - before.ms) }
  }

  async function countLeft(): Promise<number> {
    const { rows } = await pool.query<{ left: number }>(
      'SELECT coalesce(sum(queued + sending), 0)::int AS left FROM mailbox_totals',
    )
    return rows[0]?.left ?? 0
  }
}

/** Says of a rate what else than the product may have set it. Returns null where nothing is known of that. */
export function describeStandstill(rate: number, { pauseMs, commitMs, idle }: Standstill): string | null {
  const [pause, commit] = [Math.round(pauseMs), Math.round(commitMs)]
  const reasons: string[] = []
  if (commitMs > LONG_COMMIT_MS) reasons.push(`the disk stood still, since a bare commit took ${commit} ms`)
  else if (pauseMs > LONG_PAUSE_MS) reasons.push(`no bare commit took longer than ${commit} ms`)
  if (pauseMs > LONG_PAUSE_MS) reasons.unshift(`nothing was sent for ${pause} ms`)
  if (idle < LITTLE_IDLE) reasons.push(`the cores were idle for ${Math.round(100 * idle)} % of the time only`)
  return reasons.length === 0 ? null : `${rate.toFixed(0)} a second: ${reasons.join('; ')}`
}

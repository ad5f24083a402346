import type pg from 'pg'
import type { FastifyBaseLogger } from 'fastify'
import { Gauge, type Registry } from 'prom-client'
import type { Timers } from '../runtime/clock.ts'

const LOOK_EVERY_MS = 10 * 60_000
/** Microsoft tolerates five minutes of skew. Warning at one minute leaves time to act. */
const TOLERATED_MS = 60_000

/**
 * Watches how far the clock of this process is from that of the database, as a metric and, when it is far, in the log.
 * The queue uses the clock of the database only, but sign-in and certificates depend on the local one.
 */
export async function watchClock({
  pool,
  registry,
  clock,
  timers,
  logger,
}: {
  pool: pg.Pool
  registry: Registry
  clock: () => Date
  timers: Pick<Timers, 'every'>
  logger: FastifyBaseLogger
}): Promise<{ stop(): void }> {
  const gauge: Gauge = new Gauge({
    name: 'inforiver_mail_clock_offset_seconds',
    help: 'How far the clock of this process is ahead of the database’s.',
    registers: [registry],
    async collect() {
      const ms = await offsetMs().catch(() => null) // the other metrics do not need the database
      if (ms !== null) gauge.set(ms / 1_000)
    },
  })
  await look()
  return { stop: timers.every(LOOK_EVERY_MS, () => void look()) }

  async function look(): Promise<void> {
    const ms = await offsetMs().catch(() => 0) // outages are reported elsewhere
    if (Math.abs(ms) <= TOLERATED_MS) return
    const seconds = Math.round(Math.abs(ms) / 1_000)
    logger.error(
      { offsetSeconds: Math.round(ms / 1_000) },
      `the clock of this machine is ${seconds} s ${ms > 0 ? 'ahead of' : 'behind'} the database’s: set both by NTP, or sign-in and certificates fail. Messages follow the clock of the database, and leave all the same`,
    )
  }

  async function offsetMs(): Promise<number> {
    const before = clock().getTime()
    const { rows } = await pool.query<{ now: Date }>('SELECT mail_now() AS now')
    const middle = (before + clock().getTime()) / 2
    return middle - (rows[0]?.now.getTime() ?? middle)
  }
}

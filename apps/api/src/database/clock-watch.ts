import type pg from 'pg'
import type { FastifyBaseLogger } from 'fastify'
import { Gauge, type Registry } from 'prom-client'

const LOOK_EVERY_MS = 10 * 60_000
/** Of the 45 seconds that a lease lasts, what processes may disagree about it. */
const TOLERATED_MS = 5_000

/**
 * Processes tell each other by times in the database how long a message is theirs. How far this one's clock is from the
 * database's, and so from the others', is shown as a metric, and logged at the start and now and then where it is much.
 */
export async function watchClock(parts: {
  pool: pg.Pool
  registry: Registry
  clock: () => Date
  logger: FastifyBaseLogger
}): Promise<{ stop(): void }> {
  const { pool, registry, clock, logger } = parts
  const gauge: Gauge = new Gauge({
    name: 'inforiver_mail_clock_offset_seconds',
    help: 'How far the clock of this process is ahead of the database’s.',
    registers: [registry],
    async collect() {
      const ms = await offsetMs().catch(() => null) // without the database the other metrics are shown all the same
      if (ms !== null) gauge.set(ms / 1_000)
    },
  })
  await look()
  const timer = setInterval(() => void look(), LOOK_EVERY_MS)
  timer.unref()
  return { stop: () => clearInterval(timer) }

  async function look(): Promise<void> {
    const ms = await offsetMs().catch(() => 0) // of a database that is away others tell
    if (Math.abs(ms) <= TOLERATED_MS) return
    const seconds = Math.round(Math.abs(ms) / 1_000)
    logger.error(
      { offsetSeconds: Math.round(ms / 1_000) },
      `the clock of this machine is ${seconds} s ${ms > 0 ? 'ahead of' : 'behind'} the database’s: set both by NTP, or a message may be sent twice by two processes`,
    )
  }

  async function offsetMs(): Promise<number> {
    const before = clock().getTime()
    const { rows } = await pool.query<{ now: Date }>('SELECT clock_timestamp() AS now')
    const middle = (before + clock().getTime()) / 2
    return middle - (rows[0]?.now.getTime() ?? middle)
  }
}

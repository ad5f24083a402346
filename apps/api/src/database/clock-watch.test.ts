import { Registry } from 'prom-client'
import { Writable } from 'node:stream'
import { expect, it } from 'vitest'
import { systemTimers } from '../runtime/clock.ts'
import { createLogger } from '../runtime/logger.ts'
import { useOpenDatabase } from '../test-support/test-database.ts'
import { watchClock } from './clock-watch.ts'

const { database } = useOpenDatabase()

async function watch(offsetMs: number): Promise<{ lines: string; metric: number }> {
  let lines = ''
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines += chunk.toString('utf8')
      done()
    },
  })
  const registry = new Registry()
  const watching = await watchClock({
    pool: database.pool,
    registry,
    clock: () => new Date(Date.now() + offsetMs),
    timers: systemTimers,
    logger: createLogger('info', sink),
  })
  watching.stop()
  const [value] = (await registry.getSingleMetric('inforiver_mail_clock_offset_seconds')?.get())?.values ?? []
  return { lines, metric: Number(value?.value) }
}

it('logs nothing about a correct clock', async () => {
  const { lines, metric } = await watch(0)

  expect(lines).toBe('')
  expect(Math.abs(metric)).toBeLessThan(5)
})

it.each([
  [120_000, '120 s ahead of the database’s'],
  [-120_000, '120 s behind the database’s'],
])('logs that a clock is %i ms off, and what to do', async (offsetMs, text) => {
  const { lines, metric } = await watch(offsetMs)

  expect(lines).toContain(text)
  expect(lines).toContain('set both by NTP')
  expect(Math.round(metric / 60)).toBe(offsetMs / 60_000)
})

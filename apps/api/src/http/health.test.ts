import { Registry } from 'prom-client'
import { expect, it, onTestFinished, vi } from 'vitest'
import { measureReadiness, watchReadiness, type ReadinessCheck } from './health.ts'

/** A process that is ready as `database` says, of which each scrape looks anew. */
function measured(database: ReadinessCheck) {
  const registry = new Registry()
  const logged: unknown[] = []
  const readReadiness = watchReadiness({ database }, { warn: (...line: unknown[]) => void logged.push(line) })
  measureReadiness(registry, readReadiness)
  return { logged, readReadiness, scrape: () => registry.metrics() }
}

const FULL = 'The disk of the database is full.'
const READ_ONLY = 'The database is read-only.'
const AWAY = new Error('away')

it('shows by a metric whether the process is ready, and logs what a check says, once until it succeeds again', async () => {
  const answers = [null, FULL, FULL, READ_ONLY, FULL, null, FULL]
  const { logged, scrape } = measured(async () => answers.shift() ?? null)

  for (const ready of [1, 0, 0, 0, 0, 1]) expect(await scrape()).toContain(`inforiver_mail_ready ${ready}\n`)
  expect(logged).toEqual([
    [`readiness check database failed: ${FULL}`],
    [`readiness check database failed: ${READ_ONLY}`],
  ])

  await scrape()
  expect(logged).toHaveLength(3)
})

it('is not ready while a check fails, and logs why, once until it succeeds again', async () => {
  const fails = [true, true, false, true]
  const { logged, scrape } = measured(async () => (fails.shift() ? Promise.reject(AWAY) : null))

  for (const ready of [0, 0, 1]) expect(await scrape()).toContain(`inforiver_mail_ready ${ready}\n`)
  expect(logged).toEqual([[{ err: AWAY }, 'readiness check database failed']])

  await scrape()
  expect(logged).toHaveLength(2)
})

it('keeps what a check found before where it could not look, and logs nothing', async () => {
  const answers = [undefined, null, undefined, READ_ONLY, undefined]
  const { logged, readReadiness } = measured(async () => answers.shift())
  const results: unknown[] = []
  for (let probe = 0; probe < 5; probe++) results.push((await readReadiness())['database'])

  expect(results).toEqual(['ok', 'ok', 'ok', READ_ONLY, READ_ONLY])
  expect(logged).toHaveLength(1)
})

it('logs that a check does not end in time, and why it fails in the end', async () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const hanging = Promise.withResolvers<null>()
  const { logged, scrape } = measured(() => hanging.promise)

  const scraped = scrape()
  await vi.advanceTimersByTimeAsync(5_000)
  expect(await scraped).toContain('inforiver_mail_ready 0')
  expect(logged).toEqual([['readiness check database failed: The check did not end in time.']])
  hanging.reject(AWAY)
  await vi.advanceTimersByTimeAsync(0)

  expect(logged).toContainEqual([{ err: AWAY }, 'readiness check database failed'])
})

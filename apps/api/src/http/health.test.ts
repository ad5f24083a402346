import { Registry } from 'prom-client'
import { expect, it, onTestFinished, vi } from 'vitest'
import { measureReadiness, watchReadiness, type ReadinessCheck } from './health.ts'

it('shows by a metric whether the process is ready, also when a check fails', async () => {
  const answers: (() => Promise<string | null>)[] = [
    async () => null,
    async () => 'The disk of the database is full.',
    () => Promise.reject(new Error('away')),
    async () => null,
  ]
  const registry = new Registry()
  const database: ReadinessCheck = async () => answers.shift()?.() ?? 'It was asked too often.'
  measureReadiness(registry, watchReadiness({ database, migrations: async () => null }, { warn() {} }))

  for (const ready of [1, 0, 0, 1]) expect(await registry.metrics()).toContain(`inforiver_mail_ready ${ready}\n`)
})

it('logs why a check fails, once until it succeeds again', async () => {
  const away = new Error('away')
  const fails = [true, true, false, true]
  const registry = new Registry()
  const logged: unknown[] = []
  const database: ReadinessCheck = async () => (fails.shift() ? Promise.reject(away) : null)
  measureReadiness(registry, watchReadiness({ database }, { warn: (...line: unknown[]) => void logged.push(line) }))

  for (let scrape = 0; scrape < 3; scrape++) await registry.metrics()
  expect(logged).toEqual([[{ err: away }, 'readiness check database failed']])

  await registry.metrics()
  expect(logged).toHaveLength(2)
})

it('keeps what a check found before where it could not look, and logs nothing', async () => {
  const readOnly = 'The database is read-only.'
  const answers = [undefined, null, undefined, readOnly, undefined]
  const logged: unknown[] = []
  const readReadiness = watchReadiness(
    { database: async () => answers.shift() },
    { warn: (line: unknown) => void logged.push(line) },
  )
  const results: unknown[] = []
  for (let probe = 0; probe < 5; probe++) results.push((await readReadiness())['database'])

  expect(results).toEqual(['ok', 'ok', 'ok', readOnly, readOnly])
  expect(logged).toHaveLength(1)
})

it('logs what a check says is wrong, once until it succeeds again', async () => {
  const full = 'The disk of the database is full.'
  const answers = [full, full, 'The database is read-only.', full, null, full]
  const registry = new Registry()
  const logged: unknown[] = []
  const database: ReadinessCheck = async () => answers.shift() ?? null
  measureReadiness(registry, watchReadiness({ database }, { warn: (...line: unknown[]) => void logged.push(line) }))

  for (let scrape = 0; scrape < 5; scrape++) await registry.metrics()
  expect(logged).toEqual([
    [`readiness check database failed: ${full}`],
    ['readiness check database failed: The database is read-only.'],
  ])

  await registry.metrics()
  expect(logged).toHaveLength(3)
})

it('logs that a check does not end in time, and why it fails in the end', async () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const registry = new Registry()
  const logged: unknown[] = []
  const hanging = Promise.withResolvers<null>()
  measureReadiness(
    registry,
    watchReadiness({ database: () => hanging.promise }, { warn: (...line: unknown[]) => void logged.push(line) }),
  )

  const scrape = registry.metrics()
  await vi.advanceTimersByTimeAsync(5_000)
  expect(await scrape).toContain('inforiver_mail_ready 0')
  expect(logged).toEqual([['readiness check database failed: The check did not end in time.']])
  const away = new Error('away')
  hanging.reject(away)
  await vi.advanceTimersByTimeAsync(0)

  expect(logged).toContainEqual([{ err: away }, 'readiness check database failed'])
})

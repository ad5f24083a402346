import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import pino from 'pino'
import { beforeEach, expect, it, onTestFinished } from 'vitest'
import { systemTimers } from '../runtime/clock.ts'
import { connectDatabase } from '../database/database.ts'
import { useTestDatabase } from '../test-support/test-database.ts'
import { createHousekeeping, type HousekeepingTask } from './housekeeping.ts'
import { createTaskStore, type TaskStore } from './task-store.ts'

const database = useTestDatabase()
let logLines: string[]
beforeEach(async () => {
  logLines = []
  await database.empty('background_tasks')
})

/** Begins the background work of a process. */
function start(tasks: Record<string, HousekeepingTask>, connectionString = database.url) {
  const logger = pino({ level: 'info' }, { write: (line) => logLines.push(line) })
  const connected = connectDatabase(connectionString, () => {})
  const store = createTaskStore(connected.pool)
  const housekeeping = createHousekeeping({ store, tasks, random: randomBytes, timers: systemTimers, logger })
  housekeeping.start()
  let stopped: Promise<void> | null = null
  const stop = () => (stopped ??= housekeeping.stop().then(() => connected.close()))
  onTestFinished(stop)
  return { stop }
}

const isFree = (name: string) =>
  database.query('SELECT FROM background_tasks WHERE name = $1 AND begun_at IS NOT NULL AND lease IS NULL', [name])

it('runs a task again a minute after it began, whoever has run it, and not at a restart before', async () => {
  let runs = 0
  const tasks = { 'returning-task': async () => void (runs += 1) }
  const first = start(tasks)
  await expect.poll(() => isFree('returning-task')).toHaveLength(1)
  await first.stop()

  const second = start({ ...tasks, 'new-task': async () => {} })
  await expect.poll(() => isFree('new-task')).toHaveLength(1)
  expect(runs).toBe(1)
  await second.stop()

  await database.query(`UPDATE background_tasks SET begun_at = begun_at - interval '1 minute'`)
  start(tasks)
  await expect.poll(() => runs).toBe(2)
})

it('logs a task that fails, and runs the others', async () => {
  let ran = false
  start({
    'failing-task': async () => {
      throw new Error('It broke.')
    },
    'other-task': async () => {
      ran = true
    },
  })

  await expect.poll(() => logLines.join('')).toContain('background work failed')
  await expect.poll(() => ran).toBe(true)
  const line = logLines.map((text) => JSON.parse(text)).find(({ msg }) => msg.startsWith('background work failed'))
  expect(line).toMatchObject({ task: 'failing-task', err: { message: 'It broke.' } })
  await expect.poll(() => isFree('failing-task')).toHaveLength(1)
})

it('finishes a running task when it is stopped', async () => {
  let state = 'not begun'
  const { stop } = start({
    'slow-task': async () => {
      state = 'begun'
      await delay(200)
      state = 'done'
    },
  })
  await expect.poll(() => state).toBe('begun')

  await stop()

  expect(state).toBe('done')
  expect(await isFree('slow-task')).toHaveLength(1)
})

it('runs a task in one process at a time', async () => {
  const released = Promise.withResolvers<void>()
  let [running, most] = [0, 0]
  const task = async () => {
    running += 1
    most = Math.max(most, running)
    await released.promise
    running -= 1
  }
  for (let process = 1; process <= 3; process++) start({ 'shared-task': task, [`own-${process}`]: async () => {} })

  await expect.poll(() => running).toBe(1)
  for (let process = 1; process <= 3; process++) await expect.poll(() => isFree(`own-${process}`)).toHaveLength(1)
  expect(most).toBe(1)
  released.resolve()
})

it('begins once the database is back if it is unavailable at the start', async () => {
  const link = await database.link()
  let ran = false
  link.cut()
  const { stop } = start({ 'late-task': async () => void (ran = true) }, link.url)
  await expect.poll(() => logLines.join('')).toContain('background work could not begin')
  link.mend()

  await expect.poll(() => ran, { timeout: 10_000 }).toBe(true)
  await stop()
})

it.each([
  ['not before ten minutes if it does not end', `begun_at = begun_at - interval '599 seconds'`, []],
  ['after ten minutes, when it was cut off', `begun_at = begun_at - interval '10 minutes'`, ['a-task']],
  [
    'once it was given back, a minute after it began',
    `lease = NULL, begun_at = begun_at - interval '1 minute'`,
    ['a-task'],
  ],
  ['when the clock of the database was set back', `lease = NULL, begun_at = begun_at + interval '1 hour'`, ['a-task']],
])('lets another process have a task %s', async (_, change, claimed) => {
  const store = await newStore()
  await store.add(['a-task'])
  expect(await store.claim(['a-task'], 'one', 1)).toEqual(['a-task'])
  await database.query(`UPDATE background_tasks SET ${change}`)

  expect(await store.claim(['a-task'], 'other', 1)).toEqual(claimed)
})

it('keeps a task that another process has taken over, when the one before ends late', async () => {
  const store = await newStore()
  await store.add(['a-task'])
  await store.claim(['a-task'], 'one', 1)
  await database.query(`UPDATE background_tasks SET begun_at = begun_at - interval '10 minutes'`)
  await store.claim(['a-task'], 'other', 1)

  await store.release(['a-task'], 'one')

  expect(await database.query('SELECT lease FROM background_tasks')).toEqual([{ lease: 'other' }])
})

async function newStore(): Promise<TaskStore> {
  const connected = connectDatabase(database.url, () => {})
  onTestFinished(() => connected.close())
  return createTaskStore(connected.pool)
}

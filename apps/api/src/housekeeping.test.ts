import { setTimeout as delay } from 'node:timers/promises'
import pino from 'pino'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { systemTimers } from './clock.ts'
import { createHousekeeping, type HousekeepingTask } from './housekeeping.ts'
import { createTestDatabase, type TestDatabase } from './test-support/test-database.ts'

let database: TestDatabase
let logLines: string[]

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

async function start(tasks: Record<string, HousekeepingTask>, connectionString = database.url) {
  logLines = []
  const logger = pino({ level: 'info' }, { write: (line) => logLines.push(line) })
  const housekeeping = createHousekeeping({ connectionString, tasks, timers: systemTimers, logger })
  await housekeeping.start()
  let stopped = false
  const stop = async () => {
    if (!stopped) await housekeeping.stop()
    stopped = true
  }
  onTestFinished(stop)
  return { stop }
}

it('runs every task at the start', async () => {
  const runs: string[] = []
  await start({
    'first-task': async () => void runs.push('first'),
    'second-task': async () => void runs.push('second'),
  })

  await expect.poll(() => runs.toSorted()).toEqual(['first', 'second'])
})

it('schedules every task each minute', async () => {
  await start({ 'returning-task': async () => {} })

  const schedules = await database.query('SELECT name, cron FROM background_work.schedule WHERE name = $1', [
    'returning-task',
  ])
  expect(schedules).toEqual([{ name: 'returning-task', cron: '* * * * *' }])
})

it('logs a task that fails, and runs the others', async () => {
  let ran = false
  await start({
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
})

it('finishes a running task when it is stopped', async () => {
  let state = 'not begun'
  const { stop } = await start({
    'slow-task': async () => {
      state = 'begun'
      await delay(200)
      state = 'done'
    },
  })
  await expect.poll(() => state).toBe('begun')

  await stop()

  expect(state).toBe('done')
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
  await Promise.all([start({ 'shared-task': task }), start({ 'shared-task': task }), start({ 'shared-task': task })])

  await expect.poll(() => running).toBe(1)
  await delay(200) // long enough for the other processes to take a task at the start
  expect(most).toBe(1)
  released.resolve()
})

it('uses the isolation that its library expects, whatever the operator prefers', async () => {
  const { stop } = await start({ 'isolated-task': async () => {} })
  await stop()
  await database.query(`
    CREATE TABLE seen (isolation text);
    GRANT ALL ON seen TO PUBLIC;
    CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN INSERT INTO seen VALUES (current_setting('transaction_isolation')); RETURN NULL; END $$;
    CREATE TRIGGER see AFTER INSERT OR UPDATE ON background_work.schedule FOR EACH STATEMENT EXECUTE FUNCTION see()`)
  onTestFinished(() => database.query('DROP FUNCTION see CASCADE').then(() => {}))

  const url = `${database.url}?options=-c%20default_transaction_isolation%3Dserializable`
  await (await start({ 'isolated-task': async () => {} }, url)).stop()

  expect(await database.query('SELECT DISTINCT isolation FROM seen')).toEqual([{ isolation: 'read committed' }])
})

it('begins once the database is back if it is unavailable at the start', async () => {
  const link = await database.link()
  let ran = false
  link.cut()
  const { stop } = await start({ 'late-task': async () => void (ran = true) }, link.url)
  link.mend()

  await expect.poll(() => ran).toBe(true)
  await stop()
  await link.close()
})

it('can be stopped while the database is unavailable', async () => {
  const { stop } = await start({}, 'postgresql://nobody@127.0.0.1:1/nothing')

  await expect(stop()).resolves.toBeUndefined()
})

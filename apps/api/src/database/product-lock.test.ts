import pg from 'pg'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { systemTimers } from '../runtime/clock.ts'
import { useTestDatabase } from '../test-support/test-database.ts'
import { holdProductLock, shareProductLock, takeProductLock } from './product-lock.ts'

/** The connections that have the lock, or wait for it. */
const HOLDERS = `SELECT l.pid FROM pg_locks l JOIN pg_database d ON d.oid = l.database
                  WHERE d.datname = current_database() AND l.locktype = 'advisory'`

const database = useTestDatabase({ template: 'template0' })
let restore: pg.Client
beforeEach(async () => {
  restore = new pg.Client({ connectionString: database.url })
  await restore.connect()
})
afterEach(() => restore.end())

const neverRefused = (error: Error) => {
  throw error
}

it('tells whether another process holds it', async () => {
  const held = await holdProductLock(database.url, neverRefused, systemTimers)
  expect(await held.isUsedByAnother()).toBe(false)

  const other = await holdProductLock(database.url, neverRefused, systemTimers)
  expect(await held.isUsedByAnother()).toBe(true)

  await other.stop()
  await expect.poll(() => held.isUsedByAnother()).toBe(false)
  await held.stop()
})

it('is shared by every process, and keeps a restore out until all of them have ended', async () => {
  const one = await holdProductLock(database.url, neverRefused, systemTimers)
  const other = await holdProductLock(database.url, neverRefused, systemTimers)
  await one.stop()
  expect(await takeProductLock(restore)).toBe(false)
  await other.stop()
  await expect.poll(() => takeProductLock(restore)).toBe(true)
})

it('keeps a product from starting while a restore is under way', async () => {
  await takeProductLock(restore)

  await expect(holdProductLock(database.url, neverRefused, systemTimers)).rejects.toThrow(
    'The database is being restored from a backup',
  )
})

it('tells a product whose connection broke that a restore has begun meanwhile', async () => {
  const refused = Promise.withResolvers<Error>()
  const held = await holdProductLock(database.url, refused.resolve, systemTimers)
  const [before] = await database.query(HOLDERS)
  const restoring = restore.query('SELECT pg_advisory_lock(719283003)') // the number that every version uses
  await expect.poll(() => database.query(HOLDERS)).toHaveLength(2)
  await database.query('SELECT pg_terminate_backend($1)', [before?.['pid']])
  await restoring

  expect((await refused.promise).message).toContain('was while the connection to it was broken')
  await held.stop()
})

it('is held again after the connection broke', async () => {
  const held = await holdProductLock(database.url, neverRefused, systemTimers)
  const [before] = await database.query(HOLDERS)
  await database.query('SELECT pg_terminate_backend($1)', [before?.['pid']])

  await expect
    .poll(async () => (await database.query(HOLDERS)).filter(({ pid }) => pid !== before?.['pid']))
    .toHaveLength(1)
  expect(await takeProductLock(restore)).toBe(false)
  expect(await shareProductLock(restore)).toBe(true)
  await held.stop()
})

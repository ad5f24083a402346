import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { createTestDatabase, createTestPool, type TestDatabase } from '../test-support/test-database.ts'
import { createTestGround } from '../test-support/test-product.ts'
import { databaseWarnings } from './database-warnings.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())
beforeEach(() => switchSynchronousCommit(database, 'on'))

async function switchSynchronousCommit(on: TestDatabase, value: 'on' | 'off'): Promise<void> {
  await on.query(
    `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = ${value}', current_database()); END $$`,
  )
}

async function warningsFor(connectionString = database.url): Promise<string[]> {
  const pool = createTestPool(database.url, 1)
  try {
    return await databaseWarnings(pool, connectionString)
  } finally {
    await pool.end()
  }
}

it.each(['', '?sslmode=disable'])('warns of a database on another machine without TLS (%s)', async (query) => {
  expect(await warningsFor(`postgresql://user:hidden@db.contoso.com/mail${query}`)).toEqual([
    'DATABASE_URL leads to another machine without TLS: everything sent to the database can be read on the way. Add ?sslmode=verify-full, after switching TLS on in that server',
  ])
})

it.each([
  'postgresql://user:hidden@db.contoso.com/mail?sslmode=verify-full',
  'postgresql://user:hidden@localhost/mail',
  'postgresql://user:hidden@[::1]/mail',
  'postgresql://user:hidden@%2Fvar%2Frun%2Fpostgresql/mail',
])('does not warn of %s', async (url) => {
  expect(await warningsFor(url)).toEqual([])
})

it('warns at the start if the database does not flush commits to disk', async () => {
  const ground = await createTestGround()
  await switchSynchronousCommit(ground.database, 'off')
  const product = await ground.startProduct({ environment: { ROLE: 'api' } })

  expect(product.logLines.join('\n')).toContain('synchronous_commit is off in the database')
  await ground.close()
})

it('does not warn if the database flushes commits', async () => {
  expect(await warningsFor()).toEqual([])
})

import type pg from 'pg'
import { beforeEach, expect, it } from 'vitest'
import type { Timers } from '../runtime/clock.ts'
import { useTestDatabase, createTestPool, type TestDatabase } from '../test-support/test-database.ts'
import { createTestFixture } from '../test-support/test-product.ts'
import { databaseWarnings } from './database-warnings.ts'

/** No answer is late, however slow the machine is. */
const NEVER_LATE: Pick<Timers, 'after'> = { after: () => () => {} }
/** For answers that do not come before it is said that they are late. */
const LATE_AT_ONCE: Pick<Timers, 'after'> = { after: (_ms, call) => (call(), () => {}) }

const database = useTestDatabase()
beforeEach(() => switchSynchronousCommit(database, 'on'))

async function switchSynchronousCommit(on: TestDatabase, value: 'on' | 'off'): Promise<void> {
  await on.query(
    `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = ${value}', current_database()); END $$`,
  )
}

async function warningsFor(connectionString = database.url): Promise<string[]> {
  const pool = createTestPool(database.url, 2)
  try {
    return await databaseWarnings(pool, connectionString, NEVER_LATE)
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
  const fixture = await createTestFixture()
  await switchSynchronousCommit(fixture.database, 'off')
  const product = await fixture.startProduct({ environment: { ROLE: 'api' } })

  expect(product.logLines.join('\n')).toContain('synchronous_commit is off in the database')
  await fixture.close()
})

it('does not warn if the database flushes commits', async () => {
  expect(await warningsFor()).toEqual([])
})

/**
 * Lends connections as a pooler in transaction mode does: each transaction gets the session that was used last of those
 * that are free, and waits while none is.
 */
function poolTransactions(sessions: pg.PoolClient[]): Pick<pg.Pool, 'query' | 'connect'> {
  const waiting: (() => void)[] = []
  const connect = async () => {
    let own: pg.PoolClient | undefined
    const query = async (text: string) => {
      if (!own) while (sessions.length === 0) await new Promise<void>((resolve) => waiting.push(resolve))
      const session = own ?? sessions.pop()
      if (!session) throw new Error('No session is free.')
      own = text === 'BEGIN' ? session : text === 'COMMIT' ? undefined : own
      const result = await session.query(text)
      if (!own) {
        sessions.push(session)
        waiting.shift()?.()
      }
      return result
    }
    return { query, release() {}, on() {}, off() {} }
  }
  const query = async (text: string) => (await connect()).query(text)
  return { connect: connect as never, query: query as never }
}

it.each([
  [2, NEVER_LATE],
  [1, LATE_AT_ONCE],
])('warns of a pooler in transaction mode with sessions that are free: %i', async (count, timers) => {
  const pool = createTestPool(database.url, count)
  const sessions = await Promise.all(Array.from({ length: count }, () => pool.connect()))
  const warnings = await databaseWarnings(poolTransactions([...sessions]) as pg.Pool, database.url, timers)
  for (const session of sessions) session.release()
  await pool.end()

  expect(warnings).toEqual([
    'DATABASE_URL leads through a connection pooler in transaction mode: settings of a connection are lost, so that statements take long beside many messages, and mail waits up to a second for a worker. Connect to the server itself, or set the pooler to session mode',
  ])
})

it('does not take a server that answers late once for a pooler', async () => {
  const pool = createTestPool(database.url, 2)
  const isOver = Promise.withResolvers<void>()
  let asked = 0
  const connect = async () => {
    const client = await pool.connect()
    const query = async (text: string) => {
      const isLate = text.includes('pg_backend_pid') && ++asked === 3 // of the first connection, beside the other one
      const result = await client.query(text)
      if (isLate) await isOver.promise
      if (text === 'COMMIT') isOver.resolve()
      return result
    }
    return { query, release: () => client.release(), on() {}, off() {} }
  }
  const query = pool.query.bind(pool)
  const both = [LATE_AT_ONCE, NEVER_LATE]
  const timers: Pick<Timers, 'after'> = { after: (ms, call) => both.shift()?.after(ms, call) ?? (() => {}) }

  expect(await databaseWarnings({ query, connect } as never, database.url, timers)).toEqual([])

  expect(asked).toBe(6)
  await pool.end()
})

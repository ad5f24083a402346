import pg from 'pg'
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { useTestDatabase } from '../test-support/test-database.ts'
import { PooledClient } from './pooled-client.ts'

const database = useTestDatabase()
let pool: pg.Pool

beforeAll(async () => {
  await database.query('CREATE TABLE notes (text text)')
  await database.query('GRANT ALL ON notes TO PUBLIC')
})
beforeEach(() => {
  pool = new pg.Pool({ Client: PooledClient, connectionString: database.url, max: 1, query_timeout: 60_000 })
  pool.on('error', () => {})
})
afterEach(() => pool.end())

const hangs = (milliseconds: number) => ({
  text: 'SELECT pg_sleep(3)',
  query_timeout: milliseconds,
})

it('runs statements in every form that pg has', async () => {
  const client = await pool.connect()
  const answers = [
    await client.query('SELECT 1 AS one'),
    await client.query('SELECT $1::int AS one', [1]),
    await client.query({ name: 'one', text: 'SELECT $1::int AS one', values: [1] }),
    await new Promise<pg.QueryResult>((resolve, reject) => {
      client.query('SELECT 1 AS one', (error, result) => (error ? reject(error) : resolve(result)))
    }),
    await new Promise<pg.QueryResult>((resolve, reject) => {
      client.query('SELECT $1::int AS one', [1], (error, result) => (error ? reject(error) : resolve(result)))
    }),
  ]
  client.release()
  answers.push(await pool.query('SELECT $1::int AS one', [1]))

  expect(answers.map(({ rows }) => rows)).toEqual(answers.map(() => [{ one: 1 }]))
})

it('fails with the error of PostgreSQL and the stack of the caller, and goes on', async () => {
  const client = await pool.connect()
  const failure = await client.query('SELECT 1 / 0').catch((error: unknown) => error)

  expect(failure).toMatchObject({ code: '22012', stack: expect.stringContaining('pooled-client.test.ts') })
  expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
  client.release()
})

it('gives up a statement without an answer, and sends none of those that wait for it', async () => {
  const client = await pool.connect()
  client.on('error', () => {})
  const settled = await Promise.allSettled([
    client.query(hangs(100)),
    client.query(`INSERT INTO notes VALUES ('late')`),
  ])
  client.release(true)

  expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(settled[0]).toMatchObject({ reason: { message: 'Query read timeout' } })
  expect((await pool.query('SELECT * FROM notes')).rows).toEqual([])
})

it('gives up a statement of the pool, whose next one has another connection', async () => {
  const [{ pid }] = (await pool.query('SELECT pg_backend_pid() AS pid')).rows

  await expect(pool.query(hangs(100))).rejects.toThrow('Query read timeout')

  const [next] = (await pool.query('SELECT pg_backend_pid() AS pid')).rows
  expect(next.pid).not.toBe(pid)
})

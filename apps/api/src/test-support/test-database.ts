import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { inject } from 'vitest'
import { openDatabase, type Database } from '../database/database.ts'
import { RECOUNT } from '../queue/counters.ts'
import { MESSAGES_CHANNEL } from '../queue/owner/wake.ts'
import { databaseUrl, LOOPBACK, PRODUCT_ROLE, TEMPLATE } from './database-server.ts'
import { WRONG_COUNTERS } from './queue-faults.ts'
import { createTcpLink, type TcpLink } from './tcp-link.ts'
import { useCreated } from './use-created.ts'

export interface TestDatabase {
  /** An address with the rights of a product, which owns this database. */
  readonly url: string
  /** Connections with those rights. */
  readonly pool: pg.Pool
  /** Runs a statement with the rights of a superuser. What it writes into the tables of messages is counted. */
  query<Row extends pg.QueryResultRow>(statement: string, values?: unknown[]): Promise<Row[]>
  /** Deletes all rows of these tables; `messages` includes all tables of messages. Faster than TRUNCATE for few rows. */
  empty(...tables: string[]): Promise<void>
  /** Stops the clock of the queue, which `setTime` then sets. */
  stopTime(): Promise<void>
  setTime(now: Date): Promise<void>
  /** Lets the clock of the queue run, ahead of the machine's by this much. */
  setTimeAhead(ms: number): Promise<void>
  /** Wakes the workers, as a submit does: what a test has made due would wait for up to a second. */
  wakeWorkers(): Promise<void>
  /** Locks a table, against writes unless told otherwise, until the returned function is called. */
  lock(table: string, mode?: 'SHARE' | 'ACCESS EXCLUSIVE'): Promise<() => Promise<void>>
  /** Locks one row, as a process that is about to change it, until the returned function is called. */
  lockRow(table: string, id: string, key?: string): Promise<() => Promise<void>>
  /** Locks the mailboxes as a claim does that is not answered yet, until the returned function is called. */
  lockAsClaim(): Promise<() => Promise<void>>
  /** Puts a link in front of the database, which `url` of the link leads through; it is closed with the database. */
  link(): Promise<DatabaseLink>
  /** Creates another database with what is in this one, to which nothing else may be connected. */
  copy(): Promise<TestDatabase>
  drop(): Promise<void>
}

export interface DatabaseLink extends TcpLink {
  readonly url: string
}

/** Creates an empty database with the product's schema, or without any schema from `template0`. */
export async function createTestDatabase({ template = TEMPLATE }: { template?: string } = {}): Promise<TestDatabase> {
  const serverUrl = inject('postgresUrl')
  const server = serverPool(serverUrl)
  const name = `test_${randomBytes(8).toString('hex')}`
  // Its files are copied as they are: to log them page by page takes twice as long.
  await server.query(`CREATE DATABASE ${name} OWNER ${PRODUCT_ROLE} TEMPLATE ${template} STRATEGY file_copy`)
  const url = databaseUrl(serverUrl, name, PRODUCT_ROLE)
  const productPool = createTestPool(url)
  const links: DatabaseLink[] = []
  let pool = createTestPool(databaseUrl(serverUrl, name), 2)
  const hold = async (statement: string, values: unknown[] = []) => {
    const client = await pool.connect()
    await client.query('BEGIN')
    await client.query(statement, values)
    return async () => {
      await client.query('COMMIT')
      client.release()
    }
  }
  /** Has the counters follow what a test writes by itself. */
  const counting = async <Result>(work: (client: pg.PoolClient) => Promise<Result>): Promise<Result> => {
    const client = await pool.connect()
    try {
      await client.query('BEGIN')
      const hasCounters = await findDrift(client)
      const result = await work(client)
      if (hasCounters) await client.query(RECOUNT)
      await client.query('COMMIT')
      return result
    } catch (error) {
      await client.query('ROLLBACK').catch(() => {})
      throw error
    } finally {
      client.release()
    }
  }
  return {
    url,
    pool: productPool,
    async query<Row extends pg.QueryResultRow>(statement: string, values: unknown[] = []) {
      if (!IS_COUNTED.test(statement)) return (await pool.query<Row>(statement, values)).rows
      return counting((client) => client.query<Row>(statement, values).then(({ rows }) => rows))
    },
    async empty(...tables) {
      const all = tables.flatMap((table) => (table === 'messages' ? TABLES_OF_MESSAGES : [table]))
      await counting((client) => client.query(all.map((table) => `DELETE FROM ${table}`).join('; ')))
    },
    async stopTime() {
      await pool.query(STOPPED_CLOCK)
    },
    async setTime(now) {
      await pool.query('UPDATE test_support.clock SET now = $1', [now])
    },
    async setTimeAhead(ms) {
      await pool.query(`CREATE OR REPLACE FUNCTION mail_now() RETURNS timestamptz LANGUAGE sql STABLE
        AS $$ SELECT date_trunc('milliseconds', statement_timestamp() + interval '${ms} milliseconds') $$`)
    },
    async wakeWorkers() {
      await pool.query(`NOTIFY ${MESSAGES_CHANNEL}`)
    },
    lock: (table, mode = 'SHARE') => hold(`LOCK TABLE ${table} IN ${mode} MODE`),
    lockRow: (table, id, key = 'id') => hold(`SELECT 1 FROM ${table} WHERE ${key} = $1 FOR UPDATE`, [id]),
    lockAsClaim: () => hold('SELECT FROM mailboxes FOR KEY SHARE'),
    async link() {
      const through = new URL(url)
      const link = await createTcpLink(Number(through.port))
      through.host = `${LOOPBACK}:${link.port}`
      const made = { ...link, url: through.href }
      links.push(made)
      return made
    },
    async copy() {
      await pool.end()
      const copied = await createTestDatabase({ template: name })
      pool = createTestPool(databaseUrl(serverUrl, name), 2)
      return copied
    },
    async drop() {
      try {
        await findDrift(pool)
      } finally {
        await Promise.all([productPool.end(), pool.end(), ...links.map((link) => link.close())])
      }
      await server.query(`DROP DATABASE ${name} WITH (FORCE)`)
    },
  }
}

/** A database for the tests of a file. */
export const useTestDatabase = (options?: Parameters<typeof createTestDatabase>[0]): TestDatabase =>
  useCreated(
    () => createTestDatabase(options),
    (database) => database.drop(),
  )

/** The same, opened as a product does. */
export function useOpenDatabase(): { test: TestDatabase; database: Database } {
  const test = useTestDatabase()
  return { test, database: useDatabaseAt(() => test.url) }
}

/** Opens a database that a hook before has made. */
export const useDatabaseAt = (url: () => string): Database =>
  useCreated(
    () => openDatabase(url(), () => {}),
    (opened) => opened.close(),
  )

/** A link in front of a database that a hook before has made. It is whole again when what uses it is closed. */
export const useLink = (database: () => TestDatabase): DatabaseLink =>
  useCreated(
    () => database().link(),
    async (link) => link.mend(),
  )

/** What counters count. */
const IS_COUNTED = /\b(?:INSERT INTO|UPDATE|DELETE FROM) (?:messages|message_queue|message_contents)\b/

/**
 * Throws where the product has counted wrongly. Returns whether it counts at all: a database of an older version has no counters.
 */
async function findDrift(client: Pick<pg.Pool | pg.PoolClient, 'query'>): Promise<boolean> {
  const { rows } = await client.query<{ exists: boolean }>(`SELECT to_regclass('counters') IS NOT NULL AS exists`)
  if (rows[0]?.exists !== true) return false
  const drift = await client.query(WRONG_COUNTERS)
  if (drift.rows.length > 0) throw new Error(`The counters are not those of the rows: ${JSON.stringify(drift.rows)}`)
  return true
}

const serverPools = new Map<string, pg.Pool>()

/** A connection to the server's own database, which the files of a worker share. */
function serverPool(url: string): pg.Pool {
  const known = serverPools.get(url)
  if (known) return known
  const pool = new pg.Pool({ connectionString: url, max: 1, idleTimeoutMillis: 0, allowExitOnIdle: true })
  pool.on('error', () => {}) // the server stops before the workers do
  serverPools.set(url, pool)
  return pool
}

export function createTestPool(
  connectionString: string,
  max = 10,
  onConnect: (client: pg.ClientBase) => Promise<void> = async () => {},
): pg.Pool {
  const pool = new pg.Pool({
    connectionString,
    max,
    // oxlint-disable-next-line typescript/no-misused-promises -- pg-pool awaits it, although its type does not say so
    onConnect,
    application_name: 'test',
    idleTimeoutMillis: 0, // with its connection, a test of prepared statements would lose their plans
  })
  pool.on('error', () => {}) // the database is dropped while connections are still closing
  return pool
}

/** All tables of messages, in the order to empty them. */
const TABLES_OF_MESSAGES = [
  'message_drafts',
  'message_queue',
  'message_contents', // and with them their chunks
  'mailboxes',
  'messages',
]

/** In a schema of its own, since tests empty the public one. */
const STOPPED_CLOCK = `
  CREATE SCHEMA test_support;
  CREATE TABLE test_support.clock AS SELECT now();
  GRANT USAGE ON SCHEMA test_support TO PUBLIC;
  GRANT SELECT ON test_support.clock TO PUBLIC;
  CREATE OR REPLACE FUNCTION mail_now() RETURNS timestamptz LANGUAGE sql STABLE AS 'SELECT now FROM test_support.clock'`

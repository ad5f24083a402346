import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { inject } from 'vitest'
import { databaseUrl, TEMPLATE } from './database-server.ts'

export interface TestDatabase {
  readonly url: string
  query<Row extends pg.QueryResultRow>(statement: string, values?: unknown[]): Promise<Row[]>
  /** Keeps others from writing to a table until the returned function is called. */
  lock(table: string): Promise<() => Promise<void>>
  /** Holds one row, as another process does that is about to change it, until the returned function is called. */
  lockRow(table: string, id: string): Promise<() => Promise<void>>
  drop(): Promise<void>
}

/** An empty database with the product's schema, or with no schema at all. */
export async function createTestDatabase({ template = TEMPLATE }: { template?: string } = {}): Promise<TestDatabase> {
  const serverUrl = inject('postgresUrl')
  const name = `test_${randomBytes(8).toString('hex')}`
  await onServer(serverUrl, `CREATE DATABASE ${name} TEMPLATE ${template}`)
  const url = databaseUrl(serverUrl, name)
  const pool = new pg.Pool({ connectionString: url, max: 2, application_name: 'test' })
  const hold = async (statement: string, values: unknown[] = []) => {
    const client = await pool.connect()
    await client.query('BEGIN')
    await client.query(statement, values)
    return async () => {
      await client.query('COMMIT')
      client.release()
    }
  }
  pool.on('error', () => {}) // the database is dropped under connections that are still closing
  return {
    url,
    async query<Row extends pg.QueryResultRow>(statement: string, values: unknown[] = []) {
      return (await pool.query<Row>(statement, values)).rows
    },
    lock: (table) => hold(`LOCK TABLE ${table} IN SHARE MODE`),
    lockRow: (table, id) => hold(`SELECT 1 FROM ${table} WHERE id = $1 FOR UPDATE`, [id]),
    async drop() {
      await pool.end()
      await onServer(serverUrl, `DROP DATABASE ${name} WITH (FORCE)`)
    },
  }
}

async function onServer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

import type pg from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import { ConfigurationError } from '../configuration/config.ts'
import { readInstallation } from '../database/installation.ts'
import { currentSchema, listSequences, listTables, prepareSession, quoted, type StoredTable } from './catalogue.ts'
import type { Manifest } from './manifest.ts'

const ATTEMPTS = 5

export interface Snapshot {
  readonly tables: readonly StoredTable[]
  readonly migrations: readonly string[]
  readonly installation: Manifest['installation']
  /** The tables with their indexes. */
  readonly storedBytes: number
  /** Streams the rows of a table in the text format of COPY. */
  read(table: StoredTable): AsyncIterable<Buffer>
  /** Sequences do not follow the snapshot: read after the tables, they are ahead of every row. */
  readSequences(): Promise<Manifest['sequences']>
}

/**
 * Shows the database as it was in one moment, while the product goes on. The tables are locked against changes of their
 * columns only. When it fails, the client can only be ended: a statement after a table that is half read would wait for
 * ever.
 *
 * @throws {ConfigurationError} when there is no product in the database
 */
export async function withSnapshot<Result>(
  client: pg.Client,
  work: (snapshot: Snapshot) => Promise<Result>,
): Promise<Result> {
  await prepareSession(client)
  const schema = await currentSchema(client)
  const tables = await begin(client, schema)
  const migrations = await readMigrations(client)
  const [installation, storedBytes] = [await readOwner(client), await readStoredBytes(client, schema)]
  const result = await work({
    tables,
    migrations,
    installation,
    storedBytes,
    read: (table) => client.query(copyTo(`COPY ${sourceOf(table, schema)} TO STDOUT`)),
    readSequences: () => readSequences(client, schema),
  })
  await client.query('ROLLBACK')
  return result
}

/** LOCK takes no snapshot, so that the one of the first query shows the tables as they are locked. */
async function begin(client: pg.Client, schema: string): Promise<StoredTable[]> {
  for (let attempt = 1; ; attempt++) {
    const before = await listTables(client, schema)
    if (!before.some(({ name }) => name === 'installation'))
      throw new ConfigurationError('There is nothing to back up yet. Start Inforiver Mail once.')
    const names = before.map(({ name }) => quoted(schema, name))
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    try {
      await client.query(`LOCK TABLE ${names.join()} IN ACCESS SHARE MODE`)
      const locked = await listTables(client, schema)
      if (JSON.stringify(locked) === JSON.stringify(before)) return locked
      if (attempt === ATTEMPTS) throw new ConfigurationError('The database is being migrated. Try again afterwards.')
    } catch (error) {
      await client.query('ROLLBACK')
      if ((error as { code?: string }).code !== UNDEFINED_TABLE || attempt === ATTEMPTS) throw error
      continue
    }
    await client.query('ROLLBACK')
  }
}

const UNDEFINED_TABLE = '42P01'

/** Before PostgreSQL 18 a partitioned table is copied by a query only. */
function sourceOf({ name, columns, isPartitioned }: StoredTable, schema: string): string {
  const list = columns.map((column) => `"${column.replaceAll('"', '""')}"`).join()
  const table = quoted(schema, name)
  return isPartitioned ? `(SELECT ${list} FROM ${table})` : `${table} (${list})`
}

async function readMigrations(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    'SELECT migration_name AS name FROM _prisma_migrations WHERE finished_at IS NOT NULL ORDER BY migration_name',
  )
  return rows.map(({ name }) => name)
}

async function readOwner(client: pg.Client): Promise<Manifest['installation']> {
  const installation = await readInstallation(client)
  if (installation === null) return null
  const { tenantId: _tenantId, ...owner } = installation
  return owner
}

async function readStoredBytes(client: pg.Client, schema: string): Promise<number> {
  const { rows } = await client.query<{ bytes: string }>(
    `SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::text AS bytes FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relkind = 'r'`,
    [schema],
  )
  return Number(rows[0]?.bytes)
}

async function readSequences(client: pg.Client, schema: string): Promise<Manifest['sequences']> {
  const sequences: Manifest['sequences'] = []
  for (const name of await listSequences(client, schema)) {
    const { rows } = await client.query<{ lastValue: string; isCalled: boolean }>(
      `SELECT last_value::text AS "lastValue", is_called AS "isCalled" FROM ${quoted(schema, name)}`,
    )
    const [row] = rows
    if (row) sequences.push({ name, ...row })
  }
  return sequences
}

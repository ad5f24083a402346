import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils'
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { ConfigurationError } from '../config.ts'

const MIGRATIONS_DIRECTORY = fileURLToPath(new URL('../../../../prisma/migrations', import.meta.url))
const SCHEMA_FILE = fileURLToPath(new URL('../../../../prisma/schema.prisma', import.meta.url))
const MIGRATION_LOCK = 719_283_002
const LOCK_TIMEOUT_MS = 120_000
const CONNECT_TIMEOUT_MS = 10_000

interface Migration {
  readonly name: string
  readonly sql: string
}

/**
 * Applies what is pending of `prisma/migrations`, under a lock, so that processes which start together take turns.
 * Nothing is downloaded: the engine is Prisma's own as WebAssembly, and loaded only when there is something to apply.
 */
export async function migrate(connectionString: string): Promise<void> {
  const migrations = await readMigrations()
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: CONNECT_TIMEOUT_MS })
  client.on('error', () => {})
  await connect(client)
  try {
    await client.query(`SET lock_timeout = ${LOCK_TIMEOUT_MS}`)
    await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK])
    const applied = await readApplied(client)
    refuseNewerDatabase(migrations, applied)
    if (migrations.some(({ name }) => !applied.has(name))) await applyMigrations(connectionString, migrations)
  } finally {
    await client.end()
  }
}

/** Names of migrations that this program knows and the database has not seen. */
export async function pendingMigrations(pool: pg.Pool): Promise<string[]> {
  const applied = await readApplied(pool)
  return (await readMigrations()).filter(({ name }) => !applied.has(name)).map(({ name }) => name)
}

/** The first connection of a process: what is wrong with it is the operator's to mend. */
async function connect(client: pg.Client): Promise<void> {
  try {
    await client.connect()
  } catch (error) {
    const code = (error as { code?: string }).code ?? 'no answer'
    throw new ConfigurationError(
      `${CONNECTION_FAULTS[code] ?? 'The database cannot be reached'} (${code}). Check DATABASE_URL, and that PostgreSQL runs and can be reached from here.`,
    )
  }
}

const CONNECTION_FAULTS: Readonly<Record<string, string>> = {
  '28P01': 'The database refuses the password',
  '28000': 'The database refuses this account',
  '3D000': 'The database does not exist',
  '53300': 'The database has no connection left',
  '57P03': 'The database is starting up or shutting down',
}

async function applyMigrations(connectionString: string, migrations: Migration[]): Promise<void> {
  const { SchemaEngine } = await import('@prisma/schema-engine-wasm')
  const schema = await readFile(SCHEMA_FILE, 'utf8')
  const pool = new pg.Pool({ connectionString })
  pool.on('error', () => {})
  try {
    const adapter = bindMigrationAwareSqlAdapterFactory(new PrismaPg(pool))
    const engine = await SchemaEngine.new({ datamodels: [['schema.prisma', schema]] }, () => {}, adapter)
    await engine.applyMigrations({
      migrationsList: {
        baseDir: MIGRATIONS_DIRECTORY,
        lockfile: { path: 'migration_lock.toml', content: 'provider = "postgresql"\n' },
        shadowDbInitScript: '',
        migrationDirectories: migrations.map(({ name, sql }) => ({
          path: name,
          migrationFile: { path: 'migration.sql', content: { tag: 'ok', value: sql } },
        })),
      },
      filters: { externalTables: [], externalEnums: [] },
    })
  } finally {
    await pool.end()
  }
}

async function readMigrations(): Promise<Migration[]> {
  const entries = await readdir(MIGRATIONS_DIRECTORY, { withFileTypes: true })
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  return Promise.all(
    names
      .sort()
      .map(async (name) => ({ name, sql: await readFile(join(MIGRATIONS_DIRECTORY, name, 'migration.sql'), 'utf8') })),
  )
}

async function readApplied(client: pg.Client | pg.Pool): Promise<Set<string>> {
  const { rows: tables } = await client.query("SELECT to_regclass('_prisma_migrations') AS present")
  if (tables[0]?.present === null) return new Set()
  const { rows } = await client.query<{ migration_name: string }>(
    'SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL',
  )
  return new Set(rows.map((row) => row.migration_name))
}

function refuseNewerDatabase(known: Migration[], applied: Set<string>): void {
  const names = new Set(known.map(({ name }) => name))
  const unknown = [...applied].filter((name) => !names.has(name))
  if (unknown.length === 0) return
  throw new ConfigurationError(
    `The database was used by a newer Inforiver Mail (it has the migration ${unknown[0]}, which this version does not know). Start the newer version, or restore the backup made before the update.`,
  )
}

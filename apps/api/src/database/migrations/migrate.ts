import { createHash, randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { elapsedMs } from '../../runtime/clock.ts'
import { ConfigurationError } from '../../configuration/config.ts'
import { VERSION } from '../../runtime/version.ts'
import { KEEP_ALIVE } from '../keep-alive.ts'
import { reserveForMigration } from '../product-lock.ts'
import { compareVersions, previousRelease } from './release-order.ts'
import { applySettings, NO_TIME_LIMITS } from '../session-settings.ts'
import { inClientTransaction, retryConflicts } from '../transaction.ts'
import { BASELINE, isBefore2, olderFault } from './version-1-5.ts'

const MIGRATIONS_DIRECTORY = fileURLToPath(new URL('../../../../../prisma/migrations', import.meta.url))
const MIGRATION_LOCK = 719_283_002
const LOCK_TIMEOUT_MS = 120_000
const CONNECT_TIMEOUT_MS = 10_000
const PROGRESS_EVERY_MS = 5_000
/** Each statement of a migration sees what others have committed while the one before it waited for their locks. */
const SESSION = { ...NO_TIME_LIMITS, default_transaction_isolation: 'read committed' }

interface Migration {
  readonly name: string
  readonly sql: string
}

interface Release {
  /** The migrations that it comes with. */
  readonly directory: string
  readonly version: string
}

const THIS_RELEASE: Release = { directory: MIGRATIONS_DIRECTORY, version: VERSION }

const NO_WAY_BACK =
  'the database is of version 1.5: once it is migrated, nothing but the backup made before leads back to that version'

/**
 * Applies pending migrations of `prisma/migrations` under a lock, so that processes starting together do so one after the
 * other. A migration and its row in Prisma's table are one transaction, so that a kill leaves both or neither. It follows
 * that a migration cannot contain statements that PostgreSQL runs outside of transactions only, such as CREATE INDEX
 * CONCURRENTLY.
 *
 * A database of 1.5 is migrated only while nobody else uses it. Once it is, 1.5 refuses it.
 *
 * Large databases take a while: `onProgress` receives a sentence per migration, and another every few seconds.
 */
export async function migrate(
  connectionString: string,
  {
    onProgress = () => {},
    progressEveryMs = PROGRESS_EVERY_MS,
    lockTimeoutMs = LOCK_TIMEOUT_MS,
    release = THIS_RELEASE,
    schema,
    only,
  }: {
    onProgress?: (message: string) => void
    progressEveryMs?: number
    /** How long a migration waits for a table. */
    lockTimeoutMs?: number
    release?: Release
    /** Another schema than that of the connection, which nobody else uses. */
    schema?: string
    /** The names of those to apply at most. */
    only?: ReadonlySet<string>
  } = {},
): Promise<void> {
  const migrations = await readMigrations(release.directory)
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: CONNECT_TIMEOUT_MS, ...KEEP_ALIVE })
  client.on('error', () => {})
  await connectOrExplain(client)
  try {
    await applySettings(client, SESSION)
    if (schema !== undefined) await client.query(`SET search_path = ${pg.escapeIdentifier(schema)}`)
    const isMissing = (applied: ReadonlyMap<string, string | null>) => (migration: Migration) =>
      !applied.has(migration.name) && only?.has(migration.name) !== false
    const known = await readApplied(client)
    refuseUnusable(migrations, known, release.version)
    // Without a lock: a backup, which may take long, must not delay a start that changes nothing.
    if (!migrations.some(isMissing(known))) return
    await withProgress('waiting for another process that migrates or backs up the database', () =>
      client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]),
    )
    const applied = await readApplied(client)
    refuseUnusable(migrations, applied, release.version)
    const missing = migrations.filter(isMissing(applied))
    if (missing.length === 0) return
    const isOf15 = isBefore2(applied.keys())
    if (schema === undefined) await reserveForMigration(client, { alone: isOf15 })
    if (isOf15) onProgress(NO_WAY_BACK)
    await client.query(`SET lock_timeout = ${lockTimeoutMs}`)
    if (applied.size === 0) await prepareHistory(client)
    for (const migration of missing) {
      if (applied.size > 0) onProgress(`applying the migration ${migration.name} to the database`)
      // A dump, or a process of the release before, may hold a table of it and wait for another.
      await withProgress(`still applying the migration ${migration.name}`, () =>
        retryConflicts(() => apply(client, migration, release.version, isOf15)),
      )
    }
  } catch (error) {
    throw explainRefusal(error)
  } finally {
    await client.end()
  }

  async function withProgress<Result>(still: string, work: () => Promise<Result>): Promise<Result> {
    const startedAt = elapsedMs()
    const timer = setInterval(
      () => onProgress(`${still}, for ${Math.round((elapsedMs() - startedAt) / 1_000)} s now`),
      progressEveryMs,
    )
    try {
      return await work()
    } finally {
      clearInterval(timer)
    }
  }
}

/**
 * Keeps migrations away until the connection ends; waits for one that is under way. Whoever reads tables for long takes
 * it first: a migration that waited for a table would have everybody else wait for it too.
 */
export async function holdMigrations(client: pg.Client): Promise<void> {
  await client.query('SELECT pg_advisory_lock_shared($1)', [MIGRATION_LOCK])
}

function explainRefusal(error: unknown): unknown {
  switch (codeOf(error)) {
    case '42501': // no right
    case '3F000': // no right to use the schema
      return new ConfigurationError(
        `The account of DATABASE_URL lacks a right: ${(error as Error).message}. Let it own its database and all tables in there.`,
        { cause: error },
      )
    case '55P03': // waited too long
      return new ConfigurationError(
        'The database cannot be migrated now: something else uses its tables. End that, and start Inforiver Mail again.',
        { cause: error },
      )
    default:
      return error
  }
}

/** How the schema of a database stands to the migrations of this version. */
export interface MigrationState {
  /** `empty`: there are no tables at all. `foreign`: there are tables, and none is ours. */
  readonly tables: 'ours' | 'empty' | 'foreign'
  /** The names of migrations that this version has and the database lacks. */
  readonly pending: readonly string[]
  /** Why this version cannot use a database that a newer one has changed; null when it can. */
  readonly newer: string | null
  /** Why this version cannot use a database that is too old for it; null when it can. */
  readonly older: string | null
}

export async function readMigrationState(pool: pg.Pool): Promise<MigrationState> {
  const known = await readMigrations(MIGRATIONS_DIRECTORY)
  const applied = await readApplied(pool)
  const { rows } = applied.size > 0 ? { rows: [{ foreign: false }] } : await pool.query(HOLDS_FOREIGN_TABLES)
  return {
    tables: applied.size > 0 ? 'ours' : rows[0]?.foreign ? 'foreign' : 'empty',
    pending: known.filter(({ name }) => !applied.has(name)).map(({ name }) => name),
    newer: newerFault(known, applied, VERSION),
    older: olderFault('The database', applied.keys()),
  }
}

/** Returns which of these migrations a newer version has applied. */
export async function newerMigrations(applied: readonly string[]): Promise<string[]> {
  const known = await readMigrations(MIGRATIONS_DIRECTORY)
  return isBefore2(applied) ? [] : applied.filter((name) => !known.some((migration) => migration.name === name))
}

/**
 * Makes the first connection of the process, whose failure the operator has to repair.
 *
 * @throws {ConfigurationError} saying why there is none
 */
export async function connectOrExplain(client: pg.Client): Promise<void> {
  try {
    await client.connect()
  } catch (error) {
    const code = (error as { code?: string }).code ?? 'no answer'
    throw new ConfigurationError(
      `${CONNECTION_FAULTS[code] ?? 'The database cannot be reached'} (${code}). Check DATABASE_URL, and that PostgreSQL runs and can be reached from here.`,
      { cause: error },
    )
  }
}

export const CONNECTION_FAULTS: Readonly<Record<string, string>> = {
  '28P01': 'The database refuses the password',
  '28000': 'The database refuses this account',
  '3D000': 'The database does not exist',
  '53300': 'The database has no connection left',
  '57P03': 'The database is starting up or shutting down',
}

/** The table as Prisma creates it. */
const CREATE_HISTORY = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id                  VARCHAR(36) PRIMARY KEY NOT NULL,
  checksum            VARCHAR(64) NOT NULL,
  finished_at         TIMESTAMPTZ,
  migration_name      VARCHAR(255) NOT NULL,
  logs                TEXT,
  rolled_back_at      TIMESTAMPTZ,
  started_at          TIMESTAMPTZ NOT NULL DEFAULT now(),
  applied_steps_count INTEGER NOT NULL DEFAULT 0
)`

/** Asked where no migration is noted as applied. */
const HOLDS_FOREIGN_TABLES = `SELECT EXISTS (
  SELECT FROM pg_tables WHERE schemaname = current_schema() AND tablename <> '_prisma_migrations') AS foreign`

async function prepareHistory(client: pg.Client): Promise<void> {
  const { rows } = await client.query(HOLDS_FOREIGN_TABLES)
  if (rows[0]?.foreign)
    throw new ConfigurationError(
      'The database holds tables of another program. Give Inforiver Mail a database of its own.',
    )
  await client.query(CREATE_HISTORY)
}

/**
 * Applies a migration and notes it, with the releases that can use the database afterwards: `contractions.test.ts` lets no
 * migration take anything from the release before.
 *
 * @param isOf15 whether version 1.5 made the database, so that the baseline only takes the place of what that one noted
 */
async function apply(client: pg.Client, { name, sql }: Migration, version: string, isOf15: boolean): Promise<void> {
  await inClientTransaction(client, async () => {
    await client.query(isOf15 && name === BASELINE ? 'DELETE FROM _prisma_migrations' : sql)
    await client.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, logs, started_at, finished_at, applied_steps_count)
       VALUES ($1, $2, $3, $4, clock_timestamp(), clock_timestamp(), 1)`,
      [randomUUID(), createHash('sha256').update(sql).digest('hex'), name, `${USABLE_FROM}${previousRelease(version)}`],
    )
  })
}

/** Begins what is recorded with a migration in `logs`, which Prisma only fills in for one that failed. */
const USABLE_FROM = 'usable from '

function codeOf(error: unknown): string {
  return (error as { code?: string }).code ?? ''
}

async function readMigrations(directory: string): Promise<Migration[]> {
  const entries = await readdir(directory, { withFileTypes: true })
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  return Promise.all(
    names.sort().map(async (name) => ({ name, sql: await readFile(join(directory, name, 'migration.sql'), 'utf8') })),
  )
}

/** Returns the names of the applied migrations, each with what was recorded of it. */
async function readApplied(client: pg.Client | pg.Pool): Promise<Map<string, string | null>> {
  const { rows: tables } = await client.query("SELECT to_regclass('_prisma_migrations') AS present")
  if (tables[0]?.present === null) return new Map()
  const { rows } = await client.query<{ migration_name: string; logs: string | null }>(
    `SELECT migration_name, logs FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL
      ORDER BY migration_name`,
  )
  return new Map(rows.map((row) => [row.migration_name, row.logs]))
}

function refuseUnusable(known: Migration[], applied: ReadonlyMap<string, string | null>, version: string): void {
  const newer = newerFault(known, applied, version)
  if (newer !== null) throw new ConfigurationError(newer)
  const older = olderFault('The database', applied.keys())
  if (older !== null) throw new ConfigurationError(older, { isLasting: true })
}

/** Explains a database with migrations that this version does not know, unless each leaves it usable for this version. */
function newerFault(known: Migration[], applied: ReadonlyMap<string, string | null>, version: string): string | null {
  if (isBefore2(applied.keys())) return null
  const names = new Set(known.map(({ name }) => name))
  for (const [name, recorded] of applied) {
    if (names.has(name)) continue
    const from = recorded?.startsWith(USABLE_FROM) ? recorded.slice(USABLE_FROM.length) : null
    if (from === null)
      return `The database was used by a newer Inforiver Mail (it has the migration ${name}, which this version does not know). Start the newer version, or restore the backup made before the update.`
    if (compareVersions(version, from) < 0)
      return `The database was used by a newer Inforiver Mail: it has the migration ${name}, which takes version ${from} or newer, and this is ${version}. Start ${from} or the newer version, or restore the backup made before the update.`
  }
  return null
}

import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PrismaPg } from '@prisma/adapter-pg'
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils'
import { SchemaEngine } from '@prisma/schema-engine-wasm'
import { onTestFinished } from 'vitest'
import { migrate } from '../database/migrations/migrate.ts'
import { BASELINE, COUNT_OF_1_5, LAST_OF_1_5 } from '../database/migrations/version-1-5.ts'
import { createTestDatabase, createTestPool, type TestDatabase } from './test-database.ts'

const MIGRATIONS = new URL('../../../../prisma/migrations/', import.meta.url)
const SCHEMA = new URL('../../../../prisma/schema.prisma', import.meta.url)

export async function migrationNames(): Promise<string[]> {
  const entries = await readdir(MIGRATIONS, { withFileTypes: true })
  return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).sort()
}

export async function readMigration(name: string): Promise<string> {
  return readFile(new URL(`${name}/migration.sql`, MIGRATIONS), 'utf8')
}

export async function readSchema(): Promise<string> {
  return readFile(SCHEMA, 'utf8')
}

/** Makes a release of that version, which has our migrations and more, by their names. */
export async function makeRelease(version: string, more: Readonly<Record<string, string>> = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'inforiver-mail-release-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  await cp(fileURLToPath(MIGRATIONS), directory, { recursive: true })
  for (const [name, sql] of Object.entries(more)) {
    await mkdir(join(directory, name))
    await writeFile(join(directory, name, 'migration.sql'), sql)
  }
  return { directory, version }
}

/** Stand in for the names of the migrations of version 1.5, of which only the last and their number count. */
export const MIGRATIONS_OF_1_5: readonly string[] = [
  ...Array.from({ length: COUNT_OF_1_5 - 1 }, (_, index) => `202611240000${String(index).padStart(2, '0')}_of_1_5`),
  LAST_OF_1_5,
]

/** Creates a database as version 1.5 leaves it. */
export async function createDatabaseOf15(): Promise<TestDatabase> {
  const database = await createTestDatabase({ template: 'template0' })
  await migrate(database.url, { only: new Set([BASELINE]) })
  await noteAsOf15(database)
  return database
}

/** Notes in a database that version 1.5 has applied these migrations. */
export async function noteAsOf15(database: TestDatabase, applied = MIGRATIONS_OF_1_5): Promise<void> {
  await database.query('DELETE FROM _prisma_migrations')
  await database.query(
    `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count)
     SELECT gen_random_uuid(), 'x', name, now(), 1 FROM unnest($1::text[]) AS name`,
    [applied],
  )
}

export async function withEngine<Result>(
  url: string,
  work: (engine: SchemaEngine) => Promise<Result>,
): Promise<Result> {
  const pool = createTestPool(url)
  try {
    const adapter = bindMigrationAwareSqlAdapterFactory(new PrismaPg(pool))
    const datamodels: [string, string][] = [['schema.prisma', await readSchema()]]
    return await work(await SchemaEngine.new({ datamodels }, () => {}, adapter))
  } finally {
    await pool.end()
  }
}

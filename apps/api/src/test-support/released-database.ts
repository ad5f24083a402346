import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { PrismaPg } from '@prisma/adapter-pg'
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils'
import { SchemaEngine } from '@prisma/schema-engine-wasm'
import { createTestPool } from './test-database.ts'

const MIGRATIONS = new URL('../../../../prisma/migrations/', import.meta.url)
const SCHEMA = new URL('../../../../prisma/schema.prisma', import.meta.url)

/** The last migration of version 1.0.0. */
export const FIRST_RELEASE = '20261125010000_hosts'

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

/** Applies migrations as version 1.0.0 did, by Prisma's engine: it writes a row, commits each statement, and completes the row. */
export async function applyAsReleased(url: string, count: number): Promise<void> {
  const names = (await migrationNames()).slice(0, count)
  const migrationDirectories = await Promise.all(
    names.map(async (name) => ({
      path: name,
      migrationFile: { path: 'migration.sql', content: { tag: 'ok' as const, value: await readMigration(name) } },
    })),
  )
  await withEngine(url, (engine) =>
    engine.applyMigrations({
      migrationsList: {
        baseDir: fileURLToPath(MIGRATIONS),
        lockfile: { path: 'migration_lock.toml', content: 'provider = "postgresql"\n' },
        shadowDbInitScript: '',
        migrationDirectories,
      },
      filters: { externalTables: [], externalEnums: [] },
    }),
  )
}

/** Creates the tables of version 1.0.0. */
export async function applyFirstRelease(url: string): Promise<void> {
  await applyAsReleased(url, (await migrationNames()).filter((name) => name <= FIRST_RELEASE).length)
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

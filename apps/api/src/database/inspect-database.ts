import type pg from 'pg'
import type { DatabaseFinding, DatabaseReached } from '../domain/database-finding.ts'
import { readInstallation, type Installation } from './installation.ts'
import { CONNECTION_FAULTS, readMigrationState } from './migrations/migrate.ts'
import { readOpenTransactions } from './open-transactions.ts'
import { allowsTrigrams } from './trigrams.ts'

/** What every process needs to do at some time, such as to apply the migrations of the next version. */
const LOOK = `
SELECT current_setting('server_version') AS version, current_setting('server_version_num')::integer / 10000 AS major,
       clock_timestamp() AS now, current_schema() AS schema,
       has_database_privilege(current_database(), 'CREATE') AS "mayCreateSchemas",
       coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AS "mayCreateTables",
       array(SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
              WHERE schemaname = current_schema() AND NOT pg_has_role(tableowner, 'USAGE')
              ORDER BY 1) AS "tablesOfOthers"`

interface Look {
  readonly version: string
  readonly major: number
  readonly now: Date
  readonly schema: string | null
  readonly mayCreateSchemas: boolean
  readonly mayCreateTables: boolean
  readonly tablesOfOthers: readonly string[]
}

/** Nothing that the product does in one transaction takes as long, except a backup and a migration of many rows. */
const LONG_TRANSACTION_SECONDS = 600

const INSUFFICIENT_PRIVILEGE = '42501'

/** Looks at a database without changing anything. Never throws: what keeps it from looking is what it finds. */
export async function inspectDatabase(
  pool: pg.Pool,
  {
    clock,
    checkWrites,
    refuseInstallation,
  }: {
    clock: () => Date
    /** Returns why nothing can be stored now, or null. */
    checkWrites: () => Promise<string | null>
    /** Returns why the database may not be used with the configuration, or null. */
    refuseInstallation: (installation: Installation) => string | null
  },
): Promise<DatabaseFinding> {
  try {
    const askedAt = clock().getTime()
    const { rows } = await pool.query<Look>(LOOK)
    const middle = (askedAt + clock().getTime()) / 2
    const [look] = rows
    if (!look) throw new Error('The database did not answer the question.')
    const state = await unlessRefused(() => readMigrationState(pool))
    const known: Pick<DatabaseReached, 'tables' | 'pendingMigrations' | 'newer' | 'older'> =
      state === 'refused'
        ? { tables: 'ours', pendingMigrations: [], newer: null, older: null }
        : { tables: state.tables, pendingMigrations: state.pending, newer: state.newer, older: state.older }
    const missingRights = rightsMissing(look, state === 'refused')
    const isReadable = known.tables === 'ours' && missingRights.length === 0
    const transactions = await unlessRefused(() => readOpenTransactions(pool, LONG_TRANSACTION_SECONDS))
    const installation = isReadable ? await readInstallation(pool) : null
    return {
      state: 'reached',
      version: look.version,
      majorVersion: look.major,
      aheadMs: middle - look.now.getTime(),
      missingRights,
      ...known,
      refusesWrites: await checkWrites(),
      hasTrigrams: !isReadable || (await allowsTrigrams(pool)),
      foreignRegistration: installation === null ? null : refuseInstallation(installation),
      transactions: transactions === 'refused' ? null : transactions,
    }
  } catch (error) {
    return unreachable(error)
  }
}

function rightsMissing(look: Look, historyRefused: boolean): string[] {
  const { schema, mayCreateSchemas, mayCreateTables, tablesOfOthers } = look
  return [
    ...(schema === null ? ['USAGE on a schema'] : mayCreateTables ? [] : [`CREATE on the schema ${schema}`]),
    ...(mayCreateSchemas ? [] : ['CREATE on the database']),
    ...tablesOfOthers.map((table) => `ownership of ${table}`),
    ...(historyRefused && tablesOfOthers.length === 0 ? ['SELECT on _prisma_migrations'] : []),
  ]
}

async function unlessRefused<Result>(read: () => Promise<Result>): Promise<Result | 'refused'> {
  return read().catch((error: unknown) => {
    if ((error as { code?: unknown }).code === INSUFFICIENT_PRIVILEGE) return 'refused'
    throw error
  })
}

const SENTENCES: Readonly<Record<string, string>> = {
  ...CONNECTION_FAULTS,
  '42501': 'The role may not read the database',
  ENOTFOUND: 'DNS does not know the host of the database',
  EAI_AGAIN: 'DNS does not know the host of the database',
  EACCES: 'This account may not look into the data folder',
  ECONNREFUSED: 'Nothing listens at the address of the database',
}

export function unreachable(error: unknown): Extract<DatabaseFinding, { state: 'unreachable' }> {
  const [first] = error instanceof AggregateError ? (error.errors as unknown[]) : [error]
  const { code } = first as { code?: unknown }
  const reason = typeof code === 'string' ? code : 'no answer in time'
  return { state: 'unreachable', sentence: SENTENCES[reason] ?? 'The database does not answer', reason }
}

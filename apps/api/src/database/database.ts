import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { PrismaClient } from './generated/client.ts'
import { migrate } from './migrate.ts'
import { withRetriedStatements, withRetriedTransactions } from './transaction.ts'

const POOL_SIZE = 20
const CONNECT_TIMEOUT_MS = 5_000
const IDLE_TIMEOUT_MS = 30_000
const STATEMENT_TIMEOUT_MS = 30_000
/** When even PostgreSQL's own timeout does not come through: it, or the way to it, stands still. */
const SILENCE_TIMEOUT_MS = STATEMENT_TIMEOUT_MS + 5_000
const KEEP_ALIVE_AFTER_MS = 10_000
/** A process that stands still in the middle of a transaction keeps its locks from the others no longer than this. */
const IDLE_IN_TRANSACTION_MS = 10_000
/** For what every request waits for, and nothing does for long. */
export const QUICK_TIMEOUT_MS = 5_000

export interface Database {
  readonly pool: pg.Pool
  readonly prisma: PrismaClient
  close(): Promise<void>
}

/**
 * Connects, after bringing the schema up to date, of which `onMigration` is told. One pool serves Prisma and the
 * statements written by hand.
 */
export async function openDatabase(
  connectionString: string,
  onPoolError: (error: Error) => void,
  onMigration: (message: string) => void = () => {},
): Promise<Database> {
  await migrate(connectionString, { onProgress: onMigration })
  const pool = withRetriedStatements(
    new pg.Pool({
      connectionString,
      max: POOL_SIZE,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      idleTimeoutMillis: IDLE_TIMEOUT_MS,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      query_timeout: SILENCE_TIMEOUT_MS,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_AFTER_MS,
    }),
  )
  pool.on('error', onPoolError) // an idle connection that breaks would end the process otherwise
  // The other formats read our source at every error, to quote it.
  const prisma = withRetriedTransactions(
    new PrismaClient({
      adapter: new PrismaPg(pool),
      errorFormat: 'minimal',
      transactionOptions: { maxWait: CONNECT_TIMEOUT_MS, timeout: IDLE_IN_TRANSACTION_MS },
    }),
  )
  return {
    pool,
    prisma,
    async close() {
      await prisma.$disconnect()
      await pool.end()
    },
  }
}

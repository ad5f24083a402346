import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { PrismaClient } from './generated/client.ts'
import { migrate } from './migrate.ts'

const POOL_SIZE = 20
const CONNECT_TIMEOUT_MS = 5_000
const IDLE_TIMEOUT_MS = 30_000
const STATEMENT_TIMEOUT_MS = 30_000

export interface Database {
  readonly pool: pg.Pool
  readonly prisma: PrismaClient
  close(): Promise<void>
}

/** Connects, after bringing the schema up to date. One pool serves Prisma and the statements written by hand. */
export async function openDatabase(connectionString: string, onPoolError: (error: Error) => void): Promise<Database> {
  await migrate(connectionString)
  const pool = new pg.Pool({
    connectionString,
    max: POOL_SIZE,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idleTimeoutMillis: IDLE_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    keepAlive: true,
  })
  pool.on('error', onPoolError) // an idle connection that breaks would end the process otherwise
  // The other formats read our source at every error, to quote it.
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool), errorFormat: 'minimal' })
  return {
    pool,
    prisma,
    async close() {
      await prisma.$disconnect()
      await pool.end()
    },
  }
}

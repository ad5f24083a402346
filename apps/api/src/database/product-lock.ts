import type pg from 'pg'
import type { Timers } from '../clock.ts'
import { ConfigurationError } from '../config.ts'
import { keepConnected } from './keep-connected.ts'

/**
 * Every process that uses an external database shares this lock for as long as it runs. A restore takes it for itself
 * alone. Version 1.0.0 does not hold it.
 */
const PRODUCT_LOCK = 719_283_003
const BACKUP_LOCK = 719_283_004

const IS_RESTORED =
  'The database is being restored from a backup, or was while the connection to it was broken. Start Inforiver Mail when that is done.'

export interface ProductLock {
  /**
   * Whether another process holds the lock, which PostgreSQL shows to every role. Its connection counts until the server
   * has noticed that it ended. True as well while nothing can be asked.
   */
  isUsedByAnother(): Promise<boolean>
  stop(): Promise<void>
}

/**
 * Holds the product's lock on a connection of its own, which it opens again whenever it breaks.
 *
 * @param onRefused is called when a restore has taken the lock while the connection was broken
 * @throws {ConfigurationError} while a restore is under way. It waits for no connection: whoever needs one says why there is none
 */
export async function holdProductLock(
  connectionString: string,
  onRefused: (error: ConfigurationError) => void,
  timers: Timers,
): Promise<ProductLock> {
  let isFirst = true
  let ownPid: number | null = null
  const connection = keepConnected(connectionString, timers, async (client) => {
    ownPid = await tryLock(client, 'pg_try_advisory_lock_shared', PRODUCT_LOCK)
    if (ownPid !== null) return
    const refusal = new ConfigurationError(IS_RESTORED)
    if (!isFirst) onRefused(refusal)
    throw refusal
  })
  try {
    await connection.first
  } catch (error) {
    if (error instanceof ConfigurationError) {
      await connection.stop()
      throw error
    }
  }
  isFirst = false
  return {
    async isUsedByAnother() {
      const client = connection.client()
      return client === null || isHeldBeside(client, ownPid)
    },
    stop: () => connection.stop(),
  }
}

/** Returns false while a restore is under way. The lock ends with the connection. */
export async function shareProductLock(client: pg.Client): Promise<boolean> {
  return (await tryLock(client, 'pg_try_advisory_lock_shared', PRODUCT_LOCK)) !== null
}

/** Takes the product's lock for a restore. Returns false while any process uses the database. */
export async function takeProductLock(client: pg.Client): Promise<boolean> {
  return (await tryLock(client, 'pg_try_advisory_lock', PRODUCT_LOCK)) !== null
}

/** Returns false while another backup of the database is made. */
export async function takeBackupLock(client: pg.Client): Promise<boolean> {
  return (await tryLock(client, 'pg_try_advisory_lock', BACKUP_LOCK)) !== null
}

/** Returns the process of PostgreSQL that has the lock then, or null. */
async function tryLock(client: pg.Client, lock: string, number: number): Promise<number | null> {
  const { rows } = await client.query<{ pid: number | null }>(
    `SELECT CASE WHEN ${lock}($1) THEN pg_backend_pid() END AS pid`,
    [number],
  )
  return rows[0]?.pid ?? null
}

async function isHeldBeside(client: pg.Client, ownPid: number | null): Promise<boolean> {
  const { rowCount } = await client.query(
    `SELECT FROM pg_locks
      WHERE locktype = 'advisory' AND classid = 0 AND objid = $1 AND objsubid = 1 AND granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND pid IS DISTINCT FROM $2
      LIMIT 1`,
    [PRODUCT_LOCK, ownPid],
  )
  return rowCount !== 0
}

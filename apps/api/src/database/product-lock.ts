import type pg from 'pg'
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

/**
 * Holds the product's lock on a connection of its own, which it opens again whenever it breaks.
 *
 * @param onRefused is called when a restore has taken the lock while the connection was broken
 * @throws {ConfigurationError} while a restore is under way. It waits for no connection: whoever needs one says why there is none
 */
export async function holdProductLock(
  connectionString: string,
  onRefused: (error: ConfigurationError) => void,
): Promise<{ stop(): Promise<void> }> {
  let isFirst = true
  const connection = keepConnected(connectionString, async (client) => {
    if (await shareProductLock(client)) return
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
  return connection
}

/** Returns false while a restore is under way. The lock ends with the connection. */
export async function shareProductLock(client: pg.Client): Promise<boolean> {
  return tryLock(client, 'pg_try_advisory_lock_shared', PRODUCT_LOCK)
}

/** Takes the product's lock for a restore. Returns false while any process uses the database. */
export async function takeProductLock(client: pg.Client): Promise<boolean> {
  return tryLock(client, 'pg_try_advisory_lock', PRODUCT_LOCK)
}

/** Returns false while another backup of the database is made. */
export async function takeBackupLock(client: pg.Client): Promise<boolean> {
  return tryLock(client, 'pg_try_advisory_lock', BACKUP_LOCK)
}

async function tryLock(client: pg.Client, lock: string, number: number): Promise<boolean> {
  const { rows } = await client.query<{ locked: boolean }>(`SELECT ${lock}($1) AS locked`, [number])
  return rows[0]?.locked === true
}

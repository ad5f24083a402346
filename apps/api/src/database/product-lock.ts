import type pg from 'pg'
import type { Timers } from '../runtime/clock.ts'
import { ConfigurationError } from '../configuration/config.ts'
import { keepConnected } from './keep-connected.ts'

/**
 * Every process that uses an external database shares this lock for as long as it runs, in version 1.5 too. A restore takes
 * it for itself alone, and so does the migration from 1.5.
 */
const PRODUCT_LOCK = 719_283_003
const BACKUP_LOCK = 719_283_004

/** How long the connection of a process that has just ended may keep the lock. */
const ENDS_WITHIN_MS = 1_000

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

/**
 * Keeps a restore away from a database that is about to be migrated, until the connection ends; with `alone`, every process
 * of version 1.5 too.
 *
 * @throws {ConfigurationError} naming who uses the database
 */
export async function reserveForMigration(client: pg.Client, { alone }: { alone: boolean }): Promise<void> {
  if (!alone) {
    if (!(await shareProductLock(client))) throw new ConfigurationError(IS_RESTORED)
    return
  }
  await client.query(`SET lock_timeout = ${ENDS_WITHIN_MS}`)
  try {
    await client.query('SELECT pg_advisory_lock($1)', [PRODUCT_LOCK])
  } catch (error) {
    if ((error as { code?: string }).code !== LOCK_NOT_AVAILABLE) throw error
    throw await refuseHolders(client)
  }
}

const LOCK_NOT_AVAILABLE = '55P03'

async function refuseHolders(client: pg.Client): Promise<ConfigurationError> {
  const { rows } = await client.query<{ pid: number; address: string; exclusive: boolean }>(
    `SELECT l.pid, l.mode = 'ExclusiveLock' AS exclusive,
            coalesce(host(a.client_addr), CASE a.client_port WHEN -1 THEN 'this machine' ELSE 'an unknown address' END) AS address
       FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid WHERE ${IS_HELD} ORDER BY l.pid`,
    [PRODUCT_LOCK],
  )
  if (rows.some(({ exclusive }) => exclusive)) return new ConfigurationError(IS_RESTORED)
  const holders = rows.map(({ pid, address }) => `${address} (pid ${pid} of PostgreSQL)`).join(', ')
  return new ConfigurationError(
    `Inforiver Mail 1.5, or a backup of it, still uses the database: ${holders}. Stop every process of it, or scale to 0, and start this version again. Where such a process is gone already, end its connection by pg_terminate_backend(pid).`,
    { isLasting: true },
  )
}

/** $1 the lock. Of rows `l` of pg_locks. */
const IS_HELD = `l.locktype = 'advisory' AND l.classid = 0 AND l.objid = $1 AND l.objsubid = 1 AND l.granted
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`

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
    `SELECT FROM pg_locks l WHERE ${IS_HELD} AND l.pid IS DISTINCT FROM $2 LIMIT 1`,
    [PRODUCT_LOCK, ownPid],
  )
  return rowCount !== 0
}

import type pg from 'pg'
import { countersOf } from '../counters.ts'

// Storage has no share, since what was accepted stays: its last tenth is for services that hold less than a tenth, and the
// last MiB of it for the test mail of an admin.

const RESERVED_FOR_THE_PAGE_BYTES = 1024 * 1024

/** A message cannot be stored, because its tenant or service has no room for it. */
export interface StorageFull {
  readonly storedBytes: number
  readonly neededBytes: number
  /** The most that a tenant may store. */
  readonly storageBytes: number
  /** What its service holds, where only services that hold less have room. */
  readonly heldBytes: number | null
}

/** SQL for what any service may fill of a storage of so many bytes. */
export const forAny = (storage: string): string => `(${storage}::bigint - ${storage}::bigint / 10)`
/** SQL for what services that hold less than `smallService` may fill. */
export const forSmallServices = (storage: string): string =>
  `greatest(${forAny(storage)}, ${storage}::bigint - ${RESERVED_FOR_THE_PAGE_BYTES})`
/** SQL for what a service that is small has to hold less than. */
export const smallService = (storage: string): string => `(${storage}::bigint / 10)`

/** Returns what a service holds where that is why there is no room: with less, it would have some. */
export function heldInTheWay(
  heldBytes: string | null,
  { storedBytes, neededBytes, storageBytes }: Omit<StorageFull, 'heldBytes'>,
): number | null {
  const hasRoom = storedBytes + neededBytes <= storageBytes - RESERVED_FOR_THE_PAGE_BYTES
  return hasRoom && heldBytes !== null ? Number(heldBytes) : null
}

/** How full the storage of a tenant is. */
export interface StorageUse {
  readonly usedBytes: number
  readonly limitBytes: number
}

/** From this part on the storage is nearly full: the last tenth is not for everybody. */
const NEARLY_FULL = 0.8

export function isNearlyFull({ usedBytes, limitBytes }: StorageUse): boolean {
  return usedBytes >= NEARLY_FULL * limitBytes
}

const READ = `SELECT t.stored_bytes FROM (${countersOf('$1::text', 'stored_bytes')}) AS t`

export async function readStorage(pool: pg.Pool, tenantId: string, limitBytes: number): Promise<StorageUse> {
  const { rows } = await pool.query<{ stored_bytes: string }>(READ, [tenantId])
  return { usedBytes: Number(rows[0]?.stored_bytes ?? 0), limitBytes }
}

/** What the messages of a service occupy. */
export interface ServiceStorage {
  readonly name: string
  readonly bytes: number
}

/** $1 tenant */
const LARGEST = `
SELECT coalesce(c.service, (SELECT m.service FROM messages m WHERE m.id = c.message_id)) AS name, sum(c.stored_bytes) AS bytes
  FROM message_contents c WHERE c.tenant_id = $1 GROUP BY 1 HAVING sum(c.stored_bytes) > 0 ORDER BY 2 DESC, 1 LIMIT 3`

/** Finds the three services that hold most of the storage. Reads every stored message. */
export async function findLargestServices(pool: pg.Pool, tenantId: string): Promise<ServiceStorage[]> {
  const { rows } = await pool.query<{ name: string | null; bytes: string }>(LARGEST, [tenantId])
  return rows.map(({ name, bytes }) => ({ name: name ?? '', bytes: Number(bytes) }))
}

// Storage has no share, since what was accepted stays: its last tenth is for services that hold less than a tenth, and the
// last MiB of it for the test mail of an admin.

/** The service of the test mail. */
export const SERVICE_OF_THE_PAGE = 'tenant-settings'
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

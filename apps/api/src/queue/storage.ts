/** A message cannot be stored, because its tenant has no room for it. */
export interface StorageFull {
  readonly storedBytes: number
  readonly neededBytes: number
  /** The most that a tenant may store. */
  readonly storageBytes: number
}

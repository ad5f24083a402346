/** Why a message cannot be stored: the tenant has no room for it. */
export interface StorageFull {
  readonly storedBytes: number
  readonly neededBytes: number
  /** The most that a tenant may have stored. */
  readonly storageBytes: number
}

import { ProblemError } from '../http/problem.ts'

/** Why a message cannot be stored: the tenant has no room for it. */
export interface StorageFull {
  readonly storedBytes: number
  readonly neededBytes: number
  /** The most that a tenant may have stored. */
  readonly storageBytes: number
}

export function refuseFullStorage({ storedBytes, neededBytes, storageBytes }: StorageFull): ProblemError {
  return new ProblemError(
    'storage-full',
    `The messages occupy ${storedBytes} of ${storageBytes} bytes, most of it those that wait or have failed, and this one needs ${neededBytes}. Wait until some have left, or cancel what is not needed; the operator can raise TENANT_STORAGE_BYTES.`,
  )
}

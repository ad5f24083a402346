import { ProblemError } from '../http/problem.ts'
import type { StorageFull } from '../queue/storage.ts'

export function refuseFullStorage({ storedBytes, neededBytes, storageBytes }: StorageFull): ProblemError {
  return new ProblemError(
    'storage-full',
    `The messages occupy ${storedBytes} of ${storageBytes} bytes, most of it those that wait or have failed, and this one needs ${neededBytes}. Wait until some have left, or cancel what is not needed; the operator can raise TENANT_STORAGE_BYTES.`,
  )
}

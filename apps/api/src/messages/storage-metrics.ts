import type { Registry } from 'prom-client'
import { measureTogether } from '../http/metrics.ts'
import type { StorageUse } from '../queue/intake/storage.ts'

/** Measures how full the storage is, equal in every process. */
export function measureStorage(registry: Registry, read: () => Promise<StorageUse>): void {
  measureTogether(registry, read, [
    {
      name: 'inforiver_mail_storage_bytes',
      help: 'What stored messages occupy.',
      valueOf: ({ usedBytes }) => usedBytes,
    },
    {
      name: 'inforiver_mail_storage_limit_bytes',
      help: 'The most that stored messages may occupy.',
      valueOf: ({ limitBytes }) => limitBytes,
    },
  ])
}

import { Gauge, type Registry } from 'prom-client'
import { oncePerScrape } from '../http/metrics.ts'
import type { StorageUse } from '../queue/storage.ts'

/** Measures how full the storage is, equal in every process. While the database is away, it is not shown. */
export function measureStorage(registry: Registry, read: () => Promise<StorageUse>): void {
  const readKnown = oncePerScrape(() => read().catch(() => null))
  const used: Gauge = new Gauge({
    name: 'inforiver_mail_storage_bytes',
    help: 'What stored messages occupy.',
    registers: [registry],
    async collect() {
      const known = await readKnown()
      if (known === null) used.remove()
      else used.set(known.usedBytes)
    },
  })
  const limit: Gauge = new Gauge({
    name: 'inforiver_mail_storage_limit_bytes',
    help: 'The most that stored messages may occupy.',
    registers: [registry],
    async collect() {
      const known = await readKnown()
      if (known === null) limit.remove()
      else limit.set(known.limitBytes)
    },
  })
}

import { Gauge, type Registry } from 'prom-client'

const COUNT_AT_MOST_EVERY_MS = 30_000

/** Measures how many stored values each vault key seals: the progress of a rotation, equal in every process. */
export function measureSealedValues(
  registry: Registry,
  { count, clock }: { count: () => Promise<ReadonlyMap<string, number>>; clock: () => Date },
): void {
  let counted: { at: number; counts: Promise<ReadonlyMap<string, number>> } | null = null
  const gauge = new Gauge({
    name: 'inforiver_mail_sealed_values',
    help: 'Stored secrets, by the vault key that seals them.',
    labelNames: ['kid'],
    registers: [registry],
    async collect() {
      const now = clock().getTime()
      // The cost of counting grows with the number of waiting messages.
      if (counted === null || now - counted.at >= COUNT_AT_MOST_EVERY_MS) counted = { at: now, counts: count() }
      const { counts } = counted
      const current = await counts.catch(() => {
        counted = null
        return new Map<string, number>() // the other metrics are shown even without the database
      })
      gauge.reset()
      for (const [kid, value] of current) gauge.set({ kid }, value)
    },
  })
}

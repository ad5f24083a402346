import { propertyKey, type StoredMessage } from '../tenant/message.ts'

/** How many values are remembered, over all properties. */
const MAX_VALUES = 1_000_000

/** Counts accepted messages by the values of their extended properties, so that a run can find lost and doubled mail. */
export type Arrivals = ReturnType<typeof createArrivals>

export function createArrivals() {
  const tallies = new Map<string, { readonly counts: Map<string, number>; notRemembered: number }>()
  let remembered = 0
  let total = 0
  let firstAt: string | null = null
  let lastAt: string | null = null

  const count = (propertyId: string, value: string): void => {
    const key = propertyKey(propertyId)
    const tally = tallies.get(key) ?? { counts: new Map<string, number>(), notRemembered: 0 }
    tallies.set(key, tally)
    const before = tally.counts.get(value)
    if (before === undefined && remembered >= MAX_VALUES) {
      tally.notRemembered += 1
      return
    }
    if (before === undefined) remembered += 1
    tally.counts.set(value, (before ?? 0) + 1)
  }
  const totals = () => ({ total, firstAt, lastAt })

  return {
    record({ extendedProperties }: StoredMessage, now: Date): void {
      total += 1
      lastAt = now.toISOString()
      firstAt ??= lastAt
      for (const { id, value } of extendedProperties) count(id, value)
    },
    /** Counts messages accepted for delivery, however the requests were answered. */
    totals,
    of(propertyId: string) {
      const { counts, notRemembered } = tallies.get(propertyKey(propertyId)) ?? { counts: new Map(), notRemembered: 0 }
      let withProperty = notRemembered
      let repeated = 0
      for (const times of counts.values()) {
        withProperty += times
        if (times > 1) repeated += 1
      }
      const values: Record<string, number> = Object.fromEntries(counts)
      return { ...totals(), withProperty, repeated, notRemembered, values }
    },
    reset(): void {
      tallies.clear()
      remembered = 0
      total = 0
      firstAt = null
      lastAt = null
    },
  }
}

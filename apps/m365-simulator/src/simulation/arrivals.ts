import { propertyKey, type StoredMessage } from '../tenant/message.ts'

export type Arrivals = ReturnType<typeof createArrivals>

/** Counts accepted messages by the values of their extended properties, so that a run can find lost and doubled mail. */
export function createArrivals() {
  let total = 0
  const properties = new Map<string, Map<string, number>>()

  return {
    record({ extendedProperties }: StoredMessage): void {
      total += 1
      for (const { id, value } of extendedProperties) {
        const key = propertyKey(id)
        const counts = properties.get(key) ?? new Map<string, number>()
        properties.set(key, counts.set(value, (counts.get(value) ?? 0) + 1))
      }
    },
    /** @param propertyId the property whose values to report */
    report(propertyId: string) {
      return { total, values: Object.fromEntries(properties.get(propertyKey(propertyId)) ?? []) }
    },
    reset(): void {
      total = 0
      properties.clear()
    },
  }
}

import { propertyKey } from '../graph/extended-properties.ts'
import type { StoredMessage } from '../state/events.ts'

/** Values remembered over all properties; more are only counted. */
const MAX_VALUES = 1_000_000

export interface ArrivalTotals {
  /** Messages accepted for delivery, however often answered. */
  readonly total: number
  readonly firstAt: string | null
  readonly lastAt: string | null
}

export interface ArrivalsOf extends ArrivalTotals {
  /** Messages that carried the property. */
  readonly withProperty: number
  /** Values that came more than once. */
  readonly repeated: number
  /** Messages that carried it when no more values could be remembered. */
  readonly notRemembered: number
  /** How often each value came. */
  readonly values: Readonly<Record<string, number>>
}

/** What was accepted for delivery, by the values of extended properties: what a run needs to find lost and doubled mail. */
export interface Arrivals {
  record(message: StoredMessage, nowMs: number): void
  totals(): ArrivalTotals
  of(propertyId: string): ArrivalsOf
  reset(): void
}

interface Tally {
  readonly counts: Map<string, number>
  notRemembered: number
}

export function createArrivals(): Arrivals {
  const tallies = new Map<string, Tally>()
  let remembered = 0
  let total = 0
  let firstAtMs: number | null = null
  let lastAtMs: number | null = null

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

  const totals = (): ArrivalTotals => ({ total, firstAt: timeText(firstAtMs), lastAt: timeText(lastAtMs) })

  return {
    record({ extendedProperties }, nowMs) {
      total += 1
      firstAtMs ??= nowMs
      lastAtMs = nowMs
      for (const { id, value } of extendedProperties) count(id, value)
    },
    totals,
    of(propertyId) {
      const { counts, notRemembered } = tallies.get(propertyKey(propertyId)) ?? { counts: new Map(), notRemembered: 0 }
      let withProperty = notRemembered
      let repeated = 0
      for (const times of counts.values()) {
        withProperty += times
        if (times > 1) repeated += 1
      }
      return { ...totals(), withProperty, repeated, notRemembered, values: Object.fromEntries(counts) }
    },
    reset() {
      tallies.clear()
      remembered = 0
      total = 0
      firstAtMs = null
      lastAtMs = null
    },
  }
}

function timeText(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString()
}

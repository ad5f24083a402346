import { describe, expect, it } from 'vitest'
import { MINUTES, SECONDS } from '../test-support/test-clock.ts'
import { lastDeparture, planDepartures, type MinuteUsed } from './pace.ts'

const NOW = Date.parse('2026-11-24T10:00:00.000Z')
const after = (seconds: number) => new Date(NOW + seconds * SECONDS)

/** Plans in seconds from now. */
function plan(waiting: number, messagesPerMinute: number, used: Partial<MinuteUsed> = {}): number[] {
  const unused = { counted: [], from: after(0), nextPlaceAt: null }
  return planDepartures(waiting, messagesPerMinute, { ...unused, ...used }).map((at) => (at - NOW) / SECONDS)
}

const everySeconds = (seconds: number, count: number) => Array.from({ length: count }, (_, place) => place * seconds)

describe('planDepartures', () => {
  it('lets everything leave at once that fits what is left', () => {
    expect(plan(30, 30)).toEqual(Array(30).fill(0))
    expect(plan(10, 30, { counted: [{ count: 20, freedAt: after(60) }] })).toEqual(Array(10).fill(0))
  })

  it('spends the limit evenly while more waits', () => {
    expect(plan(300, 30).slice(0, 30)).toEqual(everySeconds(2, 30))
    // The first counts for a second more than a minute, and so does each one after it.
    expect(plan(300, 30).slice(30, 60)).toEqual(everySeconds(2, 30).map((at) => at + 61))
  })

  it('never plans more than the limit within a minute, whatever was sent before', () => {
    const counted = [
      { count: 3, freedAt: after(7) },
      { count: 9, freedAt: after(31) },
    ]
    const departures = plan(100, 20, { counted, nextPlaceAt: after(1) })
    const all = [
      ...counted.flatMap(({ count, freedAt }) => Array(count).fill((freedAt.getTime() - NOW) / SECONDS - 61)),
      ...departures,
    ]
    for (const at of all) expect(all.filter((other) => other > at - 60 && other <= at).length).toBeLessThanOrEqual(20)
    expect(departures[0]).toBe(1)
  })

  it('waits for the place after the last one, and makes nothing up after a pause', () => {
    expect(plan(100, 30, { nextPlaceAt: after(1.5) }).slice(0, 3)).toEqual([1.5, 3.5, 5.5])
    expect(plan(100, 30, { from: after(10 * 60), nextPlaceAt: after(1) }).slice(0, 3)).toEqual([600, 602, 604])
  })

  it('lets the rest leave together as soon as it fits', () => {
    // Of 12, two leave one by one in the first minute; when the ten that were sent before count no more, the others fit.
    expect(plan(12, 12, { counted: [{ count: 10, freedAt: after(30) }] })).toEqual([0, 5, ...Array(10).fill(30)])
  })

  it('gives several messages a place where places would be closer than a quarter of a second', () => {
    expect(plan(2_000, 600).slice(0, 7)).toEqual([0, 0, 0, 0.3, 0.3, 0.3, 0.6])
  })

  it('estimates at the rate of the limit what is too far behind to be planned', () => {
    const used = { counted: [], from: after(0), nextPlaceAt: null }
    const planned = planDepartures(1_000_000, 30, used)
    expect(planned).toHaveLength(10_000)
    expect(lastDeparture(1_000_000, 30, used)).toBe((planned.at(-1) ?? 0) + (990_000 / 30) * 61 * SECONDS)
    expect(lastDeparture(0, 30, { ...used, from: after(60) })).toBe(NOW + 1 * MINUTES)
  })
})

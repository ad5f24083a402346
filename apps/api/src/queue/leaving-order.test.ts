import type { MessagePriority } from '@inforiver-mail/contract/message'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { leavingOrder } from './leaving-order.ts'

const NONE_PASSED = { normal: 0, low: 0 }
const letters = (order: Iterable<MessagePriority>) => [...order].map((priority) => priority.charAt(0)).join('')

const waiting = fc.record({ high: fc.nat(60), normal: fc.nat(60), low: fc.nat(60) })
const passed = fc.record({ normal: fc.nat(9), low: fc.nat(9) })

describe('leavingOrder', () => {
  it.each([
    [{ high: 1, normal: 1, low: 1 }, 'hnl'],
    [{ high: 20, normal: 0, low: 2 }, 'hhhhhhhhhlhhhhhhhhlhhh'],
    [{ high: 0, normal: 18, low: 3 }, 'nnnnnnnnlnnnnnnnnlnnl'],
    [{ high: 16, normal: 3, low: 3 }, 'hhhhhhhhlnhhhhhhhlnhnl'],
  ])('lets %o leave as %s', (counts, order) => {
    expect(letters(leavingOrder(counts, NONE_PASSED))).toBe(order)
  })

  it('lets a high one that has just come wait for no share of a lower one, if a normal one has just left', () => {
    expect(letters(leavingOrder({ high: 1, normal: 9, low: 9 }, { normal: 0, low: 8 }))).toMatch(/^hl/)
    expect(letters(leavingOrder({ high: 1, normal: 9, low: 9 }, { normal: 0, low: 9 }))).toMatch(/^lh/)
  })

  it('lets everything leave once, and gives each lower priority that waits one of any ten messages', () => {
    fc.assert(
      fc.property(waiting, passed, (counts, before) => {
        const order = [...leavingOrder(counts, before)]
        for (const priority of ['high', 'normal', 'low'] as const)
          expect(order.filter((each) => each === priority)).toHaveLength(counts[priority])
        for (const lower of ['normal', 'low'] as const) {
          const places = order.flatMap((each, place) => (each === lower ? [place] : []))
          const gaps = places.map((place, nth) => place - (places[nth - 1] ?? -1))
          expect(Math.max(0, ...gaps)).toBeLessThanOrEqual(10)
        }
      }),
    )
  })

  it('lets no normal one leave before a high one but for its share, and no low one before a normal one', () => {
    fc.assert(
      fc.property(waiting, (counts) => {
        const order = [...leavingOrder(counts, NONE_PASSED)]
        const highs = order.slice(0, order.lastIndexOf('high') + 1)
        expect(highs.filter((each) => each === 'high').length).toBeGreaterThanOrEqual(
          Math.floor((highs.length * 7) / 9),
        )
      }),
    )
  })
})

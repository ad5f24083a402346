import { describe, expect, it } from 'vitest'
import { countNewer, HEADROOM, type ListWindow, markBefore, markPages, MAX_BASE, placeRows } from './list-window.ts'

/** Rows by number, of which a larger one is older. */
const rows = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => ({ id: `row ${from + index}` }))

function windowOf(base: number, from: number, to: number): ListWindow {
  return { base, rows: rows(from, to), shift: 0 }
}

/** The number of the row at a place of the list. */
function at(window: ListWindow, place: number): string | undefined {
  return window.rows[place - window.base]?.id
}

describe('placeRows', () => {
  it('leaves the rows on the screen where they are when the first page is dropped for a further one', () => {
    const placed = placeRows({ previous: windowOf(0, 0, 400), rows: rows(100, 500), atHead: false, fixed: 350 })

    expect(placed).toMatchObject({ base: 100, shift: 0 })
    expect(at(placed, 350)).toBe('row 350')
  })

  it('puts a page that is read again into the place that it had', () => {
    const placed = placeRows({ previous: windowOf(100, 100, 500), rows: rows(0, 400), atHead: true, fixed: 120 })

    expect(placed).toMatchObject({ base: 0, shift: 0 })
  })

  it('scrolls by as many rows as are new at the top, and not at all for a reader who is there', () => {
    const given = { previous: windowOf(0, 10, 110), rows: rows(7, 107), atHead: true }

    expect(placeRows({ ...given, fixed: 20 })).toMatchObject({ base: 0, shift: 3 })
    expect(placeRows({ ...given, fixed: null })).toMatchObject({ base: 0, shift: 0 })
  })

  it('scrolls back when fewer rows than expected are left above', () => {
    const placed = placeRows({ previous: windowOf(200, 300, 400), rows: rows(250, 400), atHead: true, fixed: 200 })

    expect(placed).toMatchObject({ base: 0, shift: -150 })
  })

  it('makes room again when more rows are above than expected', () => {
    const placed = placeRows({ previous: windowOf(50, 300, 400), rows: rows(200, 400), atHead: false, fixed: 60 })

    expect(placed).toMatchObject({ base: HEADROOM, shift: HEADROOM + 50 })
  })

  it('begins anew before the list is higher than a browser can show', () => {
    const previous = windowOf(MAX_BASE - 50, 0, 400)
    const placed = placeRows({ previous, rows: rows(100, 500), atHead: false, fixed: MAX_BASE + 300 })

    expect(placed).toMatchObject({ base: HEADROOM, shift: HEADROOM - MAX_BASE - 50 })
  })

  it('keeps the nearest row in place when that on the screen has left the list', () => {
    const left = rows(0, 100).filter((_, index) => index !== 40)

    const placed = placeRows({ previous: windowOf(0, 0, 100), rows: left, atHead: false, fixed: 40 })
    expect(at(placed, 41)).toBe('row 41')
    expect(placeRows({ previous: windowOf(0, 0, 100), rows: [], atHead: true, fixed: 40 })).toMatchObject({ base: 0 })
  })
})

describe('the marks of pages', () => {
  const pages = [
    { cursor: null, length: 100 },
    { cursor: 'a', length: 100 },
  ]

  it('lead back to a page that has been dropped', () => {
    const first = markPages(new Map(), windowOf(0, 0, 200), pages)
    const marks = markPages(first, windowOf(200, 200, 300), [{ cursor: 'b', length: 100 }])

    expect(markBefore(marks, 150)).toEqual({ base: 100, cursor: 'a' })
    expect(markBefore(marks, 20)).toEqual({ base: 0, cursor: null })
    expect(markBefore(new Map(), 20)).toBeNull()
  })

  it('move with the rows', () => {
    const marks = markPages(new Map([[0, 'a']]), { ...windowOf(250, 0, 100), shift: 150 }, [
      { cursor: 'b', length: 100 },
    ])

    expect([...marks]).toEqual([
      [150, 'a'],
      [250, 'b'],
    ])
  })
})

it('counts what is newer than what was seen, also when that has left the list', () => {
  const times = ['2026-11-24T10:00:03.000Z', '2026-11-24T10:00:02.000Z', '2026-11-24T10:00:00.000Z']
  const newest = times.map((createdAt) => ({ createdAt }))

  expect(countNewer(newest, '2026-11-24T10:00:02.000Z')).toBe(1)
  expect(countNewer(newest, '2026-11-24T10:00:01.000Z')).toBe(2)
  expect(countNewer(newest, '2026-11-24T09:00:00.000Z')).toBeNull()
  expect(countNewer([], '2026-11-24T09:00:00.000Z')).toBe(0)
})

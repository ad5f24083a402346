/**
 * The rows of a long list that are loaded, and where they are in it. Rows are counted from the top of the list; those
 * before `base` are not loaded, or have been dropped again.
 */
export interface ListWindow<Row extends { readonly id: string } = { readonly id: string }> {
  readonly base: number
  readonly rows: readonly Row[]
  /** How many rows everything has moved down: the page scrolls as far, and shows the same rows. */
  readonly shift: number
}

/** Room for newer rows above a list that does not begin with the newest. It is made again whenever it is used up. */
export const HEADROOM = 200
/** A browser cannot show an element of any height: 100,000 rows stay well below the lowest limit, 17 million pixels. */
export const MAX_BASE = 100_000

interface Placing<Row extends { readonly id: string }> {
  readonly previous: ListWindow<Row>
  readonly rows: readonly Row[]
  /** Whether the first of `rows` is the newest of all. */
  readonly atHead: boolean
  /** The first row on the screen, which does not move. Null to let new rows push the others down. */
  readonly fixed: number | null
}

/** Places rows that were read so that those on the screen stay where they are. */
export function placeRows<Row extends { readonly id: string }>(placing: Placing<Row>): ListWindow<Row> {
  const { previous, rows, atHead, fixed } = placing
  const base = fixed === null ? previous.base : baseThatKeeps(fixed, previous, rows)
  if (atHead) return { base: 0, rows, shift: fixed === null ? 0 : 0 - base }
  const fits = base >= 0 && base <= MAX_BASE
  return fits ? { base, rows, shift: 0 } : { base: HEADROOM, rows, shift: HEADROOM - base }
}

/** Returns the base with which the row at `fixed`, else the nearest one that is still there, keeps its place. */
function baseThatKeeps(fixed: number, previous: ListWindow, rows: readonly { readonly id: string }[]): number {
  const places = new Map(rows.map(({ id }, index) => [id, index]))
  const start = Math.min(Math.max(fixed - previous.base, 0), previous.rows.length - 1)
  for (let distance = 0; distance < previous.rows.length; distance += 1) {
    for (const index of [start + distance, start - distance]) {
      const id = previous.rows[index]?.id
      const place = id === undefined ? undefined : places.get(id)
      if (place !== undefined) return previous.base + index - place
    }
  }
  return previous.base
}

/** Where pages begin that have been read: their cursor by the row they begin at. */
export type PageMarks = ReadonlyMap<number, string | null>

/** Adds the pages that are loaded now, and keeps the marks where the rows are. */
export function markPages(
  marks: PageMarks,
  { base, shift }: ListWindow,
  pages: readonly { readonly cursor: string | null; readonly length: number }[],
): PageMarks {
  const end = base + pages.reduce((sum, { length }) => sum + length, 0)
  const kept = [...marks]
    .map(([row, cursor]) => [row + shift, cursor] as const)
    .filter(([row]) => row >= 0 && (row < base || row >= end))
  const marked = new Map(kept)
  let row = base
  for (const { cursor, length } of pages) {
    marked.set(row, cursor)
    row += length
  }
  return marked
}

/** Returns the mark of the page that holds a row which is no longer loaded; null when none is known. */
export function markBefore(
  marks: PageMarks,
  row: number,
): { readonly base: number; readonly cursor: string | null } | null {
  let base: number | null = null
  for (const start of marks.keys()) if (start <= row && (base === null || start > base)) base = start
  return base === null ? null : { base, cursor: marks.get(base) ?? null }
}

/** How many of the newest rows are newer than what was seen; null when all are, so that there may be more. */
export function countNewer(rows: readonly { readonly createdAt: string }[], seenAt: string | null): number | null {
  const place = rows.findIndex(({ createdAt }) => seenAt !== null && createdAt <= seenAt)
  return place === -1 && rows.length > 0 ? null : Math.max(place, 0)
}

import type { ListPosition, Toward } from '../../domain/list-position.ts'
import type { Match } from './find-filter.ts'

// Where a page of matches begins and ends. Matches are sorted, the newest first.

/** Where a page begins: after a position, in one direction or the other. */
export interface PageStart extends ListPosition {
  readonly toward: Toward
}

export interface Page {
  /** Newest first. */
  readonly matches: readonly Match[]
  readonly hasNewer: boolean
  readonly hasOlder: boolean
}

/** Walks through matches from a position, some at once. */
export type WalkFrom = (toward: Toward, begin: ListPosition | null, atOnce: number) => AsyncGenerator<readonly Match[]>

/** Reads a page, and looks whether there is more on both sides of it. */
export async function readPage(walkFrom: WalkFrom, start: PageStart | null, limit: number): Promise<Page> {
  const toward = start?.toward ?? 'older'
  const found = await take(walkFrom(toward, start, limit + 1), limit + 1)
  const shown = found.slice(0, limit)
  const hasMore = found.length > limit
  const isOtherWay =
    start !== null && (await take(walkFrom(opposite(toward), shown[0] ?? wayBack(start), 1), 1)).length > 0
  return toward === 'older'
    ? { matches: shown, hasNewer: isOtherWay, hasOlder: hasMore }
    : { matches: shown.toReversed(), hasNewer: hasMore, hasOlder: isOtherWay }
}

/**
 * Where to turn back from a page that became empty: the message that it began after is found again. It is in the
 * adjacent millisecond, because no message lies in between.
 */
export function wayBack({ at, toward }: PageStart): ListPosition {
  return toward === 'older'
    ? { at: new Date(at.getTime() - 1), id: `msg_${'f'.repeat(32)}` }
    : { at: new Date(at.getTime() + 1), id: `msg_${'0'.repeat(32)}` }
}

function opposite(toward: Toward): Toward {
  return toward === 'older' ? 'newer' : 'older'
}

/** Takes the first ones, and leaves the walk. */
async function take(walk: AsyncGenerator<readonly Match[]>, count: number): Promise<Match[]> {
  const taken: Match[] = []
  for await (const found of walk) {
    for (const match of found.slice(0, count)) taken.push(match)
    if (taken.length >= count) break
  }
  return taken.slice(0, count)
}

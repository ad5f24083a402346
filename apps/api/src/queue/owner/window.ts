import type { Candidate, LaneHead, Leaving, Rank } from './next.ts'

// What waits in a mailbox, as far as it was read: `next.ts` chooses among the heads of its lanes, and what it chose is taken
// out. It is a hint. Whether a message may leave, the statement that marks it decides.

export interface Planned extends Candidate {
  readonly id: string
}

/** What is due of one service in one priority, in the order in which it leaves. */
export interface Lane {
  readonly rank: Rank
  readonly service: string
  readonly messages: readonly Planned[]
}

export interface Window<InLane extends Lane> {
  /** Of the lanes in which something is left, in their order. */
  readonly heads: readonly LaneHead<Planned>[]
  /** Takes a message out of its lane. Returns the lane where it was the last that is known of it. */
  take(leaving: Pick<Leaving<Planned>, 'message' | 'rank' | 'service'>): InLane | null
}

/** @param lanes in the order of their services */
export function createWindow<InLane extends Lane>(lanes: readonly InLane[]): Window<InLane> {
  const open = lanes.map((lane) => ({ lane, taken: new Set<string>(), next: 0, nextSmall: 0 }))
  const heads = open.map(headOf).filter((head) => head !== null)
  return {
    heads,
    take({ message, rank, service }) {
      const index = heads.findIndex((head) => head.rank === rank && head.service === service)
      const found = heads[index]?.open
      if (!found) throw new Error('It was chosen among the heads.')
      found.taken.add(message.id)
      const head = headOf(found)
      heads.splice(index, 1, ...(head ? [head] : []))
      return head ? null : found.lane
    },
  }
}

interface Open<InLane extends Lane> {
  readonly lane: InLane
  readonly taken: Set<string>
  /** No message before these is left, or no small one. */
  next: number
  nextSmall: number
}

function headOf<InLane extends Lane>(open: Open<InLane>) {
  const { lane, taken } = open
  const isLeft = (each: Planned | undefined): each is Planned => each !== undefined && !taken.has(each.id)
  while (open.next < lane.messages.length && !isLeft(lane.messages[open.next])) open.next++
  while (open.nextSmall < lane.messages.length && !isSmall(lane.messages[open.nextSmall])) open.nextSmall++
  const first = lane.messages[open.next]
  const firstSmall = lane.messages[open.nextSmall] ?? null
  return first ? { rank: lane.rank, service: lane.service, first, firstSmall, open } : null

  function isSmall(each: Planned | undefined): boolean {
    return isLeft(each) && !each.isLarge
  }
}

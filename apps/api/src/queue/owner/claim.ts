import type pg from 'pg'
import type { Mark, MarkedMessage } from './marked-message.ts'
import type { MailboxLimits } from '../mailbox/limits.ts'
import { mark } from './mark.ts'
import { readLanes, type MailboxAt, type MailboxReader, type Order, type ReadLane } from './mailbox-state.ts'
import { afterLeaving, nextToLeave } from './next.ts'
import type { Owned, Ownership } from './ownership.ts'
import { createWindow, type Planned } from './window.ts'

// queued ──marked──▶ sending.
//
// The owner of a mailbox reads what is due, asks `next.ts` who leaves, and marks those. One claim follows the other, so that
// each sees what those before have taken of the limits. The process remembers a mark before it is made: what is marked under one
// that it does not know of was not sent (../doubt/abandoned.ts).

/** Bounds what is read of a mailbox with very many lanes. */
const READ_AT_MOST = 1_000

/** Stands for any message: whether anything at all may leave is known before what waits is read. */
const ANYTHING: Planned = { id: '', recipients: 0, isLarge: false }
const ANY_HEADS = [{ rank: 0, service: '', first: ANYTHING, firstSmall: ANYTHING }] as const

export function createClaiming(
  pool: pg.Pool,
  mailboxes: MailboxReader,
  limits: MailboxLimits,
  ownership: Pick<Ownership, 'use'>,
  elapsedMs: () => number,
) {
  /** By `elapsedMs`. */
  let nextPlaceAt = Infinity

  async function claim(markId: string, limit: number, mine: Owned): Promise<Claimed> {
    const states = await mailboxes.read(mine.tenants, { exactly: false })
    const ready = states.filter(
      ({ mailbox, due, now }) => due > 0 && nextToLeave(mailbox, ANY_HEADS, due, limits, now).message !== null,
    )
    const choices: Choice[] = []
    let left = limit
    for (const state of ready) {
      const choice = await choose(state, Math.min(left, Math.ceil(limit / ready.length)))
      left -= choice.ids.length
      choices.push(choice)
    }
    const places = [
      ...states.map(({ now, mailbox }) => (mailbox.nextPlaceAt ?? now) - now),
      ...choices.map(({ now, order }) => (order.nextPlaceAt ?? now) - now),
    ]
    nextPlaceAt = elapsedMs() + Math.min(...places.filter((ms) => ms > 0), Infinity)
    const chosen = choices.flatMap(({ tenantId, ids }) => ids.map((id) => ({ id, tenantId })))
    if (chosen.length === 0) return { marked: [], isStuck: false }
    const marked = await mark(pool, mine, markId, chosen)
    const begun = new Set(marked.map(({ tenantId }) => tenantId))
    for (const { tenantId, ids, order } of choices)
      if (ids.length > 0) mailboxes.keepOrder(tenantId, begun.has(tenantId) ? order : { ...order, placedAt: null })
    return { marked, isStuck: chosen.some(({ tenantId }) => !begun.has(tenantId)) }
  }

  async function choose(state: MailboxAt, atMost: number): Promise<Choice> {
    const { concurrency } = limits
    const { requests, uploads } = state.mailbox
    const ofEach = concurrency === 0 ? atMost : Math.min(atMost, concurrency - requests)
    const large = concurrency < 2 || uploads < concurrency - 1
    const lanes = await readLanes(pool, state.tenantId, { atMost: READ_AT_MOST, ofEach, large })
    return chooseAmong(state, lanes, limits, atMost)
  }

  return {
    /** Marks due messages of this process's mailboxes within their limits. */
    async claim(markId: string, limit: number): Promise<MarkedMessage[]> {
      if (limit < 1) return []
      const claimed = await ownership.use((mine) => claim(markId, limit, mine), { isStuck: (each) => each.isStuck })
      // A place that has passed would have it claim again at once, for ever.
      if (claimed === null) nextPlaceAt = Infinity
      return claimed?.marked ?? []
    },
    /** The ms until a mailbox that sends evenly may send again, as far as the last claim knew; `Infinity` where none does. */
    untilNextPlaceMs: () => nextPlaceAt - elapsedMs(),
  }
}

interface Claimed {
  readonly marked: MarkedMessage[]
  /** In a mailbox something may leave now, and nothing of it was marked. */
  readonly isStuck: boolean
}

/** What leaves now, and its mailbox after that. */
interface Choice {
  readonly tenantId: string
  readonly ids: readonly string[]
  readonly now: number
  readonly order: Order
}

/** A lane of which not all is known ends the choice: what is behind may be next. */
function chooseAmong(
  { tenantId, mailbox: before, due, now }: MailboxAt,
  lanes: readonly ReadLane[],
  limits: MailboxLimits,
  atMost: number,
): Choice {
  const window = createWindow(lanes)
  const { heads } = window
  const ids: string[] = []
  let mailbox = before
  let isPaced = false
  while (ids.length < atMost) {
    const next = nextToLeave(mailbox, heads, due - ids.length, limits, now)
    if (next.message === null) break
    const { requests, uploads } = mailbox
    mailbox = {
      ...afterLeaving(mailbox, next, heads, limits, now),
      requests: requests + 1,
      uploads: uploads + (next.message.isLarge ? 1 : 0),
    }
    ids.push(next.message.id)
    isPaced = next.isPaced
    if (window.take(next)?.isCut) break
  }
  const { nextPlaceAt, turns } = mailbox
  return { tenantId, ids, now, order: { placedAt: isPaced ? now : null, nextPlaceAt, turns } }
}

/** The content that a claim left out because of its size. $1 id */
const READ_CONTENT = `SELECT content FROM message_contents WHERE message_id = $1`

/** @throws when the content is gone because the message was given up */
export async function readContent(pool: pg.Pool, { id }: Pick<Mark, 'id'>): Promise<Buffer> {
  const { rows } = await pool.query<{ content: Buffer | null }>(READ_CONTENT, [id])
  const content = rows[0]?.content
  if (!content) throw new Error(`The content of ${id} is gone.`)
  return content
}

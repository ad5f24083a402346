import type pg from 'pg'
import { QUICK_TIMEOUT_MS } from '../database/database.ts'
import { idsOf, isFoundBy, leasedRows } from './columns.ts'
import { addToCounters, queueRows } from './counters.ts'
import { byLockOrder, type Lease, type LeasedMessage } from './leased-message.ts'
import type { MailboxLimits } from './mailbox/limits.ts'
import { mark, type Remembered } from './owner/mark.ts'
import { readLanes, readMailboxes, type MailboxAt, type ReadLane } from './owner/mailbox-state.ts'
import { afterLeaving, nextToLeave } from './owner/next.ts'
import type { Owned, Ownership } from './owner/ownership.ts'
import type { OwnedMailbox } from './owner/ownership.sql.ts'
import { createWindow, type Planned } from './owner/window.ts'

// queued ──claimed under a lease──▶ sending; and back, where the answer to the claim was lost.
//
// The owner of a mailbox reads what is due, asks `next.ts` who leaves, and marks those. One claim follows the other, so that
// each sees what those before have taken of the limits.

/** When a worker dies, others take over its messages within this time. */
export const LEASE_MS = 45_000

/** Bounds what is read of a mailbox with very many lanes. */
const READ_AT_MOST = 1_000

/** Stands for any message: whether anything at all may leave is known before what waits is read. */
const ANYTHING: Planned = { id: '', recipients: 0, isLarge: false }
const ANY_HEADS = [{ rank: 0, service: '', first: ANYTHING, firstSmall: ANYTHING }] as const

export interface Claiming {
  /** Leases due messages of this process's mailboxes within their limits to `leaseOwner`, for `LEASE_MS`. */
  claim(leaseOwner: string, limit: number): Promise<LeasedMessage[]>
  /** The ms until a mailbox that sends evenly may send again, as far as the last claim knew; `Infinity` where none does. */
  untilNextPlaceMs(): number
  /** Returns to the queue what a claim leased whose answer did not arrive, or is not awaited any more. */
  giveBack(leaseOwner: string): Promise<void>
}

export function createClaiming(
  pool: pg.Pool,
  limits: MailboxLimits,
  ownership: Pick<Ownership, 'use' | 'fenceOut'>,
  elapsedMs: () => number,
): Claiming {
  /** The mailboxes of claims that were not answered. */
  const unanswered = new Map<string, readonly OwnedMailbox[]>()
  /** By `elapsedMs`. */
  let nextPlaceAt = Infinity

  async function claim(leaseOwner: string, limit: number, mine: Owned): Promise<LeasedMessage[]> {
    const tenants = mine.mailboxes.map(({ tenantId }) => tenantId)
    const states = await readMailboxes(pool, tenants, limits, { exactly: false })
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
    const places = [...states, ...choices].map(({ now, mailbox }) => (mailbox.nextPlaceAt ?? now) - now)
    nextPlaceAt = elapsedMs() + Math.min(...places.filter((ms) => ms > 0), Infinity)
    const chosen = choices.flatMap(({ tenantId, ids }) => ids.map((id) => ({ id, tenantId })))
    if (chosen.length === 0) return []
    unanswered.set(leaseOwner, mine.mailboxes)
    const remembered = choices.flatMap((choice) => (choice.isRemembered ? [choice] : []))
    const messages = await mark(pool, mine, leaseOwner, LEASE_MS, chosen, remembered)
    unanswered.delete(leaseOwner)
    return messages
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
    async claim(leaseOwner, limit) {
      if (limit < 1) return []
      return (await ownership.use((mine) => claim(leaseOwner, limit, mine), { sends: true })) ?? []
    },
    untilNextPlaceMs: () => nextPlaceAt - elapsedMs(),
    async giveBack(leaseOwner) {
      await ownership.fenceOut(unanswered.get(leaseOwner) ?? [])
      await pool.query(GIVE_BACK, [leaseOwner])
      unanswered.delete(leaseOwner)
    },
  }
}

/** What leaves now, and its mailbox after that. */
interface Choice extends Remembered {
  readonly ids: readonly string[]
  readonly now: number
  /** One lane in a mailbox without a limit has no order to keep. */
  readonly isRemembered: boolean
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
  let isRemembered = before.turns.normalPassed + before.turns.lowPassed > 0
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
    isRemembered ||= isPaced || heads.length > 1
    if (window.take(next)?.isCut) break
  }
  return { tenantId, ids, now, mailbox, placedAt: isPaced ? now : null, isRemembered: isRemembered && ids.length > 0 }
}

/**
 * Undoes a claim whose answer was lost, once it cannot take effect any more. Nothing was sent under it, even if recovery put the
 * messages in doubt. $1 lease owner
 */
const GIVE_BACK = `
WITH lost AS MATERIALIZED (
  SELECT message_id FROM (${leasedRows('SELECT tenant_id, sending FROM counters')}) AS leased WHERE lease_owner = $1
   UNION ALL
  SELECT doubtful.message_id FROM counters t CROSS JOIN LATERAL (
    SELECT q.message_id, q.attempt_id FROM message_queue q WHERE q.tenant_id = t.tenant_id AND q.doubt = 'in-doubt' AND q.lease_owner IS NULL) AS doubtful
   WHERE doubtful.attempt_id = $1
), claimed AS MATERIALIZED (
  SELECT tenant_id, message_id, state, lease_owner, size, recipients, upload_bytes FROM message_queue
   WHERE message_id = ${idsOf('lost')} AND (lease_owner = $1 OR attempt_id = $1 AND lease_owner IS NULL)
     FOR UPDATE
), given_back AS (
  UPDATE message_queue
     SET lease_owner = NULL, lease_until = NULL, attempt_count = attempt_count - 1, wire_version = NULL,
         doubt = CASE WHEN attempt_id = $1 THEN 'none' ELSE doubt END, looks = CASE WHEN attempt_id = $1 THEN 0 ELSE looks END,
         attempt_id = nullif(attempt_id, $1)
   WHERE message_id = ${idsOf('claimed')}
  RETURNING tenant_id, state, lease_owner, size, recipients, upload_bytes
)
${addToCounters([queueRows('-', 'claimed'), queueRows('+', 'given_back')])}`

/**
 * Locks the messages in the order of their ids, as they are given: no plan can join by this comparison of owners.
 *
 * $1 ids, $2 lease owners, $3 lease in ms
 */
const RENEW = `
UPDATE message_queue q SET lease_until = mail_now() + $3 * interval '1 millisecond'
  FROM unnest($1::text[], $2::text[]) AS held(message_id, lease_owner)
 WHERE ${isFoundBy('q.message_id', 'held.message_id')} AND q.lease_owner IS NOT DISTINCT FROM held.lease_owner
RETURNING q.message_id AS id`

/**
 * Renews the leases that are still held for another `LEASE_MS`, and returns the ids of their messages. It is given up soon:
 * on another connection it may still be in time.
 */
export async function renewLeases(pool: pg.Pool, messages: readonly Lease[]): Promise<Set<string>> {
  const inOrder = messages.toSorted(byLockOrder)
  const values = [inOrder.map(({ id }) => id), inOrder.map(({ leaseOwner }) => leaseOwner), LEASE_MS]
  const statement = { text: RENEW, values, query_timeout: QUICK_TIMEOUT_MS }
  const { rows } = await pool.query<{ id: string }>(statement)
  return new Set(rows.map(({ id }) => id))
}

/** The content that a claim left out because of its size. $1 id */
const READ_CONTENT = `SELECT content FROM message_contents WHERE message_id = $1`

/** @throws when the content is gone because the message was given up */
export async function readContent(pool: pg.Pool, { id }: Pick<Lease, 'id'>): Promise<Buffer> {
  const { rows } = await pool.query<{ content: Buffer | null }>(READ_CONTENT, [id])
  const content = rows[0]?.content
  if (!content) throw new Error(`The content of ${id} is gone.`)
  return content
}

import type { FastifyBaseLogger } from 'fastify'
import type { Candidate, OwnerStore } from './ownership.sql.ts'

// This room decides who sends, and when. Exactly one process owns a mailbox, and whatever it begins there names it:
//
//   free ──take──▶ owned in epoch e ──hand over──▶ free
//                       │ not renewed for 12 s, as another process sees it
//                       ▼
//                  owned by the other in epoch e + 1
//
// An owner renews its row every 3 s, and counts its 12 s from before the renewal was sent. A standby looks every second, and
// counts 12 s in which it saw no renewal. Both count by their own monotonic clocks, so that no time of day decides
// anything. That keeps a process that stood still from beginning anything; what makes it certain is that each statement
// which lets a request begin names owner and epoch.
//
// A message of the mailbox is queued until its owner marks it, and is sending until an outcome names that mark:
//
//   queued ──claim.ts: what is due (mailbox-state.ts, window.ts), and who of it goes now (next.ts)──▶
//          ──mark.ts: only what is still queued, due, and not paused──▶ sending
//          ──clear.ts: before each further request that could send it, under the settings of now──▶ sending
//          ──settle.ts: the outcome, however late, as long as no later attempt has begun──▶ ended, held or queued again
//
// The worker in ../../delivery/ calls them in this order. Where an outcome is missing, ../doubt/ decides. For those who only
// read, senders.ts says who owns, and plan.ts when everything that is due will have left.
//
// The room writes owners, the owner and epoch of mailboxes, and the marks of message_queue.

export const OWNER_LEASE_MS = 12_000
const RENEW_EVERY_MS = 3_000
export const TEND_EVERY_MS = 1_000
/** Time between two looks counts for so much at most: there may have been an outage, in which nobody could renew. */
const COUNTS_AT_MOST_MS = 2_000
/** An owner that begins nothing for so long, although something may leave, gives its mailboxes to another process. */
const STUCK_AFTER_MS = 60_000
/** It takes them back within this time only where no other process is there. */
const SHUNS_FOR_MS = 5 * 60_000

/** The mailboxes of one process, as a statement names them. */
export interface Owned {
  readonly owner: string
  readonly tenants: readonly string[]
  /** In the order of the tenants. */
  readonly epochs: readonly string[]
}

export interface Ownership {
  /** Renews, and takes what nobody owns. Returns whether there is more to do than before: it took something, or its lease was over. */
  tend(): Promise<boolean>
  /** Whether it owns any mailbox, and its lease is not over. */
  isOwner(): boolean
  /**
   * Does one piece of work after the other, so that each sees what those before have begun. Does nothing and returns null where
   * it owns nothing. When a piece fails it may still be under way in the database: its mailboxes are taken anew, which waits
   * for it.
   *
   * @param alsoAsStandby whether the work is done, with no mailboxes, also where it owns nothing
   * @param isStuck given for what sends mail: whether something may leave now, and nothing of it began. When that is so for a
   *   minute, or the work fails or hangs, another process may do better
   */
  use<Result>(
    work: (mine: Owned) => Promise<Result>,
    options?: { readonly alsoAsStandby?: boolean; readonly isStuck?: (result: Result) => boolean },
  ): Promise<Result | null>
  /** Lets another process send. What is on the wire goes on. */
  handOver(): Promise<void>
  /** Nothing is on the wire any more. It may be tended again. */
  leave(): Promise<void>
}

/** @param isAlone whether it is certain that no other process runs */
export function createOwnership({
  store,
  name,
  isAlone,
  newOwner,
  elapsedMs,
  logger,
}: {
  store: OwnerStore
  /** What people know the process by. */
  name: string
  isAlone: boolean
  newOwner: () => string
  elapsedMs: () => number
  logger: Pick<FastifyBaseLogger, 'info' | 'warn' | 'error'>
}): Ownership {
  /** The epoch of each mailbox, by tenant. */
  const epochs = new Map<string, string>()
  /** The other processes, and for how long each was seen not to renew. */
  const watched = new Map<string, { readonly renewals: string; readonly unchangedMs: number }>()
  let me: string | null = null
  let renewedAt = 0
  let lookedAt: number | null = null
  let isLeaving = false
  /** Since when nothing that sends mail had another result than that it is stuck. */
  let stuckSince: number | null = null
  let shunsUntil = 0
  let last: Promise<unknown> = Promise.resolve()
  let tending: Promise<unknown> = Promise.resolve()

  const isOwner = () => me !== null && !isLeaving && epochs.size > 0 && elapsedMs() - renewedAt < OWNER_LEASE_MS

  return {
    async tend() {
      const wasOwner = isOwner()
      const turn = tend()
      tending = turn.catch(() => {})
      try {
        const hasTaken = await turn
        return hasTaken || (!wasOwner && isOwner())
      } catch (error) {
        // A renewal may have come too late; what is taken anew is certain.
        epochs.clear()
        stuckSince = null
        throw error
      }
    },
    isOwner,
    use(work, { alsoAsStandby = false, isStuck } = {}) {
      const mine = last.then(async () => {
        if (me === null || !(isOwner() || alsoAsStandby)) return null
        if (isStuck) stuckSince ??= elapsedMs()
        const owned = isOwner() ? [...epochs] : []
        try {
          const [tenants, ofEach] = [owned.map(([tenantId]) => tenantId), owned.map(([, epoch]) => epoch)]
          const result = await work({ owner: me, tenants, epochs: ofEach })
          if (isStuck?.(result) === false) stuckSince = null
          return result
        } catch (error) {
          epochs.clear()
          throw error
        }
      })
      last = mine.catch(() => {})
      return mine
    },
    async handOver() {
      isLeaving = true
      await tending // which may be taking it
      if (me === null) return
      // Also what it does not believe to own, since a statement had no answer.
      epochs.clear()
      if (await store.handOver(me)) logger.info({ process: name, because: 'it stops' }, 'mailbox handed over')
    },
    async leave() {
      const id = me
      me = null
      isLeaving = false
      lookedAt = null
      if (id !== null) await store.leave(id)
    },
  }

  async function tend(): Promise<boolean> {
    const askedAt = elapsedMs()
    if (me === null) {
      const id = newOwner()
      await store.register(id, name, isAlone)
      me = id
      renewedAt = askedAt
      stuckSince = null
    } else if (askedAt - renewedAt >= RENEW_EVERY_MS) {
      // fence: lease
      if (!(await store.renew(me))) return lose()
      // end
      renewedAt = askedAt
    }
    if (isLeaving) return false
    if (stuckSince !== null && askedAt - stuckSince >= STUCK_AFTER_MS) await giveUp(me, askedAt)
    const candidates = await store.list()
    if (!candidates.some(({ id }) => id === me)) return lose()
    const others = candidates.filter(({ id }) => id !== me)
    const dead = await bury(others, askedAt)
    return take(me, dead, askedAt < shunsUntil && others.length > dead.size)
  }

  /** Another process took this one for dead. It begins anew. */
  function lose(): boolean {
    if (epochs.size > 0) logger.warn({ process: name, because: 'another process saw no renewal' }, 'mailbox lost')
    epochs.clear()
    me = null
    return false
  }

  async function giveUp(id: string, now: number): Promise<void> {
    epochs.clear()
    stuckSince = null
    shunsUntil = now + SHUNS_FOR_MS
    await store.handOver(id)
    logger.error({ process: name, because: 'nothing could be sent for a minute' }, 'mailbox handed over')
  }

  /** Deletes those that have not renewed for as long as a lease lasts, and returns their names by their ids. */
  async function bury(others: readonly Candidate[], askedAt: number): Promise<ReadonlyMap<string, string>> {
    const passedMs = lookedAt === null ? 0 : Math.min(askedAt - lookedAt, COUNTS_AT_MOST_MS)
    lookedAt = elapsedMs()
    const dead = new Map<string, string>()
    for (const other of others) {
      const before = watched.get(other.id)
      const unchangedMs = before?.renewals === other.renewals ? before.unchangedMs + passedMs : 0
      watched.set(other.id, { renewals: other.renewals, unchangedMs })
      if (unchangedMs >= OWNER_LEASE_MS && (await store.deleteDead(other))) dead.set(other.id, other.name)
    }
    for (const id of watched.keys()) if (dead.has(id) || !others.some((other) => other.id === id)) watched.delete(id)
    return dead
  }

  /** @param shuns whether it leaves what nobody has to others */
  async function take(id: string, dead: ReadonlyMap<string, string>, shuns: boolean): Promise<boolean> {
    const seen = await store.see()
    const isMine = ({ tenantId, epoch, owner }: (typeof seen)[number]) => owner === id && epochs.get(tenantId) === epoch
    const mine = new Set(seen.filter(isMine).map(({ tenantId }) => tenantId))
    for (const tenantId of epochs.keys()) if (!mine.has(tenantId)) epochs.delete(tenantId)
    const free = seen
      .filter((mailbox) => !isMine(mailbox) && !(shuns && mailbox.owner === null))
      // fence: owner
      .filter(({ owner }) => owner === null || owner === id)
    // end
    if (free.length === 0) return false
    const taken = await store.take(id, free)
    for (const { tenantId, epoch } of taken) {
      epochs.set(tenantId, epoch)
      const isOwn = free.some((mailbox) => mailbox.tenantId === tenantId && mailbox.owner === id)
      const because = isOwn
        ? 'a statement had no answer'
        : dead.size > 0
          ? `${[...dead.values()].join(', ')} has not renewed for ${OWNER_LEASE_MS / 1_000} s`
          : 'nobody had it'
      logger.info({ process: name, tenant: tenantId, epoch: Number(epoch), because }, 'mailbox taken')
    }
    return taken.length > 0
  }
}

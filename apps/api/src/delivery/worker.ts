import { CERTAIN_REQUEST_BYTES } from '@inforiver-mail/contract/message-input'
import { RANGE_BYTES } from '@inforiver-mail/m365/upload-calls'
import { startPolling, UNTIL_WOKEN, type Polling } from '../runtime/polling.ts'
import type { MarkedMessage } from '../queue/owner/marked-message.ts'
import { TEND_EVERY_MS, type Ownership } from '../queue/owner/ownership.ts'
import type { Tracing } from '../runtime/tracing.ts'
import { createAccessCache } from './access-cache.ts'
import { OvertakenError, type AttemptDeps, type DeliverySizes } from './attempt.ts'
import { NOTHING_SENT, type FinishedAttempt } from './attempt-result.ts'
import { cleanMailboxes } from './clean-mailboxes.ts'
import { MAX_IN_FLIGHT } from './delivery-metrics.ts'
import { reportExpired, reportMailboxes } from './report.ts'
import { runAttempt } from './run-attempt.ts'
import { writeOutcome } from './write-outcome.ts'

// The worker sends the messages of the mailboxes that this process owns, up to 192 at once. Each goes through:
//
//  claim ──marked──▶ run-attempt.ts ──its result──▶ plan-settlement.ts ──what follows──▶ write-outcome.ts ──written──▶ report.ts
//
// An attempt (attempt.ts) gets access, opens the content, and looks for a message that is in doubt or sends it: in one request
// or by draft (send-by-draft.ts, upload-file.ts), as choose-route.ts plans by its size. It may throw only while nothing can have
// been sent. attempt-result.ts lists what can come of it; the states that follow are those after `sending` in ../queue/states.ts.
//
// Every worker runs the loops that `start` begins. One that owns no mailbox claims nothing, judges nothing that another process
// has left, and cleans no mailbox (clean-mailboxes.ts); but it too undoes its own marks that had no answer, fails what has
// expired, and releases what was scheduled or held.

const POLL_EVERY_MS = 1_000
/** A timer may end a moment early, and a claim that comes too early waits for the next poll. */
const AFTER_PLACE_MS = 5
const LOOK_EVERY_MS = 2_000
const AFTER_FAILURE_MS = 1_000
/** Many supervisors kill after 30 s; outcomes have to be written before that. */
const GRACE_MS = 20_000
const MARK_BYTES = 16

export type Worker = ReturnType<typeof createWorker>

type Given = Omit<AttemptDeps, 'cachedAccess' | 'stopping' | 'ending' | 'rangeBytes' | 'certainRequestBytes'>

export function createWorker(
  deps: Given & {
    ownership: Ownership
    /** The messages that this process is sending, each until its outcome is written. */
    inFlight: Map<MarkedMessage, Promise<void>>
    tracing: Tracing
    graceMs?: number
    /** How often to look for abandoned messages, and for drafts and copies to delete. */
    lookEveryMs?: number
    sizes?: DeliverySizes
  },
) {
  const {
    ownership,
    deliveries,
    inFlight,
    elapsedMs,
    timers,
    random,
    logger,
    tracing,
    graceMs = GRACE_MS,
    lookEveryMs = LOOK_EVERY_MS,
  } = deps
  const attemptDeps: AttemptDeps = {
    rangeBytes: RANGE_BYTES,
    certainRequestBytes: CERTAIN_REQUEST_BYTES,
    ...deps.sizes,
    ...deps,
    cachedAccess: createAccessCache(deps),
    stopping: () => stopping.signal,
    ending: () => ending.signal,
  }
  /** The mark that is being made. What is marked under another one than this and those in flight was not sent. */
  let newMark: string | null = null
  let stopping = new AbortController()
  let ending = new AbortController()
  let owning: Polling | null = null
  let claiming: Polling | null = null
  let loops: readonly Polling[] = []
  let listener: { stop(): Promise<void> } | null = null

  return {
    start(): void {
      stopping = new AbortController()
      ending = new AbortController()
      claiming = poll('messages could not be claimed', claimMore, { afterFailureMs: AFTER_FAILURE_MS })
      owning = poll('whether this process sends could not be renewed', tend, {
        afterFailureMs: TEND_EVERY_MS,
        level: 'warn',
      })
      loops = [
        claiming,
        // Apart from all else: what takes long, or fails, must not hold up its looks.
        poll('abandoned messages could not be looked for', judgeAbandoned),
        poll('times that lie ahead could not be brought back', bringTimesBack),
        poll('messages could not be released', release),
        poll('mailboxes could not be cleaned', clean),
      ]
      listener = deliveries.listen(() => {
        if (!ownership.isOwner()) owning?.wake() // its owner may have handed a mailbox over
        wake()
      })
    },
    /**
     * Lets attempts finish, but stops uploads where they are. An attempt that outlasts the grace period is broken off: its
     * outcome is written.
     */
    async stop(): Promise<void> {
      stopping.abort()
      const handedOver = ownership
        .handOver()
        .catch((error: unknown) => logger.warn({ err: error }, 'the mailbox could not be handed over'))
      const cancelEnding = timers.after(graceMs, () => {
        ending.abort(new Error('The process ends.'))
      })
      await Promise.all([handedOver, ...loops.map((loop) => loop.stop())])
      await Promise.all(inFlight.values())
      cancelEnding()
      await owning?.stop()
      await ownership
        .leave()
        .catch((error: unknown) => logger.warn({ err: error }, 'others will learn later that this process has stopped'))
      await listener?.stop()
    },
  }

  function poll(
    what: string,
    step: (stopping: AbortSignal) => Promise<number>,
    { afterFailureMs = lookEveryMs, level = 'error' }: { afterFailureMs?: number; level?: 'error' | 'warn' } = {},
  ): Polling {
    const onFailure = (error: unknown) => logger[level]({ err: error }, `${what}; trying again`)
    return startPolling(step, { timers, afterFailureMs, onFailure })
  }

  function wake(): void {
    claiming?.wake()
  }

  async function tend(): Promise<number> {
    if (await ownership.tend()) wake()
    return TEND_EVERY_MS
  }

  /** Claims what there is room for, and answers when to claim again. */
  async function claimMore(): Promise<number> {
    const room = MAX_IN_FLIGHT - inFlight.size
    if (room <= 0) return UNTIL_WOKEN
    if ((await claim(room)) > 0) return 0
    return Math.max(0, Math.min(POLL_EVERY_MS, deliveries.untilNextPlaceMs() + AFTER_PLACE_MS))
  }

  /** A claim that has no answer may have been made all the same: its mark is forgotten, so that it is undone. */
  async function claim(atMost: number): Promise<number> {
    if (stopping.signal.aborted) return 0 // nobody would watch another claim
    const mark = random(MARK_BYTES).toString('hex')
    const claimedAt = elapsedMs()
    newMark = mark
    try {
      const messages = await deliveries.claim(mark, atMost)
      for (const message of messages) deliver(message, claimedAt)
      return messages.length
    } finally {
      newMark = null
    }
  }

  function marksUnderWay(): string[] {
    const marks = [...inFlight.keys()].map(({ markId }) => markId)
    return newMark === null ? marks : [...marks, newMark]
  }

  /**
   * Queues what processes that are gone were sending. It looks as often as for dead owners: their 12 s, the 5 s of grace and
   * a look each are to be over 20 s after a death.
   */
  async function judgeAbandoned(): Promise<number> {
    const { abandoned, moved, more } = await deliveries.judgeAbandoned(marksUnderWay)
    for (const id of abandoned)
      logger.warn({ message: id }, 'a worker ended or stood still in the middle of a delivery')
    if (moved) wake()
    return more ? 0 : Math.min(lookEveryMs, TEND_EVERY_MS)
  }

  /** Brings times back that lie ahead since the clock of the database was set back. */
  async function bringTimesBack(stop: AbortSignal): Promise<number> {
    if (await deliveries.bringTimesBack(stop)) wake()
    return lookEveryMs
  }

  /** Fails messages whose time is over, and releases scheduled and held ones. */
  async function release(): Promise<number> {
    const { expired, moved, more, ...mailboxes } = await deliveries.release()
    reportExpired(deps, expired)
    reportMailboxes(deps, mailboxes)
    if (moved) wake()
    return more ? 0 : lookEveryMs
  }

  /** Deletes drafts and copies from the mailboxes. */
  async function clean(): Promise<number> {
    await cleanMailboxes(deps, stopping.signal).catch((error: unknown) => {
      if (!stopping.signal.aborted) throw error
    })
    return lookEveryMs
  }

  function deliver(message: MarkedMessage, claimedAt: number): void {
    const delivery = attemptSafely(message, claimedAt)
      .then((finished) => writeOutcome(attemptDeps, message, finished))
      .finally(() => {
        inFlight.delete(message)
        wake()
      })
    inFlight.set(message, delivery)
  }

  /** An attempt that throws has sent nothing, so the message is tried again without a doubt. */
  async function attemptSafely(message: MarkedMessage, claimedAt: number): Promise<FinishedAttempt> {
    const { signal } = ending
    try {
      const attempt = await tracing.delivery(
        message,
        elapsedMs() - claimedAt,
        () => runAttempt(attemptDeps, message, claimedAt),
        ({ result }) => result.type,
      )
      return signal.aborted && wasNotSent(attempt) ? { ...attempt, result: { type: 'overtaken' } } : attempt
    } catch (error) {
      const { id } = message
      if (error instanceof OvertakenError || signal.aborted) {
        logger.info({ message: id }, 'a delivery was given up before anything was sent: another goes on with it')
        return { ...NOTHING_SENT, result: { type: 'overtaken' } }
      }
      logger.error({ err: error, message: id }, 'a delivery broke off before anything was sent')
      const detail = 'It could not be prepared for sending. The log says why.'
      return { ...NOTHING_SENT, result: { type: 'no-access', detail, waitMs: null } }
    }
  }
}

function wasNotSent({ result }: FinishedAttempt): boolean {
  if (result.type === 'lookup-failed') return true
  return result.type === 'failure' && result.failure.outcome === 'unavailable'
}

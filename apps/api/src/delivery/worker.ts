import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { AdminPlaces } from '@inforiver-mail/m365/admin-places'
import type { GraphMailer } from '@inforiver-mail/m365/graph-mailer'
import type { RandomBytes } from '@inforiver-mail/m365/random'
import type { TokenVault } from '@inforiver-mail/m365/token-vault'
import type { FastifyBaseLogger } from 'fastify'
import type { ByteBudget } from '../memory/byte-budget.ts'
import type { ContentKeys } from '../content-keys.ts'
import { createAccessCache, type AccessTo, type LostAccessTo } from './access-cache.ts'
import type { DeliveryMetrics } from './delivery-metrics.ts'
import { settle, type DeliveryState } from './delivery-state.ts'
import type { LeasedMessage } from '../queue/leased-message.ts'
import type { Deliveries, Mailboxes } from '../queue/queue.ts'
import type { Settled } from '../queue/settle.ts'
import { createLeaseKeeper, ProcessEndsError } from './lease-keeper.ts'
import { cleanMailboxes } from './clean-mailboxes.ts'
import { OvertakenError, type TurnParts } from './turn-parts.ts'
import { takeTurn, type Turn } from './turn.ts'

const MAX_IN_FLIGHT = 64
/** With those whose outcomes wait for the database. */
const MAX_UNSETTLED = 4 * MAX_IN_FLIGHT
/** A claim for a single free place would be a round trip for each message. */
const CLAIM_WHEN_FREE = 16
const GATHER_MS = 5
const POLL_EVERY_MS = 1_000
const RECOVER_EVERY_MS = 2_000
const AFTER_FAILURE_MS = 1_000
/** A supervisor kills after 30 s, many a one; the outcomes have to be written before that. */
const GRACE_MS = 20_000

export interface Worker {
  start(): void
  /**
   * Finishes what is under way; uploads stop where they are. What takes longer than the time it has is broken off: its
   * outcome is written and its lease given up.
   */
  stop(): Promise<void>
}

export function createWorker(parts: {
  store: Deliveries
  mailboxStore: Mailboxes
  budget: ByteBudget
  access: AccessTo
  lostAccess: LostAccessTo
  mailer: GraphMailer
  places: AdminPlaces
  vault: TokenVault
  contentKeys: ContentKeys
  clock: () => Date
  elapsedMs: () => number
  random: RandomBytes
  /** Between 0 and 1, for jitter. */
  chance: () => number
  logger: FastifyBaseLogger
  metrics: DeliveryMetrics
  graceMs?: number
}): Worker {
  const { store, access, places, clock, elapsedMs, chance, logger, metrics, graceMs = GRACE_MS } = parts
  const turnParts: TurnParts = {
    ...parts,
    cachedAccess: createAccessCache(access, clock),
    stopping: () => stopping.signal,
    ending: () => ending.signal,
  }
  const inFlight = new Set<Promise<unknown>>()
  /** Those as well, and those whose outcome is being written. */
  const unsettled = new Set<Promise<void>>()
  /** Outcomes that the database has not taken yet. */
  const unwritten = new Set<LeasedMessage>()
  /** The owner of a claim without an answer: the database may have made it all the same. */
  let unanswered: string | null = null
  let stopping = new AbortController()
  let ending = new AbortController()
  let wakeUp = Promise.withResolvers<void>()
  let ended: Promise<unknown> = Promise.resolve()
  let listener: { stop(): Promise<void> } | null = null
  let leases: ReturnType<typeof createLeaseKeeper> | null = null

  return {
    start() {
      stopping = new AbortController()
      ending = new AbortController()
      leases = createLeaseKeeper({ store, elapsedMs, logger })
      listener = store.listen(wake)
      ended = Promise.all([claiming(), recovering(), cleaning()])
    },
    async stop() {
      stopping.abort()
      wake()
      const timer = setTimeout(() => {
        leases?.breakOff()
        ending.abort()
      }, graceMs)
      await ended
      await Promise.all(unsettled)
      clearTimeout(timer)
      leases?.stop()
      await listener?.stop()
    },
  }

  function wake(): void {
    wakeUp.resolve()
  }

  async function claiming(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        const claimed = await claim()
        if (claimed === 0) await pause(POLL_EVERY_MS)
        else await roomForMore()
      } catch (error) {
        logger.error({ err: error }, 'messages could not be claimed; trying again')
        await pause(AFTER_FAILURE_MS)
      }
    }
  }

  async function claim(): Promise<number> {
    wakeUp = Promise.withResolvers<void>() // what arrives from here on is not seen by this claim
    if (unanswered !== null) await store.giveBack(unanswered)
    const owner = randomUUID()
    unanswered = owner
    const claimedAt = elapsedMs()
    const messages = await store.claim(owner, MAX_IN_FLIGHT - inFlight.size)
    unanswered = null
    for (const message of messages) deliver(message, claimedAt)
    return messages.length
  }

  /** Waits until a claim is worth its round trip. */
  async function roomForMore(): Promise<void> {
    while (!stopping.signal.aborted && (inFlight.size >= MAX_IN_FLIGHT || unsettled.size >= MAX_UNSETTLED)) {
      wakeUp = Promise.withResolvers<void>()
      await wakeUp.promise
    }
    if (inFlight.size > MAX_IN_FLIGHT - CLAIM_WHEN_FREE) await delay(GATHER_MS)
  }

  /** Sleeps until a message may be due. */
  async function pause(ms: number): Promise<void> {
    const timer = new AbortController()
    await Promise.race([wakeUp.promise, delay(ms, undefined, { signal: timer.signal }).catch(() => {})])
    timer.abort()
  }

  async function recovering(): Promise<void> {
    while (!stopping.signal.aborted) {
      let more = false
      try {
        // What this process knows comes first: it would declare in doubt what it has the outcome of.
        if (unwritten.size > 0) {
          await pauseBetweenLooks()
          continue
        }
        const recovered = await store.recover()
        for (const id of recovered.abandoned)
          logger.warn({ message: id }, 'a worker ended or stood still in the middle of a delivery')
        if (recovered.moved) wake()
        more = recovered.more
      } catch (error) {
        logger.error({ err: error }, 'abandoned messages could not be looked for; trying again')
      }
      if (!more) await pauseBetweenLooks()
    }
  }

  async function pauseBetweenLooks(): Promise<void> {
    await delay(RECOVER_EVERY_MS, undefined, { signal: stopping.signal }).catch(() => {})
  }

  /** Drafts and copies that are to go from the mailboxes. */
  async function cleaning(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await cleanMailboxes(parts, stopping.signal)
      } catch (error) {
        if (!stopping.signal.aborted) logger.error({ err: error }, 'mailboxes could not be cleaned; trying again')
      }
      await pauseBetweenLooks()
    }
  }

  /** The place of a message is free once it is known what came of it; its lease is held until that is written. */
  function deliver(message: LeasedMessage, claimedAt: number): void {
    const signal = leases?.hold(message, claimedAt) ?? AbortSignal.abort()
    const delivery = turnOf(message, claimedAt, signal).finally(() => {
      inFlight.delete(delivery)
      wake()
    })
    inFlight.add(delivery)
    const settling = delivery
      .then((turn) => write(message, turn))
      .finally(() => {
        leases?.release(message)
        unsettled.delete(settling)
        wake()
      })
    unsettled.add(settling)
  }

  /** A turn that throws has sent nothing, so that there is no doubt: the message is tried again. */
  async function turnOf(message: LeasedMessage, claimedAt: number, signal: AbortSignal): Promise<Turn> {
    try {
      const turn = await takeTurn(turnParts, message, claimedAt, signal)
      return processEnds(signal) && wasNotSent(turn) ? { ...turn, result: { type: 'overtaken' } } : turn
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

  /** However long the database is away, unless the process ends: an outcome that is not written is a doubt. */
  async function write(message: LeasedMessage, turn: Turn): Promise<void> {
    const knownAt = elapsedMs()
    const state: DeliveryState = {
      ...message,
      attemptCount: turn.advanced ? 1 : message.attemptCount,
      doubt: turn.doubtResolved ? { state: 'seen-unsent' } : message.doubt,
      possibleDuplicate: message.possibleDuplicate || turn.inSpiteOfDoubt,
    }
    const settled: Settled = {
      message,
      settlement: settle(state, turn.result, { now: clock(), random: chance, places }),
      fromEmail: turn.fromEmail,
      ageMs: () => elapsedMs() - knownAt,
    }
    for (;;) {
      try {
        const written = await store.settle(settled)
        unwritten.delete(message)
        report(message, settled, written)
        return
      } catch (error) {
        unwritten.add(message)
        logger.warn({ err: error, message: message.id }, 'an outcome could not be written; trying again')
        if (ending.signal.aborted) return
        await delay(AFTER_FAILURE_MS, undefined, { signal: ending.signal }).catch(() => {})
      }
    }
  }

  function report(message: LeasedMessage, { settlement }: Settled, written: boolean): void {
    const { id } = message
    if (!written) {
      logger.warn(
        { message: id, status: settlement.status },
        'an outcome was written before, or another attempt has begun',
      )
      return
    }
    const { status, attempt, problem } = settlement
    metrics.settled(settlement, (clock().getTime() - message.createdAt.getTime()) / 1_000)
    if (status === 'sent') logger.info({ message: id, tenant: message.tenantId }, 'message sent')
    else if (status === 'held') logger.warn({ message: id, because: settlement.heldBecause }, 'message held')
    else if (problem) {
      const { code, microsoftCode, requestId } = problem
      logger.error({ message: id, code, microsoftCode, requestId }, 'message failed')
    } else if (attempt) {
      const { outcome, code } = attempt
      logger.warn({ message: id, outcome, code, waitMs: settlement.waitMs }, 'message not sent yet')
    }
  }
}

const NOTHING_SENT = { fromEmail: null, inSpiteOfDoubt: false, advanced: false, doubtResolved: false }

function processEnds({ reason }: AbortSignal): boolean {
  return reason instanceof ProcessEndsError
}

function wasNotSent({ result }: Turn): boolean {
  if (result.type === 'lookup-failed') return true
  return result.type === 'failure' && result.failure.outcome === 'unavailable'
}

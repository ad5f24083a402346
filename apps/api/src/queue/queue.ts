import type { RandomBytes } from '@inforiver-mail/m365/random'
import type { TokenVault } from '@inforiver-mail/m365/token-vault'
import type { FastifyBaseLogger } from 'fastify'
import type { Database } from '../database/database.ts'
import { createWriteCheck } from '../database/write-check.ts'
import type { Timers } from '../runtime/clock.ts'
import type { NewId } from '../runtime/ids.ts'
import { createContentKeys } from '../vault/content-keys.ts'
import { beginBulkChange, createBulkChanging } from './changes/bulk.ts'
import { cancelMessage } from './changes/cancel.ts'
import { createRetention } from './changes/retention.ts'
import { failExpired } from './changes/expiry.ts'
import { releaseMessages } from './changes/release.ts'
import { retryMessage } from './changes/retry.ts'
import { sendNow, type EndRefreshWait } from './changes/send-now.ts'
import { createClaiming, readContent } from './owner/claim.ts'
import {
  claimCleanups,
  endCleanup,
  mayHaveLeftDraft,
  isToBeDeleted,
  isUnderWay,
  postponeCleanup,
  recordDeletion,
} from './drafts/cleanups.ts'
import { clear } from './owner/clear.ts'
import { createRecount } from './counters.ts'
import { finishUpload, storeDraft, storeUpload } from './drafts/drafts.ts'
import { readChunks, writeChunk } from './intake/chunks.ts'
import { createDataKeys } from './intake/data-keys.ts'
import { findKey } from './intake/idempotency.ts'
import { beginReceiving, discardReceived, reserveStorage, sweepReceived } from './intake/receive.ts'
import { findLargestServices, readStorage } from './intake/storage.ts'
import { createSubmitting } from './intake/submit.ts'
import {
  chargeUpload,
  learnSizeLimits,
  learnUploadOrigin,
  readSizeLimits,
  type MailboxLimits,
} from './mailbox/limits.ts'
import { pauseForQuota, pauseForReports, type QuotaReport } from './mailbox/quota-pause.ts'
import { tendMailboxes } from './mailbox/tend-mailboxes.ts'
import { createMailboxReader } from './owner/mailbox-state.ts'
import { createOwnerStore, readEpoch } from './owner/ownership.sql.ts'
import { createOwnership, type Ownership } from './owner/ownership.ts'
import { createSenders, type Senders } from './owner/senders.ts'
import { createDepartures } from './records/departures.ts'
import { readQueueDepth } from './records/depth.ts'
import { createEvents } from './records/events.ts'
import { readBouncedOfDay, readFailedOfDay, readFailureCounts, readQuarantinedOfDay } from './records/failures.ts'
import { readHeld, readMailFacts, recordMailState } from './records/mail-facts.ts'
import { countEvents, readOutcomeHistory } from './records/event-counts.ts'
import { createReading } from './records/read.ts'
import { createIndexing } from './records/search-index.ts'
import { readExternalUse, replaceSendingLimits } from './records/sending-limits.ts'
import { findMovingQueues, findStalledQueues } from './records/stalled.ts'
import { createJudging, JUDGING_WAITS, type JudgingWaits } from './doubt/abandoned.ts'
import { noteSeen, readAwaited, readSight } from './reports/awaited-reports.ts'
import type { OutcomeReport } from './reports/merge-outcome.ts'
import { applyReports, readBounced, readLikely, writeOverdueEvents } from './reports/recipient-outcomes.ts'
import {
  advanceInbox,
  claimInboxes,
  markSeen,
  releaseInbox,
  renewInbox,
  unseenReports,
} from './reports/report-inboxes.ts'
import { findByMessageIds, findSent, sharesMessageId } from './reports/sent-messages.ts'
import { createSettling } from './owner/settle.ts'
import { createWaking, listenForMessages } from './owner/wake.ts'

// What the queue offers to the rest of the product, by who asks for it. Each function is documented where it is written.

const OWNER_BYTES = 16

export type Queue = ReturnType<typeof createQueue>
/** What services and people do with messages. */
export type Messages = Queue['messages']
/** Attachments that arrive before their message is complete. */
export type Receiving = Queue['receiving']
/** What a worker does with messages. Schedules and limits use the clock of the database. */
export type Deliveries = Queue['deliveries']
/** What concerns a mailbox rather than a message. Times use the clock of the database. */
export type Mailboxes = Queue['mailboxes']
/** What became of messages after Microsoft had accepted them, by its reports. */
export type DeliveryReports = Queue['reports']
/** The inboxes in which non-delivery reports arrive, and how far they are read. */
export type ReportInboxes = Queue['inboxes']
/** Maintenance and monitoring of the queue as a whole. */
export type Upkeep = Queue['upkeep']
/** How the mail of a tenant stands, and what became of it. What it reads does not grow with what is kept or waits. */
export type Insight = Queue['insight']

interface QueueOptions {
  readonly connectionString: string
  readonly limits: MailboxLimits
  /** The most that one tenant may store. */
  readonly storageBytes: number
  readonly contentRetentionDays: number
  readonly logRetentionDays: number
  readonly ownership: Ownership
  readonly senders: Senders
  readonly judgingWaits: JudgingWaits
  /** Whether the database went away during the start. */
  readonly databaseWasAway: () => boolean
  readonly endRefreshWait: EndRefreshWait
  readonly timers: Timers
  readonly newId: NewId
}

/** Creates the queue on a database. */
export function createQueue({ pool, prisma }: Pick<Database, 'pool' | 'prisma'>, options: QueueOptions) {
  const { connectionString, limits, storageBytes, ownership, senders, endRefreshWait, timers, newId } = options
  const mailboxes = createMailboxReader(pool, limits)
  const departures = createDepartures(pool, mailboxes, limits, senders, timers.elapsedMs)
  return {
    ownership,
    dataKeys: createDataKeys(pool),
    messages: {
      ...createReading(pool, departures),
      ...bind(pool, { readSizeLimits, findKey }),
      ...bind(prisma, { cancel: cancelMessage, retry: retryMessage }),
      ...bind({ pool, prisma }, { changeAll: beginBulkChange }),
      submit: createSubmitting(pool, storageBytes, (name) => findKey(pool, name), createWaking(pool, timers), timers),
      readMailbox: (tenantId: string) => departures.readMailbox(tenantId),
      sendNow: (tenantId: string, actor: string) => sendNow(prisma, endRefreshWait, tenantId, actor),
    },
    receiving: {
      ...bind(pool, { begin: beginReceiving, writeChunk, discard: discardReceived }),
      reserve: (id: string, bytes: { neededBytes: number; wantedBytes: number }) =>
        reserveStorage(pool, id, { ...bytes, storageBytes }),
    },
    deliveries: {
      ...bind(pool, { clear, storeDraft, storeUpload, finishUpload, readContent, readSight }),
      ...bind(pool, { sharesMessageId, readChunks }),
      ...createClaiming(pool, mailboxes, limits, ownership, timers.elapsedMs),
      settle: createSettling(pool, timers),
      ...createJudging(pool, ownership, options.judgingWaits, options.databaseWasAway, timers.elapsedMs),
      /** Fails messages whose time is over, and then queues scheduled and held ones that may leave now. */
      async release() {
        const released = await releaseMessages(pool)
        const { isQueued, held, news } = await tendMailboxes(prisma, newId)
        return { ...released, moved: isQueued || released.moved, held, news }
      },
      listen: (wake: () => void) => listenForMessages(connectionString, wake, timers),
    },
    mailboxes: {
      ...bind(pool, { learnSizeLimits, learnUploadOrigin, readSizeLimits }),
      ...bind(pool, { mayHaveLeftDraft, recordDeletion, isUnderWay, isToBeDeleted, endCleanup, postponeCleanup }),
      chargeUpload: (tenantId: string, bytes: number) => chargeUpload(pool, limits, tenantId, bytes),
      claimCleanups: async () => (await ownership.use((mine) => claimCleanups(pool, limits, mine))) ?? [],
      pauseForQuota: (report: QuotaReport) => pauseForQuota(prisma, newId, report),
    },
    events: createEvents(pool),
    inboxes: {
      ...bind(pool, { renew: renewInbox, advance: advanceInbox, release: releaseInbox }),
      ...bind(pool, { unseen: unseenReports, markSeen }),
      claim: async (owner: string) => (await ownership.use((mine) => claimInboxes(pool, limits, owner, mine))) ?? [],
    },
    insight: {
      ...bind(pool, { countEvents, readMailFacts, recordMailState, readHeld }),
      ...bind(pool, { readFailedOfDay, readBouncedOfDay, readQuarantinedOfDay, readOutcomeHistory, readExternalUse }),
      ...bind(prisma, { replaceSendingLimits }),
      readSendingProcess: (tenantId: string) => senders.readOwner(tenantId),
    },
    reports: {
      ...bind(pool, { findByMessageIds, findSent, readLikely, readBounced, noteSeen, readAwaited, writeOverdueEvents }),
      /** Pauses the mailbox first: once the code of a used-up limit is stored, nobody reports it again. */
      async apply(tenantId: string, reports: readonly OutcomeReport[]) {
        await pauseForReports(prisma, newId, tenantId, reports)
        return applyReports(pool, tenantId, reports)
      },
    },
    upkeep: {
      ...bind(pool, { readEpoch, readDepth: readQueueDepth, readFailures: readFailureCounts, findLargestServices }),
      ...bind(pool, { findStalled: findStalledQueues, findMoving: findMovingQueues, failExpired, sweepReceived }),
      readStorage: (tenantId: string) => readStorage(pool, tenantId, storageBytes),
      recount: createRecount(pool),
      deleteOld: createRetention(pool, options),
      index: createIndexing(pool, connectionString, timers.elapsedMs),
      continueBulk: createBulkChanging(pool),
    },
  }
}

/** Wires the queue with ownership, the content keys, and the check of whether the database can store. */
export function composeQueue({
  database,
  config,
  processName,
  vault,
  clock,
  elapsedMs,
  random,
  logger,
  judgingWaits = JUDGING_WAITS,
  ...deps
}: Pick<QueueOptions, 'connectionString' | 'databaseWasAway' | 'endRefreshWait' | 'timers' | 'newId'> & {
  database: Database
  config: Pick<QueueOptions, 'contentRetentionDays' | 'logRetentionDays'> & {
    readonly mailboxLimits: MailboxLimits
    readonly tenantStorageBytes: number
    readonly database: { readonly kind: 'embedded' | 'external' }
  }
  processName: string
  vault: TokenVault
  clock: () => Date
  elapsedMs: () => number
  random: RandomBytes
  judgingWaits?: JudgingWaits | undefined
  logger: FastifyBaseLogger
}) {
  const ownership = createOwnership({
    store: createOwnerStore(database.pool),
    name: processName,
    isAlone: config.database.kind === 'embedded', // its data folder has one process
    newOwner: () => random(OWNER_BYTES).toString('hex'),
    elapsedMs,
    logger,
  })
  const queue = createQueue(database, {
    ...deps,
    limits: config.mailboxLimits,
    storageBytes: config.tenantStorageBytes,
    contentRetentionDays: config.contentRetentionDays,
    logRetentionDays: config.logRetentionDays,
    ownership,
    senders: createSenders(database.pool, deps.timers.elapsedMs),
    judgingWaits,
  })
  const { messages, receiving, dataKeys } = queue
  const writeCheck = createWriteCheck(database, clock)
  return {
    ...queue,
    messages: { ...messages, submit: writeCheck.watch(messages.submit) },
    receiving: { ...receiving, writeChunk: writeCheck.watch(receiving.writeChunk) },
    contentKeys: createContentKeys({ store: dataKeys, vault, random, newId: deps.newId, elapsedMs }),
    writeCheck,
  }
}

/** Functions without their first argument, which all of them are given. */
type Bound<Functions> = {
  readonly [Name in keyof Functions]: Functions[Name] extends (first: never, ...rest: infer Rest) => infer Result
    ? (...rest: Rest) => Result
    : never
}

/** Gives functions their first argument: the connections that they use. */
function bind<First, Functions extends Record<string, (first: First, ...rest: never[]) => unknown>>(
  first: First,
  functions: Functions,
): Bound<Functions> {
  const bound = Object.entries(functions).map(([name, each]) => [name, each.bind(null, first)])
  return Object.fromEntries(bound) as Bound<Functions>
}

import type { Message, MessageSummary } from '@inforiver-mail/contract/message'
import type { MailState } from '@inforiver-mail/contract/overview'
import type { SendingLimits, SendingLimitsInput } from '@inforiver-mail/contract/sending-limits'
import type { SizeLimits } from '@inforiver-mail/m365/size-plan'
import type { Timers } from '../runtime/clock.ts'
import type { Database } from '../database/database.ts'
import type { NewId } from '../runtime/ids.ts'
import type { Actor, Owner } from './actor.ts'
import {
  noteSeen,
  readAwaited,
  readSight,
  type AwaitedMessage,
  type SeenMessage,
  type TraceSight,
} from './reports/awaited-reports.ts'
import { beginBulkChange, continueBulkChange, type BulkAction, type BulkCounts } from './changes/bulk.ts'
import { cancelMessage } from './changes/cancel.ts'
import { readChunks, writeChunk, type ChunkPlace } from './intake/chunks.ts'
import { createClaiming, readContent, renewLeases } from './claim.ts'
import {
  claimCleanups,
  endCleanup,
  mayHaveLeftDraft,
  isToBeDeleted,
  isUnderWay,
  postponeCleanup,
  type Cleanup,
} from './cleanups.ts'
import { createClearing } from './clear.ts'
import { addDataKey, readCurrentDataKey, readDataKey, type DataKey } from './intake/data-keys.ts'
import { readQueueDepth, type QueueDepth } from './records/depth.ts'
import { createEvents, type Events } from './records/events.ts'
import { createDepartures, type MailboxState } from './records/departures.ts'
import {
  readBouncedOfDay,
  readQuarantinedOfDay,
  readFailedOfDay,
  readFailureCounts,
  type CountsByCode,
  type FailureCount,
} from './records/failures.ts'
import type { Ownership } from './owner/ownership.ts'
import { readEpoch } from './owner/ownership.sql.ts'
import type { Senders, SendingProcess } from './owner/senders.ts'
import { finishUpload, storeDraft, storeUpload, type StoredDraft } from './drafts.ts'
import { createRetention, type Retention } from './changes/expire.ts'
import { failExpired, type ExpiredMessage } from './changes/expired.ts'
import { createKeyLookUp, type KeyHolder, type KeyName } from './intake/idempotency.ts'
import type { Lease, LeasedMessage, Upload } from './leased-message.ts'
import {
  chargeUpload,
  learnRequestLimits,
  learnSizeLimit,
  learnUploadOrigin,
  readSizeLimits,
  type MailboxLimits,
} from './mailbox/limits.ts'
import type { StoredFilter } from './records/find-filter.ts'
import { pauseForQuota, pauseForReports, type QuotaPause, type QuotaReport } from './mailbox/quota-pause.ts'
import {
  findMessage,
  findMessages,
  listMessages,
  walkMessages,
  type ListedMessages,
  type Listing,
} from './records/read.ts'
import { readHeld, readMailFacts, recordMailState, type MailFacts } from './records/mail-facts.ts'
import { countEvents, readOutcomeHistory, type OutcomeHistory } from './records/event-counts.ts'
import { beginReceiving, discardReceived, reserveStorage, sweepReceived } from './intake/receive.ts'
import type { OutcomeReport } from './reports/merge-outcome.ts'
import { createRecount, type Drift } from './counters.ts'
import {
  applyReports,
  readBounced,
  readLikely,
  writeOverdueEvents,
  type ReportedRow,
} from './reports/recipient-outcomes.ts'
import {
  advanceInbox,
  claimInboxes,
  markSeen,
  releaseInbox,
  renewInbox,
  unseenReports,
  type ClaimedInbox,
} from './reports/report-inboxes.ts'
import { createTakingOver, releaseMessages, type Released, type TakenOver, type TakeOverWaits } from './recover.ts'
import { retryMessage } from './changes/retry.ts'
import { createIndexing, type Index } from './records/search-index.ts'
import { readExternalUse, replaceSendingLimits, type ExternalUse } from './records/sending-limits.ts'
import { findByMessageIds, findSent, sharesMessageId, type ReportableMessage } from './reports/sent-messages.ts'
import { sendNow, type EndRefreshWait } from './changes/send-now.ts'
import { createSettling, type Settled, type Settlement } from './settle.ts'
import { findMovingQueues, findStalledQueues, type StalledQueue } from './records/stalled.ts'
import {
  findLargestServices,
  readStorage,
  type ServiceStorage,
  type StorageFull,
  type StorageUse,
} from './intake/storage.ts'
import type { NewMessage } from './intake/insert-messages.ts'
import { createSubmitting, type Submitted } from './intake/submit.ts'
import { createSubmittingTogether, type NewBatch, type SubmittedTogether } from './intake/submit-together.ts'
import { createTurns } from './turns.ts'
import { tendMailboxes, type TendedMailboxes } from './mailbox/tend-mailboxes.ts'
import { listenForMessages } from './wake.ts'

/** What services and people do with messages. Each method is documented at its implementation as well. */
export interface Messages {
  /** Resolves once the message is on disk. */
  submit(message: NewMessage): Promise<Submitted>
  /** Stores all of them or none; resolves once they are on disk. */
  submitTogether(batch: NewBatch): Promise<SubmittedTogether>
  /** Null when the key is free, or its message is still being submitted. */
  findKey(name: KeyName): Promise<KeyHolder | null>
  /** `configuredSender` is the address that an unsent message would be sent from now. */
  find(owner: Owner, id: string, configuredSender: string | null): Promise<Message | null>
  /** In the order of `ids`. What is not there, or not the owner's, is left out. */
  findAll(owner: Owner, ids: readonly string[], configuredSender: string | null): Promise<Message[]>
  list(owner: Owner, listing: Listing, configuredSender: string | null): Promise<ListedMessages>
  /** Yields all messages that a filter selects, newest first, in pages of at most `atOnce`. */
  walk(
    owner: Owner,
    filter: StoredFilter,
    options: { atOnce: number; configuredSender: string | null },
  ): AsyncGenerator<readonly MessageSummary[]>
  /** Returns false when the message may already have been sent, or has ended. */
  cancel(actor: Actor, id: string, now: Date): Promise<boolean>
  /** Returns false when the message has not failed, has expired, or its content is gone. */
  retry(actor: Actor, id: string, now: Date): Promise<boolean>
  /**
   * Has all messages that a filter finds retried or cancelled in the background. Returns how many that is possible for
   * now, and why not for others; resolves once they are listed on disk.
   */
  changeAll(
    actor: Actor,
    action: BulkAction,
    filter: StoredFilter,
    /** The domains that a message that is retried may go to; empty for any. */
    at: { now: Date; allowedDomains: readonly string[] },
  ): Promise<BulkCounts>
  /** What counts against the limits of a tenant's mailbox. */
  readMailbox(tenantId: string): Promise<MailboxState>
  readSizeLimits(tenantId: string): Promise<SizeLimits>
  /** Ends the pause of a mailbox; `actor` is the id of the person who asks for it. */
  sendNow(tenantId: string, actor: string): Promise<void>
}

/** Attachments that arrive before their message is complete. */
export interface Receiving {
  /** Begins content that no message refers to yet. Returns false when the data key is gone. */
  begin(message: { id: string; tenantId: string; service: string; dataKey: string }): Promise<boolean>
  /**
   * Reserves storage for all chunks of a message: at least `neededBytes`, up to `wantedBytes` if there is room.
   * Returns null when the content is gone.
   */
  reserve(
    id: string,
    bytes: { neededBytes: number; wantedBytes: number },
  ): Promise<{ readonly reservedBytes: number } | { readonly full: StorageFull } | null>
  /** Returns false when the content is gone. Frees the memory of `content`. */
  writeChunk(place: ChunkPlace, content: Buffer): Promise<boolean>
  discard(id: string): Promise<void>
}

/** What a worker does with messages. Leases, schedules and limits use the clock of the database. */
export interface Deliveries {
  /** Leases messages that are due and within their mailboxes' limits, for `LEASE_MS`. */
  claim(owner: string, limit: number): Promise<LeasedMessage[]>
  /** Undoes a claim whose answer was lost. */
  giveBack(owner: string): Promise<void>
  /** The ms until a mailbox that sends evenly may send again, as far as the last claim knew; `Infinity` where none does. */
  untilNextPlaceMs(): number
  /** Extends leases by `LEASE_MS`. Returns the ids of the messages whose lease is still held. */
  renew(messages: readonly Lease[]): Promise<Set<string>>
  /**
   * Reports whether a request to the mailbox may begin. This and the next three return false when the lease was lost or
   * the settings changed. `sends`: the request may send the message. `inDoubt`: an earlier one may have.
   */
  clear(message: Lease, settingsVersion: number, sends: boolean, inDoubt?: boolean): Promise<boolean>
  /** A draft that could not be stored is queued for deletion. */
  storeDraft(message: Lease, settingsVersion: number, draft: StoredDraft): Promise<boolean>
  storeUpload(
    message: Lease & Pick<LeasedMessage, 'attachmentBytes'>,
    settingsVersion: number,
    upload: Upload,
    uploadedBytes: number,
  ): Promise<boolean>
  /** Marks the draft as complete: from here on the message may be sent. */
  finishUpload(message: Lease, settingsVersion: number): Promise<boolean>
  readContent(message: Lease): Promise<Buffer>
  /** Whether the message trace has a row of the message for certain: then it was sent. */
  readSight(message: Pick<LeasedMessage, 'id' | 'tenantId'>): Promise<TraceSight>
  /** Whether another message of the tenant may have been sent with this Message-ID: to anybody, or to one of these addresses. */
  sharesMessageId(
    message: Pick<LeasedMessage, 'id' | 'tenantId'>,
    internetMessageId: string,
    addresses: readonly string[] | null,
  ): Promise<boolean>
  /** Reads sealed chunks, `from` inclusive to `to` exclusive, one after the other into the same buffer. */
  readChunks(
    message: Lease,
    part: number,
    chunks: { from: number; to: number },
    onChunk: (sealed: Buffer) => void,
  ): Promise<void>
  /**
   * Writes the outcome of an attempt, and returns it as it was written, after what its mailbox knows. Returns null, and writes
   * nothing, when a later attempt has begun.
   */
  settle(settled: Settled): Promise<Settlement | null>
  /** Queues what dead workers held, once others have had time to write what they know after an outage. */
  takeOver(): Promise<TakenOver>
  /**
   * Undoes what the clock of the database has made wait, where a look of `takeOver` found it set back. Where very many
   * messages wait it takes long, unless it is stopped.
   */
  bringTimesBack(stopping?: AbortSignal): Promise<boolean>
  /** Fails messages whose time is over, and then queues scheduled and held ones that may leave now. */
  release(): Promise<Released & Pick<TendedMailboxes, 'held' | 'news'>>
  /** Calls `wake` whenever a message may be due, and reconnects until stopped. */
  listen(wake: () => void): { stop(): Promise<void> }
}

/** What concerns a mailbox rather than a message. Times use the clock of the database. */
export interface Mailboxes {
  /** Returns null when the bytes were charged to the mailbox's limit, else the ms after which to ask again. */
  chargeUpload(tenantId: string, bytes: number): Promise<number | null>
  /** Learns that Microsoft refuses a message of this encoded size. */
  learnSizeLimit(tenantId: string, encodedBytes: number): Promise<void>
  /** Learns the longest request and the smallest upload session that Microsoft accepts. It counts for a day. */
  learnRequestLimits(
    tenantId: string,
    learned: Partial<Pick<SizeLimits, 'requestBytes' | 'sessionMinimumBytes'>>,
  ): Promise<void>
  /** Learns where Microsoft has large attachments uploaded to. */
  learnUploadOrigin(tenantId: string, origin: string): Promise<void>
  readSizeLimits(tenantId: string): Promise<SizeLimits>
  /** Records that a draft with an unknown id may be in the mailbox. Returns false where that was recorded before. */
  mayHaveLeftDraft(tenantId: string, messageId: string): Promise<boolean>
  /** Whether the message has not ended, or was accepted so recently that its draft may still be leaving. */
  isUnderWay(messageId: string, leavesWithinMs: number): Promise<boolean>
  isToBeDeleted(tenantId: string, itemId: string): Promise<boolean>
  claimCleanups(): Promise<Cleanup[]>
  endCleanup(cleanup: Pick<Cleanup, 'tenantId' | 'itemId'>): Promise<void>
  postponeCleanup(cleanup: Cleanup, waitMs: number): Promise<void>
  /** Pauses the mailbox since a limit of Microsoft is used up. Returns null where it has paused for that already. */
  pauseForQuota(report: QuotaReport): Promise<QuotaPause | null>
}

/** What became of messages after Microsoft had accepted them, by its reports. */
export interface DeliveryReports {
  /**
   * Applies reports about recipients of a tenant's messages and writes the events that follow, all in one transaction for
   * some hundred. A report that was applied before changes nothing. Pauses the mailbox if a report is certain that a limit
   * of Microsoft is used up. Returns how many recipients changed.
   */
  apply(tenantId: string, reports: readonly OutcomeReport[]): Promise<number>
  /** Finds messages by their Message-IDs, with the angle brackets. Several messages can have one. */
  findByMessageIds(tenantId: string, internetMessageIds: readonly string[]): Promise<readonly ReportableMessage[]>
  /** Reads messages that were sent, or tried, by our ids. */
  findSent(tenantId: string, ids: readonly string[]): Promise<readonly ReportableMessage[]>
  /** Reads the uncertain outcomes that rows of the message trace reported between two times, both included. */
  readLikely(tenantId: string, from: Date, to: Date): Promise<readonly ReportedRow[]>
  /** Reads the ids of messages with a recipient that bounced within a time. */
  readBounced(tenantId: string, from: Date, to: Date): Promise<readonly string[]>
  /** Notes that the message trace has rows of messages: those in doubt are settled as sent. */
  noteSeen(tenantId: string, messages: readonly SeenMessage[]): Promise<void>
  /** Reads the messages of the last 24 hours of which an outcome is not known yet, or which are in doubt; newest first. */
  readAwaited(tenantId: string): Promise<readonly AwaitedMessage[]>
  /** Writes the events of failed deliveries whose code has not come within 10 minutes. Returns whether there may be more. */
  writeOverdueEvents(): Promise<boolean>
}

/** The inboxes in which non-delivery reports arrive, and how far they are read. Times use the clock of the database. */
export interface ReportInboxes {
  /** Leases inboxes that are due to `owner`, one of each mailbox, for a minute. */
  claim(owner: string): Promise<ClaimedInbox[]>
  /** Asks before each request; false: the lease was lost. */
  renew(inbox: ClaimedInbox): Promise<boolean>
  /** Stores the link to continue from; null starts over. Returns false when the lease was lost. */
  advance(inbox: ClaimedInbox, link: string | null, isReadToTheEnd: boolean): Promise<boolean>
  release(inbox: ClaimedInbox, againInMs: number): Promise<void>
  /** Returns those of the reports that have not been read. */
  unseen(tenantId: string, ids: readonly string[]): Promise<ReadonlySet<string>>
  markSeen(tenantId: string, id: string): Promise<void>
}

/** Maintenance and monitoring of the queue as a whole. */
export interface Upkeep {
  /** How often the mailbox of a tenant has changed hands. */
  readEpoch(tenantId: string): Promise<number>
  readDepth(): Promise<readonly QueueDepth[]>
  readFailures(): Promise<readonly FailureCount[]>
  /** Finds queues in which nothing has moved since `movedBefore`. */
  findStalled(options: { now: Date; movedBefore: Date; recipientsPerDay: number }): Promise<StalledQueue[]>
  /** Returns those of the tenants from whose mailboxes something has left since. */
  findMoving(stalled: readonly { readonly tenantId: string; readonly since: Date }[]): Promise<string[]>
  readStorage(tenantId: string): Promise<StorageUse>
  /** Finds the three services that hold most of the storage. Reads every stored message. */
  findLargestServices(tenantId: string): Promise<ServiceStorage[]>
  /** Fails a batch of messages whose time is over. Workers do that too. `more`: there may be more of them. */
  failExpired(): Promise<{ readonly expired: readonly ExpiredMessage[]; readonly more: boolean }>
  /** Deletes attachments whose client has gone away. */
  sweepReceived(now: Date): Promise<void>
  expire: Retention
  /** Recounts once a night, and returns what was wrong. */
  recount(now: Date): Promise<readonly Drift[]>
  /** Makes what the search needs. */
  index: Index
  /** Retries or cancels some of the messages that somebody has asked for. Returns whether there may be more. */
  continueBulk(): Promise<boolean>
}

/** Content keys are derived from data keys, of which each tenant has one per hour. */
export interface DataKeys {
  /** Returns null while the tenant has no data key for the current hour. */
  current(tenantId: string): Promise<DataKey | null>
  /** Adds the data key of the current hour, unless another process was first. */
  add(tenantId: string, key: DataKey): Promise<void>
  /** Returns null when the data key was deleted, and everything sealed under it with it. */
  read(id: string): Promise<DataKey | null>
}

/** How the mail of a tenant stands, and what became of it. What it reads does not grow with what is kept or waits. */
export interface Insight {
  /** Counts some of the events that are not counted yet. Returns whether there may be more. */
  countEvents(tenantId: string): Promise<boolean>
  readMailFacts(tenantId: string): Promise<MailFacts>
  /** Notes a state that has changed, unless somebody has noted one that was seen later. */
  recordMailState(tenantId: string, state: { mail: MailState; since: Date; seenAt: Date }): Promise<void>
  /** How many messages are held for each stored reason. */
  readHeld(tenantId: string): Promise<ReadonlyMap<string, number>>
  /** What failed within 24 hours and is still failed, by cause. */
  readFailedOfDay(tenantId: string): Promise<CountsByCode>
  /** Recipients that were not reached within 24 hours, by the code of the report. */
  readBouncedOfDay(tenantId: string): Promise<CountsByCode>
  /** Counts the recipients whose message was put into quarantine within 24 hours. */
  readQuarantinedOfDay(tenantId: string): Promise<number>
  readOutcomeHistory(tenantId: string): Promise<OutcomeHistory>
  readExternalUse(tenantId: string): Promise<ExternalUse>
  /** Null where no process sends. */
  readSendingProcess(tenantId: string): Promise<SendingProcess | null>
  replaceSendingLimits(tenantId: string, limits: SendingLimitsInput, actor: string, now: Date): Promise<SendingLimits>
}

export interface Queue {
  readonly ownership: Ownership
  readonly dataKeys: DataKeys
  readonly messages: Messages
  readonly receiving: Receiving
  readonly deliveries: Deliveries
  readonly mailboxes: Mailboxes
  readonly events: Events
  readonly inboxes: ReportInboxes
  readonly insight: Insight
  readonly reports: DeliveryReports
  readonly upkeep: Upkeep
}

/** Creates the queue on a database. `storageBytes` is the most that one tenant may store. */
export function createQueue(
  { pool, prisma }: Pick<Database, 'pool' | 'prisma'>,
  {
    connectionString,
    limits,
    storageBytes,
    contentRetentionDays,
    logRetentionDays,
    ownership,
    senders,
    takeOverWaits,
    databaseWasAway,
    endRefreshWait,
    timers,
    newId,
  }: {
    readonly connectionString: string
    readonly limits: MailboxLimits
    readonly storageBytes: number
    readonly contentRetentionDays: number
    readonly logRetentionDays: number
    readonly ownership: Ownership
    readonly senders: Senders
    readonly takeOverWaits: TakeOverWaits
    readonly databaseWasAway: () => boolean
    readonly endRefreshWait: EndRefreshWait
    readonly timers: Timers
    readonly newId: NewId
  },
): Queue {
  const claiming = createClaiming(pool, limits, ownership, timers.elapsedMs)
  const clear = createClearing(pool, timers)
  const departures = createDepartures(pool, limits, senders, timers.elapsedMs)
  const takingOver = createTakingOver(pool, takeOverWaits, databaseWasAway)
  const findKey = createKeyLookUp(pool, timers)
  const bulkTurns = createTurns()
  return {
    ownership,
    dataKeys: {
      current: (tenantId) => readCurrentDataKey(pool, tenantId),
      add: (tenantId, key) => addDataKey(pool, tenantId, key),
      read: (id) => readDataKey(pool, id),
    },
    messages: {
      submit: createSubmitting(pool, storageBytes, findKey, timers),
      submitTogether: createSubmittingTogether(pool, storageBytes, findKey, timers),
      findKey,
      find: (owner, id, configuredSender) => findMessage(pool, departures, owner, id, configuredSender),
      findAll: (owner, ids, configuredSender) => findMessages(pool, departures, owner, ids, configuredSender),
      list: (owner, listing, configuredSender) => listMessages(pool, departures, owner, listing, configuredSender),
      walk: (owner, filter, options) => walkMessages(pool, departures, owner, filter, options),
      cancel: (actor, id, now) => cancelMessage(prisma, actor, id, now),
      retry: (actor, id, now) => retryMessage(prisma, actor, id, now),
      changeAll: (...change) => beginBulkChange({ pool, prisma }, ...change),
      readMailbox: (tenantId) => departures.readMailbox(tenantId),
      readSizeLimits: (tenantId) => readSizeLimits(pool, tenantId),
      sendNow: (tenantId, actor) => sendNow(prisma, endRefreshWait, tenantId, actor),
    },
    receiving: {
      begin: (message) => beginReceiving(pool, message),
      reserve: (id, bytes) => reserveStorage(pool, id, { ...bytes, storageBytes }),
      writeChunk: (place, content) => writeChunk(pool, place, content),
      discard: (id) => discardReceived(pool, id),
    },
    deliveries: {
      claim: (owner, limit) => claiming.claim(owner, limit),
      giveBack: (owner) => claiming.giveBack(owner),
      untilNextPlaceMs: () => claiming.untilNextPlaceMs(),
      renew: (messages) => renewLeases(pool, messages),
      clear: (message, settingsVersion, sends, inDoubt = false) => clear({ message, settingsVersion, sends, inDoubt }),
      storeDraft: (message, settingsVersion, draft) => storeDraft(pool, message, settingsVersion, draft),
      storeUpload: (message, settingsVersion, upload, uploadedBytes) =>
        storeUpload(pool, message, settingsVersion, upload, uploadedBytes),
      finishUpload: (message, settingsVersion) => finishUpload(pool, message, settingsVersion),
      readContent: (message) => readContent(pool, message),
      readSight: (message) => readSight(pool, message),
      sharesMessageId: (message, internetMessageId, addresses) =>
        sharesMessageId(pool, message, internetMessageId, addresses),
      readChunks: ({ id }, part, chunks, onChunk) => readChunks(pool, { messageId: id, part }, chunks, onChunk),
      settle: createSettling(pool, timers),
      takeOver: () => takingOver.takeOver(),
      bringTimesBack: (stopping) => takingOver.bringTimesBack(stopping),
      async release() {
        const released = await releaseMessages(pool)
        const { isQueued, held, news } = await tendMailboxes(prisma, newId)
        return { ...released, moved: isQueued || released.moved, held, news }
      },
      listen: (wake) => listenForMessages(connectionString, wake, timers),
    },
    mailboxes: {
      chargeUpload: (tenantId, bytes) => chargeUpload(pool, limits, tenantId, bytes),
      learnSizeLimit: (tenantId, encodedBytes) => learnSizeLimit(pool, tenantId, encodedBytes),
      learnRequestLimits: (tenantId, learned) => learnRequestLimits(pool, tenantId, learned),
      learnUploadOrigin: (tenantId, origin) => learnUploadOrigin(pool, tenantId, origin),
      readSizeLimits: (tenantId) => readSizeLimits(pool, tenantId),
      mayHaveLeftDraft: (tenantId, messageId) => mayHaveLeftDraft(pool, tenantId, messageId),
      isUnderWay: (messageId, leavesWithinMs) => isUnderWay(pool, messageId, leavesWithinMs),
      isToBeDeleted: (tenantId, itemId) => isToBeDeleted(pool, tenantId, itemId),
      claimCleanups: async () => (await ownership.use((mine) => claimCleanups(pool, limits, mine))) ?? [],
      endCleanup: (cleanup) => endCleanup(pool, cleanup),
      postponeCleanup: (cleanup, waitMs) => postponeCleanup(pool, cleanup, waitMs),
      pauseForQuota: (report) => pauseForQuota(prisma, newId, report),
    },
    events: createEvents(pool),
    inboxes: {
      claim: async (owner) => (await ownership.use((mine) => claimInboxes(pool, limits, owner, mine))) ?? [],
      renew: (inbox) => renewInbox(pool, inbox),
      advance: (inbox, link, isReadToTheEnd) => advanceInbox(pool, inbox, link, isReadToTheEnd),
      release: (inbox, againInMs) => releaseInbox(pool, inbox, againInMs),
      unseen: (tenantId, ids) => unseenReports(pool, tenantId, ids),
      markSeen: (tenantId, id) => markSeen(pool, tenantId, id),
    },
    insight: {
      countEvents: (tenantId) => countEvents(pool, tenantId),
      readMailFacts: (tenantId) => readMailFacts(pool, tenantId),
      recordMailState: (tenantId, state) => recordMailState(pool, tenantId, state),
      readHeld: (tenantId) => readHeld(pool, tenantId),
      readFailedOfDay: (tenantId) => readFailedOfDay(pool, tenantId),
      readBouncedOfDay: (tenantId) => readBouncedOfDay(pool, tenantId),
      readQuarantinedOfDay: (tenantId) => readQuarantinedOfDay(pool, tenantId),
      readOutcomeHistory: (tenantId) => readOutcomeHistory(pool, tenantId),
      readExternalUse: (tenantId) => readExternalUse(pool, tenantId),
      readSendingProcess: (tenantId) => senders.readOwner(tenantId),
      replaceSendingLimits: (tenantId, limits, actor, now) =>
        replaceSendingLimits(prisma, tenantId, limits, actor, now),
    },
    reports: {
      async apply(tenantId, reports) {
        // First: once a code is stored, nobody reports it again.
        await pauseForReports(prisma, newId, tenantId, reports)
        return applyReports(pool, tenantId, reports)
      },
      findByMessageIds: (tenantId, ids) => findByMessageIds(pool, tenantId, ids),
      findSent: (tenantId, ids) => findSent(pool, tenantId, ids),
      readLikely: (tenantId, from, to) => readLikely(pool, tenantId, from, to),
      readBounced: (tenantId, from, to) => readBounced(pool, tenantId, from, to),
      noteSeen: (tenantId, messages) => noteSeen(pool, tenantId, messages),
      readAwaited: (tenantId) => readAwaited(pool, tenantId),
      writeOverdueEvents: () => writeOverdueEvents(pool),
    },
    upkeep: {
      readEpoch: (tenantId) => readEpoch(pool, tenantId),
      readDepth: () => readQueueDepth(pool),
      readFailures: () => readFailureCounts(pool),
      findStalled: (options) => findStalledQueues(pool, options),
      findMoving: (stalled) => findMovingQueues(pool, stalled),
      readStorage: (tenantId) => readStorage(pool, tenantId, storageBytes),
      findLargestServices: (tenantId) => findLargestServices(pool, tenantId),
      failExpired: () => failExpired(pool),
      sweepReceived: (now) => sweepReceived(pool, now),
      recount: createRecount(pool),
      expire: createRetention(pool, { contentRetentionDays, logRetentionDays }),
      index: createIndexing(pool, connectionString, timers.elapsedMs),
      continueBulk: () => continueBulkChange(pool, bulkTurns),
    },
  }
}

import type { Message } from '@inforiver-mail/contract/message'
import type { SizeLimits } from '@inforiver-mail/m365/size-plan'
import type { Database } from '../database/database.ts'
import type { Actor, Owner } from './actor.ts'
import { cancelMessage } from './cancel.ts'
import { readChunks, writeChunk, type ChunkPlace } from './chunks.ts'
import { createClaiming, giveBack, readContent, renewLeases } from './claim.ts'
import {
  claimCleanups,
  endCleanup,
  expectStray,
  isToBeDeleted,
  isUnderWay,
  postponeCleanup,
  type Cleanup,
} from './cleanups.ts'
import { createClearing } from './clear.ts'
import { addDataKey, readCurrentDataKey, readDataKey, type DataKey } from './data-keys.ts'
import { readQueueDepth, type QueueDepth } from './depth.ts'
import { finishUpload, storeDraft, storeUpload, type StoredDraft } from './drafts.ts'
import { createRetention, type Retention } from './expire.ts'
import { createKeyLookUp, type KeyHolder, type KeyName } from './idempotency.ts'
import type { Lease, LeasedMessage, Upload } from './leased-message.ts'
import { chargeUpload, learnRequestLimits, learnSizeLimit, readSizeLimits, type MailboxLimits } from './limits.ts'
import { findMessage, listMessages, type Listing } from './read.ts'
import { beginReceiving, discardReceived, reserveStorage, sweepReceived } from './receive.ts'
import { recoverMessages } from './recover.ts'
import { retryMessage } from './retry.ts'
import { createSettling, type Settled } from './settle.ts'
import { findMovingQueues, findStalledQueues, type StalledQueue } from './stalled.ts'
import type { StorageFull } from './storage.ts'
import { createSubmitting, type NewMessage, type Submitted } from './submit.ts'
import { readMailboxState, type MailboxState } from './usage.ts'
import { listenForMessages } from './wake.ts'

/** What services and people do with messages. */
export interface Messages {
  /** Returns when it is on disk: it will not be lost. */
  submit(message: NewMessage): Promise<Submitted>
  /** Null when the key is free, or its message is still being submitted. */
  findKey(name: KeyName): Promise<KeyHolder | null>
  /** `configuredSender` is where a message would leave from now. */
  find(owner: Owner, id: string, configuredSender: string | null): Promise<Message | null>
  list(owner: Owner, listing: Listing, configuredSender: string | null): Promise<Message[]>
  /** False when it is too late, or in doubt whether it was sent. */
  cancel(actor: Actor, id: string, now: Date): Promise<boolean>
  /** False when it has not failed, or its content is gone. */
  retry(actor: Actor, id: string, now: Date): Promise<boolean>
  /** What the limits of a tenant's mailbox look back on. */
  readMailbox(tenantId: string): Promise<MailboxState>
  readSizeLimits(tenantId: string): Promise<SizeLimits>
}

/** Attachments that arrive before their message is complete. */
export interface Receiving {
  /** Content without a message: nothing reads or sends it. False when the data key is gone. */
  begin(message: { id: string; tenantId: string; dataKey: string }): Promise<boolean>
  /**
   * Counts at least `neededBytes` for all chunks of a message, and up to `wantedBytes` where the tenant has room for
   * them. Null when the message is no longer there.
   */
  reserve(
    id: string,
    bytes: { neededBytes: number; wantedBytes: number },
  ): Promise<{ readonly reservedBytes: number } | { readonly full: StorageFull } | null>
  /** False when the message is no longer there. */
  writeChunk(place: ChunkPlace, content: Buffer): Promise<boolean>
  discard(id: string): Promise<void>
}

/** What a worker does with messages. Leases, schedules and limits follow the clock of the database. */
export interface Deliveries {
  /** Leases what is due and within the mailboxes' limits, for `LEASE_MS`. */
  claim(owner: string, limit: number): Promise<LeasedMessage[]>
  /** Puts back what a claim leased whose answer did not arrive. */
  giveBack(owner: string): Promise<void>
  /** The ids of those whose lease is still held, for another `LEASE_MS`. */
  renew(messages: readonly Lease[]): Promise<Set<string>>
  /**
   * Whether a request to the mailbox may begin: false when the lease was lost, or the settings are no longer of this
   * version, as for the next three. `sends`: the message may be sent by it. `inDoubt`: it may have been sent before.
   */
  clear(message: Lease, settingsVersion: number, sends: boolean, inDoubt?: boolean): Promise<boolean>
  /** The draft that was made in vain is deleted then. */
  storeDraft(message: Lease, settingsVersion: number, draft: StoredDraft): Promise<boolean>
  storeUpload(
    message: Lease & Pick<LeasedMessage, 'attachmentBytes'>,
    settingsVersion: number,
    upload: Upload,
    uploadedBytes: number,
  ): Promise<boolean>
  /** From here on the message may be sent. */
  finishUpload(message: Lease, settingsVersion: number): Promise<boolean>
  readContent(message: Lease): Promise<Buffer>
  /** The sealed chunks `from` to before `to` of an attachment, one after the other in the same buffer. */
  readChunks(
    message: Lease,
    part: number,
    chunks: { from: number; to: number },
    onChunk: (sealed: Buffer) => void,
  ): Promise<void>
  /** Writes the outcome unless a later attempt has begun, and returns false then. */
  settle(settled: Settled): Promise<boolean>
  /** Puts back what dead workers held, and what may go now; `more`: there is more than one statement moves. */
  recover(): Promise<{ abandoned: readonly string[]; moved: boolean; more: boolean }>
  /** Calls back when a message may be due; reconnects by itself until stopped. */
  listen(wake: () => void): { stop(): Promise<void> }
}

/** What concerns a mailbox rather than a message. Times follow the clock of the database. */
export interface Mailboxes {
  /** Null when the bytes are charged to the mailbox's limit; otherwise in how many ms to ask again. */
  chargeUpload(tenantId: string, bytes: number): Promise<number | null>
  /** Microsoft refused a message that has so many bytes encoded. */
  learnSizeLimit(tenantId: string, encodedBytes: number): Promise<void>
  /** For the next day: what Microsoft takes in one request, and in an upload session. */
  learnRequestLimits(
    tenantId: string,
    learned: Partial<Pick<SizeLimits, 'requestBytes' | 'sessionMinimumBytes'>>,
  ): Promise<void>
  readSizeLimits(tenantId: string): Promise<SizeLimits>
  /** A draft of the message may be in the mailbox, or come into it, that nobody knows the id of. */
  expectStray(tenantId: string, messageId: string): Promise<void>
  /** Whether a message may still use a draft, or was accepted so recently that its own may not have left yet. */
  isUnderWay(messageId: string, leavesWithinMs: number): Promise<boolean>
  isToBeDeleted(tenantId: string, itemId: string): Promise<boolean>
  claimCleanups(): Promise<Cleanup[]>
  endCleanup(cleanup: Cleanup): Promise<void>
  postponeCleanup(cleanup: Cleanup, waitMs: number): Promise<void>
}

/** What looks after the queue as a whole. */
export interface Upkeep {
  readDepth(): Promise<readonly QueueDepth[]>
  /** Queues in which nothing has moved since before `movedBefore`. */
  findStalled(options: { now: Date; movedBefore: Date; recipientsPerDay: number }): Promise<StalledQueue[]>
  /** The tenants from whose mailboxes something has left since. */
  findMoving(stalled: readonly { readonly tenantId: string; readonly since: Date }[]): Promise<string[]>
  /** Deletes attachments that no client is sending any more. */
  sweepReceived(now: Date): Promise<void>
  expire: Retention
}

/** The keys that those of messages are derived from: one for each tenant and hour. */
export interface DataKeys {
  /** Null while this hour of the tenant has none. */
  current(tenantId: string): Promise<DataKey | null>
  /** Does nothing where another process was first. */
  add(tenantId: string, key: DataKey): Promise<void>
  /** Null when it is gone, with all that was sealed under it. */
  read(id: string): Promise<DataKey | null>
}

export interface Queue {
  readonly dataKeys: DataKeys
  readonly messages: Messages
  readonly receiving: Receiving
  readonly deliveries: Deliveries
  readonly mailboxes: Mailboxes
  readonly upkeep: Upkeep
}

/** `storageBytes` is the most that a tenant may have stored. */
export function createQueue(
  { pool, prisma }: Pick<Database, 'pool' | 'prisma'>,
  {
    connectionString,
    limits,
    storageBytes,
    contentRetentionDays,
    logRetentionDays,
  }: {
    readonly connectionString: string
    readonly limits: MailboxLimits
    readonly storageBytes: number
    readonly contentRetentionDays: number
    readonly logRetentionDays: number
  },
): Queue {
  const clear = createClearing(pool)
  return {
    dataKeys: {
      current: (tenantId) => readCurrentDataKey(pool, tenantId),
      add: (tenantId, key) => addDataKey(pool, tenantId, key),
      read: (id) => readDataKey(pool, id),
    },
    messages: {
      submit: createSubmitting(pool, storageBytes),
      findKey: createKeyLookUp(pool),
      find: (owner, id, configuredSender) => findMessage(pool, limits, owner, id, configuredSender),
      list: (owner, listing, configuredSender) => listMessages(pool, limits, owner, listing, configuredSender),
      cancel: (actor, id, now) => cancelMessage(prisma, actor, id, now),
      retry: (actor, id, now) => retryMessage(prisma, actor, id, now),
      readMailbox: (tenantId) => readMailboxState(pool, tenantId),
      readSizeLimits: (tenantId) => readSizeLimits(pool, tenantId),
    },
    receiving: {
      begin: (message) => beginReceiving(pool, message),
      reserve: (id, bytes) => reserveStorage(pool, id, { ...bytes, storageBytes }),
      writeChunk: (place, content) => writeChunk(pool, place, content),
      discard: (id) => discardReceived(pool, id),
    },
    deliveries: {
      claim: createClaiming(pool, limits),
      giveBack: (owner) => giveBack(pool, owner),
      renew: (messages) => renewLeases(pool, messages),
      clear: (message, settingsVersion, sends, inDoubt = false) => clear({ message, settingsVersion, sends, inDoubt }),
      storeDraft: (message, settingsVersion, draft) => storeDraft(pool, message, settingsVersion, draft),
      storeUpload: (message, settingsVersion, upload, uploadedBytes) =>
        storeUpload(pool, message, settingsVersion, upload, uploadedBytes),
      finishUpload: (message, settingsVersion) => finishUpload(pool, message, settingsVersion),
      readContent: (message) => readContent(pool, message),
      readChunks: ({ id }, part, chunks, onChunk) => readChunks(pool, { messageId: id, part }, chunks, onChunk),
      settle: createSettling(pool),
      recover: () => recoverMessages(pool),
      listen: (wake) => listenForMessages(connectionString, wake),
    },
    mailboxes: {
      chargeUpload: (tenantId, bytes) => chargeUpload(pool, limits, tenantId, bytes),
      learnSizeLimit: (tenantId, encodedBytes) => learnSizeLimit(pool, tenantId, encodedBytes),
      learnRequestLimits: (tenantId, learned) => learnRequestLimits(pool, tenantId, learned),
      readSizeLimits: (tenantId) => readSizeLimits(pool, tenantId),
      expectStray: (tenantId, messageId) => expectStray(pool, tenantId, messageId),
      isUnderWay: (messageId, leavesWithinMs) => isUnderWay(pool, messageId, leavesWithinMs),
      isToBeDeleted: (tenantId, itemId) => isToBeDeleted(pool, tenantId, itemId),
      claimCleanups: () => claimCleanups(pool, limits),
      endCleanup: (cleanup) => endCleanup(pool, cleanup),
      postponeCleanup: (cleanup, waitMs) => postponeCleanup(pool, cleanup, waitMs),
    },
    upkeep: {
      readDepth: () => readQueueDepth(pool),
      findStalled: (options) => findStalledQueues(pool, options),
      findMoving: (stalled) => findMovingQueues(pool, stalled),
      sweepReceived: (now) => sweepReceived(pool, now),
      expire: createRetention(pool, { contentRetentionDays, logRetentionDays }),
    },
  }
}

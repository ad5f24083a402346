import type { RandomBytes } from '@inforiver-mail/m365/random'
import type { TokenVault } from '@inforiver-mail/m365/token-vault'
import type { FastifyBaseLogger } from 'fastify'
import type { Timers } from '../runtime/clock.ts'
import { createContentKeys, type ContentKeys } from '../vault/content-keys.ts'
import type { Database } from '../database/database.ts'
import { createWriteCheck, type WriteCheck } from '../database/write-check.ts'
import type { NewId } from '../runtime/ids.ts'
import type { MailboxLimits } from './mailbox/limits.ts'
import { createOwnership } from './owner/ownership.ts'
import { createOwnerStore } from './owner/ownership.sql.ts'
import { createSenders } from './owner/senders.ts'
import { createQueue, type Queue, type Receiving } from './queue.ts'
import { TAKE_OVER_WAITS, type TakeOverWaits } from './recover.ts'
import type { EndRefreshWait } from './changes/send-now.ts'

const OWNER_BYTES = 16

export interface ComposedQueue extends Queue {
  readonly contentKeys: ContentKeys
  /** Knows when the database refused to store a message or a chunk. */
  readonly writeCheck: WriteCheck
}

/** Wires the queue with the content keys and the check of whether the database can store. */
export function composeQueue({
  database,
  connectionString,
  config,
  processName,
  vault,
  clock,
  elapsedMs,
  timers,
  random,
  newId,
  databaseWasAway,
  endRefreshWait,
  takeOverWaits = TAKE_OVER_WAITS,
  logger,
}: {
  database: Database
  connectionString: string
  config: {
    readonly mailboxLimits: MailboxLimits
    readonly tenantStorageBytes: number
    readonly contentRetentionDays: number
    readonly logRetentionDays: number
    readonly database: { readonly kind: 'embedded' | 'external' }
  }
  processName: string
  vault: TokenVault
  clock: () => Date
  elapsedMs: () => number
  timers: Timers
  random: RandomBytes
  newId: NewId
  /** Whether the database went away during the start. */
  databaseWasAway: () => boolean
  endRefreshWait: EndRefreshWait
  takeOverWaits?: TakeOverWaits | undefined
  logger: FastifyBaseLogger
}): ComposedQueue {
  const ownership = createOwnership({
    store: createOwnerStore(database.pool),
    name: processName,
    isAlone: config.database.kind === 'embedded', // its data folder has one process
    newOwner: () => random(OWNER_BYTES).toString('hex'),
    elapsedMs,
    logger,
  })
  const queue = createQueue(database, {
    connectionString,
    limits: config.mailboxLimits,
    storageBytes: config.tenantStorageBytes,
    contentRetentionDays: config.contentRetentionDays,
    logRetentionDays: config.logRetentionDays,
    ownership,
    senders: createSenders(database.pool, timers.elapsedMs),
    takeOverWaits,
    databaseWasAway,
    endRefreshWait,
    timers,
    newId,
  })
  const writeCheck = createWriteCheck(database, clock)
  return {
    ...queue,
    messages: { ...queue.messages, submit: writeCheck.watch((message) => queue.messages.submit(message)) },
    receiving: {
      ...queue.receiving,
      writeChunk: writeCheck.watch((...chunk: Parameters<Receiving['writeChunk']>) =>
        queue.receiving.writeChunk(...chunk),
      ),
    },
    contentKeys: createContentKeys({ store: queue.dataKeys, vault, random, newId, elapsedMs }),
    writeCheck,
  }
}

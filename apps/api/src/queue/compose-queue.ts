import type { RandomBytes } from '@inforiver-mail/m365/random'
import type { TokenVault } from '@inforiver-mail/m365/token-vault'
import type { Timers } from '../clock.ts'
import { createContentKeys, type ContentKeys } from '../content-keys.ts'
import type { Database } from '../database/database.ts'
import { createWriteCheck, type WriteCheck } from '../database/write-check.ts'
import type { NewId } from '../ids.ts'
import type { MailboxLimits } from './limits.ts'
import { createQueue, type Queue, type Receiving } from './queue.ts'
import { TAKE_OVER_WAITS, type TakeOverWaits } from './recover.ts'
import type { EndRefreshWait } from './send-now.ts'

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
  vault,
  clock,
  elapsedMs,
  timers,
  random,
  newId,
  databaseWasAway,
  endRefreshWait,
  takeOverWaits = TAKE_OVER_WAITS,
}: {
  database: Database
  connectionString: string
  config: {
    readonly mailboxLimits: MailboxLimits
    readonly tenantStorageBytes: number
    readonly contentRetentionDays: number
    readonly logRetentionDays: number
  }
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
}): ComposedQueue {
  const queue = createQueue(database, {
    connectionString,
    limits: config.mailboxLimits,
    storageBytes: config.tenantStorageBytes,
    contentRetentionDays: config.contentRetentionDays,
    logRetentionDays: config.logRetentionDays,
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

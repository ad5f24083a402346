import { randomBytes } from 'node:crypto'
import { PrismaPg } from '@prisma/adapter-pg'
import type pg from 'pg'
import { systemTimers } from '../runtime/clock.ts'
import { PrismaClient } from '../database/generated/client.ts'
import type { MailboxLimits } from '../queue/mailbox/limits.ts'
import { createOwnership, type Ownership } from '../queue/owner/ownership.ts'
import { createOwnerStore } from '../queue/owner/ownership.sql.ts'
import { createSenders } from '../queue/owner/senders.ts'
import { createQueue, type Queue } from '../queue/queue.ts'
import type { JudgingWaits } from '../queue/doubt/abandoned.ts'
import { newId } from './new-id.ts'

/** What a process that is gone was sending is judged at the first look. */
export const NO_JUDGING_WAITS: JudgingWaits = { afterTakeoverMs: 0, afterOutageMs: 0 }

const NO_LIMITS: MailboxLimits = {
  concurrency: 0,
  messagesPerMinute: 0,
  recipientsPerDay: 0,
  uploadBytesPer5Minutes: 0,
}

export interface TestQueueOptions {
  readonly limits?: Partial<MailboxLimits>
  readonly storageBytes?: number
  readonly contentRetentionDays?: number
  readonly logRetentionDays?: number
  readonly judgingWaits?: JudgingWaits
  readonly elapsedMs?: () => number
}

/** Each queue is certain that it runs alone, so that two that registered at the same moment would keep each other out. */
let lastTaking: Promise<unknown> = Promise.resolve()

async function takeMailboxes(ownership: Ownership): Promise<void> {
  for (let tries = 0; tries < 3; tries++) {
    await ownership.tend()
    if (ownership.isOwner()) return
  }
}

/**
 * Creates a queue as a process of its own would. It takes every mailbox before each claim, as the only process that runs does at
 * its start; who owned them before finds out. `url` is for LISTEN.
 */
export function createTestQueue(
  pool: pg.Pool,
  {
    limits = {},
    storageBytes = Number.MAX_SAFE_INTEGER,
    contentRetentionDays = 7,
    logRetentionDays = 30,
    judgingWaits = NO_JUDGING_WAITS,
    elapsedMs = systemTimers.elapsedMs,
    url = '',
  }: TestQueueOptions & { readonly url?: string } = {},
): Queue {
  const ownership = createOwnership({
    store: createOwnerStore(pool),
    name: 'test',
    isAlone: true,
    newOwner: () => randomBytes(16).toString('hex'),
    elapsedMs,
    logger: { info() {}, warn() {}, error() {} },
  })
  const owner: Ownership = {
    ...ownership,
    async use(work, options) {
      const taking = lastTaking.then(() => takeMailboxes(ownership))
      lastTaking = taking.catch(() => {})
      await taking
      return ownership.use(work, options)
    },
  }
  return createQueue(
    { pool, prisma: new PrismaClient({ adapter: new PrismaPg(pool) }) },
    {
      connectionString: url,
      limits: { ...NO_LIMITS, ...limits },
      storageBytes,
      contentRetentionDays,
      logRetentionDays,
      ownership: owner,
      senders: createSenders(pool, () => 0), // none ends as long as a test runs
      judgingWaits,
      databaseWasAway: () => false,
      endRefreshWait: async () => {},
      timers: { ...systemTimers, elapsedMs },
      newId,
    },
  )
}

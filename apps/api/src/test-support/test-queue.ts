import { PrismaPg } from '@prisma/adapter-pg'
import type pg from 'pg'
import { PrismaClient } from '../database/generated/client.ts'
import type { MailboxLimits } from '../queue/limits.ts'
import { createQueue, type Queue } from '../queue/queue.ts'

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
  readonly elapsedMs?: () => number
}

/** Creates a queue as a process of its own would. `url` is for LISTEN. */
export function createTestQueue(
  pool: pg.Pool,
  {
    limits = {},
    storageBytes = Number.MAX_SAFE_INTEGER,
    contentRetentionDays = 7,
    logRetentionDays = 30,
    elapsedMs = () => performance.now(),
    url = '',
  }: TestQueueOptions & { readonly url?: string } = {},
): Queue {
  return createQueue(
    { pool, prisma: new PrismaClient({ adapter: new PrismaPg(pool) }) },
    {
      connectionString: url,
      limits: { ...NO_LIMITS, ...limits },
      storageBytes,
      contentRetentionDays,
      logRetentionDays,
      elapsedMs,
    },
  )
}

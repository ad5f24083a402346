import type { SizeLimits } from '@inforiver-mail/m365/size-plan'
import type pg from 'pg'
import { readSizeLimits } from '../database/size-limits.ts'
import { inTransaction } from '../database/transaction.ts'
import {
  CHARGE_UPLOAD,
  CLAIM_CLEANUPS,
  END_CLEANUP,
  EXPECT_STRAY,
  FREED_AT,
  IS_UNDER_WAY,
  LEARN_REQUEST_LIMIT,
  LEARN_SESSION_MINIMUM,
  LEARN_SIZE_LIMIT,
  LOCK_UPLOADS,
  POSTPONE_CLEANUP,
} from './mailbox.sql.ts'

const CLEANUP_LEASE_MS = 60_000
/** A request that was given up is carried out by then, or not at all. */
const STRAY_AFTER_MS = 5 * 60_000
const AT_LEAST_MS = 1_000

/** Something of ours to delete in a mailbox. */
export interface Cleanup {
  readonly tenantId: string
  /** Of a stray draft the message's id: its own is not known. */
  readonly itemId: string
  /** The draft of a message that was not sent, the copy of one that was, or what came of a request without an answer. */
  readonly kind: 'draft' | 'copy' | 'stray'
  readonly createdAt: Date
}

type LearnedLimits = Partial<Pick<SizeLimits, 'requestBytes' | 'sessionMinimumBytes'>>

/** What concerns a mailbox rather than a message. */
export interface MailboxStore {
  /** Null when the bytes are charged to the mailbox's limit; otherwise when to ask again. */
  chargeUpload(tenantId: string, bytes: number, now: Date): Promise<Date | null>
  /** Microsoft refused a message that has so many bytes encoded. */
  learnSizeLimit(tenantId: string, encodedBytes: number, now: Date): Promise<void>
  /** For the next day: what Microsoft takes in one request, and in an upload session. */
  learnRequestLimits(tenantId: string, learned: LearnedLimits, now: Date): Promise<void>
  readSizeLimits(tenantId: string, now: Date): Promise<SizeLimits>
  /** A draft of the message may be in the mailbox, or come into it, that nobody knows the id of. */
  expectStray(tenantId: string, messageId: string, now: Date): Promise<void>
  /** Whether a message may still use a draft, or was accepted after that moment, so that its own may not have left yet. */
  isUnderWay(messageId: string, acceptedAfter: Date): Promise<boolean>
  claimCleanups(now: Date): Promise<Cleanup[]>
  endCleanup(cleanup: Cleanup): Promise<void>
  postponeCleanup(cleanup: Cleanup, until: Date): Promise<void>
}

/** A limit of 0 stands for none. */
export function createMailboxStore(
  pool: pg.Pool,
  limits: { readonly concurrency: number; readonly uploadBytesPer5Minutes: number },
): MailboxStore {
  return {
    async chargeUpload(tenantId, bytes, now) {
      if (limits.uploadBytesPer5Minutes === 0) return null
      const freedAt = await inTransaction(pool, async (client) => {
        await client.query(LOCK_UPLOADS, [tenantId])
        const values = [tenantId, now, bytes, limits.uploadBytesPer5Minutes]
        if ((await client.query(CHARGE_UPLOAD, values)).rowCount === 1) return null
        const { rows } = await client.query<{ at: Date | null }>(FREED_AT, [tenantId, now])
        return rows[0]?.at ?? now
      })
      return freedAt && new Date(Math.max(now.getTime() + AT_LEAST_MS, freedAt.getTime()))
    },

    async learnSizeLimit(tenantId, encodedBytes, now) {
      await pool.query(LEARN_SIZE_LIMIT, [tenantId, encodedBytes, now])
    },

    async learnRequestLimits(tenantId, { requestBytes, sessionMinimumBytes }, now) {
      if (requestBytes) await pool.query(LEARN_REQUEST_LIMIT, [tenantId, requestBytes, now])
      if (sessionMinimumBytes) await pool.query(LEARN_SESSION_MINIMUM, [tenantId, sessionMinimumBytes, now])
    },

    readSizeLimits: (tenantId, now) => readSizeLimits(pool, tenantId, now),

    async expectStray(tenantId, messageId, now) {
      await pool.query(EXPECT_STRAY, [tenantId, messageId, now, new Date(now.getTime() + STRAY_AFTER_MS)])
    },

    async isUnderWay(messageId, acceptedAfter) {
      return (await pool.query(IS_UNDER_WAY, [messageId, acceptedAfter])).rowCount === 1
    },

    async claimCleanups(now) {
      const until = new Date(now.getTime() + CLEANUP_LEASE_MS)
      const { rows } = await pool.query<{
        tenant_id: string
        item_id: string
        kind: Cleanup['kind']
        created_at: Date
      }>(CLAIM_CLEANUPS, [now, limits.concurrency, until])
      return rows.map((row) => ({
        tenantId: row.tenant_id,
        itemId: row.item_id,
        kind: row.kind,
        createdAt: row.created_at,
      }))
    },

    async endCleanup({ tenantId, itemId }) {
      await pool.query(END_CLEANUP, [tenantId, itemId])
    },

    async postponeCleanup({ tenantId, itemId }, until) {
      await pool.query(POSTPONE_CLEANUP, [tenantId, itemId, until])
    },
  }
}

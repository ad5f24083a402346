import type { SizeLimits } from '@inforiver-mail/m365/size-plan'
import type pg from 'pg'
import { readSizeLimits } from '../database/size-limits.ts'
import { inTransaction } from '../database/transaction.ts'
import {
  CHARGE_UPLOAD,
  CLAIM_CLEANUPS,
  END_CLEANUP,
  EXPECT_STRAY,
  FREED_IN,
  IS_TO_BE_DELETED,
  IS_UNDER_WAY,
  LEARN_REQUEST_LIMIT,
  LEARN_SESSION_MINIMUM,
  LEARN_SIZE_LIMIT,
  LOCK_FOR_CLEANUP,
  LOCK_UPLOADS,
  POSTPONE_CLEANUP,
} from './mailbox.sql.ts'

const CLEANUP_LEASE_MS = 60_000
/** A request that was given up is carried out by then, or not at all. */
const STRAY_AFTER_MS = 5 * 60_000
const AT_LEAST_MS = 1_000
const MAILBOXES_AT_ONCE = 10

/** Something of ours to delete in a mailbox. */
export interface Cleanup {
  readonly tenantId: string
  /** Of a stray draft the message's id: its own is not known. */
  readonly itemId: string
  /** The draft of a message that was not sent, the copy of one that was, or what came of a request without an answer. */
  readonly kind: 'draft' | 'copy' | 'stray'
  readonly ageMs: number
}

type LearnedLimits = Partial<Pick<SizeLimits, 'requestBytes' | 'sessionMinimumBytes'>>

/** What concerns a mailbox rather than a message. Times follow the clock of the database. */
export interface MailboxStore {
  /** Null when the bytes are charged to the mailbox's limit; otherwise in how many ms to ask again. */
  chargeUpload(tenantId: string, bytes: number): Promise<number | null>
  /** Microsoft refused a message that has so many bytes encoded. */
  learnSizeLimit(tenantId: string, encodedBytes: number): Promise<void>
  /** For the next day: what Microsoft takes in one request, and in an upload session. */
  learnRequestLimits(tenantId: string, learned: LearnedLimits): Promise<void>
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

/** A limit of 0 stands for none. */
export function createMailboxStore(
  pool: pg.Pool,
  limits: { readonly concurrency: number; readonly uploadBytesPer5Minutes: number },
): MailboxStore {
  return {
    async chargeUpload(tenantId, bytes) {
      if (limits.uploadBytesPer5Minutes === 0) return null
      return inTransaction(pool, async (client) => {
        await client.query(LOCK_UPLOADS, [tenantId])
        const values = [tenantId, bytes, limits.uploadBytesPer5Minutes]
        if ((await client.query(CHARGE_UPLOAD, values)).rowCount === 1) return null
        const { rows } = await client.query<{ wait_ms: number | null }>(FREED_IN, [tenantId])
        return Math.max(AT_LEAST_MS, rows[0]?.wait_ms ?? 0)
      })
    },

    async learnSizeLimit(tenantId, encodedBytes) {
      await pool.query(LEARN_SIZE_LIMIT, [tenantId, encodedBytes])
    },

    async learnRequestLimits(tenantId, { requestBytes, sessionMinimumBytes }) {
      if (requestBytes) await pool.query(LEARN_REQUEST_LIMIT, [tenantId, requestBytes])
      if (sessionMinimumBytes) await pool.query(LEARN_SESSION_MINIMUM, [tenantId, sessionMinimumBytes])
    },

    readSizeLimits: (tenantId) => readSizeLimits(pool, tenantId),

    async expectStray(tenantId, messageId) {
      await pool.query(EXPECT_STRAY, [tenantId, messageId, STRAY_AFTER_MS])
    },

    async isUnderWay(messageId, leavesWithinMs) {
      return (await pool.query(IS_UNDER_WAY, [messageId, leavesWithinMs])).rowCount === 1
    },

    async isToBeDeleted(tenantId, itemId) {
      return (await pool.query(IS_TO_BE_DELETED, [tenantId, itemId])).rowCount === 1
    },

    async claimCleanups() {
      return inTransaction(pool, async (client) => {
        const { rows: mailboxes } = await client.query<{ id: string }>(LOCK_FOR_CLEANUP, [MAILBOXES_AT_ONCE])
        if (mailboxes.length === 0) return []
        const values = [mailboxes.map(({ id }) => id), limits.concurrency, CLEANUP_LEASE_MS]
        const { rows } = await client.query<{
          tenant_id: string
          item_id: string
          kind: Cleanup['kind']
          age_ms: string
        }>(CLAIM_CLEANUPS, values)
        return rows.map((row) => ({
          tenantId: row.tenant_id,
          itemId: row.item_id,
          kind: row.kind,
          ageMs: Number(row.age_ms),
        }))
      })
    },

    async endCleanup({ tenantId, itemId }) {
      await pool.query(END_CLEANUP, [tenantId, itemId])
    },

    async postponeCleanup({ tenantId, itemId }, waitMs) {
      await pool.query(POSTPONE_CLEANUP, [tenantId, itemId, waitMs])
    },
  }
}

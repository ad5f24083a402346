import type { SizeLimits } from '@inforiver-mail/m365/size-plan'
import type { Sealed } from '@inforiver-mail/m365/token-vault'
import type pg from 'pg'
import { writeChunk, type ChunkPlace } from '../database/message-chunks.ts'
import { readSizeLimits } from '../database/size-limits.ts'
import type { StorageFull } from './storage-full.ts'

const ABANDONED_AFTER_MS = 15 * 60_000
/** Each with up to gigabytes, and one statement has 30 s. */
const SWEPT_AT_ONCE = 10
const FOREIGN_KEY_VIOLATION = '23503'

/** $1 id, $2 tenant, $3 service, $4 content key */
const BEGIN = `
INSERT INTO messages (id, tenant_id, service, status, "to", subject, created_at, content_key_sealed, chunked)
VALUES ($1, $2, $3, 'receiving', '[]', '', mail_now(), $4, true)`

/**
 * Counts chunks of a message before they are stored. The row of the message is locked first and that of the tenant
 * after it, as in every other statement that changes both. Tells how much the message may occupy, and how much it does
 * then: null when that is too little.
 *
 * $1 id, $2 the fewest bytes that it needs, $3 the most that it can use, $4 the most that a tenant may have stored
 */
const RESERVE = `
WITH message AS MATERIALIZED (
  SELECT id, tenant_id, stored_bytes FROM messages WHERE id = $1 AND status = 'receiving' FOR UPDATE
), storage AS (
  INSERT INTO tenant_storage AS s (tenant_id, stored_bytes) SELECT tenant_id, 0 FROM message
  ON CONFLICT (tenant_id) DO UPDATE SET stored_bytes = s.stored_bytes
  RETURNING s.stored_bytes
), room AS MATERIALIZED (
  SELECT m.id, $4::bigint - s.stored_bytes + m.stored_bytes AS bytes FROM message m, storage s
), reserved AS (
  UPDATE messages m SET stored_bytes = least($3, r.bytes) FROM room r WHERE m.id = r.id AND r.bytes >= $2
  RETURNING m.stored_bytes
)
SELECT room.bytes AS room, reserved.stored_bytes AS reserved FROM room LEFT JOIN reserved ON true`

/** With its chunks. */
const DISCARD = `DELETE FROM messages WHERE id = $1 AND status = 'receiving'`

/** Those of which nothing has arrived since $1; at most $2. */
const SWEEP = `
DELETE FROM messages
 WHERE id IN (
   SELECT m.id FROM messages m
    WHERE m.status = 'receiving' AND m.created_at < $1
      AND NOT EXISTS (SELECT 1 FROM message_chunks c WHERE c.message_id = m.id AND c.stored_at >= $1)
    LIMIT $2 FOR UPDATE SKIP LOCKED)`

export interface IntakeStore {
  /** A message in the state `receiving`, which nothing reads or sends. */
  begin(message: { id: string; tenantId: string; service: string; contentKeySealed: Sealed }): Promise<void>
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
  /** Deletes what no client is sending any more. */
  sweep(now: Date): Promise<void>
  readSizeLimits(tenantId: string): Promise<SizeLimits>
}

/** `storageBytes` is the most that a tenant may have stored. */
export function createIntakeStore(pool: pg.Pool, storageBytes: number): IntakeStore {
  return {
    async begin({ id, tenantId, service, contentKeySealed }) {
      await pool.query(BEGIN, [id, tenantId, service, contentKeySealed])
    },
    async reserve(id, { neededBytes, wantedBytes }) {
      const values = [id, neededBytes, wantedBytes, storageBytes]
      const { rows } = await pool.query<{ room: string; reserved: string | null }>(RESERVE, values)
      const [row] = rows
      if (!row) return null
      if (row.reserved !== null) return { reservedBytes: Number(row.reserved) }
      return { full: { storedBytes: storageBytes - Number(row.room), neededBytes, storageBytes } }
    },
    async writeChunk(place, content) {
      try {
        await writeChunk(pool, place, content)
        return true
      } catch (error) {
        if ((error as { code?: string }).code === FOREIGN_KEY_VIOLATION) return false
        throw error
      }
    },
    async discard(id) {
      await pool.query(DISCARD, [id])
    },
    async sweep(now) {
      for (;;) {
        const before = new Date(now.getTime() - ABANDONED_AFTER_MS)
        const { rowCount } = await pool.query(SWEEP, [before, SWEPT_AT_ONCE])
        if ((rowCount ?? 0) < SWEPT_AT_ONCE) return
      }
    },

    readSizeLimits: (tenantId) => readSizeLimits(pool, tenantId),
  }
}

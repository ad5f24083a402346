import type { SizeLimits } from '@inforiver-mail/m365/size-plan'
import type { Sealed } from '@inforiver-mail/m365/token-vault'
import type pg from 'pg'
import { writeChunk, type ChunkPlace } from '../database/message-chunks.ts'
import { readSizeLimits } from '../database/size-limits.ts'

const ABANDONED_AFTER_MS = 15 * 60_000
/** Each with up to gigabytes, and one statement has 30 s. */
const SWEPT_AT_ONCE = 10
const FOREIGN_KEY_VIOLATION = '23503'

/** $1 id, $2 tenant, $3 service, $4 content key, $5 bytes so far, $6 now */
const BEGIN = `
INSERT INTO messages (id, tenant_id, service, status, "to", subject, created_at, content_key_sealed, chunked, stored_bytes)
VALUES ($1, $2, $3, 'receiving', '[]', '', $6, $4, true, $5)`

const NOTE_STORED = `UPDATE messages SET stored_bytes = $2 WHERE id = $1 AND status = 'receiving'`

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

/** $1 tenant, $2 message that does not count, or null */
const ROOM = `
SELECT coalesce(sum(stored_bytes), 0)::bigint AS stored FROM messages
 WHERE tenant_id = $1 AND stored_bytes > 0 AND id IS DISTINCT FROM $2`

export interface IntakeStore {
  /** A message in the state `receiving`, which nothing reads or sends. */
  begin(message: {
    id: string
    tenantId: string
    service: string
    contentKeySealed: Sealed
    storedBytes: number
    now: Date
  }): Promise<void>
  /** False when the message is no longer there. */
  writeChunk(place: ChunkPlace, content: Buffer, now: Date): Promise<boolean>
  noteStored(id: string, storedBytes: number): Promise<void>
  discard(id: string): Promise<void>
  /** Deletes what no client is sending any more. */
  sweep(now: Date): Promise<void>
  /** What a tenant has stored in other messages. */
  readStoredBytes(tenantId: string, exceptId: string | null): Promise<number>
  readSizeLimits(tenantId: string, now: Date): Promise<SizeLimits>
}

export function createIntakeStore(pool: pg.Pool): IntakeStore {
  return {
    async begin({ id, tenantId, service, contentKeySealed, storedBytes, now }) {
      await pool.query(BEGIN, [id, tenantId, service, contentKeySealed, storedBytes, now])
    },
    async writeChunk(place, content, now) {
      try {
        await writeChunk(pool, place, content, now)
        return true
      } catch (error) {
        if ((error as { code?: string }).code === FOREIGN_KEY_VIOLATION) return false
        throw error
      }
    },
    async noteStored(id, storedBytes) {
      await pool.query(NOTE_STORED, [id, storedBytes])
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
    async readStoredBytes(tenantId, exceptId) {
      const { rows } = await pool.query<{ stored: string }>(ROOM, [tenantId, exceptId])
      return Number(rows[0]?.stored ?? 0)
    },

    readSizeLimits: (tenantId, now) => readSizeLimits(pool, tenantId, now),
  }
}

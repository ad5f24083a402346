import type pg from 'pg'
import { idsOf } from '../columns.ts'
import { forAny, forSmallServices, heldInTheWay, smallService, type StorageFull } from './storage.ts'
import { addToCounters, lockCounters, MAKE_COUNTERS, storedBytes } from '../counters.ts'

// ──▶ receiving: attachments arrive before their message is complete. Until then nothing reads or sends them.

const ABANDONED_AFTER_MS = 15 * 60_000
/** Small, because each may have gigabytes of chunks, and a statement times out after 30 s. */
const SWEPT_AT_ONCE = 10

/** $1 id, $2 tenant, $3 service, $4 data key */
const BEGIN = `
INSERT INTO message_contents (message_id, tenant_id, service, data_key, chunked, begun_at)
SELECT $1, $2, $3, id, true, mail_now() FROM data_keys WHERE id = $4 FOR KEY SHARE`

/** Returns false when the data key is gone. */
export async function beginReceiving(
  pool: pg.Pool,
  { id, tenantId, service, dataKey }: { id: string; tenantId: string; service: string; dataKey: string },
): Promise<boolean> {
  await pool.query(MAKE_COUNTERS, [tenantId]) // a reservation locks them
  return (await pool.query(BEGIN, [id, tenantId, service, dataKey])).rowCount === 1
}

/**
 * Reserves storage for chunks before they are stored. It locks the row of the content before that of the tenant, as every
 * statement that changes both does. Returns the bytes reserved, which is null when there is too little room, and what others
 * occupy: all others, and where the last tenth of the storage is asked for, those of the same service.
 *
 * $1 id, $2 bytes needed at least, $3 bytes usable at most, $4 the most that the tenant may store
 */
const RESERVE = `
WITH message AS MATERIALIZED (
  SELECT message_id, tenant_id, service, stored_bytes FROM message_contents
   WHERE message_id = $1 AND content IS NULL FOR UPDATE
), totals AS MATERIALIZED (${lockCounters('message')}), others AS MATERIALIZED (
  SELECT m.message_id, t.stored_bytes - m.stored_bytes AS bytes,
         CASE WHEN t.stored_bytes - m.stored_bytes + $3 > ${forAny('$4')}
              THEN service_stored_bytes(m.tenant_id, m.service) - m.stored_bytes END AS of_service
    FROM message m, totals t
), room AS MATERIALIZED (
  SELECT message_id, greatest(${forAny('$4')} - bytes,
                              least(${forSmallServices('$4')} - bytes, ${smallService('$4')} - 1 - of_service)) AS bytes
    FROM others
), reserved AS (
  UPDATE message_contents c SET stored_bytes = least($3, r.bytes) FROM room r
   WHERE c.message_id = ${idsOf('room')} AND c.message_id = r.message_id AND r.bytes >= $2
  RETURNING c.tenant_id, c.stored_bytes
), counted AS (
  ${addToCounters([storedBytes('+', 'reserved', 'stored_bytes - (SELECT message.stored_bytes FROM message)')])}
)
SELECT others.bytes AS others, others.of_service, reserved.stored_bytes AS reserved
  FROM others LEFT JOIN reserved ON true WHERE (SELECT count(*) FROM counted) >= 0`

/**
 * Reserves storage for all chunks of a message: at least `neededBytes`, up to `wantedBytes` if the tenant has room.
 * Returns null when the content is gone.
 */
export async function reserveStorage(
  pool: pg.Pool,
  id: string,
  { neededBytes, wantedBytes, storageBytes }: { neededBytes: number; wantedBytes: number; storageBytes: number },
): Promise<{ readonly reservedBytes: number } | { readonly full: StorageFull } | null> {
  const values = [id, neededBytes, wantedBytes, storageBytes]
  const { rows } = await pool.query<{ others: string; of_service: string | null; reserved: string | null }>(
    RESERVE,
    values,
  )
  const [row] = rows
  if (!row) return null
  if (row.reserved !== null) return { reservedBytes: Number(row.reserved) }
  const full = { storedBytes: Number(row.others), neededBytes, storageBytes }
  return { full: { ...full, heldBytes: heldInTheWay(row.of_service, full) } }
}

/** $1 id */
const DISCARD = `
WITH discarded AS (
  DELETE FROM message_contents WHERE message_id = $1 AND content IS NULL RETURNING tenant_id, stored_bytes
)
${addToCounters([storedBytes('-', 'discarded')])}`

export async function discardReceived(pool: pg.Pool, id: string): Promise<void> {
  await pool.query(DISCARD, [id])
}

/** Deletes content of which nothing has arrived since $1, at most $2. */
const SWEEP = `
WITH swept AS (
  DELETE FROM message_contents
   WHERE message_id = ANY (ARRAY(
     SELECT c.message_id FROM message_contents c
      WHERE c.content IS NULL AND c.begun_at < $1
        AND NOT EXISTS (SELECT 1 FROM message_chunks k WHERE k.message_id = c.message_id AND k.stored_at >= $1)
      LIMIT $2 FOR UPDATE SKIP LOCKED))
  RETURNING tenant_id, stored_bytes
), counted AS (${addToCounters([storedBytes('-', 'swept')])}
)
SELECT FROM swept WHERE (SELECT count(*) FROM counted) >= 0`

/** Deletes attachments whose client has gone away. */
export async function sweepReceived(pool: pg.Pool, now: Date): Promise<void> {
  for (;;) {
    const before = new Date(now.getTime() - ABANDONED_AFTER_MS)
    const { rowCount } = await pool.query(SWEEP, [before, SWEPT_AT_ONCE])
    if ((rowCount ?? 0) < SWEPT_AT_ONCE) return
  }
}

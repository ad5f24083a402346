import type pg from 'pg'
import type { Timers } from '../runtime/clock.ts'
import { createBatcher } from '../database/batcher.ts'
import type { Prisma, PrismaClient } from '../database/generated/client.ts'
import { isInTime, markedRows } from './columns.ts'
import type { Mark } from './marked-message.ts'
import { countersOf } from './counters.ts'

// sending ──a request to the mailbox is cleared──▶ sending, with the request on the wire.

const CLEARED_PER_BATCH = 200

/** Asks to make one request to the mailbox, under the version of the settings that it was prepared with. */
export interface Clearance {
  readonly message: Mark
  readonly settingsVersion: number
  /** Whether the message may be sent by the request. */
  readonly sends: boolean
  /** Whether an earlier attempt may have sent the message. */
  readonly inDoubt: boolean
}

/** SQL for the settings of a tenant while they still have this version. Locks them, so that a change waits. */
export const currentSettings = (tenant: string, version: string): string =>
  `SELECT s.tenant_id, s.version FROM tenant_settings s
    WHERE s.tenant_id = ${tenant} /* fence: draft-settings */ AND s.version = ${version} AND s.status = 'connected' /* end */ FOR SHARE`

/**
 * Clears requests whose message is still marked for them, by a process that is not taken for dead, whose settings are still current, and whose message has not expired. A
 * request that may send the message starts an attempt and stores the sender. One that cannot send ends the attempt that
 * this mark may have made: its process has the answer. A possible second delivery is marked before the request, because
 * the worker may die during it.
 *
 * $1 ids, $2 marks, $3 tenants, $4 versions of their settings, $5 whether the message may be sent, $6 whether it
 * may have been sent before
 */
const CLEAR = `
WITH asked AS MATERIALIZED (
  SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::boolean[], $6::boolean[])
      AS a(message_id, mark_id, tenant_id, version, sends, in_doubt)
), current AS MATERIALIZED (
  SELECT s.tenant_id, s.version, s.from_email FROM tenant_settings s
   WHERE s.tenant_id IN (SELECT tenant_id FROM asked) AND s.status = 'connected'
   ORDER BY s.tenant_id /* fence: settings-lock */ FOR SHARE /* end */
)
UPDATE message_queue q
   SET wire_version = a.version, attempt_id = CASE WHEN a.sends THEN q.mark_id ELSE nullif(q.attempt_id, q.mark_id) END,
       from_email = CASE WHEN a.sends THEN c.from_email ELSE q.from_email END,
       possible_duplicate = q.possible_duplicate /* fence: possible-duplicate */ OR a.in_doubt /* end */
  FROM asked a JOIN current c ON c.tenant_id = a.tenant_id /* fence: settings-version */ AND c.version = a.version /* end */
 WHERE q.message_id = ANY ($1) AND q.message_id = a.message_id AND q.mark_id = a.mark_id
   AND EXISTS (SELECT FROM owners o WHERE o.id = q.marked_by) AND ${isInTime('q')}
RETURNING q.message_id AS id, q.mark_id`

/**
 * Reports whether a request to the mailbox may begin. It may not when the mark is gone, when the settings no longer have
 * this version, or when the message has expired.
 */
export function createClearing(pool: pg.Pool, timers: Timers): (clearance: Clearance) => Promise<boolean> {
  return createBatcher((batch: readonly Clearance[]) => clearBatch(pool, batch), {
    timers,
    maxItems: CLEARED_PER_BATCH,
    ownerOf: ({ message }) => message.tenantId,
  })
}

async function clearBatch(pool: pg.Pool, batch: readonly Clearance[]): Promise<boolean[]> {
  const { rows } = await pool.query<{ id: string; mark_id: string }>({
    name: 'clear',
    text: CLEAR,
    values: [
      batch.map(({ message }) => message.id),
      batch.map(({ message }) => message.markId),
      batch.map(({ message }) => message.tenantId),
      batch.map(({ settingsVersion }) => settingsVersion),
      batch.map(({ sends }) => sends),
      batch.map(({ inDoubt }) => inDoubt),
    ],
  })
  // One batch may hold requests of the current and of a former mark of one message.
  const holders = new Map(rows.map(({ id, mark_id: holder }) => [id, holder]))
  return batch.map(({ message }) => holders.get(message.id) === message.markId)
}

/** $1 tenant, $2 version of its settings */
const COUNT_ON_THE_WIRE = `
SELECT count(*)::int AS requests
  FROM (${markedRows(countersOf('$1', 'tenant_id, sending'))}) AS marked WHERE wire_version <= $2`

/** Counts the requests that may be under way and were cleared under settings up to this version. */
export async function countOnTheWire(
  reader: Pick<PrismaClient | Prisma.TransactionClient, '$queryRawUnsafe'>,
  tenantId: string,
  settingsVersion: number,
): Promise<number> {
  const [row] = await reader.$queryRawUnsafe<{ requests: number }[]>(COUNT_ON_THE_WIRE, tenantId, settingsVersion)
  return row?.requests ?? 0
}

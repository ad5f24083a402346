import type pg from 'pg'
import type { Prisma, PrismaClient } from '../../database/generated/client.ts'
import { isInTime, markedRows } from '../columns.ts'
import type { Mark } from './marked-message.ts'
import { countersOf } from '../counters.ts'

// sending ──a request to the mailbox is cleared──▶ sending, with the request on the wire.

/** SQL for the settings of a tenant while they still have this version. Locks them, so that a change waits. */
export const currentSettings = (tenant: string, version: string): string =>
  `SELECT s.tenant_id, s.version, s.from_email FROM tenant_settings s
    WHERE s.tenant_id = ${tenant} AND s.status = 'connected' /* fence: settings-version */ AND s.version = ${version} /* end */
      /* fence: settings-lock */ FOR SHARE /* end */`

/** SQL for whether the process that marked a row is not taken for dead. */
export const isOfLivingProcess = (row: string): string => `EXISTS (SELECT FROM owners o WHERE o.id = ${row}.marked_by)`

/**
 * Clears a request whose message is still marked for it, by a process that is not taken for dead, whose settings are still
 * current, and whose message has not expired. A request that may send the message starts an attempt and stores the sender. One
 * that cannot send ends the attempt that this mark may have made: its process has the answer. A possible second delivery is
 * marked before the request, because the worker may die during it.
 *
 * $1 id, $2 mark, $3 tenant, $4 version of its settings, $5 whether the message may be sent, $6 whether it may have been sent before
 */
const CLEAR = `
WITH current AS MATERIALIZED (${currentSettings('$3', '$4')})
UPDATE message_queue q
   SET wire_version = $4, attempt_id = CASE WHEN a.sends THEN q.mark_id ELSE nullif(q.attempt_id, q.mark_id) END,
       from_email = CASE WHEN a.sends THEN c.from_email ELSE q.from_email END,
       possible_duplicate = q.possible_duplicate /* fence: possible-duplicate */ OR a.in_doubt /* end */
  FROM current c CROSS JOIN (SELECT $5::boolean AS sends, $6::boolean AS in_doubt) AS a
 WHERE q.message_id = $1 AND q.mark_id = $2
   AND ${isOfLivingProcess('q')} AND ${isInTime('q')}`

/**
 * Reports whether a request to the mailbox may begin. It may not when the mark is gone, when the settings no longer have
 * this version, or when the message has expired.
 *
 * @param sends whether the message may be sent by the request
 * @param inDoubt whether an earlier attempt may have sent it
 */
export async function clear(
  pool: pg.Pool,
  { id, markId, tenantId }: Mark,
  settingsVersion: number,
  sends: boolean,
  inDoubt = false,
): Promise<boolean> {
  const values = [id, markId, tenantId, settingsVersion, sends, inDoubt]
  return (await pool.query({ name: 'clear', text: CLEAR, values })).rowCount === 1
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

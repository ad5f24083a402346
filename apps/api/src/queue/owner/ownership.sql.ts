import type pg from 'pg'
import { QUICK_TIMEOUT_MS } from '../../database/database.ts'
import { MESSAGES_CHANNEL } from './wake.ts'

// The statements about who sends for a mailbox. Whoever uses one (`ownedBoxes`) shares a lock on its row that keeps only a
// change of owner waiting, so that what others write about the mailbox waits for nobody.

/** Far more than an installation has: it has one. */
const MAX_MAILBOXES = 1_000

interface OwnedMailbox {
  readonly tenantId: string
  /** Grows with every change of owner. */
  readonly epoch: string
}

/** A process that sends, or would. */
export interface Candidate {
  readonly id: string
  readonly name: string
  readonly renewals: string
}

interface SeenMailbox extends OwnedMailbox {
  /** Null: nobody's, or that of a process that is not there any more. */
  readonly owner: string | null
}

/**
 * Common table expressions: `owned` has the mailboxes among those asked for that the process owns, until the statement ends.
 * A statement of an earlier epoch of the same process, whose answer it no longer waits for, changes nothing any more.
 *
 * @param me SQL for the process
 * @param tenants SQL for an array, as `epochs`
 */
export function ownedBoxes(me: string, tenants: string, epochs: string): string {
  return `
owned AS MATERIALIZED (
  SELECT m.tenant_id FROM unnest(${tenants}::text[], ${epochs}::bigint[]) AS asked(tenant_id, epoch)
    JOIN mailboxes m ON m.tenant_id = asked.tenant_id AND m.owner = ${me} AND m.epoch = asked.epoch
   ORDER BY m.tenant_id FOR KEY SHARE OF m
)`
}

/** With the embedded database nobody else runs. $1 id, $2 name, $3 whether nobody else runs */
const REGISTER = `
WITH gone AS (DELETE FROM owners WHERE $3)
INSERT INTO owners (id, name) VALUES ($1, $2)`

/** $1 id */
const RENEW = `UPDATE owners SET renewals = renewals + 1 WHERE id = $1`

/** $1 id, $2 how often it had renewed */
const DELETE_DEAD = `DELETE FROM owners WHERE id = $1 AND renewals = $2`

const LIST = `SELECT id, name, renewals FROM owners ORDER BY id LIMIT ${MAX_MAILBOXES}`

const ENSURE = `
INSERT INTO mailboxes (tenant_id) SELECT t.id FROM tenants t
 WHERE NOT EXISTS (SELECT FROM mailboxes m WHERE m.tenant_id = t.id) ORDER BY t.id LIMIT ${MAX_MAILBOXES} ON CONFLICT DO NOTHING`

const SEE = `
SELECT m.tenant_id AS "tenantId", m.epoch, o.id AS owner FROM mailboxes m LEFT JOIN owners o ON o.id = m.owner ORDER BY m.tenant_id LIMIT ${MAX_MAILBOXES}`

/**
 * Takes mailboxes that are as they were seen. It waits for statements of the owner before; those that come later find
 * another epoch.
 *
 * $1 id, $2 tenants, $3 their epochs
 */
const TAKE = `
WITH free AS MATERIALIZED (
  SELECT m.tenant_id FROM unnest($2::text[], $3::bigint[]) AS seen(tenant_id, epoch)
    JOIN mailboxes m ON m.tenant_id = seen.tenant_id /* fence: epoch */ AND m.epoch = seen.epoch /* end */
   WHERE EXISTS (SELECT FROM owners WHERE id = $1)
   ORDER BY m.tenant_id FOR UPDATE OF m
)
UPDATE mailboxes m SET owner = $1, epoch = m.epoch + 1, owned_since = CASE WHEN m.owner = $1 THEN m.owned_since ELSE mail_now() END
  FROM free WHERE m.tenant_id = free.tenant_id
RETURNING m.tenant_id AS "tenantId", m.epoch`

/** $1 id, $2 the channel by which a standby learns of it */
const HAND_OVER = `
WITH mine AS MATERIALIZED (
  SELECT tenant_id FROM mailboxes WHERE owner = $1 ORDER BY tenant_id FOR UPDATE
), left_alone AS (
  UPDATE mailboxes m SET owner = NULL FROM mine WHERE m.tenant_id = mine.tenant_id RETURNING m.tenant_id
)
SELECT pg_notify($2, '') FROM left_alone`

/** $1 id */
const LEAVE = `DELETE FROM owners WHERE id = $1`

export type OwnerStore = ReturnType<typeof createOwnerStore>

export function createOwnerStore(pool: pg.Pool) {
  const run = <Row extends pg.QueryResultRow>(text: string, values: unknown[] = []) => {
    const statement = { text, values, query_timeout: QUICK_TIMEOUT_MS }
    return pool.query<Row>(statement)
  }
  return {
    register: (id: string, name: string, isAlone: boolean) => run(REGISTER, [id, name, isAlone]),
    /** Returns false where others have deleted it. */
    renew: async (id: string) => (await run(RENEW, [id])).rowCount === 1,
    /** Returns false where it has renewed meanwhile. */
    deleteDead: async ({ id, renewals }: Candidate) => (await run(DELETE_DEAD, [id, renewals])).rowCount === 1,
    list: async () => (await run<Candidate>(LIST)).rows,
    async see() {
      await run(ENSURE)
      return (await run<SeenMailbox>(SEE)).rows
    },
    async take(id: string, mailboxes: readonly OwnedMailbox[]) {
      const [tenants, epochs] = [mailboxes.map(({ tenantId }) => tenantId), mailboxes.map(({ epoch }) => epoch)]
      return (await run<OwnedMailbox>(TAKE, [id, tenants, epochs])).rows
    },
    /** Returns false where it owned nothing. */
    handOver: async (id: string) => ((await run(HAND_OVER, [id, MESSAGES_CHANNEL])).rowCount ?? 0) > 0,
    leave: (id: string) => run(LEAVE, [id]),
  }
}

/** Returns how often the mailbox has changed hands. */
export async function readEpoch(pool: pg.Pool, tenantId: string): Promise<number> {
  const { rows } = await pool.query<{ epoch: string }>('SELECT epoch FROM mailboxes WHERE tenant_id = $1', [tenantId])
  return Number(rows[0]?.epoch ?? 0)
}

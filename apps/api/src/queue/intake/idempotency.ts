import type pg from 'pg'
import type { Timers } from '../../runtime/clock.ts'
import { createBatcher } from '../../database/batcher.ts'
import { ConflictError } from '../../database/is-unavailable.ts'

// An idempotency key of a service identifies one message for 24 hours.

const LOOK_UPS_PER_BATCH = 500
const MAX_TRIES = 4

/** Unique within a service of a tenant. */
export interface KeyName {
  readonly tenantId: string
  readonly service: string
  readonly key: string
}

/** The message, or the batch, that an idempotency key identifies. */
export interface KeyHolder {
  readonly contentHash: string
  /** The message, or the first of a batch. */
  readonly messageId: string
  /** All messages of a batch in order, or the one message. */
  readonly messageIds: readonly string[]
}

/** A common table expression that frees those keys of `claims` that are older than 24 hours, for messages in `room`. */
export const FREE_KEYS = `
freed AS MATERIALIZED (
  DELETE FROM idempotency_records r USING claims c
   WHERE r.tenant_id = c.tenant_id AND r.service = c.service AND r.key = c.key AND r.created_at < mail_now() - interval '24 hours'
     AND c.message_id IN (SELECT id FROM room)
  RETURNING 1
)`

/**
 * A common table expression that takes keys for `claims` whose messages are in `room`, and returns `taken`. Of two claims for
 * one key in a batch, one gets it. It waits for a transaction that is taking the same key, and takes keys in a fixed order, so
 * that two batches cannot deadlock.
 *
 * @param when SQL that is evaluated before a key is taken
 */
export function takeKeys(when = 'true'): string {
  return `
taken AS MATERIALIZED (
  INSERT INTO idempotency_records (tenant_id, service, key, content_hash, message_id, message_ids, created_at)
  SELECT c.tenant_id, c.service, c.key, c.content_hash, c.message_id, c.message_ids, mail_now()
    FROM claims c
   WHERE c.message_id IN (SELECT id FROM room) AND ${when}
   ORDER BY c.tenant_id, c.service, c.key, c.message_id
  ON CONFLICT DO NOTHING
  RETURNING message_id
)`
}

/** $1 tenants, $2 services, $3 keys */
const READ_KEYS = `
SELECT r.tenant_id AS "tenantId", r.service, r.key, r.content_hash AS "contentHash", r.message_id AS "messageId",
       coalesce(r.message_ids, ARRAY[r.message_id]) AS "messageIds"
  FROM idempotency_records r JOIN unnest($1::text[], $2::text[], $3::text[]) AS k(tenant_id, service, key) USING (tenant_id, service, key)
 WHERE r.created_at >= mail_now() - interval '24 hours'`

export type FindKey = (name: KeyName) => Promise<KeyHolder | null>

/** Looks up a key. The result is null when the key is free, or when its message is still being submitted. */
export function createKeyLookUp(pool: pg.Pool, timers: Timers): FindKey {
  return createBatcher(
    async (names: readonly KeyName[]) => {
      const holders = await readKeys(pool, names)
      return names.map((name) => holders.get(textOf(name)) ?? null)
    },
    { timers, maxItems: LOOK_UPS_PER_BATCH },
  )
}

/**
 * Stores under a key, and tries again if the key was taken at first but free by the time its holder was looked up, which
 * needs another client to release it each time.
 *
 * @param store returns null where that happened
 * @throws {ConflictError} where it happens again and again
 */
export async function whileKeyIsFreed<Result>(store: () => Promise<Result | null>): Promise<Result> {
  for (let tried = 1; tried <= MAX_TRIES; tried++) {
    const result = await store()
    if (result !== null) return result
  }
  throw new ConflictError('The idempotency key was taken and freed by others again and again.')
}

/** Asks for a key for a message. */
export interface KeyClaim extends KeyName {
  readonly contentHash: string
  readonly messageId: string
  /** All messages of a batch in order; missing for a single message. */
  readonly messageIds?: readonly string[]
}

/** Reads who holds the keys. The map is keyed by `textOf`. */
async function readKeys(pool: pg.Pool, names: readonly KeyName[]): Promise<Map<string, KeyHolder>> {
  const { rows } = await pool.query<KeyName & KeyHolder>({
    name: 'read-keys',
    text: READ_KEYS,
    values: [names.map(({ tenantId }) => tenantId), names.map(({ service }) => service), names.map(({ key }) => key)],
  })
  return new Map(rows.map((row) => [textOf(row), row]))
}

function textOf({ tenantId, service, key }: KeyName): string {
  return JSON.stringify([tenantId, service, key])
}

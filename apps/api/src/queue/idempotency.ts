import type pg from 'pg'
import { createBatcher } from '../database/batcher.ts'

// An idempotency key of a service identifies one message for 24 hours.

const LOOK_UPS_PER_BATCH = 500

/** Unique within a service of a tenant. */
export interface KeyName {
  readonly tenantId: string
  readonly service: string
  readonly key: string
}

/** The message, or the batch, that an idempotency key identifies. */
export interface KeyHolder {
  readonly contentHash: string
  /** Of a batch, the first. */
  readonly messageId: string
  /** Those of a batch in order, else the one message. */
  readonly messageIds: readonly string[]
}

/** Deletes expired keys, so that they can be used again. $1 tenants, $2 services, $3 keys */
const FORGET_OLD_KEYS = `
DELETE FROM idempotency_records r USING unnest($1::text[], $2::text[], $3::text[]) AS k(tenant_id, service, key)
 WHERE r.tenant_id = k.tenant_id AND r.service = k.service AND r.key = k.key AND r.created_at < mail_now() - interval '24 hours'`

/**
 * Takes free keys. It waits for a transaction that is taking the same key, and takes keys in a fixed order, so that two
 * batches cannot deadlock. $1 tenants, $2 services, $3 keys, $4 content hashes, $5 message ids, $6 all message ids of a batch as a
 * PostgreSQL array, else null
 */
const TAKE_KEYS = `
INSERT INTO idempotency_records (tenant_id, service, key, content_hash, message_id, message_ids, created_at)
SELECT k.tenant_id, k.service, k.key, k.content_hash, k.message_id, k.message_ids::text[], mail_now()
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
    AS k(tenant_id, service, key, content_hash, message_id, message_ids)
 ORDER BY k.tenant_id, k.service, k.key
ON CONFLICT DO NOTHING
RETURNING message_id`

/** $1 tenants, $2 services, $3 keys */
const READ_KEYS = `
SELECT r.tenant_id AS "tenantId", r.service, r.key, r.content_hash AS "contentHash", r.message_id AS "messageId",
       coalesce(r.message_ids, ARRAY[r.message_id]) AS "messageIds"
  FROM idempotency_records r JOIN unnest($1::text[], $2::text[], $3::text[]) AS k(tenant_id, service, key) USING (tenant_id, service, key)
 WHERE r.created_at >= mail_now() - interval '24 hours'`

/** $1 tenants, $2 services, $3 keys */
const RELEASE_KEYS = `
DELETE FROM idempotency_records r USING unnest($1::text[], $2::text[], $3::text[]) AS k(tenant_id, service, key)
 WHERE r.tenant_id = k.tenant_id AND r.service = k.service AND r.key = k.key`

/** Looks up a key. The result is null when the key is free, or when its message is still being submitted. */
export function createKeyLookUp(pool: pg.Pool): (name: KeyName) => Promise<KeyHolder | null> {
  return createBatcher(
    async (names: readonly KeyName[]) => {
      const holders = await readKeys(pool, names)
      return names.map((name) => holders.get(textOf(name)) ?? null)
    },
    { maxItems: LOOK_UPS_PER_BATCH },
  )
}

/** Asks for a key for a message. */
export interface KeyClaim extends KeyName {
  readonly contentHash: string
  readonly messageId: string
  /** Of a batch. */
  readonly messageIds?: readonly string[]
}

/** Takes keys, and returns the ids of the messages whose keys were free. */
export async function takeKeys(client: pg.PoolClient, claims: readonly KeyClaim[]): Promise<Set<string>> {
  await client.query(FORGET_OLD_KEYS, keyColumns(claims))
  const { rows } = await client.query<{ message_id: string }>(TAKE_KEYS, [
    ...keyColumns(claims),
    claims.map(({ contentHash }) => contentHash),
    claims.map(({ messageId }) => messageId),
    claims.map(({ messageIds }) => messageIds && `{${messageIds.join(',')}}`),
  ])
  return new Set(rows.map((row) => row.message_id))
}

/** Reads who holds the keys. The map is keyed by `textOf`. */
export async function readKeys(
  client: Pick<pg.Pool, 'query'>,
  names: readonly KeyName[],
): Promise<Map<string, KeyHolder>> {
  const { rows } = await client.query<KeyName & KeyHolder>(READ_KEYS, keyColumns(names))
  return new Map(rows.map((row) => [textOf(row), row]))
}

export async function releaseKeys(client: pg.PoolClient, names: readonly KeyName[]): Promise<void> {
  if (names.length > 0) await client.query(RELEASE_KEYS, keyColumns(names))
}

export function textOf({ tenantId, service, key }: KeyName): string {
  return JSON.stringify([tenantId, service, key])
}

function keyColumns(names: readonly KeyName[]): [string[], string[], string[]] {
  return [names.map(({ tenantId }) => tenantId), names.map(({ service }) => service), names.map(({ key }) => key)]
}

import type pg from 'pg'

// An idempotency key of a service identifies one message, or one batch, for 24 hours. Who stores a message takes it
// (insert-messages.ts).

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

/** $1 tenant, $2 service, $3 key */
const FIND_KEY = `
SELECT content_hash AS "contentHash", message_id AS "messageId", coalesce(message_ids, ARRAY[message_id]) AS "messageIds"
  FROM idempotency_records
 WHERE tenant_id = $1 AND service = $2 AND key = $3 AND created_at >= mail_now() - interval '24 hours'`

export type FindKey = (name: KeyName) => Promise<KeyHolder | null>

/** Returns null when the key is free, or when its message is still being submitted. */
export async function findKey(pool: pg.Pool, { tenantId, service, key }: KeyName): Promise<KeyHolder | null> {
  const { rows } = await pool.query<KeyHolder>({
    name: 'find-key',
    text: FIND_KEY,
    values: [tenantId, service, key],
  })
  return rows[0] ?? null
}

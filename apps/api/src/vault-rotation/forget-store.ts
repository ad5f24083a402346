import { appendAuditEvent } from '../database/audit-log.ts'
import type { Database } from '../database/database.ts'
import type { SealedColumn } from '../database/sealed-values.ts'
import {
  FORGET_CONTENT_KEYS,
  FORGET_DATA_KEY_CONTENTS,
  FORGET_DATA_KEYS,
  FORGET_UPLOAD_URLS,
  FORGOTTEN_AT_ONCE,
} from '../queue/forget.ts'
import { SEALED_COLUMNS } from './sealed-store.ts'
import type { StoredValue } from './sealed-store.ts'

export interface ForgetStore {
  /**
   * Gives up rows whose value no longer opens, unless it was replaced meanwhile; returns how many. Messages that a
   * worker has in its hands are left to it.
   */
  forget(column: SealedColumn, lost: readonly StoredValue[], now: Date): Promise<number>
}

const LOST = 'SELECT *, $3::timestamptz AS at FROM unnest($1::text[], $2::text[]) AS l(key, value)'

/**
 * What is done with each kind of row, each statement in a transaction of its own: one transaction changes what a tenant
 * has stored once, so that no two wait for each other. $1 keys, $2 values, $3 now
 */
const STATEMENTS = new Map<SealedColumn, readonly string[]>([
  [SEALED_COLUMNS.refreshToken, [forgetTokens('refresh_token_sealed')]],
  [SEALED_COLUMNS.accessToken, [forgetTokens('access_token_sealed')]],
  [
    SEALED_COLUMNS.consent,
    [
      `WITH lost AS (${LOST})
     UPDATE consents c
        SET secrets_sealed = NULL, ended_at = coalesce(c.ended_at, l.at), status = CASE c.status WHEN 'pending' THEN 'expired' ELSE c.status END
       FROM lost l WHERE c.id = l.key AND c.secrets_sealed = l.value
     RETURNING c.tenant_id`,
    ],
  ],
  [
    SEALED_COLUMNS.signIn,
    [
      `WITH lost AS (${LOST})
     DELETE FROM pending_sign_ins p USING lost l WHERE p.state_hash = l.key AND p.secrets_sealed = l.value RETURNING p.tenant_id`,
    ],
  ],
  [
    SEALED_COLUMNS.webhook,
    [
      `WITH lost AS (${LOST})
     DELETE FROM webhooks w USING lost l WHERE w.id = l.key AND w.secret_sealed = l.value RETURNING w.tenant_id`,
    ],
  ],
  [SEALED_COLUMNS.uploadUrl, [FORGET_UPLOAD_URLS]],
  [SEALED_COLUMNS.contentKey, [FORGET_CONTENT_KEYS]],
  [SEALED_COLUMNS.dataKey, [FORGET_DATA_KEY_CONTENTS, FORGET_DATA_KEYS]],
])

export function createForgetStore({ prisma }: Pick<Database, 'prisma'>): ForgetStore {
  async function run(statement: string, column: SealedColumn, lost: readonly StoredValue[], now: Date) {
    return prisma.$transaction(async (transaction) => {
      const keys = lost.map(({ key }) => key)
      const values = lost.map(({ value }) => value)
      const rows = await transaction.$queryRawUnsafe<{ tenant_id: string }[]>(statement, keys, values, now)
      const records = Map.groupBy(rows, ({ tenant_id: tenantId }) => tenantId)
      await appendAuditEvent(
        transaction,
        ...[...records].map(([tenantId, { length }]) => ({
          tenantId,
          at: now,
          actor: null,
          action: 'vault-forgotten' as const,
          outcome: 'done',
          details: { what: column.purpose, records: length },
        })),
      )
      return rows.length
    })
  }

  return {
    async forget(column, lost, now) {
      const statements = STATEMENTS.get(column)
      if (statements === undefined) throw new Error(`Nothing is known about ${column.table}.${column.column}.`)
      let forgotten = 0
      for (const statement of statements) {
        for (;;) {
          const count = await run(statement, column, lost, now)
          forgotten += count
          if (count < FORGOTTEN_AT_ONCE) break // under one key there may be very many
        }
      }
      return forgotten
    },
  }
}

/** The settings require a new connection by then, so that nobody misses the tokens. */
function forgetTokens(column: string): string {
  return `WITH lost AS (${LOST})
     UPDATE tenant_settings s
        SET refresh_token_sealed = NULL, access_token_sealed = NULL, access_token_expires_at = NULL,
            access_token_obtained_at = NULL,
            refresh_lease_owner = NULL, refresh_lease_until = NULL, grant_version = s.grant_version + 1
       FROM lost l WHERE s.tenant_id = l.key AND s.${column} = l.value AND s.status <> 'connected'
     RETURNING s.tenant_id`
}

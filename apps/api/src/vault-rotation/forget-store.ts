import type { MessageProblem } from '@inforiver-mail/contract/message'
import { appendAuditEvent } from '../database/audit-log.ts'
import type { Database } from '../database/database.ts'
import { SEALED_COLUMNS, type SealedColumn } from '../database/sealed-values.ts'
import type { StoredValue } from './sealed-store.ts'

export interface ForgetStore {
  /**
   * Gives up rows whose value no longer opens, unless it was replaced meanwhile; returns how many. Messages that a
   * worker has in its hands are left to it.
   */
  forget(column: SealedColumn, lost: readonly StoredValue[], now: Date): Promise<number>
}

const CONTENT_LOST: MessageProblem = {
  code: 'content-lost',
  title: 'The content of the message is lost',
  detail: 'The vault key that its content was sealed with is lost. The submitting service submits the message again.',
  microsoftCode: null,
  requestId: null,
}

const LOST_IN_DOUBT: MessageProblem = {
  ...CONTENT_LOST,
  code: 'outcome-unknown',
  detail:
    'The vault key that its content was sealed with is lost, and it may have been sent before. Whoever uses the mailbox looks into its Sent Items before the submitting service submits it again.',
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
  [
    SEALED_COLUMNS.uploadUrl, // the upload begins anew
    [
      `WITH lost AS (${LOST})
     UPDATE messages m SET upload_url_sealed = NULL, upload_position = 0, upload_expires_at = NULL
       FROM lost l WHERE m.id = l.key AND m.upload_url_sealed = l.value RETURNING m.tenant_id`,
    ],
  ],
  [
    SEALED_COLUMNS.contentKey,
    [
      `WITH lost AS (${LOST}), failed AS (
       UPDATE messages m
          SET status = CASE WHEN m.ended_at IS NULL THEN 'failed' ELSE m.status END,
              problem = CASE WHEN m.ended_at IS NOT NULL THEN m.problem
                             WHEN m.lookups IS NOT NULL OR m.status = 'sending' THEN ${literal(LOST_IN_DOUBT)} ELSE ${literal(CONTENT_LOST)} END,
              ended_at = coalesce(m.ended_at, l.at), held_because = NULL, next_attempt_at = NULL, lookups = NULL,
              content = NULL, content_key_sealed = NULL, stored_bytes = 0, uploading = false, upload_url_sealed = NULL,
              lease_owner = NULL, lease_until = NULL
         FROM lost l
        WHERE m.id = l.key AND m.content_key_sealed = l.value AND m.status <> 'receiving'
          AND (m.status <> 'sending' OR m.lease_until < l.at)
       RETURNING m.id, m.tenant_id, m.draft_id, m.chunked, m.ended_at, m.problem ->> 'code' AS code
     ), dropped AS (
       DELETE FROM message_chunks WHERE message_id IN (SELECT id FROM failed WHERE chunked)
     ), left_over AS (
       INSERT INTO mailbox_cleanups (tenant_id, item_id, kind, created_at, due_at)
       SELECT tenant_id, draft_id, 'draft', ended_at, ended_at FROM failed WHERE draft_id IS NOT NULL AND code = 'content-lost'
       ON CONFLICT DO NOTHING
     )
     SELECT tenant_id FROM failed`,
      `WITH lost AS (${LOST})
     DELETE FROM messages m USING lost l
      WHERE m.id = l.key AND m.content_key_sealed = l.value AND m.status = 'receiving' RETURNING m.tenant_id`,
    ],
  ],
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
      for (const statement of statements) forgotten += await run(statement, column, lost, now)
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

function literal(problem: MessageProblem): string {
  return `'${JSON.stringify(problem).replaceAll("'", "''")}'::jsonb`
}

import type { RecipientsPolicy } from '@inforiver-mail/contract/recipients-policy'
import type pg from 'pg'
import { createBatcher } from '../database/batcher.ts'
import { QUICK_TIMEOUT_MS } from '../database/database.ts'

const READ_PER_BATCH = 200

/** $1 tenants */
const READ = `SELECT tenant_id, allowed_domains, redirect_all_to FROM tenant_settings WHERE tenant_id = ANY ($1)`

/** Reads the policy that a message is held to: never from a cache, so that a change counts at once in every process. */
export type ReadRecipientsPolicy = (tenantId: string) => Promise<RecipientsPolicy>

/** Submits that arrive together share one statement. */
export function createRecipientsPolicyReader(pool: pg.Pool): ReadRecipientsPolicy {
  return createBatcher(
    async (tenants: readonly string[]) => {
      const statement = {
        name: 'read-recipients-policy',
        text: READ,
        values: [[...new Set(tenants)]],
        query_timeout: QUICK_TIMEOUT_MS,
      }
      const { rows } = await pool.query<PolicyRow>(statement)
      const policies = new Map(rows.map((row) => [row.tenant_id, row]))
      return tenants.map((tenantId) => toPolicy(policies.get(tenantId)))
    },
    { maxItems: READ_PER_BATCH },
  )
}

interface PolicyRow {
  readonly tenant_id: string
  readonly allowed_domains: string[]
  readonly redirect_all_to: string | null
}

function toPolicy(row: PolicyRow | undefined): RecipientsPolicy {
  return { allowedDomains: row?.allowed_domains ?? [], redirectAllTo: row?.redirect_all_to ?? null }
}

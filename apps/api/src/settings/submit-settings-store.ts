import type { RecipientsPolicy } from '@inforiver-mail/contract/recipients-policy'
import type pg from 'pg'
import { createBatcher } from '../database/batcher.ts'
import { QUICK_TIMEOUT_MS } from '../database/database.ts'

const READ_PER_BATCH = 200

/** $1 tenants */
const READ = `
SELECT tenant_id, CASE WHEN status <> 'not-configured' THEN from_email END AS from_email, large_attachments, allowed_domains, redirect_all_to
  FROM tenant_settings WHERE tenant_id = ANY ($1)`

/** The settings that a new message is held to. */
export interface SubmitSettings {
  /** Null while nothing is configured. */
  readonly sender: { readonly fromEmail: string; readonly largeAttachments: boolean } | null
  readonly recipientsPolicy: RecipientsPolicy
}

/** Reads never from a cache, so that a change counts at once in every process. */
export type ReadSubmitSettings = (tenantId: string) => Promise<SubmitSettings>

/** Submits that arrive together share one statement, which reads no tokens. */
export function createSubmitSettingsReader(pool: pg.Pool): ReadSubmitSettings {
  return createBatcher(
    async (tenants: readonly string[]) => {
      const statement = {
        name: 'read-submit-settings',
        text: READ,
        values: [[...new Set(tenants)]],
        query_timeout: QUICK_TIMEOUT_MS,
      }
      const { rows } = await pool.query<SettingsRow>(statement)
      const settings = new Map(rows.map((row) => [row.tenant_id, toSettings(row)]))
      return tenants.map((tenantId) => settings.get(tenantId) ?? NOT_CONFIGURED)
    },
    { maxItems: READ_PER_BATCH },
  )
}

interface SettingsRow {
  readonly tenant_id: string
  readonly from_email: string | null
  readonly large_attachments: boolean
  readonly allowed_domains: string[]
  readonly redirect_all_to: string | null
}

const NOT_CONFIGURED: SubmitSettings = { sender: null, recipientsPolicy: { allowedDomains: [], redirectAllTo: null } }

function toSettings(row: SettingsRow): SubmitSettings {
  const { from_email: fromEmail, large_attachments: largeAttachments } = row
  return {
    sender: fromEmail === null ? null : { fromEmail, largeAttachments },
    recipientsPolicy: { allowedDomains: row.allowed_domains, redirectAllTo: row.redirect_all_to },
  }
}

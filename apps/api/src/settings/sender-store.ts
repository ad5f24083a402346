import type pg from 'pg'
import { createBatcher } from '../database/batcher.ts'
import { QUICK_TIMEOUT_MS } from '../database/database.ts'

const READ_PER_BATCH = 200

/** $1 tenants */
const READ = `
SELECT tenant_id, from_email, large_attachments FROM tenant_settings
 WHERE tenant_id = ANY ($1) AND status <> 'not-configured' AND from_email IS NOT NULL`

/** What a new message is held to; null while nothing is configured. */
export type ReadSender = (
  tenantId: string,
) => Promise<{ readonly fromEmail: string; readonly largeAttachments: boolean } | null>

/** Submits that arrive together share one statement, which reads no tokens. */
export function createSenderReader(pool: pg.Pool): ReadSender {
  return createBatcher(
    async (tenants: readonly string[]) => {
      const statement = {
        name: 'read-sender',
        text: READ,
        values: [[...new Set(tenants)]],
        query_timeout: QUICK_TIMEOUT_MS,
      }
      const { rows } = await pool.query<SenderRow>(statement)
      const senders = new Map(
        rows.map((row) => [row.tenant_id, { fromEmail: row.from_email, largeAttachments: row.large_attachments }]),
      )
      return tenants.map((tenantId) => senders.get(tenantId) ?? null)
    },
    { maxItems: READ_PER_BATCH },
  )
}

interface SenderRow {
  readonly tenant_id: string
  readonly from_email: string
  readonly large_attachments: boolean
}

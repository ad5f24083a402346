import type pg from 'pg'
import type { Timers } from '../runtime/clock.ts'
import { createBatcher } from '../database/batcher.ts'
import { QUICK_TIMEOUT_MS } from '../database/database.ts'
import {
  SUBMIT_SETTINGS_COLUMNS,
  toSubmitSettings,
  type SubmitSettings,
  type SubmitSettingsRow,
} from '../domain/submit-settings.ts'

const READ_PER_BATCH = 200

/** $1 tenants */
const READ = `SELECT s.tenant_id, ${SUBMIT_SETTINGS_COLUMNS} FROM tenant_settings s WHERE s.tenant_id = ANY ($1)`

/** Reads never from a cache, so that a change counts at once in every process. */
export type ReadSubmitSettings = (tenantId: string) => Promise<SubmitSettings>

/** Submits that arrive together share one statement, which reads no tokens. */
export function createSubmitSettingsReader(pool: pg.Pool, timers: Timers): ReadSubmitSettings {
  return createBatcher(
    async (tenants: readonly string[]) => {
      const statement = {
        name: 'read-submit-settings',
        text: READ,
        values: [[...new Set(tenants)]],
        query_timeout: QUICK_TIMEOUT_MS,
      }
      const { rows } = await pool.query<SubmitSettingsRow & { readonly tenant_id: string }>(statement)
      const settings = new Map(rows.map((row) => [row.tenant_id, row]))
      return tenants.map((tenantId) => toSubmitSettings(settings.get(tenantId)))
    },
    { timers, maxItems: READ_PER_BATCH },
  )
}

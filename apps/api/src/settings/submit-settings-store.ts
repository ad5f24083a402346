import type pg from 'pg'
import { QUICK_TIMEOUT_MS } from '../database/database.ts'
import {
  SUBMIT_SETTINGS_COLUMNS,
  toSubmitSettings,
  type SubmitSettings,
  type SubmitSettingsRow,
} from '../domain/submit-settings.ts'

/** $1 tenant */
const READ = `SELECT ${SUBMIT_SETTINGS_COLUMNS} FROM tenant_settings s WHERE s.tenant_id = $1`

/**
 * Reads never from a cache, so that a change counts at once in every process. Services hardly ever need it: their key
 * brings the settings along.
 */
export function createSubmitSettingsReader(pool: pg.Pool): (tenantId: string) => Promise<SubmitSettings> {
  return async (tenantId) => {
    const statement = { name: 'read-submit-settings', text: READ, values: [tenantId], query_timeout: QUICK_TIMEOUT_MS }
    const { rows } = await pool.query<SubmitSettingsRow>(statement)
    return toSubmitSettings(rows[0])
  }
}

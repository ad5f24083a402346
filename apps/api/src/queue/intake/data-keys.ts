import type { Sealed } from '@inforiver-mail/m365/token-vault'
import type pg from 'pg'

// Content keys are derived from data keys, of which each tenant has one per hour.

/** A data key, sealed by the vault for the record `id`. */
export interface DataKey {
  readonly id: string
  readonly keySealed: Sealed
}

const COLUMNS = `id, key_sealed AS "keySealed"`

/** $1 tenant */
const READ_CURRENT = `SELECT ${COLUMNS} FROM data_keys WHERE tenant_id = $1 AND hour = date_trunc('hour', mail_now())`

/** $1 tenant, $2 id, $3 key */
const ADD = `
INSERT INTO data_keys (tenant_id, id, key_sealed, hour) VALUES ($1, $2, $3, date_trunc('hour', mail_now())) ON CONFLICT DO NOTHING`

const READ = `SELECT ${COLUMNS} FROM data_keys WHERE id = $1`

export type DataKeys = ReturnType<typeof createDataKeys>

export function createDataKeys(pool: pg.Pool) {
  return {
    /** Returns null while the tenant has no data key for the current hour. */
    async current(tenantId: string): Promise<DataKey | null> {
      return (await pool.query<DataKey>(READ_CURRENT, [tenantId])).rows[0] ?? null
    },

    /** Adds the data key of the current hour, unless another process was first. */
    async add(tenantId: string, { id, keySealed }: DataKey): Promise<void> {
      await pool.query(ADD, [tenantId, id, keySealed])
    },

    /** Returns null when the data key was deleted, and everything sealed under it with it. */
    async read(id: string): Promise<DataKey | null> {
      return (await pool.query<DataKey>(READ, [id])).rows[0] ?? null
    },
  }
}

import type { Scope } from '@inforiver-mail/contract/caller'
import type pg from 'pg'
import type { Timers } from '../runtime/clock.ts'
import { createBatcher } from '../database/batcher.ts'
import { QUICK_TIMEOUT_MS } from '../database/database.ts'
import { tryToWrite } from '../database/is-unavailable.ts'
import { readScopes } from '../domain/stored-values.ts'
import {
  SUBMIT_SETTINGS_COLUMNS,
  toSubmitSettings,
  type SubmitSettings,
  type SubmitSettingsRow,
} from '../domain/submit-settings.ts'
import { isInNetworks } from '../domain/ip-networks.ts'

// Looking up the keys that are presented, by SQL. `service-key-store.ts` makes and revokes them.

const LOOKUPS_PER_BATCH = 200
const RECORD_USE_EVERY_MS = 60_000

/** A service that has authenticated. */
export interface Service {
  readonly keyId: string
  readonly tenantId: string
  readonly name: string
  readonly scopes: readonly Scope[]
  /** Who it may write to, among those that the installation allows; empty: nothing is narrowed. */
  readonly allowedDomains: readonly string[]
}

/** A key and the address of the client that uses it. */
export interface KeyUse {
  readonly keyHash: string
  readonly client: string
}

/** The service behind a key, and why this client cannot use the key now; null when it can. */
export interface FoundKey {
  readonly service: Service
  /** The settings of the tenant, read together with the key. */
  readonly settings: SubmitSettings
  readonly refused: 'revoked' | 'expired' | 'address-not-allowed' | null
}

interface FoundRow extends SubmitSettingsRow {
  readonly key_hash: string
  readonly id: string
  readonly tenant_id: string
  readonly name: string
  readonly scopes: string[]
  readonly last_used_at: Date | null
  readonly revoked: boolean
  readonly expired: boolean
  readonly allowed_domains: string[]
  readonly allowed_addresses: string[]
}

/**
 * Looks up a batch of keys in one round trip, never from a cache, so that a revoked key stops working at once. All
 * processes judge its end by the clock of the database. The settings that a submit needs come along, since a statement of
 * their own would cost more; those of one tenant at a time, because the planner may read those of all.
 */
const FIND = `
SELECT k.key_hash, k.id, k.tenant_id, k.name, k.scopes, k.last_used_at, k.revoked_at IS NOT NULL AS revoked,
       k.expires_at <= mail_now() IS TRUE AS expired, k.allowed_domains, k.allowed_addresses, ${SUBMIT_SETTINGS_COLUMNS}
  FROM service_keys k
  LEFT JOIN LATERAL (SELECT * FROM tenant_settings WHERE tenant_id = k.tenant_id LIMIT 1) AS s ON true
 WHERE k.key_hash = ANY($1)`

const IS_KNOWN = `SELECT 1 FROM service_keys WHERE key_hash = $1`

/** Records the use of keys, unless another process holds their rows to do so. $1 ids, $2 now, $3 the last use before */
const RECORD_USE = `
UPDATE service_keys SET last_used_at = $2
 WHERE id IN (SELECT id FROM service_keys WHERE id = ANY($1) AND (last_used_at IS NULL OR last_used_at < $3) FOR UPDATE SKIP LOCKED)`

export type ServiceKeyLookup = ReturnType<typeof createServiceKeyLookup>

export function createServiceKeyLookup(pool: pg.Pool, clock: () => Date, timers: Timers) {
  return {
    /** Returns null when there has never been a key with this hash. */
    find: createBatcher(
      async (uses: readonly KeyUse[]) => {
        const values = [[...new Set(uses.map(({ keyHash }) => keyHash))]]
        const statement = { name: 'find-service-keys', text: FIND, values, query_timeout: QUICK_TIMEOUT_MS }
        const { rows } = await pool.query<FoundRow>(statement)
        const keys = new Map(rows.map((row) => [row.key_hash, row]))
        const used: FoundRow[] = []
        const found = uses.map(({ keyHash, client }) => {
          const row = keys.get(keyHash)
          if (!row) return null
          const refused = whyRefused(row, client)
          if (refused === null) used.push(row)
          return { service: toService(row), settings: toSubmitSettings(row), refused }
        })
        await recordUse(used)
        return found
      },
      { timers, maxItems: LOOKUPS_PER_BATCH },
    ),

    /** Whether there has ever been a key with this hash. Nothing is recorded as its use. */
    async isKnown(keyHash: string): Promise<boolean> {
      const statement = { name: 'is-service-key', text: IS_KNOWN, values: [keyHash], query_timeout: QUICK_TIMEOUT_MS }
      const { rows } = await pool.query(statement)
      return rows.length > 0
    },
  }

  async function recordUse(keys: readonly FoundRow[]): Promise<void> {
    const now = clock()
    const before = new Date(now.getTime() - RECORD_USE_EVERY_MS)
    const due = keys.filter(({ last_used_at: last }) => last === null || last < before)
    if (due.length === 0) return
    const values = [[...new Set(due.map(({ id }) => id))], now, before]
    const statement = { name: 'record-key-use', text: RECORD_USE, values, query_timeout: QUICK_TIMEOUT_MS }
    await tryToWrite(() => pool.query(statement))
  }
}

function whyRefused({ revoked, expired, allowed_addresses: allowed }: FoundRow, client: string): FoundKey['refused'] {
  if (revoked) return 'revoked'
  if (expired) return 'expired'
  return allowed.length === 0 || isInNetworks(client, allowed) ? null : 'address-not-allowed'
}

function toService({ id, tenant_id, name, scopes, allowed_domains }: FoundRow): Service {
  return { keyId: id, tenantId: tenant_id, name, scopes: readScopes(scopes), allowedDomains: allowed_domains }
}

import { LOST_VALUES, type ForgettableColumn } from '../domain/sealed-column.ts'

const TOKEN = { table: 'tenant_settings', key: 'tenant_id', record: `'tenant_settings'`, indexed: false } as const

export const SETTINGS_SEALED_COLUMNS = {
  refreshToken: {
    ...TOKEN,
    column: 'refresh_token_sealed',
    purpose: 'refresh-token',
    forget: [forgetTokens('refresh_token_sealed')],
  },
  accessToken: {
    ...TOKEN,
    column: 'access_token_sealed',
    purpose: 'access-token',
    forget: [forgetTokens('access_token_sealed')],
  },
  consent: {
    table: 'consents',
    column: 'secrets_sealed',
    key: 'id',
    record: 'id',
    purpose: 'consent',
    indexed: false,
    forget: [
      `WITH lost AS (${LOST_VALUES})
       UPDATE consents c
          SET secrets_sealed = NULL, ended_at = coalesce(c.ended_at, l.at),
              status = CASE c.status WHEN 'pending' THEN 'expired' ELSE c.status END
         FROM lost l WHERE c.id = l.key AND c.secrets_sealed = l.value
       RETURNING c.tenant_id`,
    ],
  },
} as const satisfies Record<string, ForgettableColumn>

/** Skips connected tenants: `requireReconnect` runs first, after which the tokens are not needed. */
function forgetTokens(column: string): string {
  return `WITH lost AS (${LOST_VALUES})
     UPDATE tenant_settings s
        SET refresh_token_sealed = NULL, access_token_sealed = NULL, access_token_expires_at = NULL,
            access_token_obtained_at = NULL,
            refresh_lease_owner = NULL, refresh_lease_until = NULL, grant_version = s.grant_version + 1
       FROM lost l WHERE s.tenant_id = l.key AND s.${column} = l.value AND s.status <> 'connected'
     RETURNING s.tenant_id`
}

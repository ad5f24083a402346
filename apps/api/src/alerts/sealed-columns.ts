import { LOST_VALUES, type ForgettableColumn } from '../domain/sealed-column.ts'

export const ALERT_SEALED_COLUMNS = {
  webhook: {
    table: 'webhooks',
    column: 'secret_sealed',
    key: 'id',
    record: 'id',
    purpose: 'webhook-secret',
    indexed: false,
    forget: [
      `WITH lost AS (${LOST_VALUES})
       DELETE FROM webhooks w USING lost l WHERE w.id = l.key AND w.secret_sealed = l.value RETURNING w.tenant_id`,
    ],
  },
} as const satisfies Record<string, ForgettableColumn>

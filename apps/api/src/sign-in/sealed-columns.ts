import { LOST_VALUES, type ForgettableColumn } from '../domain/sealed-column.ts'

export const SIGN_IN_SEALED_COLUMNS = {
  signIn: {
    table: 'pending_sign_ins',
    column: 'secrets_sealed',
    key: 'state_hash',
    record: 'state_hash',
    purpose: 'sign-in',
    indexed: false,
    forget: [
      `WITH lost AS (${LOST_VALUES})
       DELETE FROM pending_sign_ins p USING lost l WHERE p.state_hash = l.key AND p.secrets_sealed = l.value
       RETURNING p.tenant_id`,
    ],
  },
} as const satisfies Record<string, ForgettableColumn>

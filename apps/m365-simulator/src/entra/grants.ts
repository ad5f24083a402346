import { createHash, randomBytes } from 'node:crypto'
import type { Store } from '../state/store.ts'
import type { Permission } from './scopes.ts'

/** About as long as Entra's, so that nothing grows used to short ones. */
const CODE_BYTES = 600
const REFRESH_TOKEN_BYTES = 900

/** What this account and its tenant have consented to. */
export function grantedScopes({ state }: Store, oid: string): Set<string> {
  return new Set([...(state.userConsents.get(oid) ?? []), ...state.tenantConsents])
}

export function missingScopes(store: Store, oid: string, scopes: readonly Permission[]): Permission[] {
  const granted = grantedScopes(store, oid)
  return scopes.filter((scope) => !granted.has(scope))
}

export function newCode(): string {
  return `1.${randomBytes(CODE_BYTES).toString('base64url')}`
}

export function newRefreshToken(): string {
  return `1.${randomBytes(REFRESH_TOKEN_BYTES).toString('base64url')}`
}

export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url')
}

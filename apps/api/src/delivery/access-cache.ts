import type { HeldBecause } from '@inforiver-mail/contract/message'

const RENEW_BEFORE_EXPIRY_MS = 5 * 60_000
const MAX_TENANTS = 10_000

/** What a message is sent with, or why it cannot be sent now. */
export type Access =
  | {
      readonly outcome: 'granted'
      readonly accessToken: string
      readonly grantVersion: number
      readonly expiresAt: Date
      readonly connection: {
        readonly fromEmail: string
        readonly mailbox: string
        readonly permissions: readonly string[]
        /** Whether sent messages can be found in the mailbox by our id. */
        readonly searchWorks: boolean
      }
    }
  | { readonly outcome: 'held'; readonly because: HeldBecause }
  | { readonly outcome: 'unavailable'; readonly detail: string }

export type AccessTo = (tenantId: string, options: { refused?: number; signal: AbortSignal }) => Promise<Access>

/**
 * Keeps the opened access token of a tenant for as long as its settings and tokens stay the same. A claimed message
 * brings their stamp along, so that a reset or a reconnect counts from the next claim on, in every process.
 */
export function createAccessCache(
  access: AccessTo,
  clock: () => Date,
): (tenantId: string, stamp: string, signal: AbortSignal) => Promise<Access> {
  const entries = new Map<string, { readonly stamp: string; readonly access: Promise<Access> }>()
  return async (tenantId, stamp, signal) => {
    const entry = entries.get(tenantId)
    if (entry?.stamp === stamp) {
      const cached = await entry.access
      if (cached.outcome === 'granted' && cached.expiresAt.getTime() - clock().getTime() > RENEW_BEFORE_EXPIRY_MS)
        return cached
      if (entries.get(tenantId) === entry) entries.delete(tenantId)
    }
    const waiting = entries.get(tenantId)
    if (waiting?.stamp === stamp) return waiting.access
    if (entries.size >= MAX_TENANTS) entries.clear()
    const pending = access(tenantId, { signal })
    entries.set(tenantId, { stamp, access: pending })
    pending.catch(() => entries.delete(tenantId))
    return pending
  }
}

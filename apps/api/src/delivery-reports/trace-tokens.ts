import { TRACE_PERMISSION } from '@inforiver-mail/contract/permission'
import type { Failure } from '@inforiver-mail/m365/classify-failure'
import type { MicrosoftIdentity } from '@inforiver-mail/m365/microsoft-identity'

/** The time that a request takes to arrive: a token that ends within it is replaced. */
const EXPIRES_EARLIER_MS = 60_000

/** The application's own token, in both ways of access: the trace does not depend on what a person may read. */
export type TraceTokens = ReturnType<typeof createTraceTokens>

export function createTraceTokens({
  identity,
  clock,
}: {
  identity: Pick<MicrosoftIdentity, 'applicationToken'>
  clock: () => Date
}) {
  let kept: { readonly accessToken: string; readonly expiresAt: Date } | null = null
  let permissions: readonly string[] | null = null
  return {
    async get(
      signal: AbortSignal,
    ): Promise<
      | { readonly outcome: 'granted'; readonly accessToken: string }
      | { readonly outcome: 'refused'; readonly failure: Failure }
    > {
      if (kept && kept.expiresAt.getTime() - EXPIRES_EARLIER_MS > clock().getTime())
        return { outcome: 'granted', accessToken: kept.accessToken }
      const grant = await identity.applicationToken({ leg: 'application', signal })
      if (grant.outcome === 'refused') {
        const { detail, correlationId } = grant.explanation
        const facts = { microsoftCode: null, requestId: correlationId, detail }
        return { outcome: 'refused', failure: { outcome: 'unavailable', retryAfter: grant.retryAfter, ...facts } }
      }
      kept = grant.tokens
      permissions = grant.grantedPermissions
      return { outcome: 'granted', accessToken: kept.accessToken }
    },
    /** A new one is asked for next. */
    forget(): void {
      kept = null
    },
    /** Whether the last token names the permission. Of one that cannot be read, only Graph's refusal tells that it lacks. */
    hasPermission: (): boolean => permissions?.includes(TRACE_PERMISSION) ?? false,
  }
}

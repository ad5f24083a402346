import { CODE } from '@inforiver-mail/contract/wording'
import { causesOf, codedCause } from '../error-causes.ts'
import { worded } from '../explanation.ts'
import { NotSentError } from '../microsoft-fetch.ts'
import type { Failure } from './classify-failure.ts'

/** Classifies what `fetch` threw. A request that may have left this machine may have been carried out. */
export function classifyConnectionFailure(error: unknown): Failure {
  const causes = causesOf(error)
  const isUnsent = causes.some((cause) => cause instanceof NotSentError)
  const code = codedCause(causes)?.code ?? causes.find((cause) => !(cause instanceof NotSentError))?.name ?? null
  const name = isUnsent ? 'graph-not-reached' : 'graph-broke-off'
  const hint = isUnsent && (code === 'CERT_NOT_YET_VALID' || code === 'CERT_HAS_EXPIRED')
  const { detail, values } = worded({
    // A certificate that seems to have expired, or not to have begun, may mean that the clock here is wrong.
    detail: [name, ...(code === null ? [] : [CODE]), ...(hint ? ['check-clock-and-certificate'] : [])],
    ...(code !== null && { microsoftCode: code }),
  })
  const outcome = isUnsent ? 'unavailable' : 'unknown'
  return { outcome, microsoftCode: null, requestId: null, retryAfter: null, detail, values }
}

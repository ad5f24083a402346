import { CODE } from '@inforiver-mail/contract/wording'
import { worded } from '../explanation.ts'
import { NotSentError } from '../microsoft-fetch.ts'
import type { Failure } from './classify-failure.ts'

/** Classifies what `fetch` threw. A request that may have left this machine may have been carried out. */
export function classifyConnectionFailure(error: unknown): Failure {
  const causes = causesOf(error)
  const isUnsent = causes.some((cause) => cause instanceof NotSentError)
  const code = codeOf(causes)
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

/** The error and its causes. Node wraps one error for each address it tried. */
function causesOf(error: unknown): readonly Error[] {
  const causes: Error[] = []
  for (let current = error; current instanceof Error && causes.length < 5;) {
    causes.push(current)
    current = current instanceof AggregateError && current.errors.length > 0 ? current.errors[0] : current.cause
  }
  return causes
}

/** The first code, as of the socket's error, else the name of the error. */
function codeOf(causes: readonly Error[]): string | null {
  for (const cause of causes) if ('code' in cause && typeof cause.code === 'string') return cause.code
  return causes.find((cause) => !(cause instanceof NotSentError))?.name ?? null
}

import { CODE } from '@inforiver-mail/contract/wording'
import { worded } from '../explanation.ts'
import type { Failure } from './classify-failure.ts'

/** Errors from before the connection was established. Node marks those of the socket by `syscall` instead. */
const BEFORE_CONNECTION = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_PRX_TLS',
  'UND_ERR_PRX_CONN',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
])

/** Classifies what `fetch` threw. A request that may have left this machine may have been carried out. */
export function classifyConnectionFailure(error: unknown): Failure {
  const { code, beforeConnection } = rootCause(error)
  const name = beforeConnection ? 'graph-not-reached' : 'graph-broke-off'
  const hint = beforeConnection && (code === 'CERT_NOT_YET_VALID' || code === 'CERT_HAS_EXPIRED')
  const { detail, values } = worded({
    // A certificate that seems to have expired, or not to have begun, may mean that the clock here is wrong.
    detail: [name, ...(code === null ? [] : [CODE]), ...(hint ? ['check-clock-and-certificate'] : [])],
    ...(code !== null && { microsoftCode: code }),
  })
  const outcome = beforeConnection ? 'unavailable' : 'unknown'
  return { outcome, microsoftCode: null, requestId: null, retryAfter: null, detail, values }
}

interface Cause {
  readonly code: string | null
  readonly beforeConnection: boolean
}

/** undici wraps the error of the socket as `cause`; Node wraps one error for each address it tried. */
function rootCause(error: unknown): Cause {
  for (let current = error, depth = 0; current instanceof Error && depth < 5; current = current.cause, depth += 1) {
    if (current instanceof AggregateError && current.errors.length > 0) return rootCause(current.errors[0])
    if ('code' in current && typeof current.code === 'string')
      return { code: current.code, beforeConnection: isBeforeConnection(current, current.code) }
  }
  return { code: error instanceof Error ? error.name : null, beforeConnection: false }
}

function isBeforeConnection(error: Error, code: string): boolean {
  if ('syscall' in error) return error.syscall === 'connect' || error.syscall === 'getaddrinfo'
  // undici reports a proxy that refuses the tunnel like any other abort; only the message differs.
  return BEFORE_CONNECTION.has(code) || (code === 'UND_ERR_ABORTED' && error.message.startsWith('Proxy response'))
}

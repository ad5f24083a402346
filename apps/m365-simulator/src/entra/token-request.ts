import { createHash, timingSafeEqual } from 'node:crypto'
import type { Scenarios } from '../faults/scenario.ts'
import type { Registration } from '../simulation.ts'
import type { CodeState } from '../state/store.ts'
import { type EntraError, entraError, wantedError } from './aadsts.ts'
import { findDuplicate } from './authorize-request.ts'
import { ASSERTION_TYPE, type AssertionJudge } from './client-assertion.ts'

const CODE_LIFETIME_MS = 10 * 60 * 1000

/** How the client presents itself, and what it is judged by. */
export interface ClientProof {
  /** The header of that name. */
  readonly authorization: string | undefined
  /** What an assertion may name as this token endpoint. */
  readonly audiences: readonly string[]
  readonly assertions: AssertionJudge
}

/**
 * Which client asks, and whether it is the one registered: the secret in the body or by HTTP Basic, or an assertion
 * signed with its certificate, never two of them.
 *
 * @returns null when it is
 */
export async function findClientFault(
  form: URLSearchParams,
  { authorization, audiences, assertions }: ClientProof,
  registration: Registration,
  scenarios: Scenarios,
): Promise<EntraError | null> {
  const duplicate = findDuplicate(form)
  if (duplicate !== null) return entraError(9000411, [duplicate])
  if (!form.get('grant_type')) return entraError(900144, ['grant_type'])
  const basic = readBasic(authorization)
  if (basic === 'malformed') return entraError(9002313, ['The Authorization header is malformed.'])
  const clientId = form.get('client_id') || basic?.clientId
  if (!clientId) return entraError(900144, ['client_id'])
  if (basic !== null && basic.clientId.toLowerCase() !== clientId.toLowerCase()) {
    return entraError(9002313, ['Two different client ids were given.'])
  }
  if (clientId.toLowerCase() !== registration.clientId.toLowerCase()) {
    return entraError(700016, [clientId, registration.tenantId])
  }
  const assertion = form.get('client_assertion')
  const secret = form.get('client_secret') ?? basic?.secret
  // RFC 6749 section 2.3: one way of authenticating per request.
  const ways = [basic !== null, form.has('client_secret'), form.has('client_assertion')]
  if (ways.filter(Boolean).length > 1) return entraError(9002313, ['Two client credentials were given.'])
  if (!secret && !assertion) return entraError(7000218)

  const effect = scenarios.take((effect) => effect.kind === 'entra-error' && effect.at === 'client')
  if (effect?.kind === 'entra-error') return wantedError(effect, [registration.clientId])
  if (assertion) {
    if (form.get('client_assertion_type') !== ASSERTION_TYPE) return entraError(900144, ['client_assertion_type'])
    return assertions.findFault(assertion, audiences)
  }
  return isSameText(secret ?? '', registration.clientSecret) ? null : entraError(7000215, [registration.clientId])
}

/** @returns what is wrong with redeeming this code now, or null */
export function findCodeFault(code: CodeState | undefined, form: URLSearchParams, now: Date): EntraError | null {
  if (code === undefined) return entraError(70000, ['code'])
  if (code.redeemed) return entraError(54005)
  if (now.getTime() - code.issuedAtMs > CODE_LIFETIME_MS) return entraError(70008)
  const redirectUri = form.get('redirect_uri') ?? ''
  if (redirectUri !== code.redirectUri) return entraError(500112, [redirectUri, code.redirectUri])
  return isVerified(code.challenge, form.get('code_verifier')) ? null : entraError(501481)
}

function isVerified(challenge: CodeState['challenge'], verifier: string | null): boolean {
  if (challenge === null) return verifier === null
  if (verifier === null || !/^[A-Za-z0-9._~-]{43,128}$/.test(verifier)) return false
  const expected = challenge.method === 'plain' ? verifier : createHash('sha256').update(verifier).digest('base64url')
  return isSameText(expected, challenge.value)
}

function readBasic(authorization: string | undefined): { clientId: string; secret: string } | 'malformed' | null {
  if (authorization === undefined || !/^basic /i.test(authorization)) return null
  const decoded = Buffer.from(authorization.slice(6).trim(), 'base64').toString('utf8')
  const colon = decoded.indexOf(':')
  if (colon < 0) return 'malformed'
  try {
    // RFC 6749 section 2.3.1: both are form-encoded before they are joined.
    return { clientId: formDecode(decoded.slice(0, colon)), secret: formDecode(decoded.slice(colon + 1)) }
  } catch {
    return 'malformed'
  }
}

function formDecode(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '))
}

function isSameText(a: string, b: string): boolean {
  const [left, right] = [a, b].map((text) => createHash('sha256').update(text).digest())
  return left !== undefined && right !== undefined && timingSafeEqual(left, right)
}

import { createHash } from 'node:crypto'
import type { RandomBytes } from '../random.ts'

const SECRET_BYTES = 32 // in base64url the 43 characters that RFC 7636 section 4.1 asks of a verifier

/** The secrets that identify and protect one round trip to Microsoft's authorize page. */
export interface AuthorizationSecrets {
  readonly state: string
  readonly nonce: string
  readonly codeVerifier: string
  /** The S256 challenge of the verifier, which itself never appears in the URL. */
  readonly codeChallenge: string
}

export function newSecrets(random: RandomBytes): AuthorizationSecrets {
  const secret = () => random(SECRET_BYTES).toString('base64url')
  const codeVerifier = secret()
  return { state: secret(), nonce: secret(), codeVerifier, codeChallenge: codeChallengeOf(codeVerifier) }
}

/** RFC 7636 section 4.2, method S256. */
export function codeChallengeOf(codeVerifier: string): string {
  return createHash('sha256').update(codeVerifier).digest('base64url')
}

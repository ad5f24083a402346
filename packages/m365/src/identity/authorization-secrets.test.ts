import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { codeChallengeOf, newSecrets } from './authorization-secrets.ts'

it('computes the challenge of RFC 7636 appendix B', () => {
  expect(codeChallengeOf('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk')).toBe(
    'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  )
})

it('gives state, nonce and verifier 256 random bits each', () => {
  const { state, nonce, codeVerifier } = newSecrets(randomBytes)
  expect([state, nonce, codeVerifier].map((secret) => Buffer.from(secret, 'base64url').length)).toEqual([32, 32, 32])
  expect(new Set([state, nonce, codeVerifier]).size).toBe(3)
})

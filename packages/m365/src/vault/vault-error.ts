/**
 * - `unknown-key`: sealed with a key that the ring does not have; `kid` says which
 * - `wrong-owner`: sealed for another tenant, record or purpose
 * - `damaged`: changed since it was sealed, or never sealed
 */
export type VaultErrorCode = 'unknown-key' | 'wrong-owner' | 'damaged'

/** A sealed value did not open. The error quotes none of its content. */
export class VaultError extends Error {
  readonly code: VaultErrorCode
  readonly kid: string | null

  constructor(code: VaultErrorCode, message: string, kid: string | null = null) {
    super(message)
    this.name = 'VaultError'
    this.code = code
    this.kid = kid
  }
}

import { z } from 'zod'
import type { Endpoint } from './endpoint.ts'

/** How soon the credential expires: `notice` from 60 days before, `warning` from 7. */
export const CredentialLevel = z.enum(['ok', 'notice', 'warning', 'expired'])
export type CredentialLevel = z.infer<typeof CredentialLevel>

/** The credential that the app registration authenticates with at Microsoft, and when it expires. */
export const Credential = z.strictObject({
  kind: z.enum(['secret', 'certificate', 'federated']),
  /**
   * Null when the operator has not said it, since Microsoft does not reveal it for a secret, and for a federated
   * credential, which does not end. The level is `ok` then.
   */
  expiresAt: z.iso.datetime().nullable(),
  /** Rounded up; 0 once it has expired. */
  daysLeft: z.int().nullable(),
  level: CredentialLevel,
})
export type Credential = z.infer<typeof Credential>

export const readCredential = {
  operation: 'readCredential',
  summary: 'Tells when the client secret or certificate of the app registration ends.',
  method: 'GET',
  path: '/api/v1/tenant-settings/office365-smtp/credential',
  session: 'workspace-admin',
  scope: null,
  status: 200,
  response: Credential,
  answer: 'What is known of it.',
  problems: [],
} as const satisfies Endpoint

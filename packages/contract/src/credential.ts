import { z } from 'zod'
import type { Endpoint } from './endpoint.ts'

/** How near the end is: `notice` from 60 days ahead, `warning` from 7. */
export const CredentialLevel = z.enum(['ok', 'notice', 'warning', 'expired'])
export type CredentialLevel = z.infer<typeof CredentialLevel>

/** What the app registration authenticates with at Microsoft, and how long it is good for. */
export const Credential = z.strictObject({
  kind: z.enum(['secret', 'certificate']),
  /** Null where it is not known: Microsoft does not say it of a secret, the operator has to. Its level is `ok` then. */
  expiresAt: z.iso.datetime().nullable(),
  /** Days that are left, a begun one counted whole; 0 once it has expired. */
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

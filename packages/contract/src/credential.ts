import { z } from 'zod'
import type { Endpoint } from './endpoint.ts'
import { Time } from './fields.ts'

/** How soon the credential expires: `notice` from 60 days before, `warning` from 7. */
export const CredentialLevel = z.enum(['ok', 'notice', 'warning', 'expired'])
export type CredentialLevel = z.infer<typeof CredentialLevel>

/** The credential that the app registration authenticates with at Microsoft, and when it expires. */
export const Credential = z.strictObject({
  kind: z
    .enum(['secret', 'certificate', 'federated'])
    .meta({ description: 'What the app registration authenticates with.', examples: ['certificate'] }),
  expiresAt: Time.nullable().meta({
    description:
      'When it ends. Null when the operator has not said it, since Microsoft does not reveal it for a secret, and for a federated credential, which does not end: the level is ok then.',
    examples: ['2027-03-01T00:00:00.000Z', null],
  }),
  daysLeft: z
    .int()
    .nullable()
    .meta({
      description: 'How many days are left, rounded up; 0 once it has expired, null where its end is not known.',
      examples: [97, null],
    }),
  level: CredentialLevel.meta({ description: 'How urgent it is to renew it.', examples: ['ok'] }),
})
export type Credential = z.infer<typeof Credential>

export const readCredential = {
  operation: 'readCredential',
  summary: 'Tells when the client secret or certificate of the app registration ends.',
  description:
    'The level says how urgent it is to renew it. Microsoft does not tell when a secret ends, so that the operator has to configure it.',
  method: 'GET',
  path: '/api/v1/tenant-settings/office365-smtp/credential',
  session: 'workspace-admin',
  status: 200,
  response: Credential,
  answer: 'What is known of it.',
} as const satisfies Endpoint

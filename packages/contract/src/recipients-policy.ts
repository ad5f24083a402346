import { z } from 'zod'
import { AllowedDomains } from './allowed-domains.ts'
import { EmailAddress } from './email-address.ts'
import type { Endpoint } from './endpoint.ts'

const ALLOWED_DOMAINS = {
  description: 'Who may be written to; *.contoso.com is any name below contoso.com. An empty list allows every domain.',
  examples: [['contoso.com', '*.contoso.com']],
}

export const RecipientsPolicy = z.strictObject({
  allowedDomains: z.array(z.string()).meta(ALLOWED_DOMAINS),
  redirectAllTo: EmailAddress.nullable().meta({
    description: 'All mail goes to this address alone, instead of its recipients; null where it goes to them.',
    examples: [null, 'tests@contoso.com'],
  }),
})
export type RecipientsPolicy = z.infer<typeof RecipientsPolicy>

/** The policy to use from now on. The page and the API both validate with this schema. */
export const RecipientsPolicyInput = RecipientsPolicy.extend({ allowedDomains: AllowedDomains.meta(ALLOWED_DOMAINS) })
export type RecipientsPolicyInput = z.infer<typeof RecipientsPolicyInput>

export const readRecipientsPolicy = {
  operation: 'readRecipientsPolicy',
  summary: 'Reads who may be written to, and whether all mail is redirected.',
  description: 'It holds for every service. A service key can narrow it further.',
  method: 'GET',
  path: '/api/v1/tenant-settings/recipients',
  session: 'workspace-admin',
  status: 200,
  response: RecipientsPolicy,
  answer: 'The policy as it stands.',
} as const satisfies Endpoint

export const replaceRecipientsPolicy = {
  operation: 'replaceRecipientsPolicy',
  summary: 'Sets who may be written to, and whether all mail is redirected.',
  description:
    'Domains are compared when a message is submitted; *.contoso.com is any name below contoso.com, and not contoso.com itself. The redirection is decided when a message is sent, so that it covers what already waits: all mail goes to that address alone, and the subject names the first of its recipients.',
  method: 'PUT',
  path: '/api/v1/tenant-settings/recipients',
  session: 'workspace-admin',
  body: RecipientsPolicyInput,
  status: 200,
  response: RecipientsPolicy,
  answer:
    'The policy from now on. The domains hold for what is submitted next; the redirection also for what waits already.',
} as const satisfies Endpoint

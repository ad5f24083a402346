import { z } from 'zod'
import { bounded } from './bounded.ts'
import { DomainName } from './allowed-domains.ts'
import type { Endpoint } from './endpoint.ts'
import { fault } from './fault-text.ts'

const MAX_INTERNAL_DOMAINS = 1_000
const MAX_LICENCES = 10_000_000

const LICENCES = {
  description: 'Paid licences of Exchange Online; 0 for a trial, null while nobody has entered it.',
  examples: [250, null],
}
const INTERNAL_DOMAINS = {
  description: 'Domains of the organisation, each listed, subdomains too; none: the domain of the sender.',
  examples: [['contoso.com']],
}

/** What Microsoft's limit of recipients outside of the organisation depends on, as an admin has entered it. */
export const SendingLimits = z.strictObject({
  licences: z.int().nullable().meta(LICENCES),
  internalDomains: z.array(z.string()).meta(INTERNAL_DOMAINS),
})
export type SendingLimits = z.infer<typeof SendingLimits>

/** The page and the API both validate with this schema. */
export const SendingLimitsInput = z.strictObject({
  licences: z
    .int({ error: fault('licences') })
    .min(0, fault('number-too-small', { min: 0 }))
    .max(MAX_LICENCES, fault('number-too-large', { max: MAX_LICENCES }))
    .nullable()
    .meta(LICENCES),
  internalDomains: bounded(
    z.array(DomainName, { error: fault('internal-domain-list') }),
    MAX_INTERNAL_DOMAINS,
    fault('too-many-domains', { max: MAX_INTERNAL_DOMAINS }),
  )
    .transform((domains) => [...new Set(domains)])
    .meta(INTERNAL_DOMAINS),
})
export type SendingLimitsInput = z.infer<typeof SendingLimitsInput>

export const readSendingLimits = {
  operation: 'readSendingLimits',
  summary: 'Reads what Microsoft’s limit of external recipients depends on.',
  description: 'Nothing is entered at first: then licences is null, and only the domain of the sender is internal.',
  method: 'GET',
  path: '/api/v1/tenant-settings/sending-limits',
  session: 'workspace-admin',
  status: 200,
  response: SendingLimits,
  answer: 'What an admin has entered.',
} as const satisfies Endpoint

export const replaceSendingLimits = {
  operation: 'replaceSendingLimits',
  summary: 'Sets what Microsoft’s limit of external recipients depends on.',
  description:
    'Microsoft limits the recipients outside of an organisation by its licences, and has no API that tells the limit. It is shown, and nothing is held back by it.',
  method: 'PUT',
  path: '/api/v1/tenant-settings/sending-limits',
  session: 'workspace-admin',
  body: SendingLimitsInput,
  status: 200,
  response: SendingLimits,
  answer: 'What holds from now on. What was sent within 24 hours is counted again by it.',
} as const satisfies Endpoint

import { z } from 'zod'
import { bounded } from './bounded.ts'
import { EmailAddress, isDomainName } from './email-address.ts'
import type { Endpoint } from './endpoint.ts'
import { fault } from './fault-text.ts'

const MAX_ALLOWED_DOMAINS = 100
const BELOW = '*.'

/** The domain in lower case, as DNS has it (xn--…); null where no such name can exist. */
function toAsciiDomain(domain: string): string | null {
  if (/^[\x21-\x7e]+$/.test(domain)) return domain.toLowerCase()
  try {
    return new URL(`http://${domain}`).hostname
  } catch {
    return null
  }
}

/**
 * A domain such as `contoso.com`, or `*.contoso.com` for every name below it, which does not include `contoso.com`
 * itself. Kept in lower case, as DNS has it.
 */
const AllowedDomain = z
  .string({ error: fault('domain-needed') })
  .max(255, fault('domain-too-long'))
  .transform((value, context) => {
    const domain = value.startsWith(BELOW) ? value.slice(BELOW.length) : value
    const prefix = value.slice(0, value.length - domain.length)
    // Below a name of one part, such as *.local, there are domains too.
    const ascii = isDomainName(prefix === '' ? domain : `x.${domain}`) ? toAsciiDomain(domain) : null
    if (ascii !== null) return `${prefix}${ascii}`
    context.addIssue({
      code: 'custom',
      message: fault('domain-or-below'),
    })
    return z.NEVER
  })

/** A domain such as `contoso.com`, in lower case, as DNS has it. */
export const DomainName = z
  .string({ error: fault('domain-needed') })
  .max(253, fault('domain-too-long'))
  .transform((value, context) => {
    const ascii = isDomainName(value) ? toAsciiDomain(value) : null
    if (ascii !== null) return ascii
    context.addIssue({ code: 'custom', message: fault('domain-alone') })
    return z.NEVER
  })

/** Domains that mail may go to, each once; an empty list allows all. */
export const AllowedDomains = bounded(
  z.array(AllowedDomain, { error: fault('domain-list') }),
  MAX_ALLOWED_DOMAINS,
  fault('too-many-domains', { max: MAX_ALLOWED_DOMAINS }),
).transform((domains) => [...new Set(domains)])

/** Whether mail to this address is allowed. `domains` are as `AllowedDomains` returns them. */
export function isAllowedRecipient(address: string, domains: readonly string[]): boolean {
  if (domains.length === 0) return true
  const domain = toAsciiDomain(address.slice(address.lastIndexOf('@') + 1))
  if (domain === null) return false
  return domains.some((allowed) => (allowed.startsWith(BELOW) ? domain.endsWith(allowed.slice(1)) : domain === allowed))
}

const REDIRECT = {
  description: 'All mail goes to this address alone, instead of its recipients; null where it goes to them.',
  examples: [null, 'tests@contoso.com'],
}
const ALLOWED_DOMAINS = {
  description: 'Who may be written to; *.contoso.com is any name below contoso.com. An empty list allows every domain.',
  examples: [['contoso.com', '*.contoso.com']],
}

export const RecipientsPolicy = z.strictObject({
  allowedDomains: z.array(z.string()).meta(ALLOWED_DOMAINS),
  redirectAllTo: EmailAddress.nullable().meta(REDIRECT),
})
export type RecipientsPolicy = z.infer<typeof RecipientsPolicy>

/** The policy to use from now on. The page and the API both validate with this schema. */
export const RecipientsPolicyInput = z.strictObject({
  allowedDomains: AllowedDomains.meta(ALLOWED_DOMAINS),
  redirectAllTo: EmailAddress.nullable().meta(REDIRECT),
})
export type RecipientsPolicyInput = z.infer<typeof RecipientsPolicyInput>

export const readRecipientsPolicy = {
  operation: 'readRecipientsPolicy',
  summary: 'Reads who may be written to, and whether all mail is redirected.',
  description: 'It holds for every service. A service key can narrow it further.',
  method: 'GET',
  path: '/api/v1/tenant-settings/recipients',
  session: 'workspace-admin',
  scope: null,
  status: 200,
  response: RecipientsPolicy,
  answer: 'The policy as it stands.',
  problems: [],
} as const satisfies Endpoint

export const replaceRecipientsPolicy = {
  operation: 'replaceRecipientsPolicy',
  summary: 'Sets who may be written to, and whether all mail is redirected.',
  description:
    'Domains are compared when a message is submitted; *.contoso.com is any name below contoso.com, and not contoso.com itself. The redirection is decided when a message is sent, so that it covers what already waits: all mail goes to that address alone, and the subject names the first of its recipients.',
  method: 'PUT',
  path: '/api/v1/tenant-settings/recipients',
  session: 'workspace-admin',
  scope: null,
  body: RecipientsPolicyInput,
  status: 200,
  response: RecipientsPolicy,
  answer:
    'The policy from now on. The domains hold for what is submitted next; the redirection also for what waits already.',
  problems: [],
} as const satisfies Endpoint

import { z } from 'zod'
import { bounded } from './bounded.ts'
import { isDomainName } from './email-address.ts'
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

/** Kept in lower case, as DNS has it. */
function domainName(maxCharacters: number, takesBelow: boolean, refusal: 'domain-alone' | 'domain-or-below') {
  return z
    .string({ error: fault('domain-needed') })
    .max(maxCharacters, fault('domain-too-long'))
    .transform((value, context) => {
      const prefix = takesBelow && value.startsWith(BELOW) ? BELOW : ''
      const domain = value.slice(prefix.length)
      // Below a name of one part, such as *.local, there are domains too.
      const ascii = isDomainName(prefix === '' ? domain : `x.${domain}`) ? toAsciiDomain(domain) : null
      if (ascii !== null) return `${prefix}${ascii}`
      context.addIssue({ code: 'custom', message: fault(refusal) })
      return z.NEVER
    })
}

/** A domain such as `contoso.com`, or `*.contoso.com` for every name below it, which does not include `contoso.com` itself. */
const AllowedDomain = domainName(255, true, 'domain-or-below')

/** A domain such as `contoso.com`. */
export const DomainName = domainName(253, false, 'domain-alone')

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

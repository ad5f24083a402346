import { z } from 'zod'

const MAX_ADDRESS_CHARACTERS = 254 // RFC 5321 section 4.5.3.1.3, less the angle brackets of a path
const MAX_LOCAL_PART_CHARACTERS = 64 // RFC 5321 section 4.5.3.1.1
const MAX_LABEL_CHARACTERS = 63 // RFC 1035 section 2.3.4

/**
 * A bare mail address, such as `reports@contoso.com`: one `@`, a dotted domain, nothing around it.
 * Unicode is allowed on both sides (RFC 6531). Quoted local parts and address literals are refused:
 * Microsoft 365 has no such mailboxes.
 */
export const EmailAddress = z.string().superRefine((value, context) => {
  const fault = emailAddressFault(value)
  if (fault) context.addIssue({ code: 'custom', message: fault })
})
export type EmailAddress = z.infer<typeof EmailAddress>

/**
 * Removes what a pasted address often brings along: spaces around it, also those that do not break or cannot be seen. An
 * address itself contains none.
 */
export function trimAddress(text: string): string {
  return text.replaceAll(/^[\p{Z}\p{C}]+|[\p{Z}\p{C}]+$/gu, '')
}

/** Compares without regard to case, as Exchange does. */
export function sameAddress(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase()
}

/** Whether this is a domain of at least two parts, in any script. */
export function isDomainName(domain: string): boolean {
  return domainFault(domain) === null
}

function emailAddressFault(value: string): string | null {
  if (value === '') return 'Enter an email address.'
  if (value !== value.trim()) return 'Remove the space around the address.'
  if (/[\p{C}\p{Z}]/u.test(value)) return 'An email address contains no spaces or invisible characters.'
  if (value.length > MAX_ADDRESS_CHARACTERS) return `An email address has at most ${MAX_ADDRESS_CHARACTERS} characters.`
  const parts = value.split('@')
  if (parts.length < 2) return 'An email address needs an @, as in reports@contoso.com.'
  if (parts.length > 2) return 'An email address has only one @.'
  const [local = '', domain = ''] = parts
  return localPartFault(local) ?? domainFault(domain)
}

function localPartFault(local: string): string | null {
  if (local === '') return 'Enter the part before the @.'
  if (local.length > MAX_LOCAL_PART_CHARACTERS)
    return `The part before the @ has at most ${MAX_LOCAL_PART_CHARACTERS} characters.`
  if (/["(),:;<>[\\\]]/.test(local)) return 'Enter only the address, without a name, quotes or brackets.'
  if (local.startsWith('.') || local.endsWith('.') || local.includes('..'))
    return 'The part before the @ has a misplaced dot.'
  return null
}

function domainFault(domain: string): string | null {
  const labels = domain.split('.')
  if (labels.length < 2) return 'The part after the @ needs a dot, as in contoso.com.'
  if (labels.includes('')) return 'The part after the @ has a misplaced dot.'
  if (!labels.every(isDomainLabel)) return 'The part after the @ is not a domain name.'
  if (/^\d+$/.test(labels.at(-1) ?? '')) return 'The part after the @ is not a domain name.'
  return null
}

function isDomainLabel(label: string): boolean {
  return label.length <= MAX_LABEL_CHARACTERS && /^[\p{L}\p{N}]([\p{L}\p{M}\p{N}-]*[\p{L}\p{M}\p{N}])?$/u.test(label)
}

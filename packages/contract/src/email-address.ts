import { z } from 'zod'
import { fault } from './fault-text.ts'

export const MAX_ADDRESS_CHARACTERS = 254 // RFC 5321 section 4.5.3.1.3, less the angle brackets of a path
const MAX_LOCAL_PART_CHARACTERS = 64 // RFC 5321 section 4.5.3.1.1
const MAX_LABEL_CHARACTERS = 63 // RFC 1035 section 2.3.4

/**
 * A bare mail address, such as `reports@contoso.com`: one `@`, a dotted domain, nothing around it.
 * Unicode is allowed on both sides (RFC 6531). Quoted local parts and address literals are refused:
 * Microsoft 365 has no such mailboxes.
 */
export const EmailAddress = z
  .string()
  .refine((value) => emailAddressFault(value) === null, { error: ({ input }) => emailAddressFault(String(input)) })
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

/** The domain of an address, in lower case. */
export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1).toLowerCase()
}

/** Whether this is a domain of at least two parts, in any script. */
export function isDomainName(domain: string): boolean {
  return domainFault(domain) === null
}

export function emailAddressFault(value: string): string | null {
  if (value === '') return fault('address-missing')
  if (/<[^<>]*>\s*$/.test(value.slice(-2 * MAX_ADDRESS_CHARACTERS))) return fault('address-only')
  if (value !== value.trim()) return fault('address-spaces-around')
  if (/[\p{C}\p{Z}]/u.test(value)) return fault('address-spaces')
  if (value.length > MAX_ADDRESS_CHARACTERS) return fault('address-too-long', { max: MAX_ADDRESS_CHARACTERS })
  const parts = value.split('@')
  if (parts.length < 2) return fault('address-without-at')
  if (parts.length > 2) return fault('address-with-two-ats')
  const [local = '', domain = ''] = parts
  return localPartFault(local) ?? domainFault(domain)
}

function localPartFault(local: string): string | null {
  if (local === '') return fault('address-local-missing')
  if (local.length > MAX_LOCAL_PART_CHARACTERS)
    return fault('address-local-too-long', { max: MAX_LOCAL_PART_CHARACTERS })
  if (/["(),:;<>[\\\]]/.test(local)) return fault('address-only')
  if (local.startsWith('.') || local.endsWith('.') || local.includes('..')) return fault('address-local-dot')
  return null
}

function domainFault(domain: string): string | null {
  const labels = domain.split('.')
  if (labels.length < 2) return fault('address-domain-without-dot')
  if (labels.includes('')) return fault('address-domain-dot')
  if (!labels.every(isDomainLabel)) return fault('address-domain')
  if (/^\d+$/.test(labels.at(-1) ?? '')) return fault('address-domain')
  return null
}

function isDomainLabel(label: string): boolean {
  return label.length <= MAX_LABEL_CHARACTERS && /^[\p{L}\p{N}]([\p{L}\p{M}\p{N}-]*[\p{L}\p{M}\p{N}])?$/u.test(label)
}

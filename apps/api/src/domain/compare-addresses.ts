import { domainToUnicode } from 'node:url'

/** Whether two addresses are of one mailbox: case does not matter, nor whether a domain is in ASCII (xn--…) or Unicode. */
export function isSameMailbox(one: string, other: string): boolean {
  return comparableAddress(one) === comparableAddress(other)
}

/** Returns the spelling that all addresses of one mailbox share. */
export function comparableAddress(address: string): string {
  const at = address.lastIndexOf('@')
  const domain = address.slice(at + 1)
  return `${address.slice(0, at)}@${domainToUnicode(domain) || domain}`.toLowerCase()
}

import ipaddr from 'ipaddr.js'

/** Whether a webhook may be sent to an IP address. */
export type AddressRule = (address: string) => boolean

const PRIVATE_RANGES = new Set(['private', 'uniqueLocal', 'carrierGradeNat'])

/**
 * Metadata services of clouds that no special range covers: AWS and Google over IPv6, Alibaba, and Azure, whose host
 * answers at a public address. They hand a machine its own secrets.
 */
const METADATA = new Set(
  ['fd00:ec2::254', 'fd20:ce::254', '100.100.100.200', '168.63.129.16'].map((text) =>
    ipaddr.parse(text).toNormalizedString(),
  ),
)
/** Everything that is global unicast today (RFC 4291 section 2.4). */
const GLOBAL_UNICAST = ipaddr.parseCIDR('2000::/3')
/** The last 32 bits are the IPv4 address that it leads to (RFC 6052 section 2.1). */
const NAT64 = ipaddr.parseCIDR('64:ff9b::/96')

/**
 * Allows public addresses, and with `allowPrivate` those of RFC 1918, RFC 4193 and RFC 6598. Never allows loopback,
 * link-local, metadata, multicast, unspecified and reserved ones, in whatever notation.
 */
export function createAddressRule({ allowPrivate }: { allowPrivate: boolean }): AddressRule {
  return (text) => {
    if (!ipaddr.isValid(text)) return false
    const address = unwrap(ipaddr.parse(text))
    if (METADATA.has(address.toNormalizedString())) return false
    const range = address.range()
    if (PRIVATE_RANGES.has(range)) return allowPrivate
    return range === 'unicast' && (address instanceof ipaddr.IPv4 || address.match(GLOBAL_UNICAST))
  }
}

/** Returns the IPv4 address inside a mapped or NAT64 one. */
function unwrap(address: ipaddr.IPv4 | ipaddr.IPv6): ipaddr.IPv4 | ipaddr.IPv6 {
  if (address instanceof ipaddr.IPv4) return address
  if (address.isIPv4MappedAddress()) return address.toIPv4Address()
  return address.match(NAT64) ? new ipaddr.IPv4(address.toByteArray().slice(12)) : address
}

import ipaddr from 'ipaddr.js'

/** Whether a webhook may be sent to an IP address. */
export type AddressRule = (address: string) => boolean

const PRIVATE_RANGES = new Set(['private', 'uniqueLocal', 'carrierGradeNat'])

/**
 * Where clouds tell a machine its own secrets, as far as no special range covers it: AWS over IPv6, Google over IPv6,
 * Alibaba, and the host of an Azure machine, which answers at a public address.
 */
const METADATA = new Set(
  ['fd00:ec2::254', 'fd20:ce::254', '100.100.100.200', '168.63.129.16'].map((text) =>
    ipaddr.parse(text).toNormalizedString(),
  ),
)
/** RFC 4291 section 2.4: everything that is global unicast today. */
const GLOBAL_UNICAST = ipaddr.parseCIDR('2000::/3')
/** RFC 6052 section 2.1: the last 32 bits are an IPv4 address, which is where it leads. */
const NAT64 = ipaddr.parseCIDR('64:ff9b::/96')

/**
 * Public addresses only; with `allowPrivate` those of RFC 1918, RFC 4193 and RFC 6598 as well. Loopback, link-local,
 * metadata, multicast, unspecified and reserved ones never, in whatever way they are written.
 */
export function createAddressRule({ allowPrivate }: { allowPrivate: boolean }): AddressRule {
  return (text) => {
    if (!ipaddr.isValid(text)) return false
    const address = reached(ipaddr.parse(text))
    if (METADATA.has(address.toNormalizedString())) return false
    const range = address.range()
    if (PRIVATE_RANGES.has(range)) return allowPrivate
    return range === 'unicast' && (address instanceof ipaddr.IPv4 || address.match(GLOBAL_UNICAST))
  }
}

/** The address behind one that wraps another. */
function reached(address: ipaddr.IPv4 | ipaddr.IPv6): ipaddr.IPv4 | ipaddr.IPv6 {
  if (address instanceof ipaddr.IPv4) return address
  if (address.isIPv4MappedAddress()) return address.toIPv4Address()
  return address.match(NAT64) ? new ipaddr.IPv4(address.toByteArray().slice(12)) : address
}

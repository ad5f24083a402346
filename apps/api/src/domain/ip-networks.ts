import ipaddr from 'ipaddr.js'

/**
 * Whether an address is one of these addresses, or in one of these networks. Anything but an IP address is in none.
 *
 * A socket for both families shows 10.1.2.3 as ::ffff:10.1.2.3, and networks may be written either way: all are compared
 * as IPv6.
 */
export function isInNetworks(address: string, networks: readonly string[]): boolean {
  if (!ipaddr.isValid(address)) return false
  const compared = toIPv6(ipaddr.parse(address))
  return networks.some((network) => compared.match(...toRange(network)))
}

/** Groups addresses by their likely owner: a single IPv4 address, or an IPv6 /64. */
export function subscriberOf(address: string): string {
  if (!ipaddr.isValid(address)) return address
  const parsed = ipaddr.process(address)
  return parsed instanceof ipaddr.IPv6 ? parsed.parts.slice(0, 4).join(':') : parsed.toString()
}

function toRange(network: string): [ipaddr.IPv6, number] {
  if (!network.includes('/')) return [toIPv6(ipaddr.parse(network)), 128]
  const [address, bits] = ipaddr.parseCIDR(network)
  return [toIPv6(address), address instanceof ipaddr.IPv4 ? bits + 96 : bits]
}

function toIPv6(address: ipaddr.IPv4 | ipaddr.IPv6): ipaddr.IPv6 {
  return address instanceof ipaddr.IPv4 ? address.toIPv4MappedAddress() : address
}

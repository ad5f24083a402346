import ipaddr from 'ipaddr.js'

/** Whether a client is among these addresses and networks; an empty list allows all. What is no IP address is in none. */
export function isAllowedClient(client: string, allowed: readonly string[]): boolean {
  if (allowed.length === 0) return true
  if (!ipaddr.isValid(client)) return false
  // A socket for both families shows 10.1.2.3 as ::ffff:10.1.2.3, and somebody may have entered it either way.
  const address = toIPv6(ipaddr.parse(client))
  return allowed.some((text) => address.match(...toNetwork(text)))
}

function toNetwork(text: string): [ipaddr.IPv6, number] {
  const [address, bits] = ipaddr.parseCIDR(text.includes('/') ? text : `${text}/${text.includes(':') ? 128 : 32}`)
  return [toIPv6(address), address.kind() === 'ipv4' ? bits + 96 : bits]
}

function toIPv6(address: ipaddr.IPv4 | ipaddr.IPv6): ipaddr.IPv6 {
  return address.kind() === 'ipv4' ? (address as ipaddr.IPv4).toIPv4MappedAddress() : (address as ipaddr.IPv6)
}

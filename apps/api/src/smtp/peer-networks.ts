import ipaddr from 'ipaddr.js'
import { isLoopback } from '../loopback.ts'

/** Returns a test of whether an address may come without TLS: this machine may, and the listed networks. */
export function createPlainPeers(networks: readonly string[]): (address: string) => boolean {
  const ranges = networks.map((network) =>
    network.includes('/') ? ipaddr.parseCIDR(network) : toRange(ipaddr.process(network)),
  )
  return (address) => {
    if (isLoopback(address)) return true
    if (!ipaddr.isValid(address)) return false
    const peer = ipaddr.process(address) // an IPv4 address may come as IPv6
    return ranges.some(([network, bits]) => network.kind() === peer.kind() && peer.match(network, bits))
  }
}

function toRange(address: ipaddr.IPv4 | ipaddr.IPv6): [ipaddr.IPv4 | ipaddr.IPv6, number] {
  return [address, address.kind() === 'ipv4' ? 32 : 128]
}

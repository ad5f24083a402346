import { isLoopback } from '@inforiver-mail/m365/loopback'
import { isInNetworks } from '../domain/ip-networks.ts'

/** Returns a test of whether an address may come without TLS: this machine may, and the listed networks. */
export function createPlainPeers(networks: readonly string[]): (address: string) => boolean {
  return (address) => isLoopback(address) || isInNetworks(address, networks)
}

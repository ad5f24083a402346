import { isInNetworks } from '../domain/ip-networks.ts'

/** Whether a client is among these addresses and networks; an empty list allows all. */
export function isAllowedClient(client: string, allowed: readonly string[]): boolean {
  return allowed.length === 0 || isInNetworks(client, allowed)
}

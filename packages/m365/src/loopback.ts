import { isIPv4 } from 'node:net'

/** Whether a host name or address, as written in a URL or reported by a socket, is a loopback host. */
export function isLoopback(host: string): boolean {
  const address = host.replace(/^\[|\]$/g, '').replace(/^::ffff:/, '')
  return address === 'localhost' || address === '::1' || (isIPv4(address) && address.startsWith('127.'))
}

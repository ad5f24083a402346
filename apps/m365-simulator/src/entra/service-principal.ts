import { createHash } from 'node:crypto'

/** Object id of the enterprise application: always the same for a registration, and another than its client id. */
export function servicePrincipalId(clientId: string): string {
  const hex = createHash('sha256').update(`service principal of ${clientId.toLowerCase()}`).digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  )
}

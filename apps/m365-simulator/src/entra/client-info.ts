import type { Person } from '../directory/directory.ts'

/** MSAL's `client_info`: the account's home, which for a guest is another tenant. */
export function clientInfo(person: Person, tenantId: string): string {
  const home = person.home ?? { tenantId, oid: person.oid }
  return Buffer.from(JSON.stringify({ uid: home.oid, utid: home.tenantId })).toString('base64url')
}

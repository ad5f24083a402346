import { createHash, randomUUID } from 'node:crypto'
import type { JWTPayload } from 'jose'
import type { Person } from '../directory/directory.ts'
import type { TokenChange } from '../faults/scenario.ts'
import { signInName } from './pages.ts'

const LIFETIME_SECONDS = 3600
const STRANGE_GUID = '00000000-dead-4bad-8bad-000000000000'

export interface IdTokenFacts {
  readonly person: Person
  readonly tenantId: string
  readonly clientId: string
  readonly authorityHost: string
  readonly scopes: readonly string[]
  readonly nonce: string | null
  readonly now: Date
}

/** The claims Entra v2.0 puts into an id_token for these scopes, or wrong ones as a scenario wants. */
export function idTokenClaims(facts: IdTokenFacts, change: TokenChange | null): JWTPayload {
  const { person, tenantId, clientId, authorityHost, scopes, nonce, now } = facts
  const issuedAt = Math.floor(now.getTime() / 1000) - (change === 'expired-id-token' ? 2 * LIFETIME_SECONDS : 0)
  const issuedIn = change === 'wrong-tenant' ? STRANGE_GUID : tenantId
  return {
    aud: change === 'wrong-audience' ? STRANGE_GUID : clientId,
    iss: change === 'wrong-issuer' ? 'https://login.example.com/v2.0' : `${authorityHost}/${issuedIn}/v2.0`,
    iat: issuedAt,
    nbf: issuedAt,
    exp: issuedAt + LIFETIME_SECONDS,
    ...(person.home === undefined ? {} : { idp: `https://sts.windows.net/${person.home.tenantId}/` }),
    ...(scopes.includes('email') && person.mail !== null ? { email: person.mail } : {}),
    ...(nonce === null ? {} : { nonce: change === 'wrong-nonce' ? randomUUID() : nonce }),
    ...(scopes.includes('profile')
      ? {
          name: person.displayName,
          oid: change === 'wrong-oid' ? STRANGE_GUID : person.oid,
          preferred_username: signInName(person),
          tid: issuedIn,
        }
      : {}),
    rh: `1.${createHash('sha256').update(person.oid).digest('base64url')}.`,
    ...(person.appRoles.length > 0 ? { roles: [...person.appRoles] } : {}),
    // Pairwise: another application sees another subject.
    sub: createHash('sha256').update(`${clientId}/${person.oid}`).digest('base64url'),
    uti: randomUUID(),
    ver: '2.0',
  }
}

import { NO_RIGHTS, type Person, type Rights } from '../directory/directory.ts'
import type { ApplicationPermission } from '../entra/application-permissions.ts'
import { issueAccessToken, issueApplicationToken, issueRefreshToken } from '../entra/issue-tokens.ts'
import type { Permission } from '../entra/scopes.ts'
import type { Simulation } from '../simulation.ts'
import { rightsOf } from '../state/store.ts'

/** What an administrator of the simulated tenant, or a test, may change. Used by the control API and the page alike. */
export interface MintedTokens {
  readonly accessToken: string
  readonly refreshToken: string
  /** Seconds. */
  readonly expiresIn: number
}

export interface Operations {
  /** By oid or any of its addresses. */
  findPerson(name: string): Person | undefined
  /** @param accessTokens those under way as well, which Entra itself leaves alone until they expire */
  revokeTokens(person: Person, accessTokens: boolean): void
  removeConsents(person: Person): void
  removeTenantConsents(): void
  setEnabled(person: Person, enabled: boolean): void
  /** @returns false when the address is no shared mailbox or group and no person's mailbox */
  setRights(address: string, person: Person, rights: Partial<Rights>): boolean
  /** Tokens as after a sign-in with consent to these scopes, without the sign-in. */
  mintTokens(person: Person, scopes: readonly Permission[]): Promise<MintedTokens>
  /** A token of the application itself, as after an administrator's consent, without the consent page. */
  mintApplicationToken(permissions: readonly ApplicationPermission[]): Promise<Omit<MintedTokens, 'refreshToken'>>
  /** Mail, grants, rights, scenarios, settings, counters: as on the first day. */
  reset(): void
}

export function createOperations(simulation: Simulation): Operations {
  const { index, store, scenarios, settings, traffic, arrivals, uploads, clock } = simulation
  return {
    findPerson(name) {
      const lower = name.toLowerCase()
      const addressee = index.byAddress(name)
      return (
        index.personByOid(name) ??
        (addressee?.kind === 'person' ? addressee.person : undefined) ??
        index.directory.people.find((person) => person.userPrincipalName.toLowerCase() === lower)
      )
    },
    revokeTokens(person, accessTokens) {
      const atMs = clock().getTime() + 1
      store.commit({ type: 'refresh-tokens-revoked', oid: person.oid, atMs })
      if (accessTokens) store.commit({ type: 'access-tokens-revoked', oid: person.oid, atMs })
    },
    removeConsents: (person) => store.commit({ type: 'user-consent-removed', oid: person.oid }),
    removeTenantConsents: () => store.commit({ type: 'tenant-consent-removed' }),
    setEnabled: (person, enabled) => store.commit({ type: 'account-enabled', oid: person.oid, enabled }),
    setRights(address, person, rights) {
      const addressee = index.byAddress(address)
      if (addressee === undefined) return false
      const now = rightsOf(store.state, index, addressee.address, person.oid)
      store.commit({
        type: 'rights-set',
        address: addressee.address.toLowerCase(),
        oid: person.oid,
        rights: { ...NO_RIGHTS, ...now, ...rights },
      })
      return true
    },
    async mintTokens({ oid }, asked) {
      const scopes = [...new Set<Permission>([...asked, 'offline_access'])]
      store.commit({ type: 'user-consented', oid, scopes })
      const { accessToken, expiresInSeconds } = await issueAccessToken(oid, simulation)
      return { accessToken, refreshToken: issueRefreshToken(oid, scopes, simulation), expiresIn: expiresInSeconds }
    },
    async mintApplicationToken(permissions) {
      store.commit({ type: 'application-consented', permissions })
      const { accessToken, expiresInSeconds } = await issueApplicationToken(simulation)
      return { accessToken, expiresIn: expiresInSeconds }
    },
    reset() {
      uploads.reset()
      store.reset()
      arrivals.reset()
      scenarios.remove()
      settings.reset()
      traffic.reset()
    },
  }
}

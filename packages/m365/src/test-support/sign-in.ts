import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import { createMicrosoftIdentity, type MicrosoftIdentity } from '../identity/microsoft-identity.ts'
import { patientFetch } from './time-limit.ts'

/** The app registration that tests sign in with. */
export const registration = {
  tenantId: randomUUID(),
  clientId: randomUUID(),
  clientSecret: 'value-of-the-secret',
  redirectUris: ['http://localhost:3000/auth/microsoft/callback'],
  displayName: 'Inforiver Mail',
}
export const redirectUri = 'http://localhost:3000/auth/microsoft/callback'

/** The addresses to which the product sends an Entra administrator. */
const approvalLinks = {
  delegated: (scopes: readonly string[]) => `http://localhost:3000/approve?${scopes.join()}`,
  application: () => 'http://localhost:3000/approve',
}

/** People of the simulator's demo tenant, by object id. */
export const ADA = '5f0c1a52-7c1e-4b8d-9a43-0d6f3b7e1101'
export const GIL_THE_GUEST = '5f0c1a52-7c1e-4b8d-9a43-0d6f3b7e1106'

/** Entra at a host, as the product uses it. */
export function identityAt(
  authorityHost: string,
  given: Partial<Parameters<typeof createMicrosoftIdentity>[0]> = {},
): MicrosoftIdentity {
  return createMicrosoftIdentity({
    registration,
    authorityHost,
    graphBaseUrl: authorityHost,
    redirectUri,
    approvalLinks,
    fetch: patientFetch,
    clock: () => new Date(),
    ...given,
  })
}

/** Goes through Microsoft's pages and accepts everything. Returns the parameters of the redirect back. */
export async function signIn(authorizeUrl: string, oid: string): Promise<Record<string, string>> {
  const { origin, search } = new URL(authorizeUrl)
  const post = (page: string, fields: Record<string, string>) =>
    fetch(`${origin}/${registration.tenantId}/${page}`, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'content-type': 'application/x-www-form-urlencoded', origin },
      body: new URLSearchParams({ request: search.slice(1), account: oid, ...fields }).toString(),
    })
  const picked = await post('sign-in', {})
  const response = picked.status === 302 ? picked : await post('consent', { decision: 'accept' })
  const location = response.headers.get('location')
  if (location === null) throw new Error(`Microsoft's page did not lead back (HTTP ${response.status}).`)
  return Object.fromEntries(new URL(location).searchParams)
}

/** Changes the simulator through its control API, and returns what it answers. */
export async function control(
  origin: string,
  method: 'POST' | 'PATCH' | 'PUT' | 'DELETE',
  path: string,
  body?: unknown,
): Promise<unknown> {
  const response = await fetch(`${origin}/control${path}`, {
    method,
    ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  })
  if (!response.ok) throw new Error(`${method} ${path}: HTTP ${response.status} ${await response.text()}`)
  const text = await response.text()
  return text === '' ? null : JSON.parse(text)
}

/** Reads from the simulator's control API. */
export async function readControl(origin: string, path: string): Promise<unknown> {
  return (await fetch(`${origin}/control${path}`)).json()
}

/** Waits until every scenario of the simulator has been met: the request that it is about has arrived. */
export async function untilMet(origin: string): Promise<void> {
  const active = async () => ((await readControl(origin, '/scenarios')) as { active: unknown[] }).active
  await expect.poll(active, { interval: 10 }).toEqual([])
}

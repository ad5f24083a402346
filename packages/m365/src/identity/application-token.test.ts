import { startSimulator, type Simulator } from '@inforiver-mail/m365-simulator/start'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { clientCertificate } from '../test-support/self-signed-certificate.ts'
import { serve } from '../test-support/servers.ts'
import { control, identityAt, readControl, redirectUri, registration } from '../test-support/sign-in.ts'
import { readClientCertificate } from './client-credentials.ts'
import type { AppRegistration, MicrosoftIdentity } from './microsoft-identity.ts'

const GRACE_THE_ENTRA_ADMINISTRATOR = '5f0c1a52-7c1e-4b8d-9a43-0d6f3b7e1104'
const { tenantId, clientId } = registration
const registered = clientCertificate()
const another = clientCertificate()

let simulator: Simulator
let identity: MicrosoftIdentity

beforeAll(async () => {
  simulator = await startSimulator({
    port: 0,
    registration: { ...registration, certificates: [registered.certificate] },
  })
  identity = identityAt(simulator.authorityHost)
})
afterAll(() => simulator.close())
afterEach(() => control(simulator.url, 'POST', '/reset'))

it('is granted for the secret, with the permissions that an administrator granted', async () => {
  await consentAsAdministrator()
  expect(await identity.applicationToken({ leg: 'redeem' })).toMatchObject({
    outcome: 'granted',
    tokens: { accessToken: expect.stringMatching(/^ey/), expiresAt: expect.any(Date) },
    grantedPermissions: ['Mail.Send', 'Mail.ReadWrite', 'ExchangeMessageTrace.Read.All'],
  })
})

it('is granted for a certificate', async () => {
  const certified = identityAt(simulator.authorityHost, { registration: certificateRegistration(registered) })
  expect(await certified.applicationToken({ leg: 'redeem' })).toMatchObject({ outcome: 'granted' })
})

it('is never cached, so that it includes a permission granted a moment ago', async () => {
  await identity.applicationToken({ leg: 'redeem' })
  await consentAsAdministrator()
  expect(await identity.applicationToken({ leg: 'redeem' })).toMatchObject({
    grantedPermissions: ['Mail.Send', 'Mail.ReadWrite', 'ExchangeMessageTrace.Read.All'],
  })
})

it('is requested for .default of Graph, by Graph’s own name and not its address', async () => {
  await identity.applicationToken({ leg: 'redeem' })
  const { items } = (await readControl(simulator.url, '/log')) as { items: { details: Record<string, string> }[] }
  expect(items.at(-1)?.details).toMatchObject({
    grant_type: 'client_credentials',
    scope: 'https://graph.microsoft.com/.default',
  })
})

it('is requested with the claims with which Graph refused the previous one', async () => {
  const claims = { access_token: { nbf: { essential: true, value: '1732442400' } } }
  await identity.applicationToken({ leg: 'application', claims: JSON.stringify(claims) })
  const { items } = (await readControl(simulator.url, '/log')) as { items: { details: Record<string, string> }[] }
  expect(JSON.parse(items.at(-1)?.details['claims'] ?? '')).toMatchObject(claims)
})

it('is refused for a certificate that is not registered', async () => {
  const stranger = identityAt(simulator.authorityHost, { registration: certificateRegistration(another) })
  expect(await stranger.applicationToken({ leg: 'redeem' })).toMatchObject({
    outcome: 'refused',
    explanation: { kind: 'app-misconfigured', aadstsCode: 700027 },
  })
})

it('is granted even if it cannot be read', async () => {
  const origin = await serve((_request, response) =>
    response.end(JSON.stringify({ access_token: 'opaque', expires_in: 3599, token_type: 'Bearer' })),
  )
  expect(await identityAt(origin).applicationToken({ leg: 'redeem' })).toMatchObject({
    outcome: 'granted',
    tokens: { accessToken: 'opaque' },
    grantedPermissions: null,
  })
})

it('has a page on which an Entra administrator grants what the registration lists', async () => {
  const url = new URL(identity.applicationConsentUrl({ state: 'state-1' }))
  expect(`${url.origin}${url.pathname}`).toBe(`${simulator.url}/${tenantId}/v2.0/adminconsent`)
  expect(Object.fromEntries(url.searchParams)).toEqual({
    client_id: clientId,
    scope: 'https://graph.microsoft.com/.default',
    redirect_uri: redirectUri,
    state: 'state-1',
  })
})

function certificateRegistration({ certificate, privateKey }: ReturnType<typeof clientCertificate>): AppRegistration {
  const reading = readClientCertificate(certificate + privateKey)
  if (reading.outcome !== 'read') throw new Error(reading.fault)
  return { tenantId, clientId, clientCertificate: reading.certificate }
}

async function consentAsAdministrator(): Promise<void> {
  const { origin, search } = new URL(identity.applicationConsentUrl())
  const response = await fetch(`${origin}/${tenantId}/admin-consent`, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin },
    body: new URLSearchParams({ request: search.slice(1), account: GRACE_THE_ENTRA_ADMINISTRATOR, decision: 'accept' }),
  })
  if (response.status !== 302) throw new Error(`Expected a consent, got HTTP ${response.status}.`)
}

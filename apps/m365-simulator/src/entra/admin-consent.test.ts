import { beforeEach, expect, it } from 'vitest'
import {
  PEOPLE,
  type PersonName,
  REDIRECT_URI,
  REGISTRATION,
  type Simulated,
  simulate,
} from '../test-support/simulated.ts'

function query(change: Record<string, string> = {}): string {
  return new URLSearchParams({
    client_id: REGISTRATION.clientId,
    scope: 'https://graph.microsoft.com/Mail.Send User.Read',
    redirect_uri: REDIRECT_URI,
    state: 'state-1',
    ...change,
  }).toString()
}

const decide = (simulated: Simulated, person: PersonName, decision: string): Promise<Response> =>
  simulated.submit('/admin-consent', { request: query(), account: PEOPLE[person], decision })

function callbackOf(response: Response): Record<string, string> {
  return Object.fromEntries(new URL(response.headers.get('location') ?? '').searchParams)
}

let simulated: Simulated
beforeEach(async () => {
  simulated = await simulate()
})

it('accepted by an Entra administrator, comes back with tenant and scopes and without a code', async () => {
  expect(callbackOf(await decide(simulated, 'grace', 'accept'))).toEqual({
    admin_consent: 'True',
    tenant: REGISTRATION.tenantId,
    scope: 'https://graph.microsoft.com/Mail.Send https://graph.microsoft.com/User.Read',
    state: 'state-1',
  })
})

it('cancelled, comes back with an error and with admin_consent=True', async () => {
  expect(callbackOf(await decide(simulated, 'grace', 'cancel'))).toMatchObject({
    admin_consent: 'True',
    error: 'consent_required',
    error_description: expect.stringMatching(/^AADSTS65004: /),
    state: 'state-1',
  })
})

it('is refused to anybody else', async () => {
  const response = await decide(simulated, 'ada', 'accept')
  expect(response.headers.get('location')).toBeNull()
  expect(await response.text()).toContain('Need admin approval')
})

it.each([
  ['no scope', query({ scope: '' }), REGISTRATION.tenantId, 'AADSTS900144'],
  [
    'an unregistered redirect URI',
    query({ redirect_uri: 'https://evil.example/' }),
    REGISTRATION.tenantId,
    'AADSTS50011',
  ],
  ['common', query(), 'common', 'AADSTS90002'],
])('with %s ends on Entra’s own page', async (_what, search, tenant, code) => {
  const response = await fetch(`${simulated.url}/${tenant}/v2.0/adminconsent?${search}`, { redirect: 'manual' })
  expect(response.headers.get('location')).toBeNull()
  expect(await response.text()).toContain(code)
})

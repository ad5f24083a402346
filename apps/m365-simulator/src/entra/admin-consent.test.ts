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

let simulated: Simulated
beforeEach(async () => {
  simulated = await simulate()
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

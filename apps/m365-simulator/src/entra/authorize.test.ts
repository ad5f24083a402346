import { beforeEach, describe, expect, it } from 'vitest'
import {
  PEOPLE,
  type PersonName,
  REDIRECT_URI,
  REGISTRATION,
  type Simulated,
  simulate,
} from '../test-support/simulated.ts'

type Change = Record<string, string | null>

let simulated: Simulated
beforeEach(async () => {
  simulated = await simulate()
})

const get = (url: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(url, { redirect: 'manual', headers })
const queryOf = (change: Change = {}): string => new URL(simulated.authorizeUrl(change)).search.slice(1)

function callbackOf(response: Response): URLSearchParams {
  const location = response.headers.get('location')
  if (location === null) throw new Error(`Not redirected but answered ${response.status}`)
  return new URL(location).searchParams
}

function pick(person: PersonName, change: Change = {}): Promise<Response> {
  return simulated.submit('/sign-in', { request: queryOf(change), account: PEOPLE[person] })
}

describe('a request whose redirect URI cannot be trusted', () => {
  it.each<[string, Change, (url: string) => string, string]>([
    ['an unregistered redirect URI', { redirect_uri: 'https://evil.example/callback' }, (url) => url, 'AADSTS50011'],
    ['no redirect URI', { redirect_uri: null }, (url) => url, 'AADSTS900144'],
    ['an unknown client', { client_id: '00000000-0000-0000-0000-000000000001' }, (url) => url, 'AADSTS700016'],
    ['no client', { client_id: null }, (url) => url, 'AADSTS900144'],
    ['an unknown tenant', {}, (url) => url.replace(REGISTRATION.tenantId, 'fabrikam.com'), 'AADSTS90002'],
    ['a parameter given twice', {}, (url) => `${url}&scope=openid`, 'AADSTS9000411'],
  ])('with %s ends on Entra’s own page', async (_what, change, edit, code) => {
    const response = await get(edit(simulated.authorizeUrl(change)))
    expect(response.status).toBe(400)
    expect(response.headers.get('location')).toBeNull()
    expect(await response.text()).toContain(code)
  })
})

describe('a faulty request with a good redirect URI', () => {
  it.each<[string, Change, string, string]>([
    ['response_type=token', { response_type: 'token' }, 'unsupported_response_type', 'AADSTS700051'],
    ['another response_mode than query', { response_mode: 'form_post' }, 'invalid_request', 'AADSTS90023'],
    ['two prompts', { prompt: 'select_account consent' }, 'invalid_request', 'AADSTS90023'],
    ['no scope', { scope: null }, 'invalid_request', 'AADSTS900144'],
    ['an unknown scope', { scope: 'openid Mail.Sned' }, 'invalid_client', 'AADSTS650053'],
    ['.default together with a named scope', { scope: '.default Mail.Send' }, 'invalid_scope', 'AADSTS70011'],
    ['a foreign resource', { scope: 'https://example.com/x' }, 'invalid_resource', 'AADSTS500011'],
    ['a short challenge', { code_challenge: 'short' }, 'invalid_request', 'AADSTS501491'],
    ['another challenge method than S256', { code_challenge_method: 'plain' }, 'invalid_request', 'AADSTS90023'],
    ['a silent request of a browser that nobody signed in with', { prompt: 'none' }, 'login_required', 'AADSTS50058'],
    ['claims that are not JSON', { claims: 'x' }, 'invalid_request', 'AADSTS9002313'],
  ])('(%s) comes back with state, error and a description of several lines', async (_what, change, error, code) => {
    const callback = callbackOf(await get(simulated.authorizeUrl(change)))
    expect([callback.get('error'), callback.get('state')]).toEqual([error, 'state-1'])
    expect(callback.get('error_description')).toMatch(
      new RegExp(
        `^${code}: .+\r\nTrace ID: .+\r\nCorrelation ID: .+\r\nTimestamp: \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\dZ$`,
      ),
    )
  })
})

describe('the account picker', () => {
  it('when cancelled, comes back with error_subcode=cancel and no description', async () => {
    const callback = callbackOf(await simulated.submit('/sign-in', { request: queryOf(), cancel: '1' }))
    expect(Object.fromEntries(callback)).toEqual({ error: 'access_denied', error_subcode: 'cancel', state: 'state-1' })
  })

  it('refuses a choice that another site’s page posts', async () => {
    const response = await fetch(`${simulated.url}/${REGISTRATION.tenantId}/sign-in`, {
      method: 'POST',
      headers: { origin: 'https://evil.example' },
      body: new URLSearchParams({ request: queryOf(), account: PEOPLE.ada }),
    })
    expect(response.status).toBe(403)
  })
})

describe('where users may not consent', () => {
  it.each([
    ['User.Read Mail.Send Mail.Send.Shared', 'Permissions requested'],
    ['User.Read Mail.Send Mail.ReadWrite', 'Need admin approval'],
    ['User.Read Mail.Send Mail.ReadWrite.Shared', 'Need admin approval'],
  ])('Microsoft’s own policy lets a member consent to sending, not to reading (%s)', async (scope, page) => {
    await simulated.set({ userConsent: 'recommended' })
    expect(await (await pick('ada', { scope })).text()).toContain(page)
  })
})

describe('a silent request', () => {
  const silent = async (cookie: string, change: Change = {}) =>
    callbackOf(await get(simulated.authorizeUrl({ prompt: 'none', ...change }), { cookie }))

  it('succeeds for the account that was chosen last, once it has consented, and for no other', async () => {
    const [cookie = ''] = (await pick('ada')).headers.getSetCookie()

    expect((await silent(cookie)).get('error')).toBe('consent_required')
    await simulated.consent('ada')
    expect((await silent(cookie, { login_hint: 'Ada@contoso.com' })).get('code')).not.toBeNull()
    expect((await silent(cookie, { login_hint: 'bob@contoso.com' })).get('error')).toBe('login_required')
  })
})

describe('accounts that cannot sign in', () => {
  it('an account of another tenant ends on a page', async () => {
    const response = await pick('eve')
    expect(response.headers.get('location')).toBeNull()
    expect(await response.text()).toContain('AADSTS50020')
  })
})

describe('admin consent', () => {
  const query = (change: Record<string, string> = {}): string =>
    new URLSearchParams({
      client_id: REGISTRATION.clientId,
      scope: 'https://graph.microsoft.com/Mail.Send User.Read',
      redirect_uri: REDIRECT_URI,
      ...change,
    }).toString()

  it('is refused to anybody but an Entra administrator', async () => {
    const form = { request: query(), account: PEOPLE.ada, decision: 'accept' }
    const response = await simulated.submit('/admin-consent', form)
    expect(response.headers.get('location')).toBeNull()
    expect(await response.text()).toContain('Need admin approval')
  })

  it.each([
    ['no scope', { scope: '' }, REGISTRATION.tenantId, 'AADSTS900144'],
    ['an unregistered redirect URI', { redirect_uri: 'https://evil.example/' }, REGISTRATION.tenantId, 'AADSTS50011'],
    ['common', {}, 'common', 'AADSTS90002'],
  ])('with %s ends on Entra’s own page', async (_what, change, tenant, code) => {
    const response = await get(`${simulated.url}/${tenant}/v2.0/adminconsent?${query(change)}`)
    expect(response.headers.get('location')).toBeNull()
    expect(await response.text()).toContain(code)
  })
})

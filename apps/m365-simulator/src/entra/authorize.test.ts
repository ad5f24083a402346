import { describe, expect, it } from 'vitest'
import {
  ALL_SCOPES,
  PEOPLE,
  type PersonName,
  REGISTRATION,
  type Simulated,
  simulate,
} from '../test-support/simulated.ts'

const get = (url: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(url, { redirect: 'manual', headers })

function callbackOf(response: Response): URLSearchParams {
  const location = response.headers.get('location')
  if (location === null) throw new Error(`no redirect but ${response.status}`)
  return new URL(location).searchParams
}

function pick(simulated: Simulated, person: PersonName, change: Record<string, string | null> = {}): Promise<Response> {
  const request = new URL(simulated.authorizeUrl(change)).search.slice(1)
  return simulated.submit('/sign-in', { request, account: PEOPLE[person] })
}

describe('a request whose redirect URI cannot be trusted', () => {
  it.each([
    ['an unregistered redirect URI', { redirect_uri: 'https://evil.example/callback' }, 'AADSTS50011'],
    ['no redirect URI', { redirect_uri: null }, 'AADSTS900144'],
    ['an unknown client', { client_id: '00000000-0000-0000-0000-000000000001' }, 'AADSTS700016'],
    ['no client', { client_id: null }, 'AADSTS900144'],
  ])('with %s ends on a page of its own', async (_what, change, code) => {
    const simulated = await simulate()
    const response = await get(simulated.authorizeUrl(change))
    expect(response.status).toBe(400)
    expect(response.headers.get('location')).toBeNull()
    expect(await response.text()).toContain(code)
  })

  it.each([
    ['an unknown tenant', 'fabrikam.com', 'AADSTS90002'],
    ['common, for a single-tenant application', 'common', 'AADSTS50194'],
    ['consumers', 'consumers', 'AADSTS9002332'],
  ])('below %s ends on a page of its own', async (_what, tenant, code) => {
    const simulated = await simulate()
    const response = await get(simulated.authorizeUrl().replace(REGISTRATION.tenantId, tenant))
    expect(response.headers.get('location')).toBeNull()
    expect(await response.text()).toContain(code)
  })

  it('with a parameter given twice ends on a page of its own', async () => {
    const simulated = await simulate()
    const response = await get(`${simulated.authorizeUrl()}&scope=openid`)
    expect(await response.text()).toContain('AADSTS9000411')
  })
})

describe('a faulty request with a good redirect URI', () => {
  it.each([
    ['no response_type', { response_type: null }, 'invalid_request', 'AADSTS900144'],
    ['response_type=token', { response_type: 'token' }, 'unsupported_response_type', 'AADSTS700051'],
    ['response_type=code id_token', { response_type: 'code id_token' }, 'unsupported_response_type', 'AADSTS700054'],
    ['an unknown response_mode', { response_mode: 'web_message' }, 'invalid_request', 'AADSTS90023'],
    ['two prompts', { prompt: 'select_account consent' }, 'invalid_request', 'AADSTS90023'],
    ['no scope', { scope: null }, 'invalid_request', 'AADSTS900144'],
    ['an unknown scope', { scope: 'openid Mail.Sned' }, 'invalid_client', 'AADSTS650053'],
    ['.default beside a named scope', { scope: '.default Mail.Send' }, 'invalid_scope', 'AADSTS70011'],
    ['a foreign resource', { scope: 'https://example.com/x' }, 'invalid_resource', 'AADSTS500011'],
    ['a short challenge', { code_challenge: 'short' }, 'invalid_request', 'AADSTS501491'],
    ['a method without a challenge', { code_challenge: null }, 'invalid_request', 'AADSTS50147'],
    ['an unknown challenge method', { code_challenge_method: 'S512' }, 'invalid_request', 'AADSTS90023'],
    ['claims that are no JSON', { claims: 'x' }, 'invalid_request', 'AADSTS9002313'],
  ])('(%s) comes back with state, error and a description of several lines', async (_what, change, error, code) => {
    const simulated = await simulate()
    const callback = callbackOf(await get(simulated.authorizeUrl(change)))
    expect(callback.get('error')).toBe(error)
    expect(callback.get('state')).toBe('state-1')
    expect(callback.get('error_description')).toMatch(
      new RegExp(
        `^${code}: .+\r\nTrace ID: .+\r\nCorrelation ID: .+\r\nTimestamp: \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\dZ$`,
      ),
    )
  })
})

describe('the account picker', () => {
  it('names every account with its address', async () => {
    const simulated = await simulate()
    const page = await (await get(simulated.authorizeUrl())).text()
    expect(page.replaceAll(/\s+/g, ' ')).toContain(
      '<span class="name">Ada Admin</span> <span class="address">ada@contoso.com</span>',
    )
    expect(page.match(/<button class="account"/g)).toHaveLength(Object.keys(PEOPLE).length)
  })

  it('puts the hinted account first', async () => {
    const simulated = await simulate()
    const page = await (await get(simulated.authorizeUrl({ prompt: null, login_hint: 'bob@contoso.com' }))).text()
    expect(page.indexOf('bob@contoso.com')).toBeLessThan(page.indexOf('ada@contoso.com'))
  })

  it('cuts the popup from its opener and runs no inline script', async () => {
    const simulated = await simulate()
    const { headers } = await get(simulated.authorizeUrl())
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin')
    expect(headers.get('content-security-policy')).toContain("script-src 'self'")
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
  })

  it('shows text of the request escaped', async () => {
    const simulated = await simulate()
    const url = simulated.authorizeUrl({ prompt: null, login_hint: '<script>x</script>' })
    expect(await (await get(url)).text()).not.toContain('<script>x')
  })

  it('comes back with error_subcode=cancel and no description when cancelled', async () => {
    const simulated = await simulate()
    const request = new URL(simulated.authorizeUrl()).search.slice(1)
    const callback = callbackOf(await simulated.submit('/sign-in', { request, cancel: '1' }))
    expect(Object.fromEntries(callback)).toEqual({ error: 'access_denied', error_subcode: 'cancel', state: 'state-1' })
  })

  it('refuses a choice that another site’s page posts', async () => {
    const simulated = await simulate()
    const response = await fetch(`${simulated.url}/${REGISTRATION.tenantId}/sign-in`, {
      method: 'POST',
      headers: { origin: 'https://evil.example' },
      body: new URLSearchParams({ request: new URL(simulated.authorizeUrl()).search.slice(1), account: PEOPLE.ada }),
    })
    expect(response.status).toBe(403)
  })
})

describe('consent', () => {
  it('lists what was asked for in words', async () => {
    const simulated = await simulate()
    const page = await (await pick(simulated, 'ada', { scope: 'openid Mail.Send' })).text()
    expect(page).toContain('Send mail as you')
    expect(page).not.toContain('Read and write access to your mail')
  })

  it('is asked for once: what was granted earlier shows no page again', async () => {
    const simulated = await simulate()
    await simulated.consent('ada')
    expect((await pick(simulated, 'ada', { scope: 'openid Mail.Send' })).status).toBe(302)
  })

  it('is asked for again when a scope is new', async () => {
    const simulated = await simulate()
    await simulated.consent('ada', { scope: 'openid Mail.Send' })
    expect((await pick(simulated, 'ada', { scope: 'openid Mail.Send Mail.ReadWrite' })).status).toBe(200)
  })

  it('is asked for again with prompt=consent', async () => {
    const simulated = await simulate()
    await simulated.consent('ada')
    expect((await pick(simulated, 'ada', { prompt: 'consent' })).status).toBe(200)
  })

  it('of one account is not that of another', async () => {
    const simulated = await simulate()
    await simulated.consent('ada')
    expect((await pick(simulated, 'max')).status).toBe(200)
  })

  it('of an administrator on behalf of the organization covers everybody', async () => {
    const simulated = await simulate()
    const request = new URL(simulated.authorizeUrl()).search.slice(1)
    await simulated.submit('/consent', { request, account: PEOPLE.grace, decision: 'accept', organization: '1' })
    expect((await pick(simulated, 'max')).status).toBe(302)
  })

  it('on behalf of the organization cannot be given by anybody else', async () => {
    const simulated = await simulate()
    const request = new URL(simulated.authorizeUrl()).search.slice(1)
    await simulated.submit('/consent', { request, account: PEOPLE.ada, decision: 'accept', organization: '1' })
    expect((await pick(simulated, 'max')).status).toBe(200)
  })

  it('accepted, comes back with a code, the state, and parameters nobody asked for', async () => {
    const simulated = await simulate()
    const callback = await simulated.consent('ada')
    expect([...callback.keys()]).toEqual(['code', 'session_state', 'unannounced_parameter', 'state'])
  })

  it.each([
    ['documented', { error: 'access_denied', error_description: expect.stringMatching(/^AADSTS65004: /) }],
    ['consent-required', { error: 'consent_required', error_description: expect.stringMatching(/^AADSTS65004: /) }],
    ['subcode', { error: 'access_denied', error_subcode: 'cancel' }],
    [
      'subcode-with-description',
      { error_subcode: 'cancel', error_description: expect.stringMatching(/^AADSTS65004: /) },
    ],
  ])('declined, comes back in the shape "%s"', async (cancelShape, expected) => {
    const simulated = await simulate()
    await simulated.control('PATCH', '/settings', { cancelShape })
    const request = new URL(simulated.authorizeUrl()).search.slice(1)
    const callback = callbackOf(
      await simulated.submit('/consent', { request, account: PEOPLE.ada, decision: 'cancel' }),
    )
    expect(Object.fromEntries(callback)).toMatchObject({ ...expected, state: 'state-1' })
  })

  it('declined, grants nothing', async () => {
    const simulated = await simulate()
    const request = new URL(simulated.authorizeUrl()).search.slice(1)
    await simulated.submit('/consent', { request, account: PEOPLE.ada, decision: 'cancel' })
    expect((await pick(simulated, 'ada')).status).toBe(200)
  })
})

describe('where users may not consent', () => {
  it('a member sees "Need admin approval" with both ways on', async () => {
    const simulated = await simulate()
    await simulated.control('PATCH', '/settings', { userConsent: 'disabled' })
    const page = await (await pick(simulated, 'ada')).text()
    expect(page).toContain('Need admin approval')
    expect(page).toContain('Return to the application without granting consent')
    expect(page).toContain('Sign in with an account that is an administrator')
  })

  it.each([
    ['documented', 'error_description'],
    ['subcode', 'error_subcode'],
  ])('returning without consent looks like a decline (%s)', async (cancelShape, member) => {
    const simulated = await simulate()
    await simulated.control('PATCH', '/settings', { userConsent: 'disabled', cancelShape })
    const page = await (await pick(simulated, 'ada')).text()
    const link = /href="([^"]+\/return\?[^"]+)"/.exec(page)?.[1]?.replaceAll('&amp;', '&') ?? ''
    const callback = callbackOf(await get(`${simulated.url}${link}`))
    expect(callback.get('error')).toBe('access_denied')
    expect(callback.has(member)).toBe(true)
  })

  it('a member cannot accept by posting the form all the same', async () => {
    const simulated = await simulate()
    await simulated.control('PATCH', '/settings', { userConsent: 'disabled' })
    const request = new URL(simulated.authorizeUrl()).search.slice(1)
    const response = await simulated.submit('/consent', { request, account: PEOPLE.ada, decision: 'accept' })
    expect(response.headers.get('location')).toBeNull()
  })

  it('an administrator may', async () => {
    const simulated = await simulate()
    await simulated.control('PATCH', '/settings', { userConsent: 'disabled' })
    expect((await simulated.consent('grace')).has('code')).toBe(true)
  })

  it('earlier consents stay good', async () => {
    const simulated = await simulate()
    await simulated.consent('ada')
    await simulated.control('PATCH', '/settings', { userConsent: 'disabled' })
    expect((await pick(simulated, 'ada')).status).toBe(302)
  })

  it('prompt=consent sends even an approved member to an administrator', async () => {
    const simulated = await simulate()
    await simulated.consent('ada')
    await simulated.control('PATCH', '/settings', { userConsent: 'disabled' })
    expect(await (await pick(simulated, 'ada', { prompt: 'consent' })).text()).toContain('Need admin approval')
  })
})

describe('accounts that cannot sign in', () => {
  it('an account of another tenant ends on a page with AADSTS50020', async () => {
    const simulated = await simulate()
    const response = await pick(simulated, 'eve')
    expect(response.headers.get('location')).toBeNull()
    expect(await response.text()).toContain('AADSTS50020')
  })

  it('a disabled account ends on a page with AADSTS50057', async () => {
    const simulated = await simulate()
    await simulated.control('PUT', '/people/ada@contoso.com/enabled', { enabled: false })
    expect(await (await pick(simulated, 'ada')).text()).toContain('AADSTS50057')
  })

  it.each([
    ['authorize-conditional-access', 'access_denied', 'AADSTS53003'],
    ['authorize-admin-consent-required', 'access_denied', 'AADSTS90094'],
    ['authorize-admin-consent-required-as-consent-required', 'consent_required', 'AADSTS90094'],
    ['authorize-not-assigned', 'access_denied', 'AADSTS50105'],
    ['authorize-declined-as-consent-required', 'consent_required', 'AADSTS65004'],
  ])('the scenario %s comes back once as %s', async (name, error, code) => {
    const simulated = await simulate()
    await simulated.control('POST', '/scenarios', { name })
    const callback = callbackOf(await pick(simulated, 'ada'))
    expect(callback.get('error')).toBe(error)
    expect(callback.get('error_description')).toContain(code)
    expect((await pick(simulated, 'ada')).status).toBe(200)
  })

  it('conditional access tells the claims it wants', async () => {
    const simulated = await simulate()
    await simulated.control('POST', '/scenarios', { name: 'authorize-conditional-access' })
    const claims = callbackOf(await pick(simulated, 'ada')).get('claims') ?? ''
    expect(JSON.parse(claims)).toHaveProperty('access_token')
  })
})

describe('prompt=none', () => {
  it('is login_required when nobody is signed in', async () => {
    const simulated = await simulate()
    expect(callbackOf(await get(simulated.authorizeUrl({ prompt: 'none' }))).get('error')).toBe('login_required')
  })

  it('comes back with a code when somebody is and has consented', async () => {
    const simulated = await simulate()
    await simulated.consent('ada')
    const cookie = (await pick(simulated, 'ada')).headers.get('set-cookie')?.split(';')[0] ?? ''
    expect(callbackOf(await get(simulated.authorizeUrl({ prompt: 'none' }), { cookie })).has('code')).toBe(true)
  })

  it('is interaction_required with AADSTS65001 when consent is missing', async () => {
    const simulated = await simulate()
    const cookie = (await pick(simulated, 'ada')).headers.get('set-cookie')?.split(';')[0] ?? ''
    const callback = callbackOf(await get(simulated.authorizeUrl({ prompt: 'none' }), { cookie }))
    expect(callback.get('error')).toBe('interaction_required')
    expect(callback.get('error_description')).toContain('AADSTS65001')
  })
})

describe('response_mode', () => {
  it('form_post answers with a form for the redirect URI', async () => {
    const simulated = await simulate()
    await simulated.consent('ada')
    const page = await (await pick(simulated, 'ada', { response_mode: 'form_post' })).text()
    expect(page).toContain('<form method="post" action="http://localhost:3000/auth/microsoft/callback">')
    expect(page).toMatch(/name="code" value="1\./)
  })

  it('fragment puts the answer behind #', async () => {
    const simulated = await simulate()
    await simulated.consent('ada')
    const location = (await pick(simulated, 'ada', { response_mode: 'fragment' })).headers.get('location') ?? ''
    expect(new URL(location).search).toBe('')
    expect(new URLSearchParams(new URL(location).hash.slice(1)).has('code')).toBe(true)
  })
})

it('the request may come as a form', async () => {
  const simulated = await simulate()
  const url = new URL(simulated.authorizeUrl())
  const response = await fetch(`${url.origin}${url.pathname}`, { method: 'POST', body: url.searchParams })
  expect(await response.text()).toContain('Pick an account')
})

it('sign-out follows a registered URI only', async () => {
  const simulated = await simulate()
  const logout = `${simulated.url}/${REGISTRATION.tenantId}/oauth2/v2.0/logout?post_logout_redirect_uri=`
  const good = await get(`${logout}${encodeURIComponent('https://mail.contoso.com/auth/microsoft/callback')}`)
  const evil = await get(`${logout}${encodeURIComponent('https://evil.example/')}`)
  expect(good.status).toBe(302)
  expect(evil.status).toBe(200)
})

it('client_info comes with the code when it was asked for', async () => {
  const simulated = await simulate()
  const callback = await simulated.consent('gil', { client_info: '1', scope: ALL_SCOPES })
  const info: unknown = JSON.parse(Buffer.from(callback.get('client_info') ?? '', 'base64url').toString())
  expect(info).toMatchObject({ utid: 'b7a4e2c1-5d0f-4a36-9c58-3e1f7d924ab6' })
})

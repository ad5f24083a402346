import { beforeAll, beforeEach, expect, it } from 'vitest'
import type { TestBrowser } from '../test-support/test-browser.ts'
import { createTestClock, MINUTES } from '../test-support/test-clock.ts'
import type { TestProduct } from '../test-support/test-product.ts'
import { useFixture } from '../test-support/use-fixture.ts'

const clock = createTestClock()
let product: TestProduct
let browser: TestBrowser

const fixture = useFixture({ clock })
beforeAll(async () => {
  product = await fixture.startProduct({ environment: { ROLE: 'api' } })
})

beforeEach(async () => {
  await fixture.clear()
  browser = product.newBrowser()
})

/** Signs in at Microsoft and returns the URL that leads back, not yet opened. */
async function signedInAtMicrosoft(account = 'Ada Admin', returnTo = '/'): Promise<string> {
  return browser.consentReturn(`${product.publicUrl}/auth/sign-in?returnTo=${encodeURIComponent(returnTo)}`, account)
}

async function sessionStatus(who = browser): Promise<number> {
  return (await who.call('GET', '/api/v1/session')).status
}

it('signs a person in and shows who they are', async () => {
  await browser.signIn('Ada Admin')

  const session = await browser.call('GET', '/api/v1/session')
  expect(session.status).toBe(200)
  expect(session.json).toEqual({ user: { name: 'Ada Admin', email: 'ada@contoso.com' }, role: 'workspace-admin' })
})

it('asks Microsoft who somebody is and for no permission', async () => {
  const answer = await browser.visit('/auth/sign-in')

  const query = new URL(answer.headers.get('location') ?? '').searchParams
  expect(query.get('scope')?.split(' ').sort()).toEqual(['offline_access', 'openid', 'profile'])
  expect(query.get('prompt')).toBe('select_account')
  expect(query.get('code_challenge_method')).toBe('S256')
})

it('keeps none of the tokens of a sign-in', async () => {
  await browser.signIn('Ada Admin')

  expect(await fixture.database.query('SELECT * FROM tenant_settings')).toEqual([])
  expect(await fixture.database.query('SELECT * FROM pending_sign_ins')).toEqual([])
})

it.each([
  ['another browser with a sign-in of its own under way', true],
  ['a browser without the cookie of a sign-in', false],
])('refuses an answer in %s, and still takes it in the right one', async (_where, ownSignIn) => {
  const back = await signedInAtMicrosoft()
  const other = product.newBrowser()
  if (ownSignIn) await other.visit('/auth/sign-in')

  expect((await other.open(back)).status).toBe(400)
  expect(await sessionStatus(other)).toBe(401)
  await browser.open(back)
  expect(await sessionStatus()).toBe(200)
})

it.each([
  ['forged', async (back: string) => back.replace(/([?&])state=[^&]*/, `$1state=${'A'.repeat(43)}`)],
  [
    'used before',
    async (back: string) => {
      await browser.open(back)
      await browser.call('POST', '/api/v1/session/sign-out')
      return back
    },
  ],
  [
    'ten minutes old',
    async (back: string) => {
      await clock.advance(10 * MINUTES)
      return back
    },
  ],
])('refuses an answer whose state is %s', async (_what, spoil) => {
  const back = await spoil(await signedInAtMicrosoft())

  expect((await browser.open(back)).status).toBe(400)
  expect(await sessionStatus()).toBe(401)
})

it('finishes two sign-ins that were started in two tabs', async () => {
  const first = await signedInAtMicrosoft()
  const second = await signedInAtMicrosoft()

  expect((await browser.visit(first)).status).toBe(302)
  expect((await browser.visit(second)).status).toBe(302)
})

it('refuses a guest of the organisation, even one with the admin’s role', async () => {
  const result = await browser.signIn('Gil Guest')

  expect(result.status).toBe(403)
  expect(result.text).toContain('guest')
  expect(await sessionStatus()).toBe(401)
})

it.each([
  'id-token-wrong-nonce',
  'id-token-wrong-audience',
  'id-token-wrong-issuer',
  'id-token-wrong-signature',
  'id-token-wrong-tenant',
  'id-token-expired',
  'no-id-token',
  'token-503',
  'secret-wrong',
])('signs nobody in, and says so, after %s', async (name) => {
  await fixture.microsoft.control('POST', '/scenarios', { name })

  const result = await browser.signIn('Ada Admin')

  expect(result.status).toBe(403)
  expect(result.text).toMatch(/<h1>\w+ [^<]+<\/h1>/)
  expect(await sessionStatus()).toBe(401)
})

it('says after Cancel on Microsoft’s page that nobody signed in, without a word of consent', async () => {
  const back = new URL((await browser.visit('/auth/sign-in')).headers.get('location') ?? '')
  const query = new URLSearchParams({
    state: back.searchParams.get('state') ?? '',
    error: 'access_denied',
    error_subcode: 'cancel',
  })

  const result = await browser.open(`/auth/microsoft/callback?${query.toString()}`)

  expect(result.status).toBe(403)
  expect(result.text).toContain('<h1>You did not sign in</h1>')
  expect(result.text).toContain('Sign in again. ')
  expect(result.text.replaceAll(`${product.publicUrl}/auth/sign-in/admin-consent`, '')).not.toMatch(
    /consent|permission/,
  )
})

it('leads an Entra administrator to a page of Microsoft’s that approves the sign-in alone', async () => {
  await fixture.microsoft.control('POST', '/scenarios', { name: 'authorize-admin-consent-required' })
  const result = await browser.signIn('Ada Admin')
  const [, link = ''] = /href="([^"]+\/auth\/sign-in\/admin-consent)"/.exec(result.text) ?? []

  const url = new URL((await product.newBrowser().visit(link)).headers.get('location') ?? '')

  expect(url.pathname).toBe(`/${product.config.registration.tenantId}/v2.0/adminconsent`)
  expect(url.searchParams.get('scope')?.split(' ').sort()).toEqual(['offline_access', 'openid', 'profile'])
})

it('offers to sign in again, to the same page, after a refusal', async () => {
  await fixture.microsoft.control('POST', '/scenarios', { name: 'authorize-conditional-access' })

  const result = await browser.signIn('Ada Admin', '/settings/office365-smtp')

  expect(result.status).toBe(403)
  expect(result.text).toContain('href="/auth/sign-in?returnTo=%2Fsettings%2Foffice365-smtp"')
})

it.each([
  ['/settings/office365-smtp', '/settings/office365-smtp'],
  ['/messages?status=held#top', '/messages?status=held#top'],
  ['settings', '/settings'],
  ['/a/../b', '/b'],
])('returns to the page %s', async (returnTo, path) => {
  const answer = await browser.visit(await signedInAtMicrosoft('Ada Admin', returnTo))

  expect(answer.headers.get('location')).toBe(`${product.publicUrl}${path}`)
})

it.each([
  'https://evil.example/',
  '//evil.example/',
  '/\\evil.example/',
  '\\\\evil.example',
  '/\t/evil.example',
  'https:evil.example',
  'javascript:alert(1)',
  'data:text/html,x',
  '/.//evil.example',
  '/..//evil.example',
  'http://localhost@evil.example/',
  'http://localhost.evil.example/',
  'http://localhost:1/', // another port is another origin
])('never leaves our own origin for %j', async (returnTo) => {
  const answer = await browser.visit(await signedInAtMicrosoft('Ada Admin', returnTo))

  expect(answer.headers.get('location')).toBe(`${product.publicUrl}/`)
})

it('returns to a page with the filter by a long subject, and without one that is too long', async () => {
  const subject = encodeURIComponent('報'.repeat(255))
  const locationFor = async (returnTo: string) => {
    const answer = await browser.visit(await signedInAtMicrosoft('Ada Admin', returnTo))
    return answer.headers.get('location')
  }

  const filtered = `/messages?subject=${subject}`
  expect(await locationFor(filtered)).toBe(`${product.publicUrl}${filtered}`)
  expect(await locationFor(`${filtered}&reference=${subject}`)).toBe(`${product.publicUrl}/messages`)
  expect(await locationFor(`/${'a'.repeat(3_000)}`)).toBe(`${product.publicUrl}/`)
})

it('shows nothing of Microsoft’s words as markup', async () => {
  const { headers } = await browser.visit('/auth/sign-in')
  const state = new URL(headers.get('location') ?? '').searchParams.get('state') ?? ''
  const query = new URLSearchParams({ state, error: 'server_said', error_description: '<script>alert(1)</script>' })

  const result = await browser.open(`/auth/microsoft/callback?${query.toString()}`)

  expect(result.status).toBe(403)
  expect(result.text).not.toContain('<script>alert')
})

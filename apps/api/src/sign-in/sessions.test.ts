import { beforeEach, expect, it } from 'vitest'
import { useAdminFixture } from '../test-support/admin-fixture.ts'
import type { TestBrowser } from '../test-support/test-browser.ts'
import { createTestClock, HOURS, MINUTES } from '../test-support/test-clock.ts'

const SESSIONS = '/api/v1/sessions'

const clock = createTestClock()
const { fixture, product, ada, post } = useAdminFixture({ clock, environment: { WORKSPACE_ADMINS: 'bob@contoso.com' } })
let bob: TestBrowser

beforeEach(async () => {
  bob = product.newBrowser()
  await bob.signIn('Bob Behalf')
})

const list = async (browser = ada) => (await browser.call('GET', SESSIONS)).json.items
const isSignedIn = async (browser: TestBrowser) => (await browser.call('GET', '/api/v1/session')).status === 200
const idOf = async (browser: TestBrowser): Promise<string> =>
  (await list(browser)).find(({ current }: { current: boolean }) => current).id

/** Goes to Microsoft without a page, and returns where that led. */
async function signInSilently(browser: TestBrowser): Promise<string> {
  return (await browser.open('/auth/sign-in?prompt=none&returnTo=/auth/signed-in')).url
}

it('lists who is signed in where, and which of them oneself is', async () => {
  await clock.advance(10 * MINUTES)

  expect(await list()).toEqual([
    {
      id: expect.stringMatching(/^ses_[0-9a-f]{32}$/),
      user: { name: 'Ada Admin', email: 'ada@contoso.com' },
      current: true,
      address: '127.0.0.1',
      userAgent: null,
      signedInAt: '2026-11-24T10:00:00.000Z',
      lastSeenAt: '2026-11-24T10:10:00.000Z',
    },
    expect.objectContaining({ user: { name: 'Bob Behalf', email: 'bob@contoso.com' }, current: false }),
  ])
})

it('keeps what a browser calls itself within bounds, on one line', async () => {
  const back = await bob.consentReturn(`${product.publicUrl}/auth/sign-in`, 'Bob Behalf')
  await bob.visit(back, { 'user-agent': `Mozilla/5.0\t${'x'.repeat(1_000)}` })

  const { userAgent } = (await list(bob)).find(({ current }: { current: boolean }) => current)
  expect(userAgent).toMatch(/^Mozilla\/5\.0 x{287}…$/)
})

it('ends the session of another person, once, and says so in the audit log', async () => {
  const id = await idOf(bob)

  expect((await ada.call('DELETE', `${SESSIONS}/${id}`)).status).toBe(204)

  expect(await isSignedIn(bob)).toBe(false)
  expect((await ada.call('DELETE', `${SESSIONS}/${id}`)).json).toMatchObject({ status: 404, code: 'not-found' })
  expect((await ada.call('GET', '/api/v1/audit-events?action=sessions-ended')).json.items).toMatchObject([
    { actor: { name: 'Ada Admin' }, outcome: 'done', details: { sessions: 1, account: 'bob@contoso.com' } },
  ])
})

it('ends all sessions but this one, those of the same person included', async () => {
  const elsewhere = product.newBrowser()
  await elsewhere.signIn('Ada Admin')

  expect((await ada.call('DELETE', SESSIONS)).status).toBe(204)

  expect(await Promise.all([ada, elsewhere, bob].map(isSignedIn))).toEqual([true, false, false])
  expect((await ada.call('GET', '/api/v1/audit-events?action=sessions-ended')).json.items).toMatchObject([
    { details: { sessions: 2 } },
  ])
})

it('neither lists nor ends a session whose time is over', async () => {
  const id = await idOf(bob)
  await clock.advance(30 * MINUTES)
  await list()
  await clock.advance(30 * MINUTES)

  expect(await list()).toMatchObject([{ current: true }])
  expect((await ada.call('DELETE', `${SESSIONS}/${id}`)).status).toBe(404)
})

// Signing in again once the role has not been seen for four hours

/** Uses a session until its role has not been seen for four hours. */
async function outliveRole(browser: TestBrowser): Promise<void> {
  for (let half = 0; half < 8; half++) {
    await isSignedIn(browser)
    await clock.advance(0.5 * HOURS)
  }
  expect(await isSignedIn(browser)).toBe(false)
}

it('signs in again without a page of Microsoft’s, as the same person', async () => {
  await fixture.clear()
  await ada.signIn('Ada Admin')
  const before = ada.cookies.get('inforiver-mail-session')
  await outliveRole(ada)

  expect(await signInSilently(ada)).toBe(`${product.publicUrl}/auth/signed-in`)

  expect(await list()).toMatchObject([{ user: { name: 'Ada Admin' }, current: true }])
  expect(ada.cookies.get('inforiver-mail-session')).not.toBe(before)
})

it('shows Microsoft’s page where nobody is signed in there, and comes back to the same end', async () => {
  const stranger = product.newBrowser()

  expect(await signInSilently(stranger)).toContain('/oauth2/v2.0/authorize')

  expect((await stranger.signIn('Ada Admin', '/auth/signed-in')).url).toBe(`${product.publicUrl}/auth/signed-in`)
  expect(await isSignedIn(stranger)).toBe(true)
})

it('asks at Microsoft’s page rather than sign in the other person who is signed in there', async () => {
  await ada.consentReturn(`${product.publicUrl}/auth/sign-in`, 'Bob Behalf')

  expect(await signInSilently(ada)).toContain('prompt=select_account')
})

/** Starts a consent and lets Microsoft’s answer come too late for the session. */
async function answerTooLate(): Promise<{ id: string; consentUrl: string }> {
  const { json } = await post('configure', { fromEmail: 'ada@contoso.com' })
  await fixture.database.query(`UPDATE sessions SET created_at = created_at - interval '4 hours'`)
  expect((await ada.consent(json.consentUrl, 'Ada Admin')).text).toContain('This consent was started elsewhere')
  return json
}

it('goes on with the consent that was pending', async () => {
  const { id } = await answerTooLate()

  await signInSilently(ada)

  const { consentUrl } = (await ada.call('GET', `/api/v1/consents/${id}`)).json
  expect((await ada.consent(consentUrl, 'Ada Admin')).text).toContain('The mailbox is connected')
})

it('does not go on with the consent of somebody else in the same browser', async () => {
  const { id } = await answerTooLate()

  await ada.signIn('Bob Behalf')

  expect((await ada.call('GET', `/api/v1/consents/${id}`)).json).toMatchObject({ status: 'pending', consentUrl: null })
})

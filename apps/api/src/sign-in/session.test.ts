import { beforeAll, expect, it } from 'vitest'
import { openDatabase } from '../database/database.ts'
import { newId } from '../test-support/new-id.ts'
import { useAdminFixture } from '../test-support/admin-fixture.ts'
import { SETTINGS } from '../test-support/office365-smtp.ts'
import { createTestClock, HOURS, MINUTES, SECONDS } from '../test-support/test-clock.ts'
import { HTTPS_PUBLIC_URL, type TestProduct } from '../test-support/test-product.ts'
import { createSignInStore } from './sign-in-store.ts'

const COOKIE = 'inforiver-mail-session'

const clock = createTestClock()
const { fixture, product, ada } = useAdminFixture({ clock })
let secured: TestProduct

beforeAll(async () => {
  secured = await fixture.startProduct({ environment: { PUBLIC_URL: HTTPS_PUBLIC_URL, ROLE: 'api' } })
})

async function status(browser = ada): Promise<number> {
  return (await browser.call('GET', '/api/v1/session')).status
}

/** Signs in and returns the Set-Cookie lines. */
async function cookiesOf(of: TestProduct): Promise<{ signIn: string; session: string }> {
  const browser = of.newBrowser()
  const signIn = (await browser.visit('/auth/sign-in')).headers.getSetCookie().join()
  const back = await browser.consentReturn(`${of.publicUrl}/auth/sign-in`, 'Ada Admin')
  return { signIn, session: (await browser.visit(back)).headers.getSetCookie().join() }
}

it('ends after an hour without a request, and not before', async () => {
  for (let request = 0; request < 4; request++) {
    await clock.advance(59 * MINUTES)
    expect(await status()).toBe(200)
  }
  await clock.advance(1 * HOURS)

  expect(await status()).toBe(401)
})

it('ends four hours after the role was seen, however busy', async () => {
  for (let minutes = 0; minutes < 4 * 60 - 30; minutes += 30) {
    await clock.advance(30 * MINUTES)
    await status()
  }
  expect(await status()).toBe(200)
  await clock.advance(30 * MINUTES)

  expect(await status()).toBe(401)
})

it('ends with sign-out, for everybody who has the cookie', async () => {
  const stolen = product.newBrowser()
  stolen.cookies.set(COOKIE, ada.cookies.get(COOKIE) ?? '')

  const answer = await ada.call('POST', '/api/v1/session/sign-out')

  expect(answer.status).toBe(204)
  expect(ada.cookies.has(COOKIE)).toBe(false)
  expect(await status(stolen)).toBe(401)
})

it('is new at every sign-in, and the one before ends', async () => {
  const before = product.newBrowser()
  before.cookies.set(COOKIE, ada.cookies.get(COOKIE) ?? '')

  await ada.signIn('Ada Admin')

  expect(ada.cookies.get(COOKIE)).not.toBe(before.cookies.get(COOKIE))
  expect(await status()).toBe(200)
  expect(await status(before)).toBe(401)
})

it('never adopts a session id that a browser sends', async () => {
  const victim = product.newBrowser()
  victim.cookies.set(COOKIE, 'A'.repeat(43))

  await victim.signIn('Ada Admin')

  expect(victim.cookies.get(COOKIE)).not.toBe('A'.repeat(43))
})

it('is stored only as a hash', async () => {
  const rows = JSON.stringify(await fixture.database.query('SELECT * FROM sessions'))

  expect(ada.cookies.get(COOKIE)).toMatch(/^[\w-]{43}$/)
  expect(rows).not.toContain(ada.cookies.get(COOKIE))
})

it('is refused with one character changed', async () => {
  const id = ada.cookies.get(COOKIE) ?? ''
  ada.cookies.set(COOKIE, id.startsWith('A') ? `B${id.slice(1)}` : `A${id.slice(1)}`)

  expect(await status()).toBe(401)
})

it('binds its cookie and that of the sign-in to the host over https', async () => {
  const { signIn, session } = await cookiesOf(secured)

  expect(session).toMatch(/^__Host-inforiver-mail-session=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Lax$/)
  expect(signIn).toMatch(
    /^__Host-inforiver-mail-sign-in=[\w-]{43}; Max-Age=600; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
  )
})

it('has a cookie without prefix and Secure on a loopback http host', async () => {
  const { session } = await cookiesOf(product)

  expect(session).toMatch(/^inforiver-mail-session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/)
})

// Requests forged by another site

it.each([
  ['a foreign Origin', { origin: 'https://evil.example' }],
  [
    'a foreign Origin that claims to be same-origin',
    { origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' },
  ],
  ['no Origin and Sec-Fetch-Site: cross-site', { origin: null, 'sec-fetch-site': 'cross-site' }],
  ['no Origin and Sec-Fetch-Site: same-site', { origin: null, 'sec-fetch-site': 'same-site' }],
  ['Origin: null', { origin: 'null' }],
  ['neither Origin nor Sec-Fetch-Site', { origin: null }],
  ['our Origin on another port', { origin: 'http://localhost:1' }],
])('refuses to change anything with %s', async (_name, headers) => {
  const answer = await ada.call('POST', `${SETTINGS}/reset`, {}, headers)

  expect(answer.status).toBe(403)
  expect(answer.json).toMatchObject({ code: 'cross-origin' })
})

it.each([
  ['no Origin and Sec-Fetch-Site: same-origin', { origin: null, 'sec-fetch-site': 'same-origin' }],
  ['our Origin alone', {}],
])('accepts a change with %s', async (_name, headers) => {
  expect((await ada.call('POST', `${SETTINGS}/reset`, {}, headers)).status).toBe(200)
})

it('refuses a foreign sign-out and DELETE as well', async () => {
  const headers = { origin: 'https://evil.example' }

  expect((await ada.call('POST', '/api/v1/session/sign-out', undefined, headers)).status).toBe(403)
  expect((await ada.call('DELETE', `/api/v1/consents/con_${'0'.repeat(32)}`, undefined, headers)).status).toBe(403)
})

it('ignores the cookie of a Bearer request', async () => {
  const authorization = 'Bearer something'

  expect((await ada.call('GET', '/api/v1/session', undefined, { authorization })).status).toBe(401)
  expect((await ada.call('GET', SETTINGS, undefined, { authorization })).status).toBe(401)
})

it('deletes sessions and sign-ins that have ended', async () => {
  await product.newBrowser().visit('/auth/sign-in')
  await clock.advance(1 * HOURS + 1 * SECONDS)
  const database = await openDatabase(fixture.database.url, () => {})

  await createSignInStore(database.prisma, [], newId).sweep(clock.now())
  await database.close()

  expect(await fixture.database.query('SELECT 1 FROM sessions UNION ALL SELECT 1 FROM pending_sign_ins')).toEqual([])
})

import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { holdRequest } from '../test-support/held-request.ts'
import { SETTINGS } from '../test-support/office365-smtp.ts'
import type { Answer, TestBrowser } from '../test-support/test-browser.ts'
import { createTestClock, MINUTES, SECONDS } from '../test-support/test-clock.ts'
import { createTestGround, type TestGround, type TestProduct } from '../test-support/test-product.ts'

const clock = createTestClock()
let ground: TestGround
let product: TestProduct
let ada: TestBrowser

beforeAll(async () => {
  ground = await createTestGround({ clock })
  product = await ground.startProduct({ environment: { ROLE: 'api' } })
})
afterAll(() => ground.close())

beforeEach(async () => {
  await ground.clear()
  ada = product.newBrowser()
  await ada.signIn('Ada Admin')
})

async function configure(fromEmail = 'ada@contoso.com'): Promise<Answer> {
  return ada.call('POST', `${SETTINGS}/configure`, { fromEmail })
}

/** Ada's consent, accepted at Microsoft: the URL that leads back, not yet opened. */
async function accepted({ json }: Answer): Promise<string> {
  return ada.consentReturn(json.consentUrl, 'Ada Admin')
}

async function consentOf({ json }: Answer): Promise<Answer['json']> {
  return (await ada.call('GET', `/api/v1/consents/${json.id}`)).json
}

async function settingsStatus(): Promise<string> {
  return (await ada.call('GET', SETTINGS)).json.status
}

/** Microsoft's answer has been taken, and the grant is being proved. */
async function untilReturned(): Promise<void> {
  await expect
    .poll(async () => (await ground.database.query('SELECT 1 FROM consents WHERE returned_at IS NOT NULL')).length)
    .toBe(1)
}

/** Until the product waits for the lock that the test holds. */
async function untilWaitingForLock(): Promise<void> {
  await expect
    .poll(
      async () =>
        (
          await ground.database.query(
            "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
          )
        ).length,
    )
    .toBeGreaterThan(0)
}

it('refuses an answer with a forged state, and leaves the consent pending', async () => {
  const started = await configure()
  const forged = new URL(await accepted(started))
  forged.searchParams.set('state', 'A'.repeat(43))

  const result = await ada.open(forged.href)

  expect(result.status).toBe(400)
  expect(await consentOf(started)).toMatchObject({ status: 'pending' })
})

it.each([
  ['without state', (url: URL) => url.searchParams.delete('state')],
  ['with two states', (url: URL) => url.searchParams.append('state', 'another')],
  ['with nothing at all', (url: URL) => (url.search = '')],
])('refuses an answer %s', async (_name, change) => {
  const url = new URL(await accepted(await configure()))
  change(url)

  expect((await ada.open(url.href)).status).toBe(400)
  expect(await settingsStatus()).toBe('not-configured')
})

it('counts an answer once: a second one changes nothing', async () => {
  const started = await configure()
  const back = await accepted(started)
  await ada.open(back)
  await ada.call('POST', `${SETTINGS}/reset`, {})

  const again = await ada.open(back)

  expect(again.status).toBe(409)
  expect(await settingsStatus()).toBe('not-configured')
})

it('redeems the code once when the answer comes twice at the same moment', async () => {
  const back = await accepted(await configure())
  await ground.microsoft.control('DELETE', '/counters')

  const results = await Promise.all([ada.open(back), ada.open(back), ada.open(back)])

  const statuses = results.map(({ status }) => status)
  expect(statuses.filter((status) => status === 200)).toHaveLength(1)
  expect(statuses.filter((status) => status === 409)).toHaveLength(2)
  expect((await ground.microsoft.control('GET', '/counters')).endpoints.token.requests).toBe(1)
})

it('counts a failed answer as used as well', async () => {
  const started = await configure()
  const back = await ada.consentReturn(started.json.consentUrl, 'Ada Admin', 'Cancel')
  await ada.open(back)

  const again = await ada.open(back.replace(/error=[^&]*/, 'code=something'))

  expect(again.status).toBe(409)
  expect(await consentOf(started)).toMatchObject({ status: 'failed' })
})

it('completes an answer that comes in the tenth minute', async () => {
  const back = await accepted(await configure())
  await clock.advance(10 * MINUTES - 1 * SECONDS)

  expect((await ada.open(back)).status).toBe(200)
})

it('expires after ten minutes: a later answer changes nothing', async () => {
  const started = await configure()
  const back = await accepted(started)
  await clock.advance(10 * MINUTES)

  const result = await ada.open(back)

  expect(result.status).toBe(409)
  expect(result.text).toContain('The consent has expired')
  expect(await consentOf(started)).toMatchObject({ status: 'expired', consentUrl: null })
  expect((await ada.call('GET', SETTINGS)).json).toMatchObject({ status: 'not-configured', pendingConsent: null })
})

it('stays pending for as long as its grant is being proved, even past the tenth minute', async () => {
  const started = await configure()
  const back = await accepted(started)
  const release = await ground.database.lock('tenant_settings')
  await clock.advance(10 * MINUTES - 1 * SECONDS)
  const result = ada.open(back)
  await untilWaitingForLock() // the code has been redeemed by then, and will not expire
  await clock.advance(3 * SECONDS)

  expect(await consentOf(started)).toMatchObject({ status: 'pending' })
  await release()
  expect((await result).status).toBe(200)
})

it('does not complete a consent whose proof took so long that it was shown as expired', async () => {
  const started = await configure()
  const back = await accepted(started)
  const proof = await holdRequest(ground.microsoft, 'me')
  const result = ada.open(back)
  await untilReturned()
  await clock.advance(5 * MINUTES)
  expect(await consentOf(started)).toMatchObject({ status: 'expired' })
  await proof.release()

  expect((await result).status).toBe(409)
  expect(await consentOf(started)).toMatchObject({ status: 'expired' })
  expect(await settingsStatus()).toBe('not-configured')
})

it('cannot be finished in another browser of the same admin', async () => {
  const started = await configure()
  const back = await accepted(started)
  const other = product.newBrowser()
  await other.signIn('Ada Admin')

  const result = await other.open(back)

  expect(result.status).toBe(409)
  expect(result.text).toContain('This consent was started elsewhere')
  expect(await consentOf(started)).toMatchObject({ status: 'pending' })
})

it('cannot be finished by another admin', async () => {
  const started = await configure()
  const back = await accepted(started)
  const bob = product.newBrowser()
  await bob.signIn('Bob Behalf')

  expect((await bob.open(back)).status).toBe(409)
  expect(await settingsStatus()).toBe('not-configured')
})

it('cannot be finished by somebody who is not signed in', async () => {
  const back = await accepted(await configure())

  expect((await product.newBrowser().open(back)).status).toBe(409)
  expect(await settingsStatus()).toBe('not-configured')
})

it('cannot be finished once the session that started it has ended', async () => {
  const started = await configure()
  const back = await accepted(started)
  await ada.call('POST', '/api/v1/session/sign-out')

  expect((await ada.open(back)).status).toBe(409)
  await ada.signIn('Ada Admin')
  expect((await ada.open(back)).status).toBe(409)
  expect(await settingsStatus()).toBe('not-configured')
})

it('can still be finished in its own browser after another one tried', async () => {
  const back = await accepted(await configure())
  await product.newBrowser().open(back)

  expect((await ada.open(back)).status).toBe(200)
})

it('shows the consent URL only to the session that started it', async () => {
  const started = await configure()
  const bob = product.newBrowser()
  await bob.signIn('Bob Behalf')

  const seen = await bob.call('GET', `/api/v1/consents/${started.json.id}`)

  expect(seen.json).toMatchObject({ status: 'pending', consentUrl: null })
  expect((await consentOf(started)).consentUrl).toMatch(/^http.*&code_challenge=/)
})

it('changes nothing when an answer comes back after DELETE', async () => {
  const started = await configure()
  const back = await accepted(started)
  const cancelled = await ada.call('DELETE', `/api/v1/consents/${started.json.id}`)

  const result = await ada.open(back)

  expect(cancelled.status).toBe(204)
  expect(result.status).toBe(409)
  expect(result.text).toContain('The consent was cancelled')
  expect(await consentOf(started)).toMatchObject({ status: 'cancelled' })
  expect(await settingsStatus()).toBe('not-configured')
})

it('stays cancelled when DELETE comes while the grant is being proved', async () => {
  const started = await configure()
  const back = await accepted(started)
  const release = await ground.database.lock('tenant_settings')
  const result = ada.open(back)
  await untilReturned()

  await ada.call('DELETE', `/api/v1/consents/${started.json.id}`)

  await release()
  expect((await result).status).toBe(409)
  expect(await consentOf(started)).toMatchObject({ status: 'cancelled' })
  expect(await settingsStatus()).toBe('not-configured')
})

it('leaves a consent that has ended as it is when DELETE comes late', async () => {
  const started = await configure()
  await ada.open(await accepted(started))

  expect((await ada.call('DELETE', `/api/v1/consents/${started.json.id}`)).status).toBe(204)
  expect(await consentOf(started)).toMatchObject({ status: 'completed' })
})

it('leaves a consent that has expired as it is when DELETE comes late', async () => {
  const started = await configure()
  await clock.advance(10 * MINUTES)

  await ada.call('DELETE', `/api/v1/consents/${started.json.id}`)

  expect(await consentOf(started)).toMatchObject({ status: 'expired' })
})

it('deletes the secrets of a consent when it ends', async () => {
  const started = await configure()
  await ada.open(await accepted(started))

  expect(await ground.database.query('SELECT secrets_sealed FROM consents')).toEqual([{ secrets_sealed: null }])
})

it('answers 404 to a consent that does not exist', async () => {
  const answer = await ada.call('GET', `/api/v1/consents/con_${'0'.repeat(32)}`)

  expect(answer.status).toBe(404)
  expect(answer.json).toMatchObject({ code: 'not-found' })
})

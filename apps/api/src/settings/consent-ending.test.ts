import { expect, it } from 'vitest'
import { useAdminFixture } from '../test-support/admin-fixture.ts'
import { changingNothing } from '../test-support/changing-nothing.ts'
import { holdRequest } from '../test-support/held-request.ts'
import { connectMailbox } from '../test-support/office365-smtp.ts'
import type { Answer } from '../test-support/test-browser.ts'
import { createTestClock, MINUTES, SECONDS } from '../test-support/test-clock.ts'

const clock = createTestClock()
const { fixture, product, ada, post, readSettings, readConsent } = useAdminFixture({ clock })

const configure = () => post('configure', { fromEmail: 'ada@contoso.com' })
const cancel = ({ json }: Answer) => ada.call('DELETE', `/api/v1/consents/${json.id}`)

/** Has Ada accept at Microsoft and returns the URL that leads back, not yet opened. */
async function accepted({ json }: Answer): Promise<string> {
  return ada.consentReturn(json.consentUrl, 'Ada Admin')
}

async function settingsStatus(): Promise<string> {
  return (await readSettings()).status
}

/** Waits until Microsoft's answer has been taken and the grant is being proved. */
async function untilReturned(): Promise<void> {
  await expect
    .poll(async () => (await fixture.database.query('SELECT 1 FROM consents WHERE returned_at IS NOT NULL')).length)
    .toBe(1)
}

/** Waits until the product waits for the lock that the test holds. */
async function untilWaitingForLock(): Promise<void> {
  await expect
    .poll(
      async () =>
        (
          await fixture.database.query(
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
  expect(result.text).toContain('This answer was not expected here')
  expect(result.text).toContain('Back to the settings')
  expect(await readConsent(started)).toMatchObject({ status: 'pending' })
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

it('redeems the code once when the answer comes twice at the same moment', async () => {
  const back = await accepted(await configure())
  await fixture.microsoft.control('DELETE', '/counters')

  const results = await Promise.all([ada.open(back), ada.open(back), ada.open(back)])

  const statuses = results.map(({ status }) => status)
  expect(statuses.filter((status) => status === 200)).toHaveLength(1)
  expect(statuses.filter((status) => status === 409)).toHaveLength(2)
  expect((await fixture.microsoft.control('GET', '/counters')).endpoints.token.requests).toBe(1)
})

it.each<[string, (started: Answer, back: string) => Promise<unknown>, string, string]>([
  ['ten minutes', () => clock.advance(10 * MINUTES), 'expired', 'The consent has expired'],
  ['DELETE', (started) => cancel(started), 'cancelled', 'The consent was cancelled'],
  ['a reset', () => post('reset'), 'superseded', 'The settings were changed meanwhile'],
  ['it was completed, and reset', completeAndReset, 'completed', 'It was completed before.'],
])('changes nothing by an answer that comes after %s', async (_what, end, status, text) => {
  await connectMailbox(ada, { fromEmail: 'ada@contoso.com' })
  const started = await post('update-sender', { fromEmail: 'reports@contoso.com' })
  const back = await accepted(started)
  await end(started, back)
  expect(await readConsent(started)).toMatchObject({ status, consentUrl: null })

  const result = await changingNothing(fixture, () => ada.open(back))

  expect(result.status).toBe(409)
  expect(result.text).toContain(text)
  expect(await readSettings()).toMatchObject({ pendingConsent: null })
})

async function completeAndReset(_started: Answer, back: string): Promise<void> {
  await ada.open(back)
  await post('reset')
}

it('stays pending while its grant is being proved, even past the tenth minute', async () => {
  const started = await configure()
  const back = await accepted(started)
  const release = await fixture.database.lock('tenant_settings')
  await clock.advance(10 * MINUTES - 1 * SECONDS)
  const result = ada.open(back)
  await untilWaitingForLock() // the code has been redeemed by then, and will not expire
  await clock.advance(3 * SECONDS)

  expect(await readConsent(started)).toMatchObject({ status: 'pending' })
  await release()
  expect((await result).status).toBe(200)
})

it('proves a grant under a lease of 15 seconds, and ends as interrupted once nobody renews that', async () => {
  const lease = `SELECT returned_at + interval '15 seconds' = proof_until AS held FROM consents WHERE id = $1`
  const [started, killed] = [await configure(), await post('configure', { fromEmail: 'max@contoso.com' })]
  const proof = await holdRequest(fixture.microsoft, 'me')
  const result = ada.open(await accepted(started))
  await untilReturned()
  const held = await fixture.database.query(lease, [started.json.id])
  // As a killed process leaves it.
  await fixture.database.query(
    `UPDATE consents SET (returned_at, proof_until) = (mail_now(), mail_now() + interval '15 seconds') WHERE id = $1`,
    [killed.json.id],
  )
  const soon = await readConsent(killed)
  await clock.advance(15 * SECONDS)
  const later = await readConsent(killed)
  await proof.release()

  expect(held).toEqual([{ held: true }])
  expect(soon).toMatchObject({ status: 'pending' })
  expect(later).toMatchObject({
    status: 'failed',
    problem: { code: 'consent-interrupted', action: expect.stringContaining('asked for again') },
  })
  expect([200, 409]).toContain((await result).status) // its own lease may have been renewed in between
})

it.each([
  ['another browser of the same admin', 'Ada Admin'],
  ['the browser of another admin', 'Bob Behalf'],
  ['a browser where nobody is signed in', null],
])('cannot be finished in %s, and still can in its own', async (_where, account) => {
  const started = await configure()
  const back = await accepted(started)
  const other = product.newBrowser()
  if (account !== null) await other.signIn(account)

  const result = await other.open(back)

  expect(result.status).toBe(409)
  expect(result.text).toContain('This consent was started elsewhere')
  expect(await readConsent(started)).toMatchObject({ status: 'pending' })
  expect(await settingsStatus()).toBe('not-configured')
  expect((await ada.open(back)).status).toBe(200)
})

it('cannot be finished once the session that started it has ended', async () => {
  const back = await accepted(await configure())
  await ada.call('POST', '/api/v1/session/sign-out')

  expect((await ada.open(back)).status).toBe(409)
  await ada.signIn('Ada Admin')
  expect((await ada.open(back)).status).toBe(409)
  expect(await settingsStatus()).toBe('not-configured')
})

it('shows the consent URL only to the session that started it', async () => {
  const started = await configure()
  const bob = product.newBrowser()
  await bob.signIn('Bob Behalf')

  const seen = await bob.call('GET', `/api/v1/consents/${started.json.id}`)

  expect(seen.json).toMatchObject({ status: 'pending', consentUrl: null })
  expect((await readConsent(started)).consentUrl).toMatch(/^http.*&code_challenge=/)
})

it('leaves a consent that has ended or expired as it is when DELETE comes late', async () => {
  const expired = await configure()
  await clock.advance(10 * MINUTES)
  const completed = await configure()
  await ada.open(await accepted(completed))

  expect([(await cancel(expired)).status, (await cancel(completed)).status]).toEqual([204, 204])
  expect(await readConsent(expired)).toMatchObject({ status: 'expired' })
  expect(await readConsent(completed)).toMatchObject({ status: 'completed' })
})

it('deletes the secrets of a consent when it ends', async () => {
  const started = await configure()
  await ada.open(await accepted(started))

  expect(await fixture.database.query('SELECT secrets_sealed FROM consents')).toEqual([{ secrets_sealed: null }])
})

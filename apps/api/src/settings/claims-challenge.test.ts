import { beforeEach, expect, it } from 'vitest'
import { useDeliveryFixture } from '../test-support/use-fixture.ts'
import { SETTINGS } from '../test-support/office365-smtp.ts'
import type { TestBrowser } from '../test-support/test-browser.ts'
import { HOURS } from '../test-support/test-clock.ts'
import { connectMailbox } from '../test-support/test-service.ts'

const SECOND_FACTOR = {
  access_token: { capolids: { essential: true, values: ['5c1a2f0e-3d8b-4f6a-9b1e-7d2c4a6e8f01'] } },
}
/** The claims that msal-node adds to every request. */
const ALWAYS_ASKED = {
  id_token: {
    signin_state: { essential: false },
    login_hint: { essential: false },
    tenant_region_sub_scope: { essential: false },
  },
}

const fixture = useDeliveryFixture({ tickMs: 1 }) // Microsoft distinguishes tokens by their time of issue
let ada: TestBrowser

beforeEach(async () => {
  await fixture.calm()
  await connectMailbox(fixture.product)
  ada = fixture.product.newBrowser()
  await ada.signIn('Ada Admin')
})

/** Returns the claims of each request to an endpoint of Entra since its log was emptied. */
async function claimsAskedFor(endpoint: 'authorize' | 'token'): Promise<object[]> {
  const { items } = await fixture.microsoft.control('GET', '/log')
  return items
    .filter((entry: { endpoint: string }) => entry.endpoint === endpoint)
    .map((entry: { details: { claims: string } }) => JSON.parse(entry.details.claims))
}

const settings = async () => (await fixture.service.get(SETTINGS)).json
const start = async (purpose: string, body: object = {}) =>
  (await ada.call('POST', `${SETTINGS}/${purpose}`, body)).json
const claimsOf = (consentUrl: string) => JSON.parse(new URL(consentUrl).searchParams.get('claims') ?? 'null')

/** Switches on a policy that ends the grant until a sign-in satisfies the challenge. */
async function demandSecondFactor(change: object = {}): Promise<void> {
  await fixture.switchOn(
    {
      kind: 'entra-error',
      at: 'refresh',
      code: 50076,
      error: 'interaction_required',
      claims: JSON.stringify(SECOND_FACTOR),
      untilClaimsAreAskedFor: true,
      ...change,
    },
    'always',
  )
}

/** Submits a message that needs a new access token, which Microsoft refuses. */
async function holdMessage(subject: string): Promise<string> {
  await fixture.pass(2 * HOURS)
  await ada.signIn('Ada Admin') // the session has ended by then
  const { id } = await fixture.service.submit({ subject })
  await fixture.service.until(id, { status: 'held', heldBecause: 'reconnect-required' })
  return id
}

it('passes Graph’s challenge on to the next refresh, and sends', async () => {
  await fixture.microsoft.control('DELETE', '/counters')
  await fixture.switchOn({ kind: 'access-token', change: 'claims-challenge', endpoint: 'sendMail' })
  const { id } = await fixture.service.submit({ subject: 'Challenged' })

  await fixture.service.until(id, { status: 'sent', attempts: [{ outcome: 'sent' }] })
  const [refresh, ...more] = await claimsAskedFor('token')
  expect(refresh).toEqual({
    ...ALWAYS_ASKED,
    access_token: { nbf: { essential: true, value: expect.stringMatching(/^\d{10}$/) } },
  })
  expect(more).toEqual([])
})

it('passes Entra’s challenge on to the sign-in of Reconnect', async () => {
  await demandSecondFactor()
  const waiting = await holdMessage('Second factor')

  const { consentUrl } = await start('reconnect')
  expect(claimsOf(consentUrl)).toEqual({ ...ALWAYS_ASKED, ...SECOND_FACTOR })
  await fixture.microsoft.control('DELETE', '/counters')
  await ada.consent(consentUrl, 'Ada Admin')

  await fixture.service.until(waiting, { status: 'sent' })
  expect(await claimsAskedFor('token')).toEqual([{ ...ALWAYS_ASKED, ...SECOND_FACTOR }])
  await fixture.pass(2 * HOURS)
  const { id } = await fixture.service.submit({ subject: 'After the second factor' })
  await fixture.service.until(id, { status: 'sent' })
  expect(await fixture.arrived('Second factor')).toBe(1)
})

it.each(['code', 'authorize'])(
  'passes the challenge on when a consent is repeated that Entra refused at %s',
  async (at) => {
    await demandSecondFactor({ at, error: 'interaction_required' })
    const first = await start('update-sender', { fromEmail: 'reports@contoso.com' })
    expect(claimsOf(first.consentUrl)).toEqual(ALWAYS_ASKED)
    expect((await ada.consent(first.consentUrl, 'Ada Admin')).status).toBe(400)
    expect((await ada.call('GET', `/api/v1/consents/${first.id}`)).json).toMatchObject({
      problem: { code: 'access-blocked', title: 'Multifactor authentication is required' },
    })

    const second = await start('update-sender', { fromEmail: 'reports@contoso.com' })

    expect(claimsOf(second.consentUrl)).toEqual({ ...ALWAYS_ASKED, ...SECOND_FACTOR })
    expect((await ada.consent(second.consentUrl, 'Ada Admin')).status).toBe(200)
    expect(await settings()).toMatchObject({ status: 'connected', fromEmail: 'reports@contoso.com' })
    expect(claimsOf((await start('reconnect')).consentUrl)).toEqual(ALWAYS_ASKED)
  },
)

it('shows the challenge to nobody but Microsoft', async () => {
  await demandSecondFactor()
  await holdMessage('Quiet')
  const { consentUrl, ...consent } = await start('reconnect')

  const shown = JSON.stringify([consent, await settings(), (await ada.call('GET', '/api/v1/audit-events')).json])
  expect(consentUrl).toContain('capolids')
  expect(shown).not.toContain('capolids')
  expect(fixture.product.logLines.join('')).not.toContain('capolids')
})

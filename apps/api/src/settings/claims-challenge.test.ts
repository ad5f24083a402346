import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { createDeliveryGround, type DeliveryGround } from '../test-support/delivery-ground.ts'
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

let ground: DeliveryGround
let ada: TestBrowser

beforeAll(async () => {
  ground = await createDeliveryGround({ tickMs: 1 }) // Microsoft distinguishes tokens by their time of issue
})
afterAll(() => ground.close())

beforeEach(async () => {
  await ground.calm()
  await connectMailbox(ground.product)
  ada = ground.product.newBrowser()
  await ada.signIn('Ada Admin')
})

/** Returns the claims of each request to an endpoint of Entra since its log was emptied. */
async function claimsAskedFor(endpoint: 'authorize' | 'token'): Promise<object[]> {
  const { items } = await ground.microsoft.control('GET', '/log')
  return items
    .filter((entry: { endpoint: string }) => entry.endpoint === endpoint)
    .map((entry: { details: { claims: string } }) => JSON.parse(entry.details.claims))
}

const settings = async () => (await ground.service.get(SETTINGS)).json
const start = async (purpose: string, body: object = {}) =>
  (await ada.call('POST', `${SETTINGS}/${purpose}`, body)).json
const claimsOf = (consentUrl: string) => JSON.parse(new URL(consentUrl).searchParams.get('claims') ?? 'null')

/** Switches on a policy that ends the grant until a sign-in satisfies the challenge. */
async function demandSecondFactor(change: object = {}): Promise<void> {
  await ground.switchOn(
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
  await ground.pass(2 * HOURS)
  await ada.signIn('Ada Admin') // the session has ended by then
  const { id } = await ground.service.submit({ subject })
  await ground.service.until(id, { status: 'held', heldBecause: 'reconnect-required' })
  return id
}

it('passes Graph’s challenge on to the next refresh, and sends', async () => {
  await ground.microsoft.control('DELETE', '/counters')
  await ground.switchOn({ kind: 'access-token', change: 'claims-challenge', endpoint: 'sendMail' })
  const { id } = await ground.service.submit({ subject: 'Challenged' })

  await ground.service.until(id, { status: 'sent', attempts: [{ outcome: 'sent' }] })
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
  await ground.microsoft.control('DELETE', '/counters')
  await ada.consent(consentUrl, 'Ada Admin')

  await ground.service.until(waiting, { status: 'sent' })
  expect(await claimsAskedFor('token')).toEqual([{ ...ALWAYS_ASKED, ...SECOND_FACTOR }])
  await ground.pass(2 * HOURS)
  const { id } = await ground.service.submit({ subject: 'After the second factor' })
  await ground.service.until(id, { status: 'sent' })
  expect(await ground.arrived('Second factor')).toBe(1)
})

it('passes a challenge on once: the consent after the reconnect carries none', async () => {
  await demandSecondFactor()
  await holdMessage('Once')
  await ada.consent((await start('reconnect')).consentUrl, 'Ada Admin')

  expect(claimsOf((await start('reconnect')).consentUrl)).toEqual(ALWAYS_ASKED)
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

it.each([
  ['no JSON', 'the second factor'],
  ['no challenge', '{"redirect_uri":"https://evil.example"}'],
  ['longer than any', JSON.stringify({ access_token: { padding: 'x'.repeat(3_000) } })],
])('ignores a challenge that is %s, and still offers Reconnect', async (_what, claims) => {
  await ground.switchOn({ kind: 'entra-error', at: 'refresh', code: 50076, claims })
  const waiting = await holdMessage('Unbelievable')

  const { consentUrl } = await start('reconnect')

  expect(claimsOf(consentUrl)).toEqual(ALWAYS_ASKED)
  await ada.consent(consentUrl, 'Ada Admin')
  await ground.service.until(waiting, { status: 'sent' })
})

it('shows the challenge to nobody but Microsoft', async () => {
  await demandSecondFactor()
  await holdMessage('Quiet')
  const { consentUrl, ...consent } = await start('reconnect')

  const shown = JSON.stringify([consent, await settings(), (await ada.call('GET', '/api/v1/audit-events')).json])
  expect(consentUrl).toContain('capolids')
  expect(shown).not.toContain('capolids')
  expect(ground.product.logLines.join('')).not.toContain('capolids')
})

it('never declares the client capability cp1, which would make tokens last a day', async () => {
  await ground.switchOn({ kind: 'access-token', change: 'claims-challenge', endpoint: 'sendMail' })
  const { id } = await ground.service.submit()
  await ground.service.until(id, { status: 'sent' })

  const asked = [...(await claimsAskedFor('authorize')), ...(await claimsAskedFor('token'))]
  expect(asked.length).toBeGreaterThan(2)
  expect(JSON.stringify(asked)).not.toMatch(/xms_cc|cp1/i)
})

import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { connectMailbox, SETTINGS } from '../test-support/office365-smtp.ts'
import type { TestBrowser } from '../test-support/test-browser.ts'
import { createTestGround, type TestGround, type TestProduct } from '../test-support/test-product.ts'

let ground: TestGround
let product: TestProduct
let ada: TestBrowser
let before: unknown

beforeAll(async () => {
  ground = await createTestGround()
  product = await ground.startProduct({ environment: { ROLE: 'api' }, microsoftTimeoutMs: 5_000 })
})
afterAll(() => ground.close())

// Each of these starts from a working connection, which has to survive.
beforeEach(async () => {
  await ground.clear()
  ada = product.newBrowser()
  await ada.signIn('Ada Admin')
  await connectMailbox(ada, { fromEmail: 'ada@contoso.com' })
  before = await everythingStored()
})

/** The settings with their tokens, as they are stored. */
async function everythingStored(): Promise<unknown> {
  return ground.database.query('SELECT * FROM tenant_settings')
}

async function scenario(name: string): Promise<void> {
  await ground.microsoft.control('POST', '/scenarios', { name })
}

async function http(endpoint: string, action: Record<string, unknown>): Promise<void> {
  await ground.microsoft.control('POST', '/scenarios', { effect: { kind: 'http', endpoint, do: action } })
}

/** Tries to send from reports@contoso.com, and says what became of it. */
async function tryAgain(decision: 'Accept' | 'Cancel' = 'Accept', account = 'Ada Admin') {
  const started = await ada.call('POST', `${SETTINGS}/update-sender`, { fromEmail: 'reports@contoso.com' })
  const page = await ada.consent(started.json.consentUrl, account, decision)
  const { status, problem, consentUrl } = (await ada.call('GET', `/api/v1/consents/${started.json.id}`)).json
  return {
    page: page.status,
    saysThatNothingChanged: page.text.includes('Nothing was changed'),
    status,
    consentUrl,
    problem,
    pendingConsent: (await ada.call('GET', SETTINGS)).json.pendingConsent,
    stored: await everythingStored(),
  }
}

/** It failed with this problem, says so in words, and nothing was changed. */
function failedWith(problem: { code: string; detail?: unknown; action?: unknown; correlationId?: unknown }) {
  const words = expect.stringMatching(/\w+ \w+/)
  return {
    page: 400,
    saysThatNothingChanged: true,
    status: 'failed',
    consentUrl: null,
    problem: {
      title: words,
      detail: words,
      action: words,
      correlationId: expect.toBeOneOf([null, CORRELATION_ID]),
      ...problem,
    },
    pendingConsent: null,
    stored: before,
  }
}

const CORRELATION_ID = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
const APPROVAL_LINK = expect.stringMatching(/http:\S+\/auth\/microsoft\/admin-consent and /)

it.each([
  ['authorize-admin-consent-required', 'admin-approval-required'],
  ['authorize-admin-consent-required-as-consent-required', 'admin-approval-required'],
  ['authorize-declined', 'consent-cancelled'],
  ['authorize-declined-as-consent-required', 'consent-cancelled'],
])('fails with the approval link when Microsoft’s page ends with %s', async (name, code) => {
  await scenario(name)

  expect(await tryAgain()).toEqual(failedWith({ code, action: APPROVAL_LINK, correlationId: CORRELATION_ID }))
})

it.each([
  ['authorize-conditional-access', 'access-blocked', 'AADSTS53003'],
  ['authorize-not-assigned', 'wrong-account', 'AADSTS50105'],
  ['authorize-unavailable', 'microsoft-unavailable', 'AADSTS90033'],
])('fails when Microsoft’s page ends with %s', async (name, code, number) => {
  await scenario(name)

  expect(await tryAgain()).toEqual(
    failedWith({
      code,
      detail: expect.stringContaining(number),
      correlationId: CORRELATION_ID,
    }),
  )
})

it.each(['documented', 'subcode', 'subcode-with-description', 'access-denied', 'consent-required'])(
  'fails as consent-cancelled when somebody cancels and Microsoft reports it as %s',
  async (cancelShape) => {
    await ground.microsoft.control('PATCH', '/settings', { cancelShape })

    expect(await tryAgain('Cancel')).toEqual(failedWith({ code: 'consent-cancelled', action: APPROVAL_LINK }))
  },
)

it('fails when a guest of the organisation consents', async () => {
  expect(await tryAgain('Accept', 'Gil Guest')).toEqual(failedWith({ code: 'wrong-account' }))
})

it.each([
  'id-token-wrong-nonce',
  'id-token-wrong-audience',
  'id-token-wrong-issuer',
  'id-token-wrong-signature',
  'id-token-wrong-oid',
  'id-token-expired',
  'no-id-token',
  'me-other-id',
])('believes no answer with %s', async (name) => {
  await scenario(name)

  expect(await tryAgain()).toEqual(failedWith({ code: 'unexpected-answer' }))
})

it('fails when the id_token is of another organisation', async () => {
  await scenario('id-token-wrong-tenant')

  expect(await tryAgain()).toEqual(failedWith({ code: 'wrong-account' }))
})

it('fails as permission-missing when Microsoft gives no refresh token', async () => {
  await scenario('no-refresh-token')

  expect(await tryAgain()).toEqual(
    failedWith({
      code: 'permission-missing',
      detail: expect.stringContaining('offline_access'),
    }),
  )
})

it.each([
  ['secret-wrong', 'AADSTS7000215'],
  ['secret-expired', 'AADSTS7000222'],
])('fails as app-misconfigured when Microsoft answers with %s', async (name, number) => {
  await scenario(name)

  expect(await tryAgain()).toEqual(
    failedWith({
      code: 'app-misconfigured',
      detail: expect.stringContaining(number),
      action: expect.stringContaining('AZURE_CLIENT_SECRET'),
      correlationId: CORRELATION_ID,
    }),
  )
})

it.each(['token-500-empty-object', 'token-502-html', 'token-503', 'token-429', 'token-hang'])(
  'fails as microsoft-unavailable after %s',
  async (name) => {
    await scenario(name)

    expect(await tryAgain()).toEqual(failedWith({ code: 'microsoft-unavailable' }))
  },
)

it.each([
  ['429', { status: 429, headers: { 'retry-after': '2' }, body: graph('ApplicationThrottled') }],
  ['503', { status: 503, body: graph('ErrorServerBusy') }],
  ['504', { status: 504, body: graph('UnknownError') }],
  ['500 with an empty object', { status: 500, body: {} }],
  ['502 with HTML', { status: 502, headers: { 'content-type': 'text/html' }, body: '<h1>Bad Gateway</h1>' }],
])('fails as microsoft-unavailable when /me answers %s', async (_name, answer) => {
  await http('me', { action: 'answer', when: 'before', ...answer })

  expect(await tryAgain()).toEqual(failedWith({ code: 'microsoft-unavailable' }))
})

it.each([
  'send-429',
  'send-503',
  'send-500-empty-object',
  'send-502-html',
  'send-accepted-but-504',
  'send-reset-before',
  'send-reset-after',
  'send-hang',
])('fails as microsoft-unavailable when the verification message ends with %s', async (name) => {
  await scenario(name)

  expect(await tryAgain()).toEqual(failedWith({ code: 'microsoft-unavailable' }))
})

it.each([
  ['ErrorAccessDenied', 403, 'permission-missing'],
  ['ErrorSendAsDenied', 403, 'send-as-denied'],
  ['ErrorNonExistentMailbox', 404, 'mailbox-not-found'],
  ['ErrorSomethingNew', 400, 'microsoft-refused'],
  ['ErrorAccountSuspend', 403, 'microsoft-refused'],
])('fails when Graph refuses the verification message with %s', async (graphCode, status, code) => {
  await http('sendMail', { action: 'answer', when: 'before', status, body: graph(graphCode) })

  expect(await tryAgain()).toEqual(failedWith({ code, detail: expect.stringContaining(graphCode) }))
})

it('accepts a verification message that Graph takes and asks for a pause', async () => {
  await scenario('send-accepted-with-retry-after')

  expect(await tryAgain()).toMatchObject({ status: 'completed' })
})

function graph(code: string) {
  return { error: { code, message: `The simulator says ${code}.` } }
}

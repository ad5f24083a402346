import { beforeEach, expect, it } from 'vitest'
import { useAdminGround } from '../test-support/admin-ground.ts'
import { connectMailbox } from '../test-support/office365-smtp.ts'

const { ground, ada, post, readSettings, readConsent, scenario } = useAdminGround({ microsoftTimeoutMs: 5_000 })
let before: unknown

// Each test starts from a working connection, which has to survive.
beforeEach(async () => {
  await connectMailbox(ada, { fromEmail: 'ada@contoso.com' })
  before = await everythingStored()
})

/** Returns the settings with their tokens as stored. */
async function everythingStored(): Promise<unknown> {
  return ground.database.query('SELECT * FROM tenant_settings')
}

async function http(endpoint: string, action: Record<string, unknown>): Promise<void> {
  await ground.microsoft.control('POST', '/scenarios', { effect: { kind: 'http', endpoint, do: action } })
}

/** Asks for consent to send from reports@contoso.com, and returns how that ended. */
async function tryAgain(decision: 'Accept' | 'Cancel' = 'Accept', account = 'Ada Admin') {
  const started = await post('update-sender', { fromEmail: 'reports@contoso.com' })
  const page = await ada.consent(started.json.consentUrl, account, decision)
  const { status, problem, consentUrl } = await readConsent(started)
  return {
    page: page.status,
    saysThatNothingChanged: page.text.includes('Nothing was changed'),
    status,
    consentUrl,
    problem,
    pendingConsent: (await readSettings()).pendingConsent,
    stored: await everythingStored(),
  }
}

/** The consent failed with this problem and its texts, and nothing was changed. */
function failedWith(problem: { code: string; detail?: unknown; action?: unknown; correlationId?: unknown }) {
  const text = expect.stringMatching(/\w+ \w+/)
  return {
    page: 400,
    saysThatNothingChanged: true,
    status: 'failed',
    consentUrl: null,
    problem: {
      title: text,
      detail: text,
      action: text,
      correlationId: expect.toBeOneOf([null, CORRELATION_ID]),
      values: expect.any(Object),
      ...problem,
    },
    pendingConsent: null,
    stored: before,
  }
}

const CORRELATION_ID = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
const APPROVAL_LINK = expect.stringMatching(/http:\S+\/auth\/microsoft\/admin-consent and /)

const APPROVAL = { action: APPROVAL_LINK, correlationId: CORRELATION_ID }
const REFUSED = { correlationId: CORRELATION_ID }
const FIX_SECRET = { action: expect.stringContaining('AZURE_CLIENT_SECRET'), correlationId: CORRELATION_ID }

it.each([
  ['authorize-admin-consent-required', 'admin-approval-required', '', APPROVAL],
  ['authorize-admin-consent-required-as-consent-required', 'admin-approval-required', '', APPROVAL],
  ['authorize-declined', 'consent-cancelled', '', APPROVAL],
  ['authorize-declined-as-consent-required', 'consent-cancelled', '', APPROVAL],
  ['authorize-conditional-access', 'access-blocked', 'AADSTS53003', REFUSED],
  ['authorize-not-assigned', 'wrong-account', 'AADSTS50105', REFUSED],
  ['authorize-unavailable', 'microsoft-unavailable', 'AADSTS90033', REFUSED],
  ['secret-wrong', 'app-misconfigured', 'AADSTS7000215', FIX_SECRET],
  ['secret-expired', 'app-misconfigured', 'AADSTS7000222', FIX_SECRET],
  ['no-refresh-token', 'permission-missing', 'offline_access', {}],
  ['id-token-wrong-nonce', 'unexpected-answer', '', {}],
  ['id-token-wrong-audience', 'unexpected-answer', '', {}],
  ['id-token-wrong-issuer', 'unexpected-answer', '', {}],
  ['id-token-wrong-signature', 'unexpected-answer', '', {}],
  ['id-token-wrong-oid', 'unexpected-answer', '', {}],
  ['id-token-expired', 'unexpected-answer', '', {}],
  ['no-id-token', 'unexpected-answer', '', {}],
  ['me-other-id', 'unexpected-answer', '', {}],
  ['id-token-wrong-tenant', 'wrong-account', '', {}],
  ['token-500-empty-object', 'microsoft-unavailable', '', {}],
  ['token-502-html', 'microsoft-unavailable', '', {}],
  ['token-503', 'microsoft-unavailable', '', {}],
  ['token-429', 'microsoft-unavailable', '', {}],
  ['token-hang', 'microsoft-unavailable', '', {}],
  ['send-429', 'microsoft-unavailable', '', {}],
  ['send-503', 'microsoft-unavailable', '', {}],
  ['send-500-empty-object', 'microsoft-unavailable', '', {}],
  ['send-502-html', 'microsoft-unavailable', '', {}],
  ['send-accepted-but-504', 'microsoft-unavailable', '', {}],
  ['send-reset-before', 'microsoft-unavailable', '', {}],
  ['send-reset-after', 'microsoft-unavailable', '', {}],
  ['send-hang', 'microsoft-unavailable', '', {}],
])('fails after %s as %s', async (name, code, inDetail, more) => {
  await scenario(name)

  const detail = expect.stringMatching(inDetail || /\w+ \w+/)
  expect(await tryAgain()).toEqual(failedWith({ code, detail, ...more }))
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
  ['ErrorAccessDenied', 403, 'permission-missing'],
  ['ErrorSendAsDenied', 403, 'send-as-denied'],
  ['ErrorNonExistentMailbox', 404, 'mailbox-not-found'],
  ['ErrorSomethingNew', 400, 'microsoft-refused'],
  ['ErrorAccountSuspend', 403, 'microsoft-refused'],
])('fails when Graph refuses the verification message with %s', async (graphCode, status, code) => {
  await http('sendMail', { action: 'answer', when: 'before', status, body: graph(graphCode) })

  expect(await tryAgain()).toEqual(failedWith({ code, detail: expect.stringContaining(graphCode) }))
})

it('completes when Graph accepts the verification message and asks for a pause', async () => {
  await scenario('send-accepted-with-retry-after')

  expect(await tryAgain()).toMatchObject({ status: 'completed' })
})

function graph(code: string) {
  return { error: { code, message: `The simulator says ${code}.` } }
}

import { beforeEach, expect, it } from 'vitest'
import { useAdminFixture } from '../test-support/admin-fixture.ts'
import { connectMailbox } from '../test-support/office365-smtp.ts'
import { http, requestsTo, switchOn } from '../test-support/scenario.ts'

const { fixture, ada, post, readSettings, readConsent, scenario } = useAdminFixture()
let before: Record<string, unknown>[]

// Each test starts from a working connection, which has to survive.
beforeEach(async () => {
  await connectMailbox(ada, { fromEmail: 'ada@contoso.com' })
  before = await everythingStored()
})

/** Returns the settings with their tokens as stored. */
async function everythingStored(): Promise<Record<string, unknown>[]> {
  return fixture.database.query('SELECT * FROM tenant_settings')
}

/** Asks for consent to send from reports@contoso.com, and returns how that ended. */
async function tryAgain(account = 'Ada Admin', largeAttachments = false) {
  const started = await post('update-sender', { fromEmail: 'reports@contoso.com', largeAttachments })
  const page = await ada.consent(started.json.consentUrl, account)
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

// One of each kind, at each step: packages/m365 has the codes of Entra, and every answer there may be.
it.each([
  ['authorize-declined', 'consent-cancelled', '', APPROVAL],
  ['authorize-conditional-access', 'access-blocked', 'AADSTS53003', REFUSED],
  ['secret-expired', 'app-misconfigured', 'AADSTS7000222', FIX_SECRET],
  ['no-refresh-token', 'permission-missing', 'offline_access', {}],
  ['id-token-wrong-signature', 'unexpected-answer', '', {}],
  ['id-token-wrong-oid', 'unexpected-answer', '', {}],
  ['me-other-id', 'unexpected-answer', '', {}],
  ['id-token-wrong-tenant', 'wrong-account', '', {}],
  ['token-503', 'microsoft-unavailable', '', {}],
  ['send-429', 'microsoft-unavailable', '', {}],
  ['send-503', 'microsoft-unavailable', '', {}],
  ['send-accepted-but-504', 'microsoft-unavailable', '', {}],
  ['send-reset-after', 'microsoft-unavailable', '', {}],
])('fails after %s as %s', async (name, code, inDetail, more) => {
  await scenario(name)

  const detail = expect.stringMatching(inDetail || /\w+ \w+/)
  expect(await tryAgain()).toEqual(failedWith({ code, detail, ...more }))
})

/** Has the delegate be a guest by what Graph says, and not by the id_token. */
const guestAtGraph = () => {
  const body = {
    id: before[0]?.['delegate_object_id'],
    displayName: 'Gil Guest',
    userType: 'Guest',
    proxyAddresses: [],
  }
  return http('me', { action: 'answer', when: 'before', status: 200, body })
}
const withoutScope = (name: string) => () => ({ kind: 'fewer-scopes', without: [name] })
const missing = (name: string) => ({
  code: 'permission-missing',
  detail: expect.stringContaining(name),
  action: expect.stringContaining('/auth/microsoft/admin-consent'),
})

it.each([
  ['Mail.Send is not granted', 'Ada Admin', withoutScope('Mail.Send'), missing('Mail.Send'), 0],
  ['Mail.ReadWrite is not granted', 'Ada Admin', withoutScope('Mail.ReadWrite'), missing('Mail.ReadWrite'), 0],
  ['Mail.Send.Shared is not granted', 'Ada Admin', withoutScope('Mail.Send.Shared'), missing('Mail.Send.Shared'), 0],
  ['the id_token is of a guest', 'Gil Guest', null, { code: 'wrong-account' }, 0],
  ['only Graph says that it is a guest', 'Ada Admin', guestAtGraph, { code: 'wrong-account' }, 1],
])(
  'sends nothing, and uses the tokens no sooner than needed, where %s',
  async (_why, account, effect, problem, asked) => {
    if (effect !== null) await switchOn(fixture, effect())
    await fixture.microsoft.control('DELETE', '/counters')

    expect(await tryAgain(account, true)).toEqual(failedWith(problem))
    expect([await requestsTo(fixture, 'me'), await requestsTo(fixture, 'sendMail')]).toEqual([asked, 0])
  },
)

it('completes when Graph accepts the verification message and asks for a pause', async () => {
  await scenario('send-accepted-with-retry-after')

  expect(await tryAgain()).toMatchObject({ status: 'completed' })
})

import type { Office365SmtpSettings } from '@inforiver-mail/contract/office365-smtp'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createAccessModules } from '../test-support/access-modules.ts'
import { SETTINGS } from '../test-support/office365-smtp.ts'
import type { TestBrowser } from '../test-support/test-browser.ts'
import { createTestGround, type TestGround, type TestProduct } from '../test-support/test-product.ts'
import { createServiceClient } from '../test-support/test-service.ts'

// Entra refuses, and the refusal travels to where it ends: in the consent, in the settings, at the worker. Each kind of
// refusal has a representative here; every number is explained in the tests of packages/m365. The expectations follow
// Microsoft's list of codes ("Microsoft Entra authentication and authorization error codes"), not our table.

interface Expected {
  /** How the text addresses whoever has to act. */
  readonly who: RegExp
  /** Where to act, or what to do there. */
  readonly where?: string
  /** A link in the text; to Microsoft, unless it is given. */
  readonly link?: RegExp
}
/** `error`, or `error+suberror`. */
type SentWith = string
type ConsentCase = readonly [code: number, SentWith, at: 'authorize' | 'code', problem: string, Expected]
type Ending = 'reconnect-required' | 'app-misconfigured' | 'unavailable'
type RenewalCase = readonly [code: number, SentWith, Ending, Expected]

const UNKNOWN = 999_999
const PERSON = /^Try again\b|[Ww]hoever signs in|[Tt]he owner of the account|[Aa] workspace admin chooses Reconnect and/
const ENTRA_ADMIN = /Entra administrator/
const OPERATOR = /Whoever operates (Inforiver Mail|the app registration)/
const SUPPORT = /Whoever operates Inforiver Mail reports it to the support of Inforiver/
const NOBODY = /Try again in a few minutes\.|Nobody has to do anything/
const APPROVAL_PAGE = /http:\/\/localhost:\d+\/auth\/microsoft\/admin-consent\b/
const MICROSOFT_PAGE = /https:\/\/(entra\.microsoft\.com|login\.microsoftonline\.com\/error\?code=\d+)\b/
const REGISTRATION = 'App registrations > the app of Inforiver Mail'

const CONSENTS: readonly ConsentCase[] = [
  [65004, 'access_denied', 'authorize', 'consent-cancelled', approval('choose Accept')],
  [90094, 'consent_required', 'authorize', 'admin-approval-required', approval('approves the permissions once')],
  [90095, 'access_denied', 'authorize', 'admin-approval-required', approval('Admin consent requests')],
  [65001, 'invalid_grant+consent_required', 'code', 'permission-missing', approval('choose Accept')],
  [50105, 'access_denied', 'authorize', 'wrong-account', { who: ENTRA_ADMIN, where: 'Users and groups' }],
  [
    50034,
    'invalid_grant',
    'code',
    'wrong-account',
    { who: PERSON, where: 'a member account of your own organisation' },
  ],
  [50057, 'invalid_grant', 'code', 'access-blocked', { who: ENTRA_ADMIN, where: 'Account status' }],
  [50053, 'access_denied', 'authorize', 'access-blocked', { who: ENTRA_ADMIN, where: 'Sign-in logs' }],
  [50076, 'interaction_required', 'authorize', 'access-blocked', { who: PERSON, where: 'second factor' }],
  [
    50079,
    'invalid_grant+additional_action',
    'code',
    'access-blocked',
    { who: PERSON, where: 'enrols', link: /https:\/\/aka\.ms\/mfasetup/ },
  ],
  [50158, 'invalid_grant', 'code', 'access-blocked', { who: PERSON, where: 'every step' }],
  [53000, 'access_denied', 'authorize', 'access-blocked', { who: ENTRA_ADMIN, where: 'Conditional Access > Policies' }],
  [530035, 'access_denied', 'authorize', 'access-blocked', { who: ENTRA_ADMIN, where: 'Manage security defaults' }],
  [54005, 'invalid_grant', 'code', 'microsoft-refused', { who: PERSON }],
  [700084, 'invalid_grant', 'code', 'microsoft-refused', { who: OPERATOR, where: 'the platform Web' }],
  [50011, 'invalid_request', 'code', 'app-misconfigured', registration('Authentication')],
  [7000215, 'invalid_client', 'code', 'app-misconfigured', { who: OPERATOR, where: 'Value (not Secret ID)' }],
  [650057, 'invalid_resource', 'authorize', 'app-misconfigured', registration('API permissions')],
  [70011, 'invalid_scope', 'authorize', 'app-misconfigured', { who: SUPPORT, where: 'correlation id' }],
  [90033, 'temporarily_unavailable', 'authorize', 'microsoft-unavailable', { who: NOBODY }],
  [UNKNOWN, 'login_required', 'authorize', 'access-blocked', { who: ENTRA_ADMIN, where: 'Sign-in logs' }],
]

const REFRESHES: readonly RenewalCase[] = [
  [700082, 'invalid_grant', 'reconnect-required', { who: PERSON }],
  [70043, 'invalid_grant+bad_token', 'reconnect-required', { who: ENTRA_ADMIN, where: 'Session > Sign-in frequency' }],
  [50034, 'invalid_grant', 'reconnect-required', { who: ENTRA_ADMIN, where: 'Users > Deleted users' }],
  [65001, 'invalid_grant+consent_required', 'reconnect-required', approval('approves the permissions once')],
  [7000222, 'invalid_client', 'app-misconfigured', registration('Certificates & secrets')],
  [90002, 'invalid_request', 'app-misconfigured', { who: OPERATOR, where: 'Overview > Tenant ID' }],
  [7000112, 'unauthorized_client', 'app-misconfigured', { who: ENTRA_ADMIN, where: 'Enabled for users to sign-in' }],
  [90033, 'invalid_grant', 'unavailable', { who: NOBODY }],
  [UNKNOWN, 'invalid_grant', 'reconnect-required', { who: PERSON }],
]

const APPLICATION_TOKENS: readonly RenewalCase[] = [
  [65001, 'consent_required', 'reconnect-required', approval('approves the permissions once')],
  // Of all policies, only one for workload identities applies to the application itself.
  [53003, 'access_denied', 'reconnect-required', { who: ENTRA_ADMIN, where: 'Sign-in logs' }],
  [700027, 'invalid_client', 'app-misconfigured', { who: OPERATOR, where: 'thumbprint' }],
  [50196, 'invalid_grant', 'unavailable', { who: NOBODY }],
]

const PROOFS: readonly (readonly [code: number, SentWith, problem: string, Expected])[] = [
  [
    500011,
    'invalid_resource',
    'app-misconfigured',
    { who: ENTRA_ADMIN, where: 'Enterprise applications > Microsoft Graph' },
  ],
  [700016, 'unauthorized_client', 'app-misconfigured', registration('Overview')],
]

const CORRELATION_ID = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
/** Whole sentences in which nothing was left out. */
const SENTENCES = /^(?!.*(undefined|null|[{}]))[A-Z].*(\.|” \(AADSTS\d+\))$/

describe('a connection with a person’s tokens', () => {
  const connection = useConnection({ fromEmail: 'ada@contoso.com', consentsAs: 'Ada Admin' })

  it.each(CONSENTS)(
    'AADSTS%i with %s at %s fails the consent as %s, and changes nothing',
    async (code, sentWith, at, problem, expected) => {
      const { ada, settings, refuse } = connection()
      const before = await settings()
      await refuse(at, code, sentWith)

      const { id, consentUrl } = (
        await ada.call('POST', `${SETTINGS}/update-sender`, { fromEmail: 'reports@contoso.com' })
      ).json
      expect((await ada.consent(consentUrl, 'Ada Admin')).status).toBe(400)

      const ended = (await ada.call('GET', `/api/v1/consents/${id}`)).json
      expect(ended).toMatchObject({
        status: 'failed',
        problem: { code: problem, detail: sentencesWith(code), correlationId: CORRELATION_ID },
      })
      expect(findFaults(ended.problem.action, expected, problem)).toEqual([])
      expect(await settings()).toEqual(before)
    },
  )

  it.each(REFRESHES)('AADSTS%i with %s at a refresh ends as %s', async (code, sentWith, ending, expected) => {
    const { renew, settings, refuse } = connection()
    await refuse('refresh', code, sentWith)

    expect(await renew()).toMatchObject(accessAfter(ending))

    const after = await settings()
    expect(after).toMatchObject(settingsAfter(ending, code))
    expect(findFaults(after.problem?.action, expected, ending)).toEqual([])
  })
})

describe('a connection with the application’s own access', () => {
  const connection = useConnection({
    environment: { GRAPH_AUTH: 'application' },
    fromEmail: 'reports@contoso.com',
    consentsAs: 'Grace Global',
  })

  it.each(APPLICATION_TOKENS)(
    'AADSTS%i with %s at its next token ends as %s',
    async (code, sentWith, ending, expected) => {
      const { renew, settings, refuse } = connection()
      await refuse('client', code, sentWith)

      expect(await renew()).toMatchObject(accessAfter(ending))

      const after = await settings()
      expect(after).toMatchObject(settingsAfter(ending, code))
      expect(findFaults(after.problem?.action, expected, ending)).toEqual([])
    },
  )

  it.each(PROOFS)(
    'AADSTS%i with %s at the proof of a consent fails it as %s',
    async (code, sentWith, problem, expected) => {
      const { ada, settings, refuse } = connection()
      const { id, consentUrl } = (await ada.call('POST', `${SETTINGS}/reconnect`, {})).json
      await refuse('client', code, sentWith)

      expect((await ada.consent(consentUrl, 'Grace Global')).status).toBe(400)

      const ended = (await ada.call('GET', `/api/v1/consents/${id}`)).json
      expect(ended).toMatchObject({ status: 'failed', problem: { code: problem, correlationId: CORRELATION_ID } })
      expect(findFaults(ended.problem.action, expected, problem)).toEqual([])
      expect(await settings()).toMatchObject({ status: 'connected', problem: null })
    },
  )
})

interface Connection {
  readonly ada: TestBrowser
  readonly settings: () => Promise<Pick<Office365SmtpSettings, 'status' | 'problem'>>
  /** Asks Microsoft for another access token, as a worker does whose token Graph has just refused. */
  readonly renew: () => Promise<unknown>
  /** Makes Entra refuse the next request of this kind. */
  readonly refuse: (at: string, code: number, sentWith: SentWith) => Promise<void>
}

/** Starts a product, connects its mailbox for the enclosing tests, and restores the connection after each of them. */
function useConnection(options: {
  environment?: Record<string, string>
  fromEmail: string
  consentsAs: string
}): () => Connection {
  let ground: TestGround
  let connection: Connection
  let close: () => Promise<void>

  beforeAll(async () => {
    ground = await createTestGround()
    const product = await ground.startProduct({ environment: { ROLE: 'api', ...options.environment } })
    const ada = product.newBrowser()
    await ada.signIn('Ada Admin')
    const { fromEmail, consentsAs } = options
    const { consentUrl } = (await ada.call('POST', `${SETTINGS}/configure`, { fromEmail })).json
    await ada.consent(consentUrl, consentsAs)
    const service = await createServiceClient(product) // has a rate limit of its own
    const { renew, closeRenewal } = await createRenewal(ground, product)
    close = closeRenewal
    connection = {
      ada,
      settings: async () => (await service.get(SETTINGS)).json,
      renew,
      refuse: (at, code, sentWith) => refuse(ground, at, code, sentWith),
    }
  })
  afterEach(() =>
    ground.database.query(
      `UPDATE tenant_settings
          SET status = 'connected', problem = NULL, claims_challenge = NULL, refresh_not_before = NULL,
              refused_asked_at = NULL`,
    ),
  )
  afterAll(async () => {
    await close()
    await ground.close()
  })
  return () => connection
}

async function refuse(ground: TestGround, at: string, code: number, sentWith: SentWith): Promise<void> {
  const [error, suberror = null] = sentWith.split('+')
  const status = error === 'invalid_client' ? 401 : 400
  await ground.microsoft.control('DELETE', '/scenarios')
  await ground.microsoft.control('POST', '/scenarios', {
    effect: { kind: 'entra-error', at, code, error, suberror, status },
  })
}

async function createRenewal(ground: TestGround, { config }: TestProduct) {
  const modules = await createAccessModules({ ground, config, clock: () => new Date() })
  const { tenantId, grantStore, accessSource } = modules
  const { signal } = new AbortController()
  const renew = async () => {
    const { grant } = await grantStore.read(tenantId)
    if (!grant) throw new Error('There is no grant.')
    return accessSource.access(tenantId, { refused: grant.grantVersion, signal })
  }
  return { renew, closeRenewal: () => modules.close() }
}

function approval(where: string): Expected {
  return { who: ENTRA_ADMIN, where, link: APPROVAL_PAGE }
}

function registration(page: string): Expected {
  return { who: OPERATOR, where: `${REGISTRATION} > ${page}` }
}

/** Returns what the worker receives. */
function accessAfter(ending: Ending): object {
  return ending === 'unavailable' ? { outcome: 'unavailable' } : { outcome: 'held', because: ending }
}

function settingsAfter(ending: Ending, code: number): object {
  if (ending === 'unavailable') return { status: 'connected', problem: null }
  const status = ending === 'reconnect-required' ? ending : 'connected'
  return { status, problem: { code: ending, detail: sentencesWith(code), correlationId: CORRELATION_ID } }
}

function sentencesWith(code: number): unknown {
  return expect.stringMatching(new RegExp(`^(?=.*AADSTS${code}\\b)${SENTENCES.source}`))
}

/** Lists what is missing from the text, which has to say who acts where, with which link, and what follows. */
function findFaults(
  action: string | undefined,
  { who, where = '', link = MICROSOFT_PAGE }: Expected,
  ending: string,
): string[] {
  if (action === undefined) return who === NOBODY ? [] : ['there is no text']
  const faults = [
    !SENTENCES.test(action) && 'it is no whole sentence',
    !who.test(action) && `${who} is not told to act`,
    !action.includes(where) && `it does not say ${where}`,
    !link.test(action) && `it has no link to ${link}`,
    action.includes('Reconnect') !== (ending === 'reconnect-required') && 'Reconnect is offered where it does not help',
    /another.*account.*the same account/.test(action) && 'it asks for another account and for the same',
  ]
  return faults.filter((fault) => typeof fault === 'string').map((fault) => `${fault}: ${action}`)
}

import type { Office365SmtpSettings } from '@inforiver-mail/contract/office365-smtp'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createAccessParts, type AccessParts } from '../test-support/access-parts.ts'
import { SETTINGS } from '../test-support/office365-smtp.ts'
import type { TestBrowser } from '../test-support/test-browser.ts'
import { createTestGround, type TestGround, type TestProduct } from '../test-support/test-product.ts'
import { createServiceClient } from '../test-support/test-service.ts'
import type { Access } from '../mailbox-access.ts'

// What Entra refuses, produced at the simulator wherever it can occur, and where each of it ends. The expectations are
// written after Microsoft's list of codes ("Microsoft Entra authentication and authorization error codes"), not after
// the code. Microsoft documents few pairs of number and `error`: where more than one is plausible, each is tried.

type Who = 'the person' | 'an Entra administrator' | 'the operator' | 'the support' | 'nobody'

/** `error`, or `error+suberror`. */
type Pairing = string

interface Refusal {
  readonly codes: readonly number[]
  readonly pairings: readonly Pairing[]
  readonly who: Who
  /** Where to act, or what to do there, in the words of the remedy. */
  readonly where?: string
  /** A page that the remedy leads to; the admin center, or the page about the number, unless it is named. */
  readonly link?: RegExp
}

type Settings = Pick<Office365SmtpSettings, 'status' | 'problem'>

/** During a consent: on Microsoft's page, or when its code is redeemed. */
interface RefusedConsent extends Refusal {
  readonly at: readonly ('authorize' | 'code')[]
  readonly problem: string
}

/** When a connection is refreshed, or the application asks for another token of its own. */
interface RefusedRenewal extends Refusal {
  readonly at: readonly ('refresh' | 'application')[]
  readonly ends: 'reconnect-required' | 'app-misconfigured' | 'unavailable'
}

const BOTH_IN_CONSENT = ['authorize', 'code'] as const
const APPROVAL_PAGE = /http:\/\/localhost:\d+\/auth\/microsoft\/admin-consent\b/
const MICROSOFTS_PAGE = /https:\/\/(entra\.microsoft\.com|login\.microsoftonline\.com\/error\?code=\d+)\b/
const REGISTRATION = 'App registrations > the app of Inforiver Mail'

const CREDENTIALS: readonly Refusal[] = [
  {
    codes: [7000215],
    pairings: ['invalid_client', 'unauthorized_client'],
    who: 'the operator',
    where: 'Value (not Secret ID)',
  },
  {
    codes: [7000222],
    pairings: ['invalid_client', 'unauthorized_client'],
    who: 'the operator',
    where: 'Certificates & secrets',
  },
  {
    codes: [700027, 50012, 700030],
    pairings: ['invalid_client', 'invalid_request'],
    who: 'the operator',
    where: 'thumbprint',
  },
  {
    codes: [7000218, 700025],
    pairings: ['invalid_client', 'invalid_request'],
    who: 'the operator',
    where: `${REGISTRATION} > Authentication`,
  },
]

const REGISTRATION_FAULTS: readonly Refusal[] = [
  {
    codes: [700016, 70001],
    pairings: ['unauthorized_client', 'invalid_client', 'invalid_request'],
    who: 'the operator',
    where: `${REGISTRATION} > Overview`,
  },
  {
    codes: [7000112],
    pairings: ['unauthorized_client', 'invalid_client'],
    who: 'an Entra administrator',
    where: 'Enabled for users to sign-in',
  },
  { codes: [90002, 90019, 50059], pairings: ['invalid_request'], who: 'the operator', where: 'Overview > Tenant ID' },
  {
    codes: [500011, 650052],
    pairings: ['invalid_resource', 'invalid_client', 'invalid_request'],
    who: 'an Entra administrator',
    where: 'Enterprise applications > Microsoft Graph',
  },
  {
    codes: [650057, 65005],
    pairings: ['invalid_resource', 'invalid_client'],
    who: 'the operator',
    where: 'API permissions',
  },
  { codes: [70011, 700022, 28002, 28003], pairings: ['invalid_scope'], who: 'the support', where: 'correlation id' },
  { codes: [9002313, 90014, 900144], pairings: ['invalid_request'], who: 'the support', where: 'correlation id' },
]

const POLICIES: readonly Refusal[] = [
  {
    codes: [50076, 50074, 50078],
    pairings: [
      'interaction_required',
      'invalid_grant+basic_action',
      'invalid_grant+additional_action',
      'invalid_grant',
    ],
    who: 'the person',
    where: 'second factor',
  },
  {
    codes: [50079, 50072],
    pairings: ['interaction_required', 'invalid_grant+basic_action', 'invalid_grant+additional_action'],
    who: 'the person',
    where: 'enrols',
    link: /https:\/\/aka\.ms\/mfasetup/,
  },
  {
    codes: [53000, 53001],
    pairings: ['invalid_grant+message_only', 'access_denied'],
    who: 'an Entra administrator',
    where: 'Conditional Access > Policies',
  },
  {
    codes: [53002, 53003, 53004, 53010, 53011, 530032, 530034],
    pairings: ['invalid_grant+message_only', 'access_denied', 'interaction_required'],
    who: 'an Entra administrator',
    where: 'Sign-in logs',
  },
  {
    codes: [530035],
    pairings: ['invalid_grant+message_only', 'access_denied'],
    who: 'an Entra administrator',
    where: 'Manage security defaults',
  },
  {
    codes: [50158, 50131],
    pairings: ['interaction_required', 'invalid_grant'],
    who: 'the person',
    where: 'every step',
  },
]

const PASSING: readonly Refusal[] = [
  {
    codes: [90033, 90006, 90012, 90024, 90055, 50033, 90090],
    pairings: ['temporarily_unavailable', 'server_error', 'invalid_grant', 'invalid_request'],
    who: 'nobody',
  },
  { codes: [50196], pairings: ['invalid_grant', 'temporarily_unavailable', 'invalid_request'], who: 'nobody' },
]

const IN_A_CONSENT: readonly RefusedConsent[] = [
  {
    codes: [65004],
    pairings: ['access_denied', 'consent_required'],
    at: ['authorize'],
    problem: 'consent-cancelled',
    who: 'an Entra administrator',
    where: 'choose Accept',
    link: APPROVAL_PAGE,
  },
  {
    codes: [90094],
    pairings: ['access_denied', 'consent_required', 'interaction_required'],
    at: ['authorize'],
    problem: 'admin-approval-required',
    who: 'an Entra administrator',
    where: 'approves the permissions once',
    link: APPROVAL_PAGE,
  },
  {
    codes: [90095],
    pairings: ['access_denied', 'consent_required'],
    at: ['authorize'],
    problem: 'admin-approval-required',
    who: 'an Entra administrator',
    where: 'Admin consent requests',
    link: APPROVAL_PAGE,
  },
  {
    codes: [65001],
    pairings: ['consent_required', 'interaction_required'],
    at: ['authorize'],
    problem: 'permission-missing',
    who: 'an Entra administrator',
    where: 'choose Accept',
    link: APPROVAL_PAGE,
  },
  {
    codes: [65001],
    pairings: ['invalid_grant+consent_required', 'invalid_grant'],
    at: ['code'],
    problem: 'permission-missing',
    who: 'an Entra administrator',
    where: 'choose Accept',
    link: APPROVAL_PAGE,
  },
  {
    codes: [50105],
    pairings: ['interaction_required', 'access_denied'],
    at: BOTH_IN_CONSENT,
    problem: 'wrong-account',
    who: 'an Entra administrator',
    where: 'Users and groups',
  },
  {
    codes: [50057],
    pairings: ['invalid_grant', 'access_denied'],
    at: BOTH_IN_CONSENT,
    problem: 'access-blocked',
    who: 'an Entra administrator',
    where: 'Account status',
  },
  {
    codes: [50034],
    pairings: ['invalid_grant', 'access_denied', 'invalid_request'],
    at: BOTH_IN_CONSENT,
    problem: 'wrong-account',
    who: 'the person',
    where: 'a member account of your own organisation',
  },
  {
    codes: [50053],
    pairings: ['invalid_grant', 'access_denied'],
    at: BOTH_IN_CONSENT,
    problem: 'access-blocked',
    who: 'an Entra administrator',
    where: 'Sign-in logs',
  },
  {
    codes: [54005, 70008, 501481, 700005],
    pairings: ['invalid_grant'],
    at: ['code'],
    problem: 'microsoft-refused',
    who: 'the person',
  },
  {
    codes: [50011],
    pairings: ['invalid_request', 'invalid_client'],
    at: ['code'],
    problem: 'app-misconfigured',
    who: 'the operator',
    where: `${REGISTRATION} > Authentication`,
  },
  {
    codes: [700084],
    pairings: ['invalid_grant'],
    at: ['code'],
    problem: 'microsoft-refused',
    who: 'the operator',
    where: 'the platform Web',
  },
  ...alike(POLICIES, { at: BOTH_IN_CONSENT, problem: 'access-blocked' }),
  ...alike(CREDENTIALS, { at: ['code'] as const, problem: 'app-misconfigured' }),
  ...alike(REGISTRATION_FAULTS, { at: BOTH_IN_CONSENT, problem: 'app-misconfigured' }),
  ...alike(PASSING, { at: BOTH_IN_CONSENT, problem: 'microsoft-unavailable' }),
]

const IN_A_RENEWAL: readonly RefusedRenewal[] = [
  {
    codes: [70008, 700082],
    pairings: ['invalid_grant', 'invalid_grant+token_expired'],
    at: ['refresh'],
    ends: 'reconnect-required',
    who: 'the person',
  },
  {
    codes: [700084],
    pairings: ['invalid_grant'],
    at: ['refresh'],
    ends: 'reconnect-required',
    who: 'the operator',
    where: `${REGISTRATION} > Authentication`,
  },
  {
    codes: [70043],
    pairings: ['invalid_grant+bad_token', 'invalid_grant'],
    at: ['refresh'],
    ends: 'reconnect-required',
    who: 'an Entra administrator',
    where: 'Session > Sign-in frequency',
  },
  {
    codes: [50173],
    pairings: ['invalid_grant+bad_token', 'invalid_grant', 'interaction_required'],
    at: ['refresh'],
    ends: 'reconnect-required',
    who: 'the person',
  },
  {
    codes: [50132, 50133, 70000],
    pairings: ['invalid_grant', 'invalid_grant+bad_token'],
    at: ['refresh'],
    ends: 'reconnect-required',
    who: 'the person',
  },
  {
    codes: [50057],
    pairings: ['invalid_grant', 'access_denied'],
    at: ['refresh'],
    ends: 'reconnect-required',
    who: 'an Entra administrator',
    where: 'Account status',
  },
  {
    codes: [50034],
    pairings: ['invalid_grant', 'access_denied'],
    at: ['refresh'],
    ends: 'reconnect-required',
    who: 'an Entra administrator',
    where: 'Users > Deleted users',
  },
  {
    codes: [50053],
    pairings: ['invalid_grant'],
    at: ['refresh'],
    ends: 'reconnect-required',
    who: 'an Entra administrator',
    where: 'Sign-in logs',
  },
  {
    codes: [65001],
    pairings: ['invalid_grant+consent_required', 'consent_required', 'interaction_required'],
    at: ['refresh', 'application'],
    ends: 'reconnect-required',
    who: 'an Entra administrator',
    where: 'approves the permissions once',
    link: APPROVAL_PAGE,
  },
  {
    codes: [50105],
    pairings: ['interaction_required', 'access_denied'],
    at: ['refresh'],
    ends: 'reconnect-required',
    who: 'an Entra administrator',
    where: 'Users and groups',
  },
  ...alike(POLICIES, { at: ['refresh'], ends: 'reconnect-required' } as const),
  // A policy for workload identities is the only one that applies to the application itself.
  {
    codes: [53003, 530032],
    pairings: ['access_denied', 'invalid_grant+message_only'],
    at: ['application'],
    ends: 'reconnect-required',
    who: 'an Entra administrator',
    where: 'Sign-in logs',
  },
  ...alike([...CREDENTIALS, ...REGISTRATION_FAULTS], {
    at: ['refresh', 'application'],
    ends: 'app-misconfigured',
  } as const),
  ...alike(PASSING, { at: ['refresh', 'application'], ends: 'unavailable' } as const),
  // Where the number is of another weight than the error, the error decides.
  {
    codes: [7000215, 7000222, 700016, 90002],
    pairings: ['invalid_grant', 'interaction_required'],
    at: ['refresh'],
    ends: 'reconnect-required',
    who: 'the person',
  },
  {
    codes: [50173, 700082, 53003, 50076],
    pairings: ['invalid_client', 'invalid_request'],
    at: ['refresh'],
    ends: 'app-misconfigured',
    who: 'the operator',
  },
  {
    codes: [50173, 7000215, 53003],
    pairings: ['temporarily_unavailable', 'server_error', 'an_error_of_tomorrow'],
    at: ['refresh', 'application'],
    ends: 'unavailable',
    who: 'nobody',
  },
]

/** A number that nobody has heard of: `error` and `suberror` are all there is. */
const UNKNOWN = 999_999
const UNKNOWN_IN_A_CONSENT: readonly (readonly [Pairing, 'authorize' | 'code', string])[] = [
  ['access_denied', 'authorize', 'consent-cancelled'],
  ['consent_required', 'authorize', 'consent-cancelled'],
  ['login_required', 'authorize', 'access-blocked'],
  ['interaction_required', 'authorize', 'access-blocked'],
  ['unauthorized_client', 'authorize', 'app-misconfigured'],
  ['unsupported_response_type', 'authorize', 'app-misconfigured'],
  ['invalid_resource', 'authorize', 'app-misconfigured'],
  ['server_error', 'authorize', 'microsoft-unavailable'],
  ['temporarily_unavailable', 'authorize', 'microsoft-unavailable'],
  ['an_error_of_tomorrow', 'authorize', 'microsoft-refused'],
  ['invalid_grant', 'code', 'microsoft-refused'],
  ['invalid_grant+basic_action', 'code', 'access-blocked'],
  ['invalid_grant+additional_action', 'code', 'access-blocked'],
  ['invalid_grant+message_only', 'code', 'access-blocked'],
  ['invalid_grant+user_password_expired', 'code', 'access-blocked'],
  ['invalid_grant+consent_required', 'code', 'permission-missing'],
  ['invalid_grant+a_suberror_of_tomorrow', 'code', 'microsoft-refused'],
  ['invalid_client', 'code', 'app-misconfigured'],
  ['invalid_scope', 'code', 'app-misconfigured'],
]
const UNKNOWN_IN_A_RENEWAL: readonly (readonly [Pairing, RefusedRenewal['ends']])[] = [
  ['invalid_grant', 'reconnect-required'],
  ...[
    'basic_action',
    'additional_action',
    'message_only',
    'user_password_expired',
    'consent_required',
    'bad_token',
    'client_mismatch',
    'token_expired',
  ].map((suberror): [Pairing, RefusedRenewal['ends']] => [`invalid_grant+${suberror}`, 'reconnect-required']),
  ['interaction_required', 'reconnect-required'],
  ['consent_required', 'reconnect-required'],
  ['login_required', 'reconnect-required'],
  ['access_denied', 'reconnect-required'],
  ['invalid_client', 'app-misconfigured'],
  ['unauthorized_client', 'app-misconfigured'],
  ['invalid_request', 'app-misconfigured'],
  ['invalid_resource', 'app-misconfigured'],
  ['invalid_scope', 'app-misconfigured'],
  ['unsupported_grant_type', 'app-misconfigured'],
  ['server_error', 'unavailable'],
  ['temporarily_unavailable', 'unavailable'],
  ['an_error_of_tomorrow', 'unavailable'],
]

const CORRELATION_ID = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
/** A sentence, or several, in which nothing was left out. */
const SENTENCES = /^(?!.*(undefined|null|[{}]))[A-Z].*(\.|” \(AADSTS\d+\))$/

const opened: AccessParts[] = []

afterAll(async () => {
  for (const parts of opened) await parts.close()
})

describe('a connection with a person’s tokens', () => {
  let ground: TestGround
  let product: TestProduct
  let ada: TestBrowser
  let renew: () => Promise<Access>
  let settings: () => Promise<Settings>

  beforeAll(async () => {
    ground = await createTestGround()
    product = await ground.startProduct({ environment: { ROLE: 'api' } })
    ada = product.newBrowser()
    await ada.signIn('Ada Admin')
    const { consentUrl } = (await ada.call('POST', `${SETTINGS}/configure`, { fromEmail: 'ada@contoso.com' })).json
    await ada.consent(consentUrl, 'Ada Admin')
    renew = await createRenewal(ground, product)
    const service = await createServiceClient(product) // a limit of its own: a browser may not ask as often as this does
    settings = async () => (await service.get(SETTINGS)).json
  })
  afterAll(() => ground.close())
  afterEach(() => connectAgain(ground))

  const consentCases = IN_A_CONSENT.flatMap((row) =>
    row.at.flatMap((at) => casesOf(row).map(([code, pairing]) => [code, pairing, at, row.problem, row] as const)),
  )
  it.each(consentCases)(
    'AADSTS%i with %s at %s fails the consent as %s, and changes nothing',
    async (code, pairing, at, problem, row) => {
      const before = await settings()
      await refuse(ground, at, code, pairing)

      const ended = await tryConsent()

      expect(ended).toMatchObject({
        status: 'failed',
        problem: { code: problem, detail: sentencesWith(code), correlationId: CORRELATION_ID },
      })
      expect(faultsOf(ended.problem.action, row, problem)).toEqual([])
      expect(await settings()).toEqual(before)
    },
  )

  const renewalCases = IN_A_RENEWAL.filter(({ at }) => at.includes('refresh')).flatMap((row) =>
    casesOf(row).map(([code, pairing]) => [code, pairing, row.ends, row] as const),
  )
  it.each(renewalCases)('AADSTS%i with %s at a refresh ends as %s', async (code, pairing, ends, row) => {
    await refuse(ground, 'refresh', code, pairing)

    expect(await renew()).toMatchObject(accessThat(ends))

    const after = await settings()
    expect(after).toMatchObject(settingsThat(ends, code))
    expect(faultsOf(after.problem?.action, row, ends)).toEqual([])
  })

  it.each(UNKNOWN_IN_A_CONSENT)(
    'an unknown number with %s at %s fails the consent as %s',
    async (pairing, at, problem) => {
      await refuse(ground, at, UNKNOWN, pairing)

      expect(await tryConsent()).toMatchObject({
        status: 'failed',
        problem: {
          code: problem,
          detail: expect.stringContaining(`AADSTS${UNKNOWN}`),
          action: expect.stringMatching(SENTENCES),
        },
      })
    },
  )

  it.each(UNKNOWN_IN_A_RENEWAL)('an unknown number with %s at a refresh ends as %s', async (pairing, ends) => {
    await refuse(ground, 'refresh', UNKNOWN, pairing)

    expect(await renew()).toMatchObject(accessThat(ends))
  })

  async function tryConsent() {
    const { id, consentUrl } = (
      await ada.call('POST', `${SETTINGS}/update-sender`, { fromEmail: 'reports@contoso.com' })
    ).json
    expect((await ada.consent(consentUrl, 'Ada Admin')).status).toBe(400)
    return (await ada.call('GET', `/api/v1/consents/${id}`)).json
  }
})

describe('a connection with the application’s own access', () => {
  let ground: TestGround
  let product: TestProduct
  let ada: TestBrowser
  let renew: () => Promise<Access>
  let settings: () => Promise<Settings>

  beforeAll(async () => {
    ground = await createTestGround()
    product = await ground.startProduct({ environment: { ROLE: 'api', GRAPH_AUTH: 'application' } })
    ada = product.newBrowser()
    await ada.signIn('Ada Admin')
    const { consentUrl } = (await ada.call('POST', `${SETTINGS}/configure`, { fromEmail: 'reports@contoso.com' })).json
    await ada.consent(consentUrl, 'Grace Global')
    renew = await createRenewal(ground, product)
    const service = await createServiceClient(product) // a limit of its own: a browser may not ask as often as this does
    settings = async () => (await service.get(SETTINGS)).json
  })
  afterAll(() => ground.close())
  afterEach(() => connectAgain(ground))

  const cases = IN_A_RENEWAL.filter(({ at }) => at.includes('application')).flatMap((row) =>
    casesOf(row).map(([code, pairing]) => [code, pairing, row.ends, row] as const),
  )
  it.each(cases)('AADSTS%i with %s at its next token ends as %s', async (code, pairing, ends, row) => {
    await refuse(ground, 'client', code, pairing)

    expect(await renew()).toMatchObject(accessThat(ends))

    const after = await settings()
    expect(after).toMatchObject(settingsThat(ends, code))
    expect(faultsOf(after.problem?.action, row, ends)).toEqual([])
  })

  const proofs = [
    ...alike([...CREDENTIALS, ...REGISTRATION_FAULTS], { problem: 'app-misconfigured' }),
    ...alike(PASSING, { problem: 'microsoft-unavailable' }),
  ].flatMap((row) => casesOf(row).map(([code, pairing]) => [code, pairing, row.problem, row] as const))
  it.each(proofs)('AADSTS%i with %s at the proof of a consent fails it as %s', async (code, pairing, problem, row) => {
    const { id, consentUrl } = (await ada.call('POST', `${SETTINGS}/reconnect`, {})).json
    await refuse(ground, 'client', code, pairing)

    expect((await ada.consent(consentUrl, 'Grace Global')).status).toBe(400)

    const ended = (await ada.call('GET', `/api/v1/consents/${id}`)).json
    expect(ended).toMatchObject({ status: 'failed', problem: { code: problem, correlationId: CORRELATION_ID } })
    expect(faultsOf(ended.problem.action, row, problem)).toEqual([])
    expect(await settings()).toMatchObject({ status: 'connected', problem: null })
  })
})

function casesOf({ codes, pairings }: Refusal): (readonly [number, Pairing])[] {
  return codes.flatMap((code) => pairings.map((pairing) => [code, pairing] as const))
}

async function refuse(ground: TestGround, at: string, code: number, pairing: Pairing): Promise<void> {
  const [error, suberror = null] = pairing.split('+')
  const status = error === 'invalid_client' ? 401 : 400
  await ground.microsoft.control('DELETE', '/scenarios')
  await ground.microsoft.control('POST', '/scenarios', {
    effect: { kind: 'entra-error', at, code, error, suberror, status },
  })
}

/** Asks Microsoft for another access token, as a worker whose token Graph has just refused. */
async function createRenewal(ground: TestGround, { config }: TestProduct): Promise<() => Promise<Access>> {
  const parts = await createAccessParts({ ground, config, clock: () => new Date() })
  opened.push(parts)
  const { tenantId, store, accessSource } = parts
  const { signal } = new AbortController()
  return async () => {
    const { grant } = await store.readGrant(tenantId)
    if (!grant) throw new Error('There is no grant.')
    return accessSource.access(tenantId, { refused: grant.grantVersion, signal })
  }
}

/** As it was before Microsoft refused. */
async function connectAgain(ground: TestGround): Promise<void> {
  await ground.database.query(
    `UPDATE tenant_settings SET status = 'connected', problem = NULL, claims_challenge = NULL, refresh_not_before = NULL`,
  )
}

/** What the worker is told. */
function accessThat(ends: RefusedRenewal['ends']): object {
  return ends === 'unavailable' ? { outcome: 'unavailable' } : { outcome: 'held', because: ends }
}

function settingsThat(ends: RefusedRenewal['ends'], code: number): object {
  const status = ends === 'reconnect-required' ? ends : 'connected'
  if (ends === 'unavailable') return { status, problem: null }
  return { status, problem: { code: ends, detail: sentencesWith(code), correlationId: CORRELATION_ID } }
}

function sentencesWith(code: number): unknown {
  return expect.stringMatching(new RegExp(`^(?=.*AADSTS${code}\\b)${SENTENCES.source}`))
}

/** What is missing in the words about who acts, where, with which link, and what is done when that is done. */
function faultsOf(
  action: string | undefined,
  { who, where = '', link }: Pick<Refusal, 'who' | 'where' | 'link'>,
  ending: string,
): string[] {
  if (action === undefined) return who === 'nobody' ? [] : ['there are no words']
  const offersReconnect = action.includes('Reconnect')
  const faults = [
    !SENTENCES.test(action) && 'it is no whole sentence',
    !ACTS[who].test(action) && `${who} is not told to act`,
    !action.includes(where) && `it does not say ${where}`,
    !(link ?? MICROSOFTS_PAGE).test(action) && `it has no link to ${link ?? 'a page of Microsoft'}`,
    // What an admin can press is named where it helps, and nowhere else.
    offersReconnect !== (ending === 'reconnect-required') && 'Reconnect helps, or does not',
    /another.*account.*the same account/.test(action) && 'it asks for another account and for the same',
  ]
  return faults.filter((fault) => typeof fault === 'string').map((fault) => `${fault}: ${action}`)
}

function alike<Row extends object, More extends object>(rows: readonly Row[], more: More): (Row & More)[] {
  return rows.map((row) => Object.assign({}, row, more))
}

const ACTS: Readonly<Record<Who, RegExp>> = {
  'the person':
    /^Try again\b|[Ww]hoever signs in|[Tt]he owner of the account|[Aa] workspace admin chooses Reconnect and signs in/,
  'an Entra administrator': /Entra administrator/,
  'the operator': /Whoever operates (Inforiver Mail|the app registration)/,
  'the support': /Whoever operates Inforiver Mail reports it to the support of Inforiver/,
  nobody: /Try again in a few minutes\.|Nobody has to do anything/,
}

import { describe, expect, it } from 'vitest'
import { faultsOfRemedy, PLACES } from '../test-support/remedy.ts'
import { AADSTS_HINTS } from './aadsts-hints.ts'
import { readRedirectRefusal, readTokenRefusal, type EntraRefusal } from './entra-refusal.ts'
import {
  explainMissingPermissions,
  explainMissingRefreshToken,
  explainRefusal,
  explainUnexpectedAnswer,
  explainUnreachable,
  explainWrongAccount,
  refreshConsequence,
  type Leg,
  explainWithdrawnPermissions,
} from './explain-refusal.ts'

const LINK = 'https://login.microsoftonline.com/tenant/v2.0/adminconsent?client_id=app'
const LEGS: readonly Leg[] = ['sign-in', 'authorize', 'redeem', 'refresh', 'application']
const IN_THE_PAGE: readonly Leg[] = ['sign-in', 'authorize', 'redeem']
const CORRELATION_ID = '6e0a6f0b-5a0e-4a71-8e43-6d8c6f2b8f10'

/** Each number the product knows, with the `error` it comes with: what a consent is told, and what a refresh ends as. */
const TABLE: readonly (readonly [code: number, error: string, consent: string, refresh: string])[] = [
  [70008, 'invalid_grant', 'microsoft-refused', 'reconnect-required'],
  [700082, 'invalid_grant', 'microsoft-refused', 'reconnect-required'],
  [700084, 'invalid_grant', 'microsoft-refused', 'reconnect-required'],
  [70043, 'invalid_grant', 'microsoft-refused', 'reconnect-required'],
  [50173, 'invalid_grant', 'microsoft-refused', 'reconnect-required'],
  [50132, 'invalid_grant', 'microsoft-refused', 'reconnect-required'],
  [50133, 'invalid_grant', 'microsoft-refused', 'reconnect-required'],
  [70000, 'invalid_grant', 'microsoft-refused', 'reconnect-required'],
  [50057, 'invalid_grant', 'access-blocked', 'reconnect-required'],
  [50034, 'invalid_grant', 'wrong-account', 'reconnect-required'],
  [50053, 'invalid_grant', 'access-blocked', 'reconnect-required'],
  [50055, 'invalid_grant', 'access-blocked', 'reconnect-required'],
  [50020, 'access_denied', 'wrong-account', 'reconnect-required'],
  [50105, 'interaction_required', 'wrong-account', 'reconnect-required'],
  [50105, 'access_denied', 'wrong-account', 'reconnect-required'],
  [65001, 'invalid_grant', 'permission-missing', 'reconnect-required'],
  [65001, 'interaction_required', 'permission-missing', 'reconnect-required'],
  [65004, 'access_denied', 'consent-cancelled', 'reconnect-required'],
  [65004, 'consent_required', 'consent-cancelled', 'reconnect-required'],
  [90094, 'access_denied', 'admin-approval-required', 'reconnect-required'],
  [90094, 'consent_required', 'admin-approval-required', 'reconnect-required'],
  [90095, 'access_denied', 'admin-approval-required', 'reconnect-required'],
  [50074, 'invalid_grant', 'access-blocked', 'reconnect-required'],
  [50076, 'interaction_required', 'access-blocked', 'reconnect-required'],
  [50078, 'invalid_grant', 'access-blocked', 'reconnect-required'],
  [50072, 'invalid_grant', 'access-blocked', 'reconnect-required'],
  [50079, 'invalid_grant', 'access-blocked', 'reconnect-required'],
  [53000, 'invalid_grant', 'access-blocked', 'reconnect-required'],
  [53001, 'invalid_grant', 'access-blocked', 'reconnect-required'],
  [53002, 'invalid_grant', 'access-blocked', 'reconnect-required'],
  [53003, 'access_denied', 'access-blocked', 'reconnect-required'],
  [53004, 'invalid_grant', 'access-blocked', 'reconnect-required'],
  [53010, 'invalid_grant', 'access-blocked', 'reconnect-required'],
  [53011, 'invalid_grant', 'access-blocked', 'reconnect-required'],
  [530032, 'invalid_grant', 'access-blocked', 'reconnect-required'],
  [530034, 'invalid_grant', 'access-blocked', 'reconnect-required'],
  [530035, 'access_denied', 'access-blocked', 'reconnect-required'],
  [50131, 'interaction_required', 'access-blocked', 'reconnect-required'],
  [50158, 'interaction_required', 'access-blocked', 'reconnect-required'],
  [7000215, 'invalid_client', 'app-misconfigured', 'app-misconfigured'],
  [7000222, 'invalid_client', 'app-misconfigured', 'app-misconfigured'],
  [700027, 'invalid_client', 'app-misconfigured', 'app-misconfigured'],
  [50012, 'invalid_client', 'app-misconfigured', 'app-misconfigured'],
  [700030, 'invalid_client', 'app-misconfigured', 'app-misconfigured'],
  [700024, 'invalid_client', 'app-misconfigured', 'app-misconfigured'],
  [50027, 'invalid_client', 'app-misconfigured', 'app-misconfigured'],
  [700021, 'invalid_client', 'app-misconfigured', 'app-misconfigured'],
  [700023, 'invalid_client', 'app-misconfigured', 'app-misconfigured'],
  [1002012, 'invalid_scope', 'app-misconfigured', 'app-misconfigured'],
  [7000218, 'invalid_client', 'app-misconfigured', 'app-misconfigured'],
  [700025, 'invalid_client', 'app-misconfigured', 'app-misconfigured'],
  [700016, 'unauthorized_client', 'app-misconfigured', 'app-misconfigured'],
  [70001, 'unauthorized_client', 'app-misconfigured', 'app-misconfigured'],
  [7000112, 'unauthorized_client', 'app-misconfigured', 'app-misconfigured'],
  [50011, 'invalid_request', 'app-misconfigured', 'app-misconfigured'],
  [90002, 'invalid_request', 'app-misconfigured', 'app-misconfigured'],
  [90019, 'invalid_request', 'app-misconfigured', 'app-misconfigured'],
  [50059, 'invalid_request', 'app-misconfigured', 'app-misconfigured'],
  [90038, 'invalid_request', 'app-misconfigured', 'app-misconfigured'],
  [900382, 'invalid_request', 'app-misconfigured', 'app-misconfigured'],
  [900432, 'invalid_request', 'app-misconfigured', 'app-misconfigured'],
  [50194, 'invalid_request', 'app-misconfigured', 'app-misconfigured'],
  [9001023, 'invalid_request', 'app-misconfigured', 'app-misconfigured'],
  [9002332, 'invalid_request', 'app-misconfigured', 'app-misconfigured'],
  [500011, 'invalid_resource', 'app-misconfigured', 'app-misconfigured'],
  [650052, 'invalid_client', 'app-misconfigured', 'app-misconfigured'],
  [650057, 'invalid_resource', 'app-misconfigured', 'app-misconfigured'],
  [65005, 'invalid_resource', 'app-misconfigured', 'app-misconfigured'],
  [700054, 'unsupported_response_type', 'app-misconfigured', 'app-misconfigured'],
  [70011, 'invalid_scope', 'app-misconfigured', 'app-misconfigured'],
  [700022, 'invalid_scope', 'app-misconfigured', 'app-misconfigured'],
  [28000, 'invalid_scope', 'app-misconfigured', 'app-misconfigured'],
  [28002, 'invalid_scope', 'app-misconfigured', 'app-misconfigured'],
  [28003, 'invalid_scope', 'app-misconfigured', 'app-misconfigured'],
  [9002313, 'invalid_request', 'app-misconfigured', 'app-misconfigured'],
  [90014, 'invalid_request', 'app-misconfigured', 'app-misconfigured'],
  [900144, 'invalid_request', 'app-misconfigured', 'app-misconfigured'],
  [900561, 'invalid_request', 'app-misconfigured', 'app-misconfigured'],
  [50147, 'invalid_request', 'app-misconfigured', 'app-misconfigured'],
  [501491, 'invalid_request', 'app-misconfigured', 'app-misconfigured'],
  [54005, 'invalid_grant', 'microsoft-refused', 'reconnect-required'],
  [501481, 'invalid_grant', 'microsoft-refused', 'reconnect-required'],
  [700005, 'invalid_grant', 'microsoft-refused', 'reconnect-required'],
  [50196, 'invalid_grant', 'microsoft-unavailable', 'microsoft-unavailable'],
  [90033, 'temporarily_unavailable', 'microsoft-unavailable', 'microsoft-unavailable'],
  [90006, 'temporarily_unavailable', 'microsoft-unavailable', 'microsoft-unavailable'],
  [90012, 'server_error', 'microsoft-unavailable', 'microsoft-unavailable'],
  [90024, 'temporarily_unavailable', 'microsoft-unavailable', 'microsoft-unavailable'],
  [90055, 'temporarily_unavailable', 'microsoft-unavailable', 'microsoft-unavailable'],
  [50033, 'temporarily_unavailable', 'microsoft-unavailable', 'microsoft-unavailable'],
  [90090, 'server_error', 'microsoft-unavailable', 'microsoft-unavailable'],
]

const ERRORS = [
  'access_denied',
  'consent_required',
  'permission_denied',
  'interaction_required',
  'login_required',
  'invalid_client',
  'unauthorized_client',
  'unsupported_response_type',
  'unsupported_grant_type',
  'invalid_request',
  'invalid_scope',
  'invalid_resource',
  'server_error',
  'temporarily_unavailable',
  'invalid_grant',
  'something_new',
]
const SUBERRORS = [
  'basic_action',
  'additional_action',
  'message_only',
  'user_password_expired',
  'consent_required',
  'bad_token',
  'cancel',
  'ui_not_allowed',
  'interrupted_user',
  'client_mismatch',
  'token_expired',
  'something_new',
]

describe('explainRefusal', () => {
  it.each(TABLE)('explains AADSTS%i with %s to a consent as %s', (code, error, consent) => {
    const { kind, aadstsCode } = explain(code, error, 'authorize')
    expect({ kind, aadstsCode }).toEqual({ kind: consent, aadstsCode: code })
  })

  it.each(TABLE)('explains AADSTS%i with %s to a refresh as %s, %s', (code, error, _consent, refresh) => {
    const { kind, aadstsCode } = explain(code, error, 'refresh')
    expect({ kind, aadstsCode }).toEqual({ kind: refresh, aadstsCode: code })
  })

  it('has an example here for every number of its table', () => {
    const tested = new Set(TABLE.map(([code]) => code))
    expect(AADSTS_HINTS.flatMap(({ codes }) => codes).filter((code) => !tested.has(code))).toEqual([])
  })

  it.each(TABLE)(
    'says of AADSTS%i with %s, on every leg, in whole sentences what happened, who acts and where, with a link',
    (code, error) => {
      for (const leg of LEGS) {
        const { title, detail, action, kind } = explain(code, error, leg)
        expect(title).toMatch(/^[A-Z].*[^.]$/)
        expect(detail).toMatch(new RegExp(`^[A-Z].*\\(AADSTS${code}\\)\\.$`))
        expect(faultsOfRemedy(action, { onlyInThePage: IN_THE_PAGE.includes(leg) })).toEqual([])
        expect(action.includes('Reconnect')).toBe(kind === 'reconnect-required')
      }
    },
  )

  it.each([...ERRORS, null].flatMap((error) => [...SUBERRORS, null].map((suberror) => [error, suberror] as const)))(
    'says of an unknown number, and of none, with %s and %s, on every leg, who acts and where, with a link',
    (error, suberror) => {
      for (const leg of LEGS) {
        for (const error_codes of [[999999], []]) {
          const refusal = readTokenRefusal(leg === 'authorize' ? null : 400, { error, suberror, error_codes })
          const { action } = explainRefusal(refusal, { leg, approvalLink: LINK, places: PLACES })
          expect(faultsOfRemedy(action, { onlyInThePage: IN_THE_PAGE.includes(leg) })).toEqual([])
        }
      }
    },
  )

  it('leads to the place in the admin center where there is one', () => {
    expect(explain(7000222, 'invalid_client', 'refresh').action).toContain(
      'Microsoft Entra admin center (https://entra.microsoft.com) > App registrations > the app of Inforiver Mail > Certificates & secrets',
    )
  })

  it('leads to Microsoft’s page about the number where there is no such place', () => {
    expect(explain(700082, 'invalid_grant', 'refresh').action).toMatch(
      /\(https:\/\/login\.microsoftonline\.com\/error\?code=700082\)\.$/,
    )
  })

  it('leads to Microsoft’s service status in an outage without a number', () => {
    const refusal = readTokenRefusal(503, null)
    const { action } = explainRefusal(refusal, { leg: 'redeem', approvalLink: LINK, places: PLACES })
    expect(action).toContain('https://status.cloud.microsoft')
  })

  it('leads to the places of the cloud that the connection is in', () => {
    const china = { ...PLACES, codePage: 'https://login.partner.microsoftonline.cn/error?code=' }
    const refusal = readTokenRefusal(400, { error: 'invalid_grant', error_codes: [50173] })
    expect(explainRefusal(refusal, { leg: 'refresh', approvalLink: LINK, places: china }).action).toContain(
      'https://login.partner.microsoftonline.cn/error?code=50173',
    )
  })

  it('never repeats Microsoft’s own description of a number it knows', () => {
    expect(JSON.stringify(explain(7000215, 'invalid_client', 'redeem'))).not.toContain('Words of Microsoft')
  })

  it('says that the value of the secret belongs there and not its ID', () => {
    expect(explain(7000215, 'invalid_client', 'redeem').action).toContain('the column Value (not Secret ID)')
  })

  it('points at the sign-in frequency policy', () => {
    expect(explain(70043, 'invalid_grant', 'refresh').action).toContain('Sign-in frequency')
  })

  it.each([65004, 90094, 90095, 65001])('gives an administrator the approval link for AADSTS%i', (code) => {
    expect(explain(code, 'access_denied', 'authorize').action).toContain(`${LINK} `)
  })

  it.each([
    ['Cancel, in its documented form', { error: 'access_denied', error_subcode: 'cancel' }],
    ['a bare access_denied', { error: 'access_denied' }],
    ['AADSTS65004', { error: 'access_denied', error_description: 'AADSTS65004: The user declined.' }],
    ['consent_required', { error: 'consent_required' }],
  ])('says after %s at the sign-in that nobody signed in, and nothing of a consent', (_what, parameters) => {
    const { title, detail, action } = explainRedirect(parameters, 'sign-in')
    expect(title).toBe('You did not sign in')
    expect(action).toMatch(/^Sign in again\. /)
    expect(`${title} ${detail} ${action.replace(LINK, '')}`).not.toMatch(/consent|permission|Accept|try again/i)
  })

  it.each(TABLE)('says after AADSTS%i with %s at the sign-in nothing of sending or of Accept', (code, error) => {
    const { title, detail, action } = explain(code, error, 'sign-in')
    expect(`${title} ${detail} ${action}`).not.toMatch(/\bconsented|that sending|choose Accept|try again/i)
  })

  it('says after a bare cancel that an administrator may have to approve, and where', () => {
    const { kind, action } = explainRedirect({ error: 'access_denied', error_subcode: 'cancel' })
    expect(kind).toBe('consent-cancelled')
    expect(action).toContain(`If you were not offered a choice, an Entra administrator has to open ${LINK} and approve`)
    expect(action).toMatch(/^Try again and choose Accept/)
  })

  it('passes the correlation id on', () => {
    const description = `AADSTS65004: No.\r\nCorrelation ID: ${CORRELATION_ID}`
    expect(explainRedirect({ error: 'access_denied', error_description: description }).correlationId).toBe(
      CORRELATION_ID,
    )
  })

  it('quotes of an unknown number the first sentence, bounded and as plain text', () => {
    const description = `AADSTS999999: Something\u202E new ${'very '.repeat(100)}odd. Call 555.\r\nTrace ID: x`
    const { detail } = explainRedirect({ error: 'access_denied', error_description: description })
    expect(detail).toContain('(AADSTS999999)')
    expect(detail).toContain('“Something new very')
    expect(detail).not.toMatch(/Call 555|Trace ID|\u202E/)
    expect(detail.length).toBeLessThan(400)
  })

  it.each([
    ['basic_action', 'access-blocked'],
    ['additional_action', 'access-blocked'],
    ['message_only', 'access-blocked'],
    ['user_password_expired', 'access-blocked'],
    ['consent_required', 'permission-missing'],
    ['bad_token', 'microsoft-refused'],
    ['constructor', 'microsoft-refused'],
    ['client_mismatch', 'microsoft-refused'],
  ])('falls back to the suberror %s when the number is unknown', (suberror, kind) => {
    const refusal = readTokenRefusal(400, { error: 'invalid_grant', error_codes: [999999], suberror })
    expect(explainRefusal(refusal, { leg: 'redeem', approvalLink: LINK, places: PLACES }).kind).toBe(kind)
  })

  it.each([
    ['access_denied', 'consent-cancelled'],
    ['consent_required', 'consent-cancelled'],
    ['permission_denied', 'consent-cancelled'],
    ['interaction_required', 'access-blocked'],
    ['login_required', 'access-blocked'],
    ['invalid_client', 'app-misconfigured'],
    ['unauthorized_client', 'app-misconfigured'],
    ['unsupported_response_type', 'app-misconfigured'],
    ['invalid_request', 'app-misconfigured'],
    ['invalid_scope', 'app-misconfigured'],
    ['invalid_resource', 'app-misconfigured'],
    ['server_error', 'microsoft-unavailable'],
    ['temporarily_unavailable', 'microsoft-unavailable'],
    ['invalid_grant', 'microsoft-refused'],
    ['something_new', 'microsoft-refused'],
  ])('falls back to the error %s when there is nothing else', (error, kind) => {
    expect(explainRedirect({ error }).kind).toBe(kind)
  })

  it('explains trouble at Microsoft as that, whatever number comes with it', () => {
    const refusal = readTokenRefusal(503, { error: 'invalid_client', error_codes: [7000215] })
    const { kind, title } = explainRefusal(refusal, { leg: 'redeem', approvalLink: LINK, places: PLACES })
    expect({ kind, title }).toEqual({ kind: 'microsoft-unavailable', title: 'Microsoft is busy or out of order' })
  })

  it('does not explain by a number what the error contradicts', () => {
    const refusal = readTokenRefusal(400, { error: 'invalid_grant', error_codes: [7000215] })
    expect(explainRefusal(refusal, { leg: 'refresh', approvalLink: LINK, places: PLACES })).toMatchObject({
      kind: 'reconnect-required',
      title: 'The connection has to be made again',
    })
  })

  it('asks nobody to sign in again for an application', () => {
    const { kind, action } = explain(99999, 'invalid_grant', 'application')
    expect(kind).toBe('reconnect-required')
    expect(action).toContain('A workspace admin chooses Reconnect, and an Entra administrator accepts')
    expect(action).not.toContain('signs in')
  })
})

describe('refreshConsequence', () => {
  it.each([500, 502, 503, 504, 429])('lets a grant live through HTTP %i', (status) => {
    expect(refreshConsequence(readTokenRefusal(status, { error: 'invalid_grant' }))).toBe('microsoft-unavailable')
  })

  it.each([
    ['an answer that is no error of Entra', readTokenRefusal(400, null)],
    ['an error of an unknown name', readTokenRefusal(400, { error: 'something_new' })],
    ['no answer at all', readTokenRefusal(null, null)],
  ])('lets a grant live through %s', (_what, refusal: EntraRefusal) => {
    expect(refreshConsequence(refusal)).toBe('microsoft-unavailable')
  })

  it('ends a grant on invalid_grant without any further word', () => {
    expect(refreshConsequence(readTokenRefusal(400, { error: 'invalid_grant' }))).toBe('reconnect-required')
  })
})

describe('explainMissingPermissions', () => {
  it('names every missing permission and the approval link', () => {
    const { kind, detail, action } = explainMissingPermissions(['Mail.Send', 'Mail.Send.Shared'], LINK)
    expect(kind).toBe('permission-missing')
    expect(detail).toContain('Mail.Send, Mail.Send.Shared')
    expect(action).toContain(`${LINK} `)
  })

  it('names offline_access when there is no refresh token', () => {
    expect(explainMissingRefreshToken(LINK)).toMatchObject({
      kind: 'permission-missing',
      detail: expect.stringContaining('offline_access'),
    })
  })
})

describe('explainUnreachable', () => {
  it('asks an admin in front of a consent to look at the way to Microsoft', () => {
    expect(explainUnreachable('redeem', PLACES).action).toContain('proxy')
  })

  it('asks nobody to do anything about a refresh', () => {
    expect(explainUnreachable('refresh', PLACES).action).toContain('Nobody has to do anything')
  })
})

describe('what is explained without a refusal', () => {
  it.each(['refresh', 'application'] as const)('says of an outage at %s who acts, with a link', (leg) => {
    expect(faultsOfRemedy(explainUnreachable(leg, PLACES).action)).toEqual([])
  })

  it.each([
    explainUnexpectedAnswer('The answer holds neither a code nor an error.', PLACES),
    ...IN_THE_PAGE.map((leg) => explainUnreachable(leg, PLACES)),
    explainWrongAccount('The account is a guest of the organisation.', PLACES),
    explainMissingPermissions(['Mail.Send'], LINK),
    explainMissingRefreshToken(LINK),
  ])('says of $kind to the reader who acts and where, with a link', ({ action }) => {
    expect(faultsOfRemedy(action, { onlyInThePage: true })).toEqual([])
  })

  it('says of permissions that were withdrawn who acts and where, with a link', () => {
    expect(faultsOfRemedy(explainWithdrawnPermissions(['Mail.Send'], LINK).action)).toEqual([])
  })
})

function explain(code: number, error: string, leg: Leg) {
  const status = leg === 'authorize' ? null : 400
  const error_description = `AADSTS${code}: Words of Microsoft.\r\nTrace ID: x`
  const refusal = readTokenRefusal(status, { error, error_codes: [code], error_description })
  return explainRefusal(refusal, { leg, approvalLink: LINK, places: PLACES })
}

function explainRedirect(parameters: Record<string, string>, leg: Leg = 'authorize') {
  const refusal = readRedirectRefusal(parameters)
  if (!refusal) throw new Error('The parameters hold no error.')
  return explainRefusal(refusal, { leg, approvalLink: LINK, places: PLACES })
}

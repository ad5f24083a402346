import { describe, expect, it } from 'vitest'
import { ADMIN_CENTERS, findRemedyFaults } from '../test-support/remedy.ts'
import { readRedirectRefusal, readTokenRefusal, type EntraRefusal } from './entra-refusal.ts'
import {
  explainMissingPermissions,
  explainRefusal,
  explainUnexpectedAnswer,
  explainUnreachable,
  explainWithdrawnPermissions,
  explainWrongAccount,
  renewalFailure,
  type Leg,
} from './explain-refusal.ts'

const LINK = 'https://login.microsoftonline.com/tenant/v2.0/adminconsent?client_id=app'
const LEGS: readonly Leg[] = ['sign-in', 'authorize', 'redeem', 'refresh', 'application']
const IN_THE_PAGE: readonly Leg[] = ['sign-in', 'authorize', 'redeem']
const UNKNOWN = 999_999

/** For a number that nobody knows: what a consent and a renewal make of `error`, which is all there is. */
const BY_ERROR: readonly (readonly [error: string, consent: string, renewal: string])[] = [
  ['access_denied', 'consent-cancelled', 'reconnect-required'],
  ['consent_required', 'consent-cancelled', 'reconnect-required'],
  ['permission_denied', 'consent-cancelled', 'microsoft-unavailable'],
  ['interaction_required', 'access-blocked', 'reconnect-required'],
  ['login_required', 'access-blocked', 'reconnect-required'],
  ['invalid_client', 'app-misconfigured', 'app-misconfigured'],
  ['unauthorized_client', 'app-misconfigured', 'app-misconfigured'],
  ['unsupported_response_type', 'app-misconfigured', 'app-misconfigured'],
  ['unsupported_grant_type', 'app-misconfigured', 'app-misconfigured'],
  ['invalid_request', 'app-misconfigured', 'app-misconfigured'],
  ['invalid_scope', 'app-misconfigured', 'app-misconfigured'],
  ['invalid_resource', 'app-misconfigured', 'app-misconfigured'],
  ['server_error', 'microsoft-unavailable', 'microsoft-unavailable'],
  ['temporarily_unavailable', 'microsoft-unavailable', 'microsoft-unavailable'],
  ['invalid_grant', 'microsoft-refused', 'reconnect-required'],
  ['an_error_of_tomorrow', 'microsoft-refused', 'microsoft-unavailable'],
]

/** What a consent makes of `invalid_grant` with these; a renewal always ends. */
const BY_SUBERROR: readonly (readonly [suberror: string, consent: string])[] = [
  ['basic_action', 'access-blocked'],
  ['additional_action', 'access-blocked'],
  ['message_only', 'access-blocked'],
  ['user_password_expired', 'access-blocked'],
  ['consent_required', 'permission-missing'],
  ['bad_token', 'microsoft-refused'],
  ['client_mismatch', 'microsoft-refused'],
  ['token_expired', 'microsoft-refused'],
  ['constructor', 'microsoft-refused'],
]

describe('explainRefusal', () => {
  it.each(BY_ERROR)('classifies %s with an unknown number, and without one, by itself', (error, consent, renewal) => {
    for (const error_codes of [[UNKNOWN], []]) {
      expect(explain({ error, error_codes }, 'authorize').kind).toBe(consent)
      expect(explain({ error, error_codes }, 'refresh').kind).toBe(renewal)
    }
  })

  it.each(BY_SUBERROR)('classifies the suberror %s with an unknown number', (suberror, consent) => {
    const body = { error: 'invalid_grant', error_codes: [UNKNOWN], suberror }
    expect(explain(body, 'redeem').kind).toBe(consent)
    expect(explain(body, 'refresh').kind).toBe('reconnect-required')
  })

  it.each([...BY_ERROR.map(([error]) => error), null])(
    'says of unknown numbers with %s and any suberror, on every leg, who acts and where, with a link',
    (error) => {
      const suberrors = [...BY_SUBERROR.map(([suberror]) => suberror), 'cancel', 'ui_not_allowed', null]
      for (const leg of LEGS)
        for (const suberror of suberrors)
          for (const error_codes of [[UNKNOWN], []]) {
            const { action } = explain({ error, suberror, error_codes }, leg)
            expect(findRemedyFaults(action, { onlyInThePage: IN_THE_PAGE.includes(leg) })).toEqual([])
          }
    },
  )

  it.each([
    [7000215, 'invalid_grant', 'reconnect-required', 'The connection has to be made again'],
    [700016, 'interaction_required', 'reconnect-required', 'The connection has to be made again'],
    [90002, 'invalid_grant', 'reconnect-required', 'The connection has to be made again'],
    [50173, 'invalid_client', 'app-misconfigured', 'The app registration does not fit'],
    [53003, 'invalid_request', 'app-misconfigured', 'The app registration does not fit'],
    [700082, 'temporarily_unavailable', 'microsoft-unavailable', 'Microsoft is busy or out of order'],
    [7000215, 'server_error', 'microsoft-unavailable', 'Microsoft is busy or out of order'],
    [53003, 'an_error_of_tomorrow', 'microsoft-unavailable', 'Microsoft is busy or out of order'],
  ])('lets the error decide at a renewal where AADSTS%i contradicts %s', (code, error, kind, title) => {
    expect(explain({ error, error_codes: [code] }, 'refresh')).toMatchObject({ kind, title, aadstsCode: code })
  })

  it.each<[code: number, error: string, leg: Leg, text: string]>([
    [50053, 'invalid_grant', 'refresh', 'Sign-in logs'],
    [50057, 'invalid_grant', 'refresh', 'Account status'],
    [50076, 'interaction_required', 'refresh', 'second factor'],
    [50079, 'interaction_required', 'refresh', 'https://aka.ms/mfasetup'],
    [50105, 'invalid_grant', 'refresh', 'Users and groups'],
    [50158, 'interaction_required', 'refresh', 'every step'],
    [53000, 'access_denied', 'refresh', 'Conditional Access > Policies'],
    [530035, 'access_denied', 'refresh', 'Manage security defaults'],
    [700084, 'invalid_grant', 'refresh', '> Authentication'],
    [700025, 'invalid_client', 'redeem', 'App registrations > the app of Inforiver Mail > Authentication'],
    [7000218, 'invalid_client', 'redeem', 'App registrations > the app of Inforiver Mail > Authentication'],
  ])('says where AADSTS%i (%s) at %s is put right', (code, error, leg, text) => {
    expect(explain({ error, error_codes: [code] }, leg).action).toContain(text)
  })

  it('lets an HTTP status of an outage decide, whatever number comes with it', () => {
    const body = { error: 'invalid_client', error_codes: [7000215] }
    expect(explain(body, 'redeem', 503)).toMatchObject({
      kind: 'microsoft-unavailable',
      title: 'Microsoft is busy or out of order',
    })
  })

  it.each([
    ['the place in the admin center', 7000222, 'invalid_client', /\(https:\/\/entra\.microsoft\.com\) > App registrat/],
    [
      'the page about the number',
      700082,
      'invalid_grant',
      /\(https:\/\/login\.microsoftonline\.com\/error\?code=700082\)\.$/,
    ],
  ])('leads to %s', (_what, code, error, link) => {
    expect(explain({ error, error_codes: [code] }, 'refresh').action).toMatch(link)
  })

  it('leads to the pages of the cloud that the connection is in', () => {
    const china = { ...ADMIN_CENTERS, codePage: 'https://login.partner.microsoftonline.cn/error?code=' }
    const refusal = readTokenRefusal(400, { error: 'invalid_grant', error_codes: [50173] })
    expect(explainRefusal(refusal, { leg: 'refresh', approvalLink: LINK, adminCenters: china }).action).toContain(
      'https://login.partner.microsoftonline.cn/error?code=50173',
    )
  })

  it.each([65004, 90094, 90095, 65001])('gives an administrator the approval link for AADSTS%i', (code) => {
    expect(explain({ error: 'access_denied', error_codes: [code] }, 'authorize').action).toContain(`${LINK} `)
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

  it('says after a bare cancel that an administrator may have to approve, and where', () => {
    const { kind, action } = explainRedirect({ error: 'access_denied', error_subcode: 'cancel' })
    expect(kind).toBe('consent-cancelled')
    expect(action).toContain(`If you were not offered a choice, an Entra administrator has to open ${LINK} and approve`)
    expect(action).toMatch(/^Try again and choose Accept/)
  })

  it('quotes of an unknown number the first sentence, bounded and as plain text', () => {
    const description = `AADSTS999999: Something\u202E new ${'very '.repeat(100)}odd. Call 555.\r\nTrace ID: x`
    const { detail } = explainRedirect({ error: 'access_denied', error_description: description })
    expect(detail).toContain('(AADSTS999999)')
    expect(detail).toContain('“Something new very')
    expect(detail).not.toMatch(/Call 555|Trace ID|\u202E/)
    expect(detail.length).toBeLessThan(400)
  })

  it('asks nobody to sign in again for an application', () => {
    const { kind, action } = explain({ error: 'invalid_grant', error_codes: [UNKNOWN] }, 'application')
    expect(kind).toBe('reconnect-required')
    expect(action).toContain('A workspace admin chooses Reconnect, and an Entra administrator accepts')
    expect(action).not.toContain('signs in')
  })
})

describe('renewalFailure', () => {
  it.each([500, 502, 503, 504, 429])('keeps a connection through HTTP %i', (status) => {
    expect(renewalFailure(readTokenRefusal(status, { error: 'invalid_grant' }))).toBe('microsoft-unavailable')
  })

  it.each([
    ['an answer that is no error of Entra', readTokenRefusal(400, null)],
    ['no answer at all', readTokenRefusal(null, null)],
  ])('keeps a connection through %s', (_what, refusal: EntraRefusal) => {
    expect(renewalFailure(refusal)).toBe('microsoft-unavailable')
  })
})

describe('explanations without a refusal', () => {
  it('name every missing permission and the approval link', () => {
    const { kind, detail, action } = explainMissingPermissions(['Mail.Send', 'Mail.Send.Shared'], LINK)
    expect(kind).toBe('permission-missing')
    expect(detail).toContain('Mail.Send, Mail.Send.Shared')
    expect(action).toContain(`${LINK} `)
  })

  it('ask an admin in front of a consent to look at the way to Microsoft, and nobody during a renewal', () => {
    expect(explainUnreachable('redeem', ADMIN_CENTERS).action).toContain('proxy')
    expect(explainUnreachable('refresh', ADMIN_CENTERS).action).toContain('Nobody has to do anything')
  })

  it.each([
    explainUnexpectedAnswer('neither-code-nor-error', ADMIN_CENTERS),
    ...IN_THE_PAGE.map((leg) => explainUnreachable(leg, ADMIN_CENTERS)),
    explainWrongAccount('guest', ADMIN_CENTERS),
    explainMissingPermissions(['Mail.Send'], LINK),
  ])('tell the reader of $kind who acts and where, with a link', ({ action }) => {
    expect(findRemedyFaults(action, { onlyInThePage: true })).toEqual([])
  })

  it.each([
    explainUnreachable('refresh', ADMIN_CENTERS),
    explainUnreachable('application', ADMIN_CENTERS),
    explainWithdrawnPermissions(['Mail.Send'], LINK),
  ])('tell everybody about a renewal that ended as $kind who acts and where, with a link', ({ action }) => {
    expect(findRemedyFaults(action)).toEqual([])
  })
})

function explain(body: object, leg: Leg, status: number | null = leg === 'authorize' ? null : 400) {
  return explainRefusal(readTokenRefusal(status, body), { leg, approvalLink: LINK, adminCenters: ADMIN_CENTERS })
}

function explainRedirect(parameters: Record<string, string>, leg: Leg = 'authorize') {
  const refusal = readRedirectRefusal(parameters)
  if (!refusal) throw new Error('The parameters hold no error.')
  return explainRefusal(refusal, { leg, approvalLink: LINK, adminCenters: ADMIN_CENTERS })
}

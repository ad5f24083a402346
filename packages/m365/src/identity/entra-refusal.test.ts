import { describe, expect, it } from 'vitest'
import { readRedirectRefusal, readTokenRefusal, isFromEntra } from './entra-refusal.ts'

const CORRELATION_ID = '6e0a6f0b-5a0e-4a71-8e43-6d8c6f2b8f10'
const DESCRIPTION = `AADSTS65004: User declined to consent to access the app.\r\nTrace ID: 0f0e0d0c-0b0a-4908-8706-050403020100\r\nCorrelation ID: ${CORRELATION_ID}\r\nTimestamp: 2026-11-24 10:00:00Z`

describe('readRedirectRefusal', () => {
  it('is null for a redirect without an error', () => {
    expect(readRedirectRefusal({ code: 'x', state: 'y' })).toBeNull()
  })

  it.each([
    [
      'the number and the correlation id of the description',
      { error: 'access_denied', error_description: DESCRIPTION },
      { status: null, error: 'access_denied', aadstsCode: 65004, correlationId: CORRELATION_ID },
    ],
    [
      'a cancel with nothing but a subcode',
      { error: 'access_denied', error_subcode: 'cancel' },
      { error: 'access_denied', suberror: 'cancel', aadstsCode: null, correlationId: null },
    ],
    [
      'a suberror as the token endpoint spells it',
      { error: 'x', suberror: 'message_only' },
      { suberror: 'message_only' },
    ],
    [
      'the number of the error_uri when there is no description',
      { error: 'access_denied', error_uri: 'https://login.microsoftonline.com/error?code=90094' },
      { aadstsCode: 90094 },
    ],
    ['the first of a repeated parameter', { error: ['access_denied', 'server_error'] }, { error: 'access_denied' }],
    ['a claims challenge', { error: 'x', claims: '{"access_token":{}}' }, { claims: '{"access_token":{}}' }],
    ['no claims in anything else', { error: 'x', claims: '<script>' }, { claims: null }],
    ['no correlation id that is no GUID', { error: 'x', correlation_id: '<b>call 555</b>' }, { correlationId: null }],
  ])('reads %s', (_what, parameters, refusal) => {
    expect(readRedirectRefusal(parameters)).toMatchObject(refusal)
  })

  it('bounds and cleans the parameters', () => {
    const refusal = readRedirectRefusal({ error: `a\r\nb\u202E${'x'.repeat(5_000)}`, error_subcode: '\u0000cancel' })
    expect(refusal?.error).toMatch(/^a b x+…$/)
    expect(refusal?.error?.length).toBe(300)
    expect(refusal?.suberror).toBe('cancel')
  })
})

describe('readTokenRefusal', () => {
  it('reads Entra’s error body', () => {
    const body = {
      error: 'invalid_grant',
      error_description: 'AADSTS700082: The refresh token has expired due to inactivity.',
      error_codes: [700082],
      correlation_id: CORRELATION_ID,
      suberror: 'bad_token',
      claims: '{"access_token":{"capolids":{"essential":true}}}',
    }
    expect(readTokenRefusal(400, body)).toEqual({
      status: 400,
      error: 'invalid_grant',
      suberror: 'bad_token',
      aadstsCode: 700082,
      description: body.error_description,
      correlationId: CORRELATION_ID,
      claims: body.claims,
    })
  })

  it.each([null, {}, [], 'text', 7, { error: 5, error_codes: ['x'], suberror: {} }])('survives %j', (body) => {
    expect(readTokenRefusal(500, body)).toEqual({
      status: 500,
      error: null,
      suberror: null,
      aadstsCode: null,
      description: null,
      correlationId: null,
      claims: null,
    })
  })
})

const NO_HEADERS = {}

it.each<[string, Record<string, unknown> | null, Record<string, string>, boolean]>([
  ['its error with numbers', { error: 'invalid_grant', error_codes: [50173] }, NO_HEADERS, true],
  ['its request id', null, { 'x-ms-request-id': '6f1c' }, true],
  ['an error alone', { error: 'Forbidden' }, NO_HEADERS, false],
  ['an error of another form', { error: { code: 'Forbidden' }, error_codes: [1] }, NO_HEADERS, false],
  ['numbers that are texts', { error: 'invalid_grant', error_codes: ['50173'] }, NO_HEADERS, false],
  ['no numbers', { error: 'invalid_grant', error_codes: [] }, NO_HEADERS, false],
  ['a message', { message: 'Forbidden' }, NO_HEADERS, false],
  ['the id of another request', null, { 'x-request-id': '6f1c' }, false],
])('recognises Entra, or something in between, by %s', (_what, body, headers, expected) => {
  expect(isFromEntra({ body, headers: new Headers(headers) })).toBe(expected)
})

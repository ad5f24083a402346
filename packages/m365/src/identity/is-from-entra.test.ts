import { expect, it } from 'vitest'
import { isFromEntra } from './is-from-entra.ts'

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

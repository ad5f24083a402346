import { expect, it } from 'vitest'
import { readClaimsChallenge } from './claims-challenge.ts'

it.each([
  '{"access_token":{"nbf":{"essential":true,"value":"1732442400"}}}',
  '{ "access_token": {"capolids":{"essential":true,"values":["5c1a2f0e-3d8b-4f6a-9b1e-7d2c4a6e8f01"]}}, "id_token": {} }',
])('returns a challenge unchanged: %s', (claims) => {
  expect(readClaimsChallenge(claims)).toBe(claims)
})

it.each([
  ['nothing', undefined],
  ['an empty text', ''],
  ['no JSON', '{"access_token":'],
  ['no object', '["access_token"]'],
  ['an empty object', '{}'],
  ['a member that is not an object', '{"access_token":"all"}'],
  ['a member of another name', '{"access_token":{},"constructor":{}}'],
  ['a value that is no text', { access_token: {} }],
  ['more than fits an address', `{"access_token":{"nbf":"${'1'.repeat(2_000)}"}}`],
])('accepts no challenge that is %s', (_what, value) => {
  expect(readClaimsChallenge(value)).toBeNull()
})

import { expect, it } from 'vitest'
import { findRedirectUriFault, isRegistered } from './client.ts'

const registered = [
  'http://localhost/auth/callback',
  'https://mail.contoso.com/auth/callback',
  'https://bare.contoso.com',
]

it.each([
  ['another port of localhost', 'http://localhost:3000/auth/callback'],
  ['the same https URI', 'https://mail.contoso.com/auth/callback'],
  ['a URI without a path, with and without its slash', 'https://bare.contoso.com/'],
])('matches %s', (_what, requested) => {
  expect(isRegistered(requested, registered)).toBe(true)
})

it.each([
  ['another path', 'http://localhost:3000/auth/other'],
  ['the path in another case', 'http://localhost:3000/auth/Callback'],
  ['a trailing slash', 'http://localhost:3000/auth/callback/'],
  ['another scheme', 'https://localhost:3000/auth/callback'],
  ['127.0.0.1 in place of localhost', 'http://127.0.0.1:3000/auth/callback'],
  ['another port of a real host', 'https://mail.contoso.com:8443/auth/callback'],
  ['a query that is not registered', 'https://mail.contoso.com/auth/callback?next=1'],
  ['a fragment', 'https://mail.contoso.com/auth/callback#x'],
  ['credentials', 'https://user@mail.contoso.com/auth/callback'],
  ['a detour through dot segments', 'https://mail.contoso.com/x/../auth/callback'],
  ['a relative URI', '/auth/callback'],
])('does not match %s', (_what, requested) => {
  expect(isRegistered(requested, registered)).toBe(false)
})

it.each([
  ['http on another host', 'http://mail.contoso.com/auth/callback'],
  ['a fragment', 'https://mail.contoso.com/#x'],
  ['a wildcard', 'https://*.contoso.com/'],
  ['a comma', 'https://mail.contoso.com/a,b'],
  ['more than 256 characters', `https://mail.contoso.com/${'a'.repeat(250)}`],
  ['a relative URI', '/auth/callback'],
])('refuses to register %s', (_what, uri) => {
  expect(findRedirectUriFault(uri)).not.toBeNull()
})

import { expect, it } from 'vitest'
import { findRedirectUriFault, isRegistered } from './client.ts'

const registered = [
  'http://localhost/auth/callback',
  'https://mail.contoso.com/auth/callback',
  'https://bare.contoso.com',
]

it.each([
  ['another port of localhost', 'http://localhost:3000/auth/callback', true],
  ['the same https URI', 'https://mail.contoso.com/auth/callback', true],
  ['a URI without a path, with and without its slash', 'https://bare.contoso.com/', true],
  ['another path', 'http://localhost:3000/auth/other', false],
  ['the path in another case', 'http://localhost:3000/auth/Callback', false],
  ['a trailing slash', 'http://localhost:3000/auth/callback/', false],
  ['another scheme', 'https://localhost:3000/auth/callback', false],
  ['127.0.0.1 in place of localhost', 'http://127.0.0.1:3000/auth/callback', false],
  ['another port of a real host', 'https://mail.contoso.com:8443/auth/callback', false],
  ['a query that is not registered', 'https://mail.contoso.com/auth/callback?next=1', false],
  ['a fragment', 'https://mail.contoso.com/auth/callback#x', false],
  ['credentials', 'https://user@mail.contoso.com/auth/callback', false],
  ['a detour through dot segments', 'https://mail.contoso.com/x/../auth/callback', false],
  ['a relative URI', '/auth/callback', false],
])('matches %s, or not: %s', (_what, requested, expected) => {
  expect(isRegistered(requested, registered)).toBe(expected)
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

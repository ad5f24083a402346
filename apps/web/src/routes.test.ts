import { expect, it } from 'vitest'
import { menuItemAt, signInUrl, webAddress } from './routes.ts'

it('returns from sign-in to the whole path, with its query', () => {
  expect(signInUrl('/settings/office365-smtp?a=1&b=2')).toBe(
    '/auth/sign-in?returnTo=%2Fsettings%2Foffice365-smtp%3Fa%3D1%26b%3D2',
  )
})

it.each(['javascript:alert(1)', 'data:text/html,x', '/relative', '__DEMO__', ''])(
  'does not accept %j as a web address',
  (text) => {
    expect(webAddress(text)).toBeNull()
  },
)

it.each([
  ['/settings/office365-smtp', 'settings'],
  ['/settings/service-keys', 'service-keys'],
  ['/settings/alerts', 'alerts'],
  ['/settings/audit-log', 'audit-log'],
  ['/messages', 'messages'],
  ['/messages/msg_0', 'messages'],
  ['/messages-of-another-page', null],
  ['/', 'overview'],
])('places %s under the menu item %s', (path, item) => {
  expect(menuItemAt(path)).toBe(item)
})

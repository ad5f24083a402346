import { expect, it } from 'vitest'
import { isAllowedClient } from './client-address.ts'

it.each([
  ['10.1.2.3', '10.0.0.0/8'],
  ['::ffff:10.1.2.3', '10.1.2.3'],
  ['10.1.2.3', '::ffff:10.0.0.0/104'],
  ['10.1.2.3', '::/0'],
  ['fd00::1', 'fd00::/8'],
])('lets %s use a key of %s', (client, allowed) => {
  expect(isAllowedClient(client, ['192.0.2.1', allowed])).toBe(true)
})

it.each([
  ['11.1.2.3', '10.0.0.0/8'],
  ['fd00::2', 'fd00::1'],
  ['unknown', '0.0.0.0/0'],
  ['', '::/0'],
])('does not let %s use a key of %s', (client, allowed) => {
  expect(isAllowedClient(client, [allowed])).toBe(false)
})

it('lets everybody use a key without addresses', () => {
  expect(isAllowedClient('unknown', [])).toBe(true)
})

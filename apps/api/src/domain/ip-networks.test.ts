import { expect, it } from 'vitest'
import { isInNetworks, subscriberOf } from './ip-networks.ts'

it.each([
  ['10.1.2.3', '10.0.0.0/8'],
  ['10.1.2.3', '10.1.2.3'],
  ['10.1.2.3', '10.255.255.255/8'],
  ['::ffff:10.1.2.3', '10.0.0.0/8'],
  ['::ffff:10.1.2.3', '10.1.2.3'],
  ['::ffff:a01:203', '10.1.2.3'],
  ['10.1.2.3', '::ffff:10.0.0.0/104'],
  ['10.1.2.3', '::ffff:10.1.2.3'],
  ['::ffff:10.1.2.3', '::ffff:10.0.0.0/104'],
  ['10.1.2.3', '0.0.0.0/0'],
  ['10.1.2.3', '::/0'],
  ['fd00::1', 'fd00::/8'],
  ['FD00:0:0::1', 'fd00::1'],
  ['fe80::1%eth0', 'fe80::/10'],
])('finds %s in %s', (address, network) => {
  expect(isInNetworks(address, ['192.0.2.1', network])).toBe(true)
})

it.each([
  ['11.1.2.3', '10.0.0.0/8'],
  ['10.1.2.4', '10.1.2.3'],
  ['::ffff:11.1.2.3', '10.0.0.0/8'],
  ['11.1.2.3', '::ffff:10.0.0.0/104'],
  ['2001:db8::1', '0.0.0.0/0'],
  ['2001:db8::1', '::ffff:0.0.0.0/96'],
  ['fd00::2', 'fd00::1'],
  ['unknown', '0.0.0.0/0'],
  ['', '::/0'],
])('does not find %s in %s', (address, network) => {
  expect(isInNetworks(address, [network])).toBe(false)
})

it.each([
  ['192.0.2.1', '::ffff:192.0.2.1', true],
  ['192.0.2.1', '192.0.2.2', false],
  ['2001:db8:0:1::1', '2001:db8:0:1:ffff:ffff:ffff:ffff', true],
  ['2001:db8:0:1::1', '2001:db8:0:2::1', false],
  ['fe80::1%eth0', 'fe80::2%eth0', true],
])('takes %s and %s for the same subscriber: %s', (one, other, expected) => {
  expect(subscriberOf(one) === subscriberOf(other)).toBe(expected)
})

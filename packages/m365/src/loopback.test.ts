import { expect, it } from 'vitest'
import { isLoopback } from './loopback.ts'

it.each([
  ['localhost', true],
  ['127.0.0.1', true],
  ['127.255.255.254', true],
  ['::1', true],
  ['::ffff:127.0.0.1', true],
  ['localhost.contoso.com', false],
  ['127.0.0.1.contoso.com', false],
  ['128.0.0.1', false],
  ['0.0.0.0', false],
  ['::', false],
  ['::2', false],
  ['::ffff:10.0.0.1', false],
  ['contoso.com', false],
  ['', false],
])('takes %j for this machine: %s', (host, expected) => {
  expect(isLoopback(host)).toBe(expected)
})

it.each([
  ['http://localhost:3001', true],
  ['http://LOCALHOST', true],
  ['http://127.1', true],
  ['http://0x7f000001', true],
  ['http://[::1]:80', true],
  ['http://127.0.0.1@contoso.com', false],
  ['http://[::2]', false],
  ['http://localhost.', false],
])('takes the host of %s for this machine: %s', (url, expected) => {
  expect(isLoopback(new URL(url).hostname)).toBe(expected)
})

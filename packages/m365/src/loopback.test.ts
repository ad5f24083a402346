import { describe, expect, it } from 'vitest'
import { isLoopback } from './loopback.ts'

it.each(['localhost', '127.0.0.1', '127.255.255.254', '::1', '::ffff:127.0.0.1'])(
  'takes %s for this machine',
  (host) => {
    expect(isLoopback(host)).toBe(true)
  },
)

it.each([
  'localhost.contoso.com',
  '127.0.0.1.contoso.com',
  '128.0.0.1',
  '0.0.0.0',
  '::',
  '::2',
  '::ffff:10.0.0.1',
  'contoso.com',
  '',
])('does not take %j for this machine', (host) => {
  expect(isLoopback(host)).toBe(false)
})

describe('of a URL', () => {
  it.each(['http://localhost:3001', 'http://LOCALHOST', 'http://127.1', 'http://0x7f000001', 'http://[::1]:80'])(
    'takes %s for this machine',
    (url) => {
      expect(isLoopback(new URL(url).hostname)).toBe(true)
    },
  )

  it.each(['http://127.0.0.1@contoso.com', 'http://[::2]', 'http://localhost.'])(
    'does not take %s for this machine',
    (url) => {
      expect(isLoopback(new URL(url).hostname)).toBe(false)
    },
  )
})

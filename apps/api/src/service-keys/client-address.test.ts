import { expect, it } from 'vitest'
import { isAllowedClient } from './client-address.ts'

it('lets the clients at one of its addresses use a key, and nobody else', () => {
  const allowed = ['192.0.2.1', '10.0.0.0/8']

  expect(isAllowedClient('10.1.2.3', allowed)).toBe(true)
  expect(isAllowedClient('11.1.2.3', allowed)).toBe(false)
  expect(isAllowedClient('unknown', allowed)).toBe(false)
})

it('lets everybody use a key without addresses', () => {
  expect(isAllowedClient('unknown', [])).toBe(true)
})

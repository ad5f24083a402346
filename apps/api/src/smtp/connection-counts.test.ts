import { expect, it } from 'vitest'
import { createConnectionCounts } from './connection-places.ts'

it('counts a connection once, under the name that it has now', () => {
  const counts = createConnectionCounts<object>()
  const [first, second] = [{}, {}]
  expect(counts.assign(first, 'a')).toBe(1)
  expect(counts.assign(first, 'a')).toBe(1) // logged in again after STARTTLS
  expect(counts.assign(second, 'a')).toBe(2)
  expect(counts.assign(second, 'b')).toBe(1)
  counts.release(first)
  counts.release(first)
  expect(counts.assign(second, 'a')).toBe(1)
})

import { afterEach, expect, it, vi } from 'vitest'
import { newId } from '../test-support/new-id.ts'

afterEach(() => vi.useRealTimers())

it('makes ids that sort by the time they were made at', () => {
  vi.useFakeTimers()
  const times = ['2026-11-27T12:00:00.000Z', '2026-11-27T12:00:00.001Z', '2027-01-01T00:00:00Z', '2199-12-31T23:59:59Z']
  const ids = times.flatMap((time) => {
    vi.setSystemTime(new Date(time))
    return [newId('message')]
  })

  expect(ids.toSorted()).toEqual(ids)
  for (const id of ids) expect(id).toMatch(/^msg_[0-9a-f]{32}$/)
})

it('makes no id twice in a millisecond, whatever process makes it', () => {
  vi.useFakeTimers()
  const ids = Array.from({ length: 20_000 }, () => newId('message'))

  expect(new Set(ids).size).toBe(ids.length)
  // As many random bits as make a meeting of a million ids in one millisecond unlikely: 20 digits, none of them fixed.
  for (let digit = 16; digit < 36; digit++) expect(new Set(ids.map((id) => id[digit])).size).toBe(16)
})

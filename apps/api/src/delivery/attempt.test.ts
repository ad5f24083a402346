import { expect, it } from 'vitest'
import { requireCleared } from './attempt.ts'

it.each([
  ['begins', 'it was cleared', true, 11_999],
  ['OvertakenError', 'its statement changed nothing', false, 0],
  ['OvertakenError', 'the process stood still for a lease', true, 12_000],
])('comes to %s where %s', async (outcome, _because, cleared, tookMs) => {
  let elapsed = 1_000
  const statement = async () => {
    elapsed += tookMs
    return cleared
  }
  const request = requireCleared({ elapsedMs: () => elapsed }, statement)
  expect(
    await request.then(
      () => 'begins',
      (error: Error) => error.name,
    ),
  ).toBe(outcome)
})

import { afterEach, expect, it, vi } from 'vitest'
import { printCosts, printCostsOfLoop } from './costs.ts'

afterEach(() => vi.restoreAllMocks())

it('prints of a loop, which stores nothing, its rate and processor time alone', () => {
  const log = vi.spyOn(console, 'log').mockReturnValue()
  const costs = { seconds: 2, processMs: 0.194, postgresMs: 0.2, walBytes: 5_240, transactions: 0.11, hotShare: 0.87 }
  printCosts('the product', 4_000, costs)
  printCostsOfLoop('the loop', 4_000, costs)
  expect(log.mock.calls).toEqual([
    [
      'the product: 2000 a second; for each mail 0.19 ms CPU of the process, 0.20 ms of PostgreSQL, 5.24 kB of WAL, 0.11 transactions; 87 % of updates stay on their page',
    ],
    ['the loop: 2000 a second; for each mail 0.19 ms CPU of the process'],
  ])
})

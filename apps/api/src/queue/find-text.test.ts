import { expect, it } from 'vitest'
import { sampleBlocks, type SearchIndex } from './find-text.ts'
import { BLOCK_MESSAGES } from './search-postings.ts'

const BLOCKS = 32
const SAMPLED = 1_024

const index: SearchIndex = {
  blocks: Array.from({ length: BLOCKS }, (_, n) => ({
    id: `${n}`,
    firstAt: new Date(n * 1_000),
    lastAt: new Date(n * 1_000 + 999),
    messages: BLOCK_MESSAGES,
  })),
  indexed: null,
  late: [],
  unindexed: 0,
}
const database = { query: () => expect.unreachable('without grams, every message is a candidate') }

it.each([2, 7, 16, 64])('takes a sample that fits messages which repeat after %i', async (period) => {
  const { messages, sampled } = await sampleBlocks(database, index, [], { atLeast: Infinity, sampled: SAMPLED })
  const bound: unknown[] = []
  messages((value) => `$${bound.push(value)}`)
  const [, , ends, positions] = bound as [unknown, readonly number[], readonly number[], readonly number[]]
  expect(positions).toHaveLength(sampled)
  expect(ends).toHaveLength(BLOCKS)

  const counts = Map.groupBy(positions, (position) => position % period)
  const shares = Array.from({ length: period }, (_, phase) => (counts.get(phase)?.length ?? 0) / sampled)
  for (const share of shares) expect(Math.abs(share - 1 / period)).toBeLessThan(0.1)
})

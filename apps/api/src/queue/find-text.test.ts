import { expect, it } from 'vitest'
import { chooseGrams, sampleBlocks, type SearchIndex } from './find-text.ts'
import { BLOCK_MESSAGES, encodePositions } from './search-postings.ts'

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
const EVERY_MESSAGE = { grams: [], estimate: BLOCKS * BLOCK_MESSAGES }
const database = { query: () => expect.unreachable('without grams, every message is a candidate') }

it.each([2, 7, 16, 64])('takes a sample that fits messages which repeat after %i', async (period) => {
  const { messages, sampled } = await sampleBlocks(database, index, EVERY_MESSAGE, {
    atLeast: Infinity,
    sampled: SAMPLED,
  })
  const bound: unknown[] = []
  messages((value) => `$${bound.push(value)}`)
  const [, , ends, positions] = bound as [unknown, readonly number[], readonly number[], readonly number[]]
  expect(positions).toHaveLength(sampled)
  expect(ends).toHaveLength(BLOCKS)

  const counts = Map.groupBy(positions, (position) => position % period)
  const shares = Array.from({ length: period }, (_, phase) => (counts.get(phase)?.length ?? 0) / sampled)
  for (const share of shares) expect(Math.abs(share - 1 / period)).toBeLessThan(0.1)
})

const IN_ALL = 1
const IN_HALF = 2
const IN_HALF_AS_WELL = 3
const IN_ONE_BLOCK = 4
const NOWHERE_SAMPLED = 5
const EVERY = Array.from({ length: BLOCK_MESSAGES }, (_, position) => position)
const EVEN = EVERY.filter((position) => position % 2 === 0)

/** Answers at which positions of which block each gram occurs. */
const postings: Record<number, (block: string) => readonly number[]> = {
  [IN_ALL]: () => EVERY,
  [IN_HALF]: () => EVEN,
  [IN_HALF_AS_WELL]: () => EVEN,
  [IN_ONE_BLOCK]: (block) => (block === '4' ? EVERY : []),
}
const indexed = {
  query: (_text: string, [blocks, grams]: [readonly string[], readonly number[]]) => ({
    rows: grams.flatMap((gram) => {
      const occurring = blocks.flatMap((block) => {
        const positions = postings[gram]?.(block) ?? []
        return positions.length === 0 ? [] : [{ block, posting: encodePositions(positions) }]
      })
      if (occurring.length === 0) return []
      const lengths = occurring.map(({ posting }) => Buffer.from(Uint32Array.of(posting.length).buffer).swap32())
      return [
        {
          gram,
          blocks: occurring.map(({ block }) => block),
          postings: Buffer.concat(occurring.flatMap(({ posting }, nth) => [lengths[nth] ?? posting, posting])),
        },
      ]
    }),
  }),
} as unknown as Parameters<typeof chooseGrams>[0]

it.each([
  ['leaves out what excludes nothing', [IN_ALL, IN_HALF, IN_HALF_AS_WELL], [IN_HALF], (BLOCKS * BLOCK_MESSAGES) / 2],
  ['begins with what the fewest blocks have', [IN_HALF, IN_ONE_BLOCK], [IN_ONE_BLOCK, IN_HALF], BLOCK_MESSAGES],
  ['begins with what a sample does not have', [IN_HALF, NOWHERE_SAMPLED], [NOWHERE_SAMPLED, IN_HALF], 0],
])('%s', async (_what, asked, grams, estimate) => {
  expect(await chooseGrams(indexed, index, asked)).toEqual({ grams, estimate })
})

import type { Range, Statements } from './find-filter.ts'
import {
  messagesAt,
  readIndex,
  type AskedBlock,
  type Block,
  type CandidatePositions,
  type Candidates,
  type SearchIndex,
} from './find-text.ts'
import { bitmapOf, commonPositions, countBits, joinable, splitPostings } from './search-postings.ts'

// Where messages are of which something is not known: what review-blocks.ts left in, and all that it has not reviewed yet.

export interface Unreported {
  readonly index: SearchIndex
  readonly positions: Omit<CandidatePositions, 'comparedAtOnce'>
  /** Blocks that have been reviewed. */
  readonly reviewed: readonly Block[]
  /** How many messages reviews have left in. */
  readonly left: number
  /** How many messages have not been reviewed. */
  readonly unreviewed: number
  /** Whether so many have been reviewed that it is faster to look at what they have left. */
  readonly isFaster: boolean
}

/** Where at most one message in this many is looked at, many blocks are taken at once. */
const SPARSE = 8

/** $1 tenant, $2 submitted from, $3 to; null for any */
const readReviewed = (column: 'unreported' | 'unreported_sent') => `
SELECT array_agg(id::text) AS blocks, string_agg(${joinable(column)}, '') AS postings FROM search_blocks
 WHERE tenant_id = $1 AND ${column} IS NOT NULL AND ($2::timestamptz IS NULL OR last_at >= $2) AND ($3::timestamptz IS NULL OR first_at < $3)`

/** @param mustBeSent whether messages that were not sent are left out, as far as reviews tell */
export async function readUnreported(
  database: Statements,
  tenantId: string,
  range: Range,
  mustBeSent: boolean,
): Promise<Unreported> {
  const index = await readIndex(database, tenantId, range)
  // Whatever is reviewed meanwhile leaves in all that can match.
  const { rows } = await database.query<{ blocks: string[] | null; postings: Buffer | null }>(
    readReviewed(mustBeSent ? 'unreported_sent' : 'unreported'),
    [tenantId, range.from, range.to],
  )
  const postings = splitPostings(rows[0]?.postings ?? Buffer.alloc(0))
  const postingOf = new Map((rows[0]?.blocks ?? []).map((id, nth) => [id, postings[nth]]))
  const isAllIndexed = range.to !== null && index.indexed !== null && range.to <= index.indexed.at
  let left = 0
  let unreviewed = isAllIndexed ? index.late.length : index.unindexed
  let all = unreviewed
  for (const { id, messages } of index.blocks) {
    const posting = postingOf.get(id)
    if (posting) left += countBits(bitmapOf(posting))
    else unreviewed += messages
    all += messages
  }
  const postingsOf = (id: string) => [postingOf.get(id)].filter((posting) => posting !== undefined)
  const positionsIn = ({ id, messages }: Block) => commonPositions(postingsOf(id), messages)
  return {
    index,
    positions: {
      of: async (blocks) => new Map(blocks.map((block) => [block.id, positionsIn(block)])),
      areFew: SPARSE * (left + unreviewed) < all,
    },
    reviewed: index.blocks.filter(({ id }) => postingOf.has(id)),
    left,
    unreviewed,
    isFaster: 2 * unreviewed < all,
  }
}

/** Some of the newest that reviews have left in, and how many they are. */
export async function newestLeft(
  { reviewed, positions }: Unreported,
  atMost: number,
): Promise<{ readonly candidates: Candidates; readonly count: number }> {
  const asked: AskedBlock[] = []
  let count = 0
  for (const block of reviewed.toReversed()) {
    const left = (await positions.of([block])).get(block.id) ?? []
    if (left.length === 0) continue
    asked.push({ block, positions: left.slice(0, atMost - count) })
    count += Math.min(left.length, atMost - count)
    if (count === atMost) break
  }
  return { candidates: messagesAt(asked, false), count }
}

import { pMapIterable } from 'p-map'
import type { ListPosition, Toward } from '../list-position.ts'
import { MILLIS, type Bind, type Match, type Range, type Statements } from './find-filter.ts'
import { compareMatches } from './find-page.ts'
import { idAt } from './search-index.ts'
import {
  bitmapOf,
  commonPositions,
  countBits,
  everyPosition,
  joinable,
  NOWHERE,
  splitPostings,
} from './search-postings.ts'
import { totalsOf } from './totals.ts'

// Walks through the messages that the search index finds, and those that are not indexed yet, in the order of submission.

export interface Block {
  readonly id: string
  readonly firstAt: Date
  readonly lastAt: Date
  readonly messages: number
}

/** The blocks of a tenant and what is not in them, read in one statement, so that no message is missed in between. */
export interface SearchIndex {
  readonly blocks: readonly Block[]
  /** All messages up to this one are in a block, but for the late ones; null while there is none. */
  readonly indexed: ListPosition | null
  readonly late: readonly string[]
  /** How many messages are in no block yet. */
  readonly unindexed: number
}

/** With more late messages the index is not used: they are about to be put into blocks. */
const MOST_LATE = 10_000

/** $1 tenant, $2 submitted from, $3 to; null for any */
const BLOCKS = `
search_blocks WHERE tenant_id = $1 AND ($2::timestamptz IS NULL OR last_at >= $2) AND ($3::timestamptz IS NULL OR first_at < $3)`

/** Parameters as above. */
const READ_INDEX = `
SELECT (SELECT nullif(indexed_at, '-infinity') FROM search_progress WHERE tenant_id = $1) AS at,
       (SELECT indexed_id FROM search_progress WHERE tenant_id = $1) AS id,
       coalesce((${totalsOf('$1', 'unindexed')}), 0) AS unindexed,
       ARRAY(SELECT message_id FROM search_late WHERE tenant_id = $1 LIMIT ${MOST_LATE + 1}) AS late,
       (SELECT coalesce(json_agg(json_build_array(id::text, first_at, last_at, messages) ORDER BY last_at), '[]')
          FROM ${BLOCKS}) AS blocks`

export async function readIndex(database: Statements, tenantId: string, { from, to }: Range): Promise<SearchIndex> {
  const { rows } = await database.query<{
    at: Date | null
    id: string | null
    late: string[]
    unindexed: number
    blocks: [string, string, string, number][]
  }>(READ_INDEX, [tenantId, from, to])
  const [row] = rows
  if (row && row.late.length > MOST_LATE) return { blocks: [], indexed: null, late: [], unindexed: row.unindexed }
  return {
    indexed: row?.at && row.id !== null ? { at: row.at, id: row.id } : null,
    late: row?.late ?? [],
    unindexed: row?.unindexed ?? 0,
    blocks: (row?.blocks ?? []).map(([id, firstAt, lastAt, messages]) => ({
      id,
      firstAt: new Date(firstAt),
      lastAt: new Date(lastAt),
      messages,
    })),
  }
}

/** How many messages the blocks have. */
export interface Indexed {
  readonly messages: number
  /** Those of blocks that begin before a time; 0 without one. */
  readonly older: number
}

/** Parameters as above, $4 the time */
const COUNT_INDEXED = `
SELECT coalesce(sum(messages), 0)::int AS messages, coalesce(sum(messages) FILTER (WHERE first_at < $4), 0)::int AS older FROM ${BLOCKS}`

export async function countIndexed(
  database: Statements,
  tenantId: string,
  { from, to }: Range,
  before: Date | null,
): Promise<Indexed> {
  const { rows } = await database.query<Indexed>(COUNT_INDEXED, [tenantId, from, to, before])
  return rows[0] ?? { messages: 0, older: 0 }
}

/**
 * Blocks that have all grams, with their postings in one value, which is read faster than an array. Of blocks that lack the
 * first gram nothing else is read. $1 blocks, $2 the first gram, $3 all grams
 */
const READ_GRAMS = `
SELECT g.block_id::text AS block, string_agg(${joinable('g.positions')}, '') AS postings
  FROM (SELECT block_id FROM search_grams WHERE block_id = ANY ($1) AND gram = $2 OFFSET 0) AS first
 CROSS JOIN LATERAL (SELECT * FROM search_grams WHERE block_id = first.block_id AND gram = ANY ($3) OFFSET 0) AS g
 GROUP BY g.block_id HAVING count(*) = cardinality($3::int[])`

/** The positions of each block at which all grams occur. */
async function candidatesOf(
  database: Statements,
  blocks: readonly Block[],
  grams: readonly number[],
): Promise<ReadonlyMap<string, readonly number[]>> {
  if (grams.length === 0) return new Map(blocks.map(({ id, messages }) => [id, commonPositions([], messages)]))
  const { rows } = await database.query<{ block: string; postings: Buffer }>(READ_GRAMS, [
    blocks.map(({ id }) => id),
    grams[0],
    [...grams],
  ])
  const messages = new Map(blocks.map((block) => [block.id, block.messages]))
  return new Map(
    rows.map(({ block, postings }) => [block, commonPositions(splitPostings(postings), messages.get(block) ?? 0)]),
  )
}

const SAMPLED_BLOCKS = 16
/** Comparing more grams costs more than it excludes. */
const MOST_GRAMS = 8
/** A gram is read when it leaves at most this share of what those before it find. */
const WORTH_READING = 0.9

/** The grams that a search reads. */
export interface ChosenGrams {
  /** The one that occurs in the fewest blocks comes first. */
  readonly grams: readonly number[]
  /** How many messages have all of them, by some of the blocks. */
  readonly estimate: number
}

/** $1 blocks, $2 grams */
const SAMPLE_GRAMS = `
SELECT gram, array_agg(block_id::text) AS blocks, string_agg(${joinable('positions')}, '') AS postings
  FROM search_grams WHERE block_id = ANY ($1) AND gram = ANY ($2) GROUP BY gram`

/** Chooses the grams that occur least and exclude something, by some of the blocks. */
export async function chooseGrams(
  database: Statements,
  { blocks }: SearchIndex,
  asked: readonly number[],
): Promise<ChosenGrams> {
  const every = Math.max(1, Math.floor(blocks.length / SAMPLED_BLOCKS))
  const sample = blocks.filter((_, nth) => nth % every === 0)
  if (sample.length === 0) return { grams: asked.slice(0, MOST_GRAMS), estimate: 0 }
  const { rows } = await database.query<{ gram: number; blocks: string[]; postings: Buffer }>(SAMPLE_GRAMS, [
    sample.map(({ id }) => id),
    [...asked],
  ])
  const occurring = rows.map(({ gram, blocks: ids, postings }) => {
    const split = splitPostings(postings)
    const bitmaps = new Map(ids.map((id, nth) => [id, bitmapOf(split[nth] ?? NOWHERE)]))
    return { gram, bitmaps, count: [...bitmaps.values()].reduce((sum, bitmap) => sum + countBits(bitmap), 0) }
  })
  const missing = asked.filter((gram) => !occurring.some((each) => each.gram === gram))
  const chosen = missing.slice(0, MOST_GRAMS).map((gram) => ({ gram, blocks: 0 }))
  let left = missing.length > 0 ? [] : sample.map(({ id, messages }) => ({ id, bitmap: everyPosition(messages) }))
  let count = left.reduce((sum, { bitmap }) => sum + countBits(bitmap), 0)
  for (const { gram, bitmaps } of occurring.toSorted((a, b) => a.count - b.count)) {
    if (chosen.length === MOST_GRAMS) break
    const both = left.flatMap(({ id, bitmap }) => {
      const other = bitmaps.get(id)
      return other === undefined ? [] : [{ id, bitmap: bitmap.map((bits, byte) => bits & (other[byte] ?? 0)) }]
    })
    const found = both.reduce((sum, { bitmap }) => sum + countBits(bitmap), 0)
    // Where nothing is left of the sample, other blocks may have more.
    if (count > 0 && found > WORTH_READING * count) continue
    chosen.push({ gram, blocks: bitmaps.size })
    left = both
    count = found
  }
  return { grams: chosen.toSorted((a, b) => a.blocks - b.blocks).map(({ gram }) => gram), estimate: every * count }
}

export interface BlockSample {
  /** How many messages have all grams in the blocks that were looked at. */
  readonly count: number
  readonly sampled: number
  readonly messages: Candidates
  /** How far back these blocks go; null where they are all. */
  readonly oldest: Date | null
}

/**
 * Whether a message is in a sample of one in so many. There is one of each stretch of so many, at a place that follows no
 * pattern: messages often do, such as the reports to the same people in turn. It is the same one each time.
 */
function isSampled(nth: number, every: number): boolean {
  let hash = Math.imul(Math.floor(nth / every) + 1, 0x85ebca6b) // mixed as in MurmurHash3
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return nth % every === ((hash ^ (hash >>> 16)) >>> 0) % every
}

/** Chooses some of the messages that have all grams, evenly from the newest blocks that have enough of them. */
export async function sampleBlocks(
  database: Statements,
  { blocks }: SearchIndex,
  { grams, estimate }: ChosenGrams,
  { atLeast, sampled }: { atLeast: number; sampled: number },
): Promise<BlockSample> {
  const newest = blocks.toReversed()
  const ofBlock = estimate / Math.max(1, blocks.length)
  const found: { readonly block: Block; readonly positions: readonly number[] }[] = []
  let count = 0
  let looked = 0
  while (looked < newest.length && count < atLeast) {
    const needed = Math.ceil((SPARE * (atLeast - count)) / Math.max(1, ofBlock))
    const some = newest.slice(looked, looked + Math.min(MOST_BLOCKS, Math.max(SAMPLED_TOGETHER, needed)))
    const candidates = await candidatesOf(database, some, grams)
    for (const block of some) {
      const positions = candidates.get(block.id) ?? []
      count += positions.length
      found.push({ block, positions })
    }
    looked += some.length
  }
  const every = Math.max(1, Math.floor(count / sampled))
  let nth = 0
  const chosen = found
    .map(({ block, positions }) => ({ block, positions: positions.filter(() => isSampled(nth++, every)) }))
    .filter(({ positions }) => positions.length > 0)
  return {
    count,
    sampled: chosen.reduce((sum, { positions }) => sum + positions.length, 0),
    messages: messagesAt(chosen, false),
    oldest: looked < newest.length ? (found.at(-1)?.block.firstAt ?? null) : null,
  }
}

/** SQL for the rows of messages that may match. $1 tenant */
export type Candidates = (bind: Bind) => string

export function messagesOfIds(ids: readonly string[]): Candidates {
  return (bind) => messagesBy(`SELECT unnest(${bind(ids)}::text[]) AS id`)
}

/** @param ids SQL for rows of `id` */
function messagesBy(ids: string): string {
  return `SELECT m.* FROM (${ids} OFFSET 0) AS c CROSS JOIN LATERAL (SELECT * FROM messages WHERE id = c.id OFFSET 0) AS m`
}

export interface AskedBlock {
  readonly block: Block
  readonly positions: readonly number[]
}

/** Blocks in which at least one message in this many is a candidate are read as a whole, since that is one walk. */
const DENSE = 8

/** @param isApart whether no other block reaches into the time of these */
export function messagesAt(asked: readonly AskedBlock[], isApart: boolean): Candidates {
  const positions = asked.flatMap((each) => each.positions)
  const messages = asked.reduce((sum, { block }) => sum + block.messages, 0)
  const ids = idsAt(asked, positions)
  return isApart && positions.length * DENSE >= messages
    ? (bind) => `
      SELECT m.* FROM (
        SELECT * FROM messages
         WHERE tenant_id = $1 AND created_at >= ${bind(new Date(Math.min(...asked.map(({ block }) => block.firstAt.getTime()))))}::timestamptz
           AND created_at <= ${bind(new Date(Math.max(...asked.map(({ block }) => block.lastAt.getTime()))))}::timestamptz OFFSET 0) AS m
       WHERE CASE WHEN m.id IN (${ids(bind)}) THEN true ELSE false END` // the case keeps it a hash, whatever the statistics
    : (bind) => messagesBy(ids(bind))
}

/** Of a block, up to this many ids on average are read one by one. Otherwise all are read at once. */
const FEW_IDS = 4

/** SQL for the ids. */
function idsAt(asked: readonly AskedBlock[], positions: readonly number[]): Candidates {
  const ends: number[] = []
  for (const each of asked) ends.push((ends.at(-1) ?? 0) + each.positions.length)
  const ids = positions.length <= FEW_IDS * asked.length ? 'message_ids' : `message_ids || '' AS message_ids`
  return (bind) => `
    SELECT ${idAt('b', 'b.position')} AS id
      FROM unnest(${bind(asked.map(({ block }) => block.id))}::bigint[], ${bind([0, ...ends.slice(0, -1)])}::int[], ${bind(ends)}::int[]) AS c(block_id, begins, ends)
     CROSS JOIN LATERAL (
       SELECT whole.message_ids, unnest((${bind(positions)}::int[])[c.begins + 1 : c.ends]) AS position
         FROM (SELECT ${ids} FROM search_blocks WHERE id = c.block_id OFFSET 0) AS whole OFFSET 0
     ) AS b`
}

/** So many more blocks than an estimate tells seldom have to be followed by others. */
const SPARE = 1.15
/** The blocks that a sample is taken from in one step, at least. */
const SAMPLED_TOGETHER = 64

/** The blocks of one statement: few for whoever wants few, then more. */
const FIRST_BLOCKS = 8
const MOST_BLOCKS = 512
/** Candidates of so many messages are compared at once, at least. */
const COMPARED_AT_ONCE = 1_000
/** While the texts of some messages are compared, the database reads the next ones. */
export const COMPARED_IN_PARALLEL = 3

/** At which positions of blocks there are candidates. */
export interface CandidatePositions {
  /** A block without any may be left out. */
  of(this: void, blocks: readonly Block[]): Promise<ReadonlyMap<string, readonly number[]>>
  /** Whether to read many blocks at once from the first on. */
  readonly areFew: boolean
  /** So many are compared at once, at least. */
  readonly comparedAtOnce: number
}

/** Those of the messages that have all grams. */
export function positionsOfGrams(database: Statements, { grams, estimate }: ChosenGrams): CandidatePositions {
  return {
    of: (blocks) => candidatesOf(database, blocks, grams),
    areFew: estimate === 0,
    comparedAtOnce: COMPARED_AT_ONCE,
  }
}

interface IndexWalk {
  readonly index: SearchIndex
  readonly positions: CandidatePositions
  readonly toward: Toward
  /** The walk starts after it. */
  readonly begin: ListPosition | null
  readonly range: Range
  readonly atOnce: number
}

/**
 * Yields the messages that match, in order. Blocks may overlap where messages came late, so a match waits until no other
 * block can hold one before it.
 *
 * @param compare returns those of the candidates that match
 */
export async function* walkIndex(
  database: Statements,
  tenantId: string,
  { index, positions, toward, begin, range, atOnce }: IndexWalk,
  compare: (candidates: Candidates) => Promise<Match[]>,
): AsyncGenerator<readonly Match[]> {
  const sign = toward === 'older' ? -1 : 1
  const order = (a: Match, b: Match) => sign * compareMatches(a, b)
  const isBehind = (match: Match) => begin === null || order(match, begin) > 0
  let waiting: Match[] = []
  for (let next = 0; next < index.late.length; next += COMPARED_AT_ONCE)
    waiting.push(...(await compare(messagesOfIds(index.late.slice(next, next + COMPARED_AT_ONCE)))).filter(isBehind))

  /** Takes out, in order, what lies before all that is still to be read. */
  function take(before: Date | null): Match[] {
    const isFirst = ({ at }: Match) => before === null || sign * (at.getTime() - before.getTime()) < 0
    const ready = waiting.filter(isFirst).toSorted(order)
    waiting = waiting.filter((match) => !isFirst(match))
    return ready
  }

  const late = new Set(index.late)
  const tail = () =>
    walkUnindexed(database, tenantId, { index, toward, begin, range, atOnce: Math.max(atOnce, TAIL_AT_ONCE) })
  const near = toward === 'older' ? ({ lastAt }: Block) => lastAt : ({ firstAt }: Block) => firstAt
  const far = toward === 'older' ? ({ firstAt }: Block) => firstAt : ({ lastAt }: Block) => lastAt
  const blocks = index.blocks
    .filter((block) => begin === null || sign * (far(block).getTime() - begin.at.getTime()) >= 0)
    .toSorted((a, b) => sign * (near(a).getTime() - near(b).getTime()))

  const blockEdge = blocks[0] ? near(blocks[0]) : null
  if (toward === 'older') {
    for await (const page of tail()) {
      waiting.push(
        ...(await compare(messagesOfIds(page.filter(({ id }) => !late.has(id)).map(({ id }) => id)))).filter(isBehind),
      )
      const edge = page.at(-1)?.at ?? null
      const ready = take(edge !== null && blockEdge !== null && blockEdge > edge ? blockEdge : edge)
      if (ready.length > 0) yield ready
    }
  }
  const tailEdge = toward === 'newer' ? (index.indexed?.at ?? null) : null
  const compared = pMapIterable(
    candidatesInOrder(blocks, positions),
    async ({ asked, isApart, following }) => ({
      matches: asked.length === 0 ? [] : await compare(messagesAt(asked, isApart)),
      following,
    }),
    { concurrency: atOnce < COMPARED_AT_ONCE ? 1 : COMPARED_IN_PARALLEL },
  )
  for await (const { matches, following } of compared) {
    waiting.push(...matches.filter(isBehind))
    const ready = take(following ? near(following) : tailEdge)
    if (ready.length > 0) yield ready
  }
  if (toward === 'newer') {
    for await (const page of tail()) {
      waiting.push(
        ...(await compare(messagesOfIds(page.filter(({ id }) => !late.has(id)).map(({ id }) => id)))).filter(isBehind),
      )
      const ready = take(page.at(-1)?.at ?? null)
      if (ready.length > 0) yield ready
    }
  }
  const rest = take(null)
  if (rest.length > 0) yield rest
}

interface AskedCandidates {
  readonly asked: readonly AskedBlock[]
  readonly isApart: boolean
  /** The block after those that were asked for; undefined when they were the last. */
  readonly following: Block | undefined
}

/** Yields the positions that have all grams, some at once, in the order of the blocks. */
async function* candidatesInOrder(
  blocks: readonly Block[],
  { of, areFew, comparedAtOnce }: CandidatePositions,
): AsyncGenerator<AskedCandidates> {
  for (
    let next = 0, group = areFew ? MOST_BLOCKS : FIRST_BLOCKS;
    next < blocks.length;
    next += group, group = Math.min(2 * group, MOST_BLOCKS)
  ) {
    const some = blocks.slice(next, next + group)
    const candidates = await of(some)
    let first = 0
    let count = 0
    for (const [nth, block] of some.entries()) {
      count += candidates.get(block.id)?.length ?? 0
      if (count < comparedAtOnce && nth < some.length - 1) continue
      const together = some.slice(first, nth + 1)
      yield {
        asked: together
          .map((each) => ({ block: each, positions: candidates.get(each.id) ?? [] }))
          .filter(({ positions }) => positions.length > 0),
        isApart: areApart(together, blocks),
        following: blocks[next + nth + 1],
      }
      first = nth + 1
      count = 0
    }
  }
}

/** Whether no other block has messages between the first and the last of these, of which late ones would be many. */
function areApart(together: readonly Block[], blocks: readonly Block[]): boolean {
  const first = Math.min(...together.map(({ firstAt }) => firstAt.getTime()))
  const last = Math.max(...together.map(({ lastAt }) => lastAt.getTime()))
  return blocks.every(
    (block) => block.lastAt.getTime() <= first || block.firstAt.getTime() >= last || together.includes(block),
  )
}

const TAIL_AT_ONCE = 1_000

/** Yields the messages after those that are indexed, in pages. */
async function* walkUnindexed(
  database: Statements,
  tenantId: string,
  { index, toward, begin, range, atOnce }: Omit<IndexWalk, 'positions'>,
): AsyncGenerator<readonly Match[]> {
  const [before, order] = toward === 'older' ? ['<', 'DESC'] : ['>', 'ASC']
  let position = begin
  for (;;) {
    const values: unknown[] = [tenantId, index.indexed?.at ?? '-infinity', index.indexed?.id ?? '']
    const bind = (value: unknown) => `$${values.push(value)}`
    const conditions = [
      `r.tenant_id = $1`,
      `(r.created_at, r.id) > ($2::timestamptz, $3::text)`,
      ...(range.from === null ? [] : [`r.created_at >= ${bind(range.from)}::timestamptz`]),
      ...(range.to === null ? [] : [`r.created_at < ${bind(range.to)}::timestamptz`]),
      ...(position === null
        ? []
        : [`(r.created_at, r.id) ${before} (${bind(position.at)}::timestamptz, ${bind(position.id)}::text)`]),
    ]
    const { rows } = await database.query<{ id: string; millis: number }>(
      `SELECT r.id, ${MILLIS} FROM messages r WHERE ${conditions.join(' AND ')} ORDER BY r.created_at ${order}, r.id ${order} LIMIT ${bind(atOnce)}`,
      values,
    )
    const found = rows.map(({ id, millis }) => ({ id, at: new Date(millis) }))
    if (found.length > 0) yield found
    const last = found.at(-1)
    if (!last || found.length < atOnce) return
    position = last
  }
}

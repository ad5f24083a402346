import type { Compare } from './compare-texts.ts'
import { rowsOf, type Bind, type Selection, type Statements } from './find-filter.ts'
import { messagesOfIds, sampleBlocks, type ChosenGrams, type SearchIndex } from './find-text.ts'

// Tells by a sample that a search finds more than is counted exactly. Comparing each of so many messages would take most
// of the time of a search.
//
// By Hoeffding's inequality, the share of a sample of n that matches is too large by more than sqrt(ln(1/p) / 2n) with a
// probability of at most p.

/** How many messages are compared in place of all. */
const SAMPLED = 500
/** The probability, at most, of answering an estimate although the true total is below the limit. */
const ERROR_PROBABILITY = 1e-9

/** A sample is drawn from at least this many times the limit, so that it can exceed the limit even if some do not match. */
const ENOUGH = 2

export interface Sampled {
  /** How many messages match, at about. */
  readonly count: number
  /** How far back they go; null where they are all. */
  readonly oldest: Date | null
}

/** Returns null where the sample cannot tell that there are more than `limit`. */
function judge(candidates: number, sampled: number, matching: number, limit: number): number | null {
  if (sampled === 0) return null
  const share = matching / sampled
  const atLeast = candidates * (share - Math.sqrt(Math.log(1 / ERROR_PROBABILITY) / (2 * sampled)))
  return atLeast > limit ? Math.round(candidates * share) : null
}

/** Takes a sample of what the index finds, of the newest blocks that are enough. */
export async function sampleIndex(
  database: Statements,
  { index, chosen, compare, limit }: { index: SearchIndex; chosen: ChosenGrams; compare: Compare; limit: number },
): Promise<Sampled | null> {
  const sample = await sampleBlocks(database, index, chosen, { atLeast: ENOUGH * limit, sampled: SAMPLED })
  if (sample.count <= limit) return null
  const matching = await compare(sample.messages, true)
  const count = judge(sample.count, sample.sampled, matching.length, limit)
  return count === null ? null : { count, oldest: sample.oldest }
}

/** One row in this many is sampled. Ids end with random hexadecimal digits, so that fixing the last one samples evenly. */
const ONE_OF = 16
const CHOSEN = `right(r.id, 1) = '0'`

/** Takes a sample of the rows of the source. @param rows how many rows it has */
export async function sampleSource(
  database: Statements,
  { source, tenantId, ofRow, ofState }: Selection,
  { rows, compare, limit }: { rows: number; compare: Compare; limit: number },
): Promise<Sampled | null> {
  if (!source || rows <= limit) return null
  const values: unknown[] = [tenantId]
  const bind: Bind = (value) => `$${values.push(value)}`
  const chosen = rowsOf(source, [...ofRow(source, bind), CHOSEN], ofState(source, bind))
  const read = await database.query<{ id: string }>(`SELECT r.id ${chosen} LIMIT ${bind(SAMPLED * ONE_OF)}`, values)
  const ids = read.rows.map(({ id }) => id)
  const matching = await compare(messagesOfIds(ids), false)
  const count = judge(rows, ids.length, matching.length, limit)
  return count === null ? null : { count, oldest: null }
}

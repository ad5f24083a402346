import { once } from 'node:events'
import { MAX_EXACT_TOTAL } from '@inforiver-mail/contract/message-list'
import { pMapIterable } from 'p-map'
import type pg from 'pg'
import { QUICK_TIMEOUT_MS } from '../database/database.ts'
import type { ListPosition, Toward } from '../list-position.ts'
import type { Owner } from './actor.ts'
import { createComparison, type Compare } from './compare-texts.ts'
import {
  countAll,
  countFailed,
  countInState,
  countQueued,
  countReported,
  countRows,
  estimate,
  estimateByBlocks,
  type Total,
} from './find-count.ts'
import {
  ALL,
  createSelection,
  POSSIBLE_DUPLICATES,
  MILLIS,
  rowsOf,
  type Bind,
  type Match,
  type Source,
  type Connections,
  type Statements,
  type StoredFilter,
} from './find-filter.ts'
import { cutPage, readPage, type Page, type PageStart, type WalkFrom } from './find-page.ts'
import { sampleIndex, sampleSource, type Sampled } from './find-sample.ts'
import {
  COMPARED_IN_PARALLEL,
  chooseGrams,
  messagesOfIds,
  positionsOfGrams,
  readIndex,
  walkIndex,
  type Candidates,
  type ChosenGrams,
  type SearchIndex,
} from './find-text.ts'
import { newestLeft, readUnreported, type Unreported } from './find-unreported.ts'
import { askedGrams, hasTextFilter } from './search-text.ts'
import { readInOrder } from './walk-in-order.ts'

// Finds the ids of messages by a filter. What a filter selects is found in one of these ways:
//
// - a source of few rows (failed and cancelled messages, the queue, possible duplicates), whose rows are compared
// - the search index, for texts
// - a walk through all messages, from the newest or from a position
//
// A caller that wants few rows does not make it read the rest.

export interface PageOfMatches extends Page, Total {}

/** A page did not come in time. */
export class SearchTooLong extends Error {
  override readonly name = 'SearchTooLong'
  /** How many messages the search index does not hold yet, so that every search reads them. */
  readonly unindexed: number

  constructor(unindexed: number) {
    super('The search was given up.')
    this.unindexed = unindexed
  }
}

export interface Finder {
  /** Walks through all matches, newest first, some at once. */
  all(atOnce: number): AsyncGenerator<readonly Match[]>
  /**
   * Without a start, the newest. Where the page is there and only the count is not when `signal` aborts, the total is
   * that of the messages found by then.
   *
   * @throws {SearchTooLong} when the page is not there by then
   */
  page(start: PageStart | null, limit: number, signal: AbortSignal): Promise<PageOfMatches>
  /** Conditions that a row `m` of message_states still has to meet when it is shown. `bind` makes a value a parameter. */
  readonly state: (bind: Bind) => readonly string[]
}

/** Up to this many rows of the queue are sorted. With more, walking all messages from the newest is mostly faster. */
const SORTED_AT_MOST = 5_000
/**
 * Of a page, the walk reads at most this many messages for each row of the queue. Where it has not found the page by then, it
 * lies behind so many others that sorting the rows is faster.
 */
const WALKED_PER_ROW = 5
/** Where few messages may match, so many are looked at in one statement: no more are once nobody waits for the page. */
const LOOKED_AT_ONCE = 20_000
/** Where only few may match, so many of the newest are looked at to estimate how many do. */
const SAMPLED_OF_LACKING = 250
/** Up to this many rows of a source are read to compare their texts, without asking the search index. */
const COMPARED_ALWAYS = 2_000
/** And up to this many, if the index finds more. */
const COMPARED_AT_MOST = 50_000
const COMPARED_AT_ONCE = 1_000

/** What a search by texts begins with. */
interface Prepared {
  readonly compare: Compare
  readonly index: SearchIndex
  readonly chosen: ChosenGrams
  /** The rows of the source that are compared in place of what the index finds; null where there is none. */
  readonly rows: number | null
}

interface Found {
  readonly id: string
  readonly millis: number
  /** How many rows of the source match, where that is known without being counted. */
  readonly total?: number
}

/** Where to look for matches. */
interface Lookup {
  readonly rows: Source
  /** How many of all messages are walked before the source is sorted instead; null for any number. */
  readonly atMost: number | null
  /** Whether the source is sorted, and has so few rows that all of them are counted meanwhile. */
  readonly isCounted?: boolean
}

/** Fewer in tests. */
interface FinderBounds {
  /** Counts so many exactly. */
  readonly exactUpTo?: number
  readonly sortedAtMost?: number
  readonly lookedAtOnce?: number
}

/** Prepares to find the messages of an owner. Nothing is held open between two of its statements. */
export function createFinder(
  pool: pg.Pool,
  owner: Owner,
  filter: StoredFilter,
  { exactUpTo = MAX_EXACT_TOTAL, sortedAtMost = SORTED_AT_MOST, lookedAtOnce = LOOKED_AT_ONCE }: FinderBounds = {},
): Finder {
  const selection = createSelection(owner, filter)
  const {
    tenantId,
    service,
    source,
    submitted,
    asksForState,
    ofSubmission,
    ofTime,
    ofRow,
    ofState,
    ofStatus,
    besidesStatus,
    status,
  } = selection
  const asked = askedGrams(filter, service)
  /** The filter asks for messages without a report: no index lists them, and there may be few. */
  const isLacking = source?.sql === ALL.sql && filter.delivery === 'unknown'
  let unindexed = 0
  /** How many messages match, up to one more than are counted, where finding a page has told. */
  let knownTotal: number | null = null

  /** Finds the source, or walks all messages where that is faster. */
  async function orderedSource(database: Connections, rows: Source, ofPage: boolean): Promise<Lookup> {
    if (rows.byEnd) {
      const isShort = (await countFailed(database, selection, sortedAtMost + 1)) <= sortedAtMost
      return isShort ? { rows: rows.byEnd, atMost: null, isCounted: true } : { rows, atMost: null }
    }
    if (rows.reported !== undefined && !rows.ordered) {
      const reported = await countReported(database, selection, (ofPage ? exactUpTo : sortedAtMost) + 1)
      if (ofPage) knownTotal = reported
      const count = reported ?? (await countRows(database, selection, sortedAtMost + 1)).count
      if (count <= sortedAtMost) return { rows, atMost: null, isCounted: true }
      return { rows: ALL, atMost: reported === null || count > exactUpTo ? null : WALKED_PER_ROW * count }
    }
    if (rows.sql === POSSIBLE_DUPLICATES.sql) return { rows, atMost: null, isCounted: true }
    if (rows.queued === undefined || status === undefined) return { rows, atMost: null }
    const inState = (await countInState(database, tenantId, status)) ?? 0
    const count =
      service === null || inState <= sortedAtMost
        ? inState
        : await countQueued(database, tenantId, rows.queued, sortedAtMost + 1)
    return count > sortedAtMost
      ? { rows: ALL, atMost: WALKED_PER_ROW * inState }
      : { rows, atMost: null, isCounted: true }
  }

  /** @param ofPage whether few are wanted */
  async function* walk(
    database: Connections,
    toward: Toward,
    begin: ListPosition | null,
    atOnce: number,
    ofPage = false,
  ): AsyncGenerator<readonly Match[]> {
    if (!source) return
    if (ofPage && isLacking) {
      yield* walkInSteps(database, toward, begin, atOnce)
      return
    }
    const lookup = await orderedSource(database, source, ofPage)
    const atMost = ofPage ? lookup.atMost : null
    let { rows } = lookup
    let position = begin
    for (;;) {
      const isCut = atMost !== null && rows !== source
      const found =
        ofPage && lookup.isCounted === true
          ? await readCounted(database, rows, toward, position, atOnce)
          : await read(database, rows, toward, position, atOnce, isCut ? atMost : null)
      if (found.length > 0) yield found
      position = found.at(-1) ?? position
      if (found.length === atOnce) continue
      if (!isCut) return
      rows = source
    }
  }

  async function* walkInSteps(
    database: Connections,
    toward: Toward,
    begin: ListPosition | null,
    atOnce: number,
  ): AsyncGenerator<readonly Match[]> {
    let position = begin
    for (;;) {
      const end = await readEnd(database, toward, position)
      for (;;) {
        const found = await read(database, ALL, toward, position, atOnce, null, end)
        if (found.length > 0) yield found
        position = found.at(-1) ?? position
        if (found.length < atOnce) break
      }
      if (end === null) return
      position = end
    }
  }

  /** @param atMost how many rows are looked at; null for all @param end the last of them; null for any */
  async function read(
    database: Connections,
    rows: Source,
    toward: Toward,
    position: ListPosition | null,
    count: number,
    atMost: number | null,
    end: ListPosition | null = null,
  ): Promise<Match[]> {
    const values: unknown[] = [tenantId]
    const bind: Bind = (value) => `$${values.push(value)}`
    const between = [
      ...(position === null ? [] : [isPast(toward, position, bind)]),
      ...(end === null ? [] : [isUpTo(toward, end, bind)]),
    ]
    const first = (limit: number) =>
      `(SELECT * ${rowsOf(rows, [...ofSubmission(bind), ...between], [])} ${orderOf(toward)} LIMIT ${bind(limit)})`
    const [looked, conditions] = atMost === null ? [rows.sql, between] : [first(atMost), []]
    const text = `SELECT r.id, ${MILLIS} ${rowsOf({ sql: looked }, [...ofRow(rows, bind), ...conditions], ofState(rows, bind))}
                   ${orderOf(toward)} LIMIT ${bind(count)}`
    const { rows: found } = rows.ordered
      ? await readInOrder<Found>(database, text, values)
      : await database.query<Found>(text, values)
    return found.map(toMatch)
  }

  /** Reads rows of a source that has to be sorted, and counts all that match. */
  async function readCounted(
    database: Connections,
    rows: Source,
    toward: Toward,
    position: ListPosition | null,
    count: number,
  ): Promise<Match[]> {
    const values: unknown[] = [tenantId]
    const bind: Bind = (value) => `$${values.push(value)}`
    const matching = `SELECT r.id, r.created_at, ${MILLIS}, count(*) OVER ()::int AS total ${rowsOf(rows, ofRow(rows, bind), ofState(rows, bind))}`
    const past = position === null ? '' : `WHERE ${isPast(toward, position, bind)}`
    const { rows: found } = await database.query<Found>(
      `SELECT r.id, r.millis, r.total FROM (${matching}) AS r ${past} ${orderOf(toward)} LIMIT ${bind(count)}`,
      values,
    )
    knownTotal = found[0]?.total ?? knownTotal
    return found.map(toMatch)
  }

  /** The last message of a step, whether it matches or not; null where there are not as many. */
  async function readEnd(
    database: Connections,
    toward: Toward,
    position: ListPosition | null,
  ): Promise<ListPosition | null> {
    const values: unknown[] = [tenantId]
    const bind: Bind = (value) => `$${values.push(value)}`
    const conditions = [...ofSubmission(bind), ...(position === null ? [] : [isPast(toward, position, bind)])]
    const text = `SELECT r.id, ${MILLIS} ${rowsOf(ALL, conditions, [])} ${orderOf(toward)} OFFSET ${bind(lookedAtOnce - 1)} LIMIT 1`
    const { rows } = await readInOrder<Found>(database, text, values)
    return rows[0] ? toMatch(rows[0]) : null
  }

  /** Reads what a search by texts begins with. */
  async function prepare(database: Connections): Promise<Prepared> {
    const compare = createComparison(database, selection)
    const index = await readIndex(database, tenantId, submitted)
    unindexed = index.unindexed
    const chosen = await chooseGrams(database, index, asked)
    const rows = source === null || source.sql === ALL.sql ? null : await rowsToRead(database, chosen)
    return { compare, index, chosen, rows }
  }

  async function* walkTexts(
    database: Connections,
    { compare, index, chosen, rows: rowsOfSource }: Prepared,
    toward: Toward,
    begin: ListPosition | null,
    atOnce: number,
  ): AsyncGenerator<readonly Match[]> {
    if (!source) return
    if (rowsOfSource !== null) {
      const compared = pMapIterable(
        walk(database, toward, begin, COMPARED_AT_ONCE),
        async (rows) => {
          const matching = await compare(messagesOfIds(rows.map(({ id }) => id)), false)
          const ids = new Set(matching.map(({ id }) => id))
          return rows.filter(({ id }) => ids.has(id))
        },
        { concurrency: atOnce < COMPARED_AT_ONCE ? 1 : COMPARED_IN_PARALLEL },
      )
      for await (const found of compared) if (found.length > 0) yield found
      return
    }
    const positions = positionsOfGrams(database, chosen)
    const indexWalk = { index, positions, toward, begin, range: submitted, atOnce }
    yield* walkIndex(database, tenantId, indexWalk, (candidates) => compare(candidates, asksForState))
  }

  /** How many rows the source has, where reading them costs less than what the index finds; else null. */
  async function rowsToRead(database: Connections, chosen: ChosenGrams): Promise<number | null> {
    const { count } = await countRows(database, selection, COMPARED_AT_MOST + 1)
    return count <= COMPARED_ALWAYS || chosen.estimate > count ? count : null
  }

  const byText = hasTextFilter(filter)

  async function page(start: PageStart | null, limit: number, signal: AbortSignal): Promise<PageOfMatches> {
    const newest: Match[] = []
    let uncounted: Page | null = null
    const database = boundBy(pool, signal)
    try {
      const found = byText
        ? findByText(database, start, limit, newest)
        : isLacking
          ? findLacking(database, start, limit, newest, (read) => (uncounted = read))
          : findByState(database, start, limit, (read) => (uncounted = read))
      return await Promise.race([found, rejectedBy(signal)])
    } catch (error) {
      if (!signal.aborted) throw error
      const cut: Page | null = uncounted ?? cutPage(newest, false, start, limit)
      if (!cut) {
        await requireAnswer(pool)
        throw new SearchTooLong(unindexed)
      }
      return { ...cut, total: Math.max(newest.length, cut.matches.length), totalIsEstimate: true }
    }
  }

  /** @param onPage is given the page before its matches are counted */
  async function findByState(
    database: Connections,
    start: PageStart | null,
    limit: number,
    onPage: (page: Page) => void,
  ): Promise<PageOfMatches> {
    const found = await readPage((...from) => walk(database, ...from, true), start, limit)
    onPage(found)
    const isAll = start === null && !found.hasOlder
    if (isAll) return { ...found, total: found.matches.length, totalIsEstimate: false }
    return { ...found, ...(await totalBeyond(database, found.matches.length)) }
  }

  /**
   * Finds messages of which something is not known among what reviews have left in. Where they have hardly begun, all
   * messages are walked.
   */
  async function findLacking(
    database: Connections,
    start: PageStart | null,
    limit: number,
    newest: Match[],
    onPage: (page: Page) => void,
  ): Promise<PageOfMatches> {
    const unreported = await readUnreported(database, tenantId, submitted, status === 'sent')
    if (!unreported.isFaster) return findByState(database, start, limit, onPage)
    const { index, left, unreviewed } = unreported
    const areAllCompared = left + unreviewed <= exactUpTo
    const comparedAtOnce = areAllCompared ? COMPARED_AT_ONCE : limit
    const positions = { ...unreported.positions, comparedAtOnce }
    const walkFrom: WalkFrom = (toward, begin, atOnce) =>
      walkIndex(database, tenantId, { index, positions, toward, begin, range: submitted, atOnce }, (candidates) =>
        compareState(database, candidates),
      )
    if (areAllCompared) {
      for await (const found of walkFrom('older', null, COMPARED_AT_ONCE)) newest.push(...found)
      const cut = cutPage(newest, true, start, limit)
      if (cut) return { ...cut, total: newest.length, totalIsEstimate: false }
    }
    const reading = readPage(walkFrom, start, limit).then((page) => {
      onPage(page)
      return page
    })
    const [found, total] = await Promise.all([reading, estimateLacking(database, unreported)])
    return { ...found, total: Math.max(total, found.matches.length), totalIsEstimate: true }
  }

  /** Estimates by some of the newest messages how many match, of those that reviews have left in and of all others. */
  async function estimateLacking(database: Connections, unreported: Unreported): Promise<number> {
    const { candidates, count } = await newestLeft(unreported, SAMPLED_OF_LACKING)
    const ofLeft = count === 0 ? 0 : (await compareState(database, candidates)).length / count
    const values: unknown[] = [tenantId]
    const bind: Bind = (value) => `$${values.push(value)}`
    const conditions = ofTime(bind)
    const text = `SELECT r.id ${rowsOf(ALL, conditions, [])} ${orderOf('older')} LIMIT ${bind(SAMPLED_OF_LACKING)}`
    const ids = (await readInOrder<{ id: string }>(database, text, values)).rows.map(({ id }) => id)
    const ofOthers = ids.length === 0 ? 0 : (await compareState(database, messagesOfIds(ids))).length / ids.length
    return Math.round(ofLeft * unreported.left + ofOthers * unreported.unreviewed)
  }

  /** Returns those of the candidates that match a filter without texts, in no order. */
  async function compareState(database: Statements, candidates: Candidates): Promise<Match[]> {
    const values: unknown[] = [tenantId]
    const bind: Bind = (value) => `$${values.push(value)}`
    const rows = { sql: `(${candidates(bind)})` }
    const conditions = [`r.tenant_id || '' = $1`, ...ofRow(ALL, bind)]
    const { rows: found } = await database.query<Found>(
      `SELECT r.id, ${MILLIS} ${rowsOf(rows, conditions, ofState(ALL, bind))}`,
      values,
    )
    return found.map(toMatch)
  }

  /** Counts all that match where a page does not show them all. */
  async function totalBeyond(database: Connections, shown: number): Promise<Total> {
    if (isLacking) return countNewest(database, shown)
    if (source?.ordered === true) knownTotal ??= await countReported(database, selection, exactUpTo + 1)
    if (knownTotal === null) return countAll(database, selection)
    if (knownTotal <= exactUpTo) return { total: knownTotal, totalIsEstimate: false }
    return estimate(database, selection, knownTotal, null)
  }

  /** Counts the matches among the newest messages, and estimates by them how many there are. */
  async function countNewest(database: Connections, atLeast: number): Promise<Total> {
    const end = await readEnd(database, 'older', null)
    const newest = {
      ...selection,
      ofRow: (rows: Source, bind: Bind) => [...ofRow(rows, bind), ...(end ? [isUpTo('older', end, bind)] : [])],
    }
    const { count, oldest } = await countRows(database, newest, exactUpTo + 1)
    if (end === null && count <= exactUpTo) return { total: count, totalIsEstimate: false }
    const { total } = await estimate(database, selection, count, count > exactUpTo ? oldest : (end?.at ?? null))
    return { total: Math.max(total, atLeast), totalIsEstimate: true }
  }

  async function findByText(
    database: Connections,
    start: PageStart | null,
    limit: number,
    newest: Match[],
  ): Promise<PageOfMatches> {
    const prepared = await prepare(database)
    const walkFrom: WalkFrom = (...from) => walkTexts(database, prepared, ...from)
    const isMostlySampled = prepared.rows === null && prepared.chosen.estimate > exactUpTo
    const [sampled, early] = await Promise.all([
      sample(database, prepared),
      isMostlySampled ? readPage(walkFrom, start, limit) : null,
    ])
    if (sampled !== null) {
      const total = estimateByBlocks(prepared.index, sampled.count, sampled.oldest)
      return { ...total, ...(early ?? (await readPage(walkFrom, start, limit))) }
    }
    // The matches that are counted are those of the page as well, unless it lies far behind.
    for await (const found of walkFrom('older', null, COMPARED_AT_ONCE)) {
      for (const match of found) newest.push(match)
      if (newest.length > exactUpTo) break
    }
    const isComplete = newest.length <= exactUpTo
    const total = isComplete
      ? { total: newest.length, totalIsEstimate: false }
      : estimateByBlocks(prepared.index, newest.length, newest.at(-1)?.at ?? null)
    const page = early ?? cutPage(newest, isComplete, start, limit) ?? (await readPage(walkFrom, start, limit))
    return { ...total, ...page }
  }

  /** Null where there may be so few matches that they are to be counted. */
  async function sample(database: Connections, { compare, index, chosen, rows }: Prepared): Promise<Sampled | null> {
    if (rows !== null)
      return rows > COMPARED_AT_MOST ? null : sampleSource(database, selection, { rows, compare, limit: exactUpTo })
    if (chosen.estimate <= exactUpTo) return null
    const compareAll: Compare = (candidates) => compare(candidates, asksForState)
    return sampleIndex(database, { index, chosen, compare: compareAll, limit: exactUpTo })
  }

  return {
    async *all(atOnce) {
      yield* byText ? walkTexts(pool, await prepare(pool), 'older', null, atOnce) : walk(pool, 'older', null, atOnce)
    },
    page,
    state: (bind) => (source ? [...ofStatus(bind), ...besidesStatus(bind)] : ['false']),
  }
}

/** SQL for whether a row `r` comes after a position. */
function isPast(toward: Toward, { at, id }: ListPosition, bind: Bind): string {
  return `(r.created_at, r.id) ${toward === 'older' ? '<' : '>'} (${bind(at)}::timestamptz, ${bind(id)}::text)`
}

/** SQL for whether a row `r` comes before a position, or is there. */
function isUpTo(toward: Toward, { at, id }: ListPosition, bind: Bind): string {
  return `(r.created_at, r.id) ${toward === 'older' ? '>=' : '<='} (${bind(at)}::timestamptz, ${bind(id)}::text)`
}

function orderOf(toward: Toward): string {
  const direction = toward === 'older' ? 'DESC' : 'ASC'
  return `ORDER BY r.created_at ${direction}, r.id ${direction}`
}

function toMatch({ id, millis }: Found): Match {
  return { id, at: new Date(millis) }
}

/** Begins no statement once the signal aborts. */
function boundBy(pool: pg.Pool, signal: AbortSignal): Connections {
  const query = async (statement: string | pg.QueryConfig, values?: unknown[]) => {
    signal.throwIfAborted()
    return pool.query(statement, values)
  }
  const connect = async () => {
    signal.throwIfAborted()
    return pool.connect()
  }
  return { query: query as pg.Pool['query'], connect: connect as pg.Pool['connect'] }
}

/** @throws where the database answers nothing at all: then it is not the search that takes long */
async function requireAnswer(pool: pg.Pool): Promise<void> {
  const statement = { text: 'SELECT 1', query_timeout: QUICK_TIMEOUT_MS }
  await pool.query(statement)
}

async function rejectedBy(signal: AbortSignal): Promise<never> {
  signal.throwIfAborted()
  await once(signal, 'abort')
  throw signal.reason
}

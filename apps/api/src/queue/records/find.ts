import { once } from 'node:events'
import type { Recipient } from '@inforiver-mail/contract/message'
import { MAX_EXACT_TOTAL } from '@inforiver-mail/contract/message-list'
import pg from 'pg'
import { QUICK_TIMEOUT_MS } from '../../database/database.ts'
import type { ListPosition, Toward } from '../../domain/list-position.ts'
import type { Owner } from '../actor.ts'
import { countAll, countInState, countRows, estimate, type Total } from './find-count.ts'
import {
  asking,
  createSelection,
  MILLIS,
  orderOf,
  readSource,
  rowsOf,
  type Connections,
  type Match,
  type Selection,
} from './find-filter.ts'
import { readPage, type Page, type PageStart } from './find-page.ts'
import { ALL, OF_SERVICE, time, type Source, type StoredFilter } from './find-source.ts'
import { expectRows } from './read-planned.ts'
import { needlesOf, searchedText } from './search-text.ts'

// Finds the ids of messages by a filter. What a filter selects is found in one of these ways:
//
// - a source of few rows (failed and cancelled messages, the queue, possible duplicates), whose rows are compared
// - the texts of messages: all that match at once, by their index, or in the order of submission where they are many
// - a walk through all messages, from the newest or from a position
//
// A caller that wants few rows does not make it read the rest. While the texts of older messages are still being written
// (search-index.ts), a search by text walks all of them, and compares those that are missing here.

export interface PageOfMatches extends Page, Total {}

/** A page did not come in time. */
export class SearchTooLong extends Error {
  override readonly name = 'SearchTooLong'
  /** How many messages have no text to search yet, so that every search reads them. */
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
  /** Has a statement read those that still meet the filter when they are shown. @param sql is given conditions on a row `m` of message_states */
  recheck(
    sql: (conditions: readonly string[]) => string,
    ...others: readonly unknown[]
  ): [text: string, values: unknown[]]
}

/** Up to this many rows of the queue are sorted. With more, walking all messages from the newest is mostly faster. */
const SORTED_AT_MOST = 5_000
/**
 * Of a page, the walk reads at most this many messages for each row of the queue. Where it has not found the page by then, it
 * lies behind so many others that sorting the rows is faster.
 */
const WALKED_PER_ROW = 5
/** Up to this many rows of a source are read to compare their texts, without asking how many texts match. */
const COMPARED_ALWAYS = 2_000
/** And up to this many, if more texts match. */
const COMPARED_AT_MOST = 50_000
const COMPARED_AT_ONCE = 1_000
/** As many texts are walked past in the time that it takes to compare one message of a service. */
const COSTS_OF_SERVICE = 4

interface Found {
  readonly id: string
  readonly millis: number
  /** Whether its text is not written yet, so that it may not match. */
  readonly is_missing?: boolean
}

/** Fewer in tests. */
interface FinderBounds {
  /** Counts so many exactly. */
  readonly exactUpTo?: number
  readonly sortedAtMost?: number
  readonly comparedAtMost?: number
}

/** Prepares to find the messages of an owner. Nothing is held open between two of its statements. */
export function createFinder(pool: pg.Pool, owner: Owner, filter: StoredFilter, bounds: FinderBounds = {}): Finder {
  const selection = createSelection(owner, filter)
  const find = async (database: Connections) =>
    createReading(await chooseSource(database, selection, owner, bounds), bounds)

  async function page(start: PageStart | null, limit: number, signal: AbortSignal): Promise<PageOfMatches> {
    const found: FoundBefore = { uncounted: null, counted: 0 }
    const database = boundBy(pool, signal)
    try {
      const reading = find(database).then((each) => each.page(database, start, limit, found))
      return await Promise.race([reading, rejectedBy(signal)])
    } catch (error) {
      if (!signal.aborted) throw error
      const { uncounted, counted } = found
      if (!uncounted)
        throw new SearchTooLong(selection.texts === null ? await requireAnswer(pool) : await countMissing(pool, owner))
      return { ...uncounted, total: Math.max(counted, uncounted.matches.length), totalIsEstimate: true }
    }
  }

  return {
    async *all(atOnce) {
      yield* (await find(pool)).walk(pool, 'older', null, atOnce)
    },
    page,
    recheck: (sql, ...others) =>
      asking(selection, sql(selection.source ? selection.ofState([]) : ['false']), ...others),
  }
}

/** What has been found of a page when its time is over. */
interface FoundBefore {
  /** The page, before its matches are counted. */
  uncounted: Page | null
  counted: number
}

/** $1 tenant */
const MISSING = `message_texts WHERE tenant_id = $1 AND searched IS NULL`

/** Has the texts lead, unless few rows of another source or service have to be compared. */
async function chooseSource(
  database: Connections,
  selection: Selection,
  owner: Owner,
  { comparedAtMost = COMPARED_AT_MOST, exactUpTo = MAX_EXACT_TOTAL }: FinderBounds,
): Promise<Selection> {
  const { source, texts, tenantId, service, filter } = selection
  if (source === null || texts === null) return selection
  const { rows } = await database.query<{ lacks: boolean }>(`SELECT EXISTS (SELECT FROM ${MISSING}) AS lacks`, [
    tenantId,
  ])
  if (rows[0]?.lacks) return { ...selection, source: texts.missing }
  const expected = await expectRows(database, `SELECT ${rowsOf(texts.alone, selection.ofTime, [])}`, [tenantId])
  const isLong = expected > exactUpTo
  const expectMessages = (rows: Source) =>
    expectRows(database, ...asking(selection, `SELECT ${rowsOf(rows, selection.ofTime, [])}`, tenantId))
  if (!source.isOfMessages) {
    const { search: _search, recipient: _recipient, subject: _subject, reference: _reference, ...besides } = filter
    const { count } = await countRows(database, createSelection(owner, besides), comparedAtMost + 1)
    if (count <= comparedAtMost && (count <= COMPARED_ALWAYS || count < expected)) return selection
  } else if (service !== null) {
    const ofService = { ...selection, source: { ...OF_SERVICE, tells: source.tells } }
    const inTime = { ...ofService, ofRow: () => selection.ofTime, ofState: () => [] }
    const hasFew = isLong
      ? (await expectMessages(OF_SERVICE)) * COSTS_OF_SERVICE <= (await expectMessages(ALL))
      : (await countRows(database, inTime, expected + 1)).count <= expected
    if (hasFew) return ofService
  }
  return { ...selection, source: { ...texts.all, ordered: isLong } }
}

/** Reads the messages of a selection. */
function createReading(
  selection: Selection,
  { exactUpTo = MAX_EXACT_TOTAL, sortedAtMost = SORTED_AT_MOST }: FinderBounds,
) {
  const { tenantId, source, filter, ofSubmission, ofRow, ofState, status } = selection
  /** How many messages match, up to one more than are counted, where finding a page has told. */
  let counted: number | null = null
  /** All that match, newest first, up to one more than are counted, where their texts are not read in order. */
  let matching: readonly Match[] | null = null

  /** Returns how many of all messages are walked before a long source is sorted instead; null where it is sorted at once. */
  async function longestWalk(database: Connections, ofPage: boolean): Promise<number | null> {
    const inState = status === undefined ? null : await countInState(database, tenantId, status)
    if (inState !== null && inState <= sortedAtMost) return null
    const { count } = await countRows(database, selection, (ofPage ? exactUpTo : sortedAtMost) + 1)
    if (ofPage) counted = count
    if (count <= sortedAtMost) return null
    return inState === null && count > exactUpTo ? Infinity : WALKED_PER_ROW * (inState ?? count)
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
    if (source.texts === 'some-missing') {
      yield* walkMissing(database, source, toward, begin, Math.max(atOnce, COMPARED_AT_ONCE))
      return
    }
    if (source.texts && !source.ordered) {
      matching ??= (await read(database, source, 'older', null, exactUpTo + 1, null)).map(toMatch)
      if (matching.length <= exactUpTo) {
        counted = matching.length
        yield* walkAll(matching, toward, begin, atOnce)
        return
      }
    }
    const longest = source.mayBeLong ? await longestWalk(database, ofPage) : null
    const atMost = ofPage && longest !== Infinity ? longest : null
    const inOrder = source.texts ? { ...source, ordered: true } : source
    let rows = longest === null ? inOrder : ALL
    let position = begin
    for (;;) {
      const isCut = atMost !== null && rows !== source
      const found = (await read(database, rows, toward, position, atOnce, isCut ? atMost : null)).map(toMatch)
      if (found.length > 0) yield found
      position = found.at(-1) ?? position
      if (found.length === atOnce) continue
      if (!isCut) return
      rows = source
    }
  }

  /** Compares the texts that are not written yet. */
  async function* walkMissing(
    database: Connections,
    rows: Source,
    toward: Toward,
    begin: ListPosition | null,
    atOnce: number,
  ): AsyncGenerator<readonly Match[]> {
    const needles = needlesOf(filter)
    for (let position = begin; ;) {
      const found = await read(database, rows, toward, position, atOnce, null)
      const missing = found.filter((each) => each.is_missing).map(({ id }) => id)
      const texts = missing.length === 0 ? [] : (await database.query<TextRow>(READ_TEXTS, [missing])).rows
      const matching = new Set(texts.filter((each) => isMatch(searchedText(each), needles)).map(({ id }) => id))
      const matches = found.filter((each) => !each.is_missing || matching.has(each.id)).map(toMatch)
      if (matches.length > 0) yield matches
      const last = found.at(-1)
      if (!last || found.length < atOnce) return
      position = toMatch(last)
    }
  }

  /** @param atMost how many rows are looked at; null for all */
  async function read(
    database: Connections,
    rows: Source,
    toward: Toward,
    position: ListPosition | null,
    count: number,
    atMost: number | null,
  ): Promise<Found[]> {
    const past = position === null ? [] : [isPast(toward, position)]
    const direction = toward === 'older' ? 'DESC' : 'ASC'
    const order = `${orderOf(rows, direction)}, r.id ${direction}`
    const first = `(SELECT * ${rowsOf(rows, [...ofSubmission, ...past], [])} ${order} LIMIT ${atMost})`
    const looked = atMost === null ? rows : { sql: first }
    const missing = rows.texts === 'some-missing' ? ', r.is_missing' : ''
    const sql = `SELECT r.id, ${MILLIS}${missing} ${rowsOf(looked, [...ofRow(rows), ...past], ofState(rows.tells))} ${order} LIMIT ${count}`
    return (await readSource<Found>(database, rows, selection, sql)).rows
  }

  async function page(
    database: Connections,
    start: PageStart | null,
    limit: number,
    before: FoundBefore,
  ): Promise<PageOfMatches> {
    const found = await readPage((...from) => walk(database, ...from, true), start, limit)
    before.uncounted = found
    const isAll = start === null && !found.hasOlder
    if (isAll) return { ...found, total: found.matches.length, totalIsEstimate: false }
    return {
      ...found,
      ...(source?.texts === 'some-missing' ? await countCompared(database, before) : await totalBeyond(database)),
    }
  }

  /** Counts while some texts are not written: each is compared. */
  async function countCompared(database: Connections, before: FoundBefore): Promise<Total> {
    for await (const found of walk(database, 'older', null, COMPARED_AT_ONCE)) {
      before.counted += found.length
      if (before.counted > exactUpTo) return estimate(database, selection, before.counted, found.at(-1)?.at ?? null)
    }
    return { total: before.counted, totalIsEstimate: false }
  }

  /** Counts all that match where a page does not show them all. */
  async function totalBeyond(database: Connections): Promise<Total> {
    if (counted === null) return countAll(database, selection, exactUpTo)
    if (counted <= exactUpTo) return { total: counted, totalIsEstimate: false }
    return estimate(database, selection, counted, null)
  }

  return { walk, page }
}

interface TextRow {
  readonly id: string
  readonly subject: string
  readonly reference: string | null
  readonly to: readonly Recipient[]
  readonly cc: readonly Recipient[] | null
  readonly bcc: readonly Recipient[] | null
}

/** $1 ids */
const READ_TEXTS = `SELECT id, subject, reference, "to", cc, bcc FROM messages WHERE id = ANY ($1)`

function isMatch(text: string, needles: readonly string[]): boolean {
  return needles.every((needle) => text.includes(needle))
}

/** @param matches newest first */
function* walkAll(matches: readonly Match[], toward: Toward, begin: ListPosition | null, atOnce: number) {
  const found = begin === null ? matches : matches.filter((each) => isBeyond(each, toward, begin))
  const sorted = toward === 'older' ? found : found.toReversed()
  for (let from = 0; from < sorted.length; from += atOnce) yield sorted.slice(from, from + atOnce)
}

/** The same as `isPast`, of a match. */
function isBeyond(match: Match, toward: Toward, { at, id }: ListPosition): boolean {
  const [older, newer] = toward === 'older' ? [match, { at, id }] : [{ at, id }, match]
  return older.at < newer.at || (older.at.getTime() === newer.at.getTime() && older.id < newer.id)
}

/** SQL for whether a row `r` comes after a position. */
function isPast(toward: Toward, { at, id }: ListPosition): string {
  return `(r.created_at, r.id) ${toward === 'older' ? '<' : '>'} (${time(at)}, ${pg.escapeLiteral(id)}::text)`
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
async function requireAnswer(pool: pg.Pool): Promise<0> {
  const statement = { text: 'SELECT 1', query_timeout: QUICK_TIMEOUT_MS }
  await pool.query(statement)
  return 0
}

/** The same, and counts the messages whose texts are not written yet. */
async function countMissing(pool: pg.Pool, { tenantId }: Owner): Promise<number> {
  const text = `SELECT count(*)::int AS count FROM ${MISSING}`
  const statement = { text, values: [tenantId], query_timeout: QUICK_TIMEOUT_MS }
  const { rows } = await pool.query<{ count: number }>(statement)
  return rows[0]?.count ?? 0
}

async function rejectedBy(signal: AbortSignal): Promise<never> {
  signal.throwIfAborted()
  await once(signal, 'abort')
  throw signal.reason
}

import { MAX_EXACT_TOTAL } from '@inforiver-mail/contract/message-list'
import { MessageProblemCode, type Delivery, type MessageStatus, type Recipient } from '@inforiver-mail/contract/message'
import { pMapIterable } from 'p-map'
import type pg from 'pg'
import type { ListPosition, Toward } from '../http/list-cursor.ts'
import type { Owner } from './actor.ts'
import { leasedRows } from './columns.ts'
import { hasCode, hasDelivery, SENT_LATELY } from './delivery-reports.ts'
import {
  COMPARED_IN_PARALLEL,
  estimateCandidates,
  messagesOfIds,
  rarestGrams,
  readIndex,
  walkIndex,
  type Candidates,
  type SearchIndex,
} from './find-text.ts'
import { askedGrams, comparesRecipients, createTextMatcher, hasTextFilter, type TextFilter } from './search-text.ts'

// Finds the ids of messages by a filter. What a filter selects is found in one of these ways:
//
// - a source of few rows (failed and cancelled messages, the queue, possible duplicates), whose rows are compared
// - the search index, for texts
// - a walk through all messages, from the newest or from a position
//
// Whoever wants few rows gets them without the others being read.

/** Selects messages that have all of it. */
export interface StoredFilter extends TextFilter {
  readonly status?: MessageStatus
  readonly service?: string
  /** Inclusive. */
  readonly submittedFrom?: Date
  /** Exclusive. */
  readonly submittedTo?: Date
  /** The code of the problem, or Microsoft's, or one that was reported of a recipient. */
  readonly problem?: string
  /** What became of it for at least one recipient. */
  readonly delivery?: Delivery
  readonly possibleDuplicate?: boolean
  /** Inclusive. */
  readonly failedFrom?: Date
  /** Exclusive. */
  readonly failedTo?: Date
}

export interface Match {
  readonly id: string
  readonly at: Date
}

export interface Total {
  readonly total: number
  readonly totalIsEstimate: boolean
}

export interface PageOfMatches extends Total {
  /** Newest first. */
  readonly matches: readonly Match[]
  readonly hasNewer: boolean
  readonly hasOlder: boolean
}

/** Where a page begins: behind a position, in one direction or the other. */
export interface PageStart extends ListPosition {
  readonly toward: Toward
}

export interface Finder {
  /** Walks through all matches, newest first, some at once. */
  all(atOnce: number): AsyncGenerator<readonly Match[]>
  /** Without a start, the newest. */
  page(start: PageStart | null, limit: number): Promise<PageOfMatches>
  /** Conditions that a row `m` of message_states still has to meet when it is shown. `bind` makes a value a parameter. */
  readonly state: (bind: Bind) => readonly string[]
}

export type Bind = (value: unknown) => string

/** Up to this many rows of the queue are sorted. With more, walking all messages from the newest is faster. */
const SORTED_AT_MOST = 5_000
/** Up to this many rows of a source are read to compare their texts, without asking the search index. */
const COMPARED_ALWAYS = 2_000
/** And up to this many, if the index finds more. */
const COMPARED_AT_MOST = 50_000
const COMPARED_AT_ONCE = 1_000

const QUEUE_STATES = ['queued', 'scheduled', 'held'] as const
const TOTALS = `SELECT queued, sending, scheduled, held FROM mailbox_totals WHERE tenant_id = $1`
type Totals = Record<'queued' | 'sending' | 'scheduled' | 'held', number>

/** Rows of messages that a filter is limited to, with `id`, `service` and `created_at`. $1 tenant */
interface Source {
  readonly sql: string
  /** Whether an index has the rows in the order of submission. */
  readonly ordered: boolean
  /** Whether a row is of the status that the filter asks for. */
  readonly hasStatus: boolean
  /** Whether a row has the reported delivery or code that the filter asks for. There may be very many of them. */
  readonly isReported?: boolean
}

const ALL: Source = { sql: `(SELECT * FROM messages WHERE tenant_id = $1)`, ordered: true, hasStatus: false }

function unsent(outcome: 'failed' | 'cancelled'): Source {
  return {
    sql: `(SELECT message_id AS id, service, created_at, ended_at, cause FROM unsent_messages WHERE tenant_id = $1 AND outcome = '${outcome}')`,
    ordered: true,
    hasStatus: true,
  }
}

/** @param rows SQL for rows of `message_id` */
function messagesOf(rows: string): string {
  return `(SELECT m.id, m.service, m.created_at FROM (${rows}) AS q
    CROSS JOIN LATERAL (SELECT * FROM messages WHERE id = q.message_id OFFSET 0) AS m)`
}

const LEASED = leasedRows('SELECT tenant_id, sending FROM mailbox_totals WHERE tenant_id = $1')

function inQueue(state: (typeof QUEUE_STATES)[number] | 'sending'): Source {
  const rows =
    state === 'sending'
      ? `SELECT message_id FROM (${LEASED}) AS leased`
      : `SELECT message_id FROM message_queue WHERE tenant_id = $1 AND state = '${state}' AND lease_owner IS NULL`
  return { sql: messagesOf(rows), ordered: false, hasStatus: true }
}

const POSSIBLE_DUPLICATES: Source = {
  sql: messagesOf(`
    SELECT id AS message_id FROM messages WHERE tenant_id = $1 AND possible_duplicate
     UNION SELECT message_id FROM message_queue WHERE tenant_id = $1 AND possible_duplicate`),
  ordered: false,
  hasStatus: false,
}

/** Messages of whom a report says something. @param rows a condition on rows `o` of recipient_outcomes */
function reported(rows: string): Source {
  return {
    sql: messagesOf(`SELECT DISTINCT o.message_id FROM recipient_outcomes o WHERE o.tenant_id = $1 AND ${rows}`),
    ordered: false,
    hasStatus: false,
    isReported: true,
  }
}

/** The code of a delivery status, such as 5.1.10 (RFC 3463): a report tells it of a recipient. */
const STATUS_CODE = /^[245]\.\d{1,3}\.\d{1,3}$/

/** Null when no message can meet the filter. */
function sourceOf({ status, problem, failedFrom, failedTo, possibleDuplicate, delivery }: StoredFilter): Source | null {
  const mustHaveFailed = failedFrom !== undefined || failedTo !== undefined || status === 'failed'
  if (problem !== undefined && STATUS_CODE.test(problem))
    return mustHaveFailed ? null : reported(`o.code = '${problem}'`)
  if (mustHaveFailed || problem !== undefined)
    return status === undefined || status === 'failed' ? unsent('failed') : null
  if (possibleDuplicate === true) return POSSIBLE_DUPLICATES // in each status there are few
  if (delivery !== undefined && delivery !== 'unknown' && (status === undefined || status === 'sent'))
    return delivery === 'pending'
      ? { sql: messagesOf(SENT_LATELY), ordered: false, hasStatus: false }
      : reported(`o.delivery = '${delivery}'`)
  switch (status) {
    case 'cancelled':
      return unsent(status)
    case 'queued':
    case 'scheduled':
    case 'held':
    case 'sending':
      return inQueue(status)
    default:
      return ALL
  }
}

/** Prepares to find the messages of an owner. Nothing is held open between two of its statements. */
export function createFinder(pool: pg.Pool, owner: Owner, filter: StoredFilter): Finder {
  const { tenantId } = owner
  const service = owner.service ?? filter.service ?? null
  const source = sourceOf(filter)
  const byText = hasTextFilter(filter)
  const { status, problem, delivery, possibleDuplicate, failedFrom, failedTo, submittedFrom, submittedTo } = filter
  const isStatusCode = problem !== undefined && STATUS_CODE.test(problem)

  /** Conditions on a row `r` with the columns of a source. */
  function ofRow({ sql }: Source, bind: Bind): string[] {
    return [
      ...(service === null ? [] : [`r.service = ${bind(service)}`]),
      ...(submittedFrom === undefined ? [] : [`r.created_at >= ${bind(submittedFrom)}::timestamptz`]),
      ...(submittedTo === undefined ? [] : [`r.created_at < ${bind(submittedTo)}::timestamptz`]),
      ...(sql !== ALL.sql || status === undefined ? [] : [`r.outcome ${status === 'sent' ? `= 'sent'` : 'IS NULL'}`]),
      ...(problem === undefined || isOwnCode(problem) || isStatusCode ? [] : [`r.cause = left(${bind(problem)}, 100)`]),
      ...(sql === ALL.sql ? ofReports('r', bind) : []),
      ...(failedFrom === undefined ? [] : [`r.ended_at >= ${bind(failedFrom)}::timestamptz`]),
      ...(failedTo === undefined ? [] : [`r.ended_at < ${bind(failedTo)}::timestamptz`]),
    ]
  }

  /** Conditions on a row `m` of message_states that no column of the source tells. */
  function ofState({ sql, hasStatus, isReported }: Source, bind: Bind): string[] {
    const tells = hasStatus || status === undefined || (sql === ALL.sql && status === 'sent')
    const tellsReports = sql === ALL.sql || (isReported === true && !(isStatusCode && delivery !== undefined))
    return [
      ...(tells ? [] : [`m.status = ${bind(status)}`]),
      ...(tellsReports ? [] : ofReports('m', bind)),
      ...(possibleDuplicate === undefined ? [] : [`m.possible_duplicate = ${bind(possibleDuplicate)}`]),
      ...(problem === undefined || !isOwnCode(problem) ? [] : [`m.problem ->> 'code' = ${bind(problem)}`]),
    ]
  }

  /** Conditions on what is reported of a row of messages or message_states. */
  function ofReports(row: 'r' | 'm', bind: Bind): string[] {
    return [
      ...(delivery === undefined ? [] : [hasDelivery(row, delivery)]),
      ...(isStatusCode ? [hasCode(row, bind(problem))] : []),
    ]
  }

  function ofStatus(bind: Bind): string[] {
    return status === undefined ? [] : [`m.status = ${bind(status)}`]
  }

  function besidesStatus(bind: Bind): string[] {
    return [
      ...(possibleDuplicate === undefined ? [] : [`m.possible_duplicate = ${bind(possibleDuplicate)}`]),
      ...(problem === undefined || isStatusCode
        ? []
        : [`${bind(problem)} IN (m.problem ->> 'code', m.problem ->> 'microsoftCode')`]),
      ...ofReports('m', bind),
      ...(failedFrom === undefined ? [] : [`m.status = 'failed' AND m.ended_at >= ${bind(failedFrom)}::timestamptz`]),
      ...(failedTo === undefined ? [] : [`m.status = 'failed' AND m.ended_at < ${bind(failedTo)}::timestamptz`]),
    ]
  }

  function from(rows: Source, conditions: readonly string[], states: readonly string[]): string {
    const joined =
      states.length === 0 ? '' : `CROSS JOIN LATERAL (SELECT * FROM message_states WHERE id = r.id OFFSET 0) AS m`
    return `FROM ${rows.sql} AS r ${joined} WHERE ${[...conditions, ...states, 'true'].join(' AND ')}`
  }

  /** Finds the source, or walks all messages where that is faster. */
  async function orderedSource(rows: Source): Promise<Source> {
    if (rows.isReported === true) return (await countRows(SORTED_AT_MOST + 1)).count > SORTED_AT_MOST ? ALL : rows
    if (rows.ordered || !rows.hasStatus || status === undefined || status === 'sending') return rows
    return (await isLarge(status)) ? ALL : rows
  }

  async function isLarge(asked: MessageStatus): Promise<boolean> {
    const totals = await readTotals()
    return asked in totals && totals[asked as keyof Totals] > SORTED_AT_MOST
  }

  async function readTotals(): Promise<Totals> {
    const { rows } = await pool.query<Totals>(TOTALS, [tenantId])
    return rows[0] ?? { queued: 0, sending: 0, scheduled: 0, held: 0 }
  }

  async function* walk(toward: Toward, begin: ListPosition | null, atOnce: number): AsyncGenerator<readonly Match[]> {
    if (!source) return
    const rows = await orderedSource(source)
    const [before, order] = toward === 'older' ? ['<', 'DESC'] : ['>', 'ASC']
    let position = begin
    for (;;) {
      const values: unknown[] = [tenantId]
      const bind: Bind = (value) => `$${values.push(value)}`
      const conditions = ofRow(rows, bind)
      if (position)
        conditions.push(
          `(r.created_at, r.id) ${before} (${bind(position.at)}::timestamptz, ${bind(position.id)}::text)`,
        )
      const found: pg.QueryResult<Match> = await pool.query<Match>(
        `SELECT r.id, r.created_at AS at ${from(rows, conditions, ofState(rows, bind))}
          ORDER BY r.created_at ${order}, r.id ${order} LIMIT ${bind(atOnce)}`,
        values,
      )
      if (found.rows.length > 0) yield found.rows
      const last = found.rows.at(-1)
      if (!last || found.rows.length < atOnce) return
      position = last
    }
  }

  /** Counts the rows of the source, up to a limit, without looking at texts. */
  async function countRows(atMost: number): Promise<{ count: number; oldest: Date | null }> {
    if (!source) return { count: 0, oldest: null }
    const values: unknown[] = [tenantId]
    const bind: Bind = (value) => `$${values.push(value)}`
    const limited = from(source, ofRow(source, bind), ofState(source, bind))
    const { rows } = await pool.query<{ count: number; oldest: Date | null }>(
      `SELECT count(*)::int AS count, min(at) AS oldest
         FROM (SELECT r.created_at AS at ${limited} ${source.ordered ? 'ORDER BY r.created_at DESC' : ''} LIMIT ${bind(atMost)}) AS counted`,
      values,
    )
    return rows[0] ?? { count: 0, oldest: null }
  }

  const matcher = createTextMatcher(filter)
  const asked = askedGrams(filter, service)

  /** Reads messages and returns those whose texts match, in no order. */
  async function compare(candidates: Candidates, alsoState: boolean): Promise<Match[]> {
    if (!source) return []
    const values: unknown[] = [tenantId]
    const bind: Bind = (value) => `$${values.push(value)}`
    const conditions = [
      `r.tenant_id || '' = $1`,
      ...(service === null ? [] : [`r.service || '' = ${bind(service)}`]),
      ...(submittedFrom === undefined ? [] : [`r.created_at >= ${bind(submittedFrom)}::timestamptz`]),
      ...(submittedTo === undefined ? [] : [`r.created_at < ${bind(submittedTo)}::timestamptz`]),
      ...(filter.subject === undefined ? [] : [`r.subject = ${bind(filter.subject)}`]),
      ...(filter.reference === undefined ? [] : [`r.reference || '' = ${bind(filter.reference)}`]),
    ]
    if (alsoState && status === 'sent') conditions.push(`r.outcome || '' = 'sent'`) // tells as much as the state
    const states = alsoState ? [...(status === 'sent' ? [] : ofStatus(bind)), ...besidesStatus(bind)] : []
    const rows: Source = { sql: `(${candidates(bind)})`, ordered: false, hasStatus: false }
    const people = comparesRecipients(filter) ? RECIPIENTS : 'NULL AS "to", NULL AS cc, NULL AS bcc'
    const { rows: texts } = await pool.query<TextRow>({
      text: `SELECT r.id, r.created_at, r.subject, r.reference, ${people} ${from(rows, conditions, states)}`,
      values,
      rowMode: 'array',
    } as pg.QueryConfig)
    return texts
      .filter(([, , subject, reference, ...lists]) =>
        matcher({ subject, reference, recipients: () => lists.flatMap(parsePeople) }),
      )
      .map(([id, at]) => ({ id, at }))
  }

  async function* walkTexts(
    toward: Toward,
    begin: ListPosition | null,
    atOnce: number,
  ): AsyncGenerator<readonly Match[]> {
    if (!source) return
    const index = await readIndex(pool, tenantId, { from: submittedFrom ?? null, to: submittedTo ?? null })
    const grams = await rarestGrams(pool, index, asked)
    if (source.sql !== ALL.sql && (await readsSource(index, grams))) {
      const compared = pMapIterable(
        walk(toward, begin, COMPARED_AT_ONCE),
        async (rows) => {
          const matching = await compare(messagesOfIds(rows.map(({ id }) => id)), false)
          const ids = new Set(matching.map(({ id }) => id))
          return rows.filter(({ id }) => ids.has(id))
        },
        { concurrency: COMPARED_IN_PARALLEL },
      )
      for await (const found of compared) if (found.length > 0) yield found
      return
    }
    const needsState =
      status !== undefined ||
      delivery !== undefined ||
      possibleDuplicate !== undefined ||
      problem !== undefined ||
      failedFrom !== undefined ||
      failedTo !== undefined
    const range = { from: submittedFrom ?? null, to: submittedTo ?? null }
    yield* walkIndex(pool, tenantId, { index, grams, toward, begin, range, atOnce }, (candidates) =>
      compare(candidates, needsState),
    )
  }

  /** Whether the source has so few rows that reading them costs less than what the index finds. */
  async function readsSource(index: SearchIndex, grams: readonly number[]): Promise<boolean> {
    const { count } = await countRows(COMPARED_AT_MOST + 1)
    return count <= COMPARED_ALWAYS || (await estimateCandidates(pool, index, grams)) > count
  }

  const matches = byText ? walkTexts : walk

  async function page(start: PageStart | null, limit: number): Promise<PageOfMatches> {
    if (!byText) {
      const found = await readPage(start, limit)
      const isAll = start === null && !found.hasOlder
      return { ...found, ...(isAll ? { total: found.matches.length, totalIsEstimate: false } : await countAll()) }
    }
    // The matches that are counted are those of the page as well, unless it lies far behind.
    const newest: Match[] = []
    for await (const found of walkTexts('older', null, COMPARED_AT_ONCE)) {
      for (const match of found) newest.push(match)
      if (newest.length > MAX_EXACT_TOTAL) break
    }
    const isComplete = newest.length <= MAX_EXACT_TOTAL
    const total = isComplete
      ? { total: newest.length, totalIsEstimate: false }
      : await estimate(newest.length, newest.at(-1)?.at ?? null)
    return { ...total, ...(cutPage(newest, isComplete, start, limit) ?? (await readPage(start, limit))) }
  }

  async function readPage(start: PageStart | null, limit: number): Promise<Omit<PageOfMatches, keyof Total>> {
    const toward = start?.toward ?? 'older'
    const found = await take(matches(toward, start, limit + 1), limit + 1)
    const shown = found.slice(0, limit)
    const hasMore = found.length > limit
    const isOtherWay =
      start !== null && (await take(matches(opposite(toward), shown[0] ?? wayBack(start), 1), 1)).length > 0
    return toward === 'older'
      ? { matches: shown, hasNewer: isOtherWay, hasOlder: hasMore }
      : { matches: shown.toReversed(), hasNewer: hasMore, hasOlder: isOtherWay }
  }

  async function countAll(): Promise<Total> {
    const known = await knownTotal()
    if (known !== null) return known
    const counted = await countRows(MAX_EXACT_TOTAL + 1)
    if (counted.count <= MAX_EXACT_TOTAL) return { total: counted.count, totalIsEstimate: false }
    return estimate(counted.count, source?.ordered === true ? counted.oldest : null)
  }

  /** The totals of the tenant tell how many messages are in a state of the queue. */
  async function knownTotal() {
    if (status === undefined || delivery !== undefined || source?.sql === ALL.sql || source?.ordered !== false)
      return null
    if (service !== null || submittedFrom !== undefined || submittedTo !== undefined || possibleDuplicate !== undefined)
      return null
    const total = (await readTotals())[status as keyof Totals]
    return { total, totalIsEstimate: total > MAX_EXACT_TOTAL }
  }

  /** Takes it that older messages match as often as those that were counted, back to `oldest`. */
  async function estimate(counted: number, oldest: Date | null) {
    const range = { from: submittedFrom ?? null, to: submittedTo ?? null }
    const { blocks } = await readIndex(pool, tenantId, range)
    const sum = (some: typeof blocks) => some.reduce((messages, block) => messages + block.messages, 0)
    const older = oldest === null ? 0 : sum(blocks.filter(({ firstAt }) => firstAt < oldest))
    const newer = Math.max(counted, sum(blocks) - older)
    return { total: Math.round(counted * (1 + older / newer)), totalIsEstimate: true }
  }

  return {
    all: (atOnce) => matches('older', null, atOnce),
    page,
    state: (bind) => (source ? [...ofStatus(bind), ...besidesStatus(bind)] : ['false']),
  }
}

/** Cuts a page out of the newest matches; null when they do not reach as far. */
function cutPage(newest: readonly Match[], isComplete: boolean, start: PageStart | null, limit: number) {
  const older = start && ((match: Match) => compareMatches(match, start) < 0)
  const firstOlder = older ? newest.findIndex(older) : 0
  const split = firstOlder === -1 ? newest.length : firstOlder
  if (start?.toward === 'newer') {
    // The position itself is neither newer nor older.
    const end = newest.findIndex((match) => compareMatches(match, start) <= 0)
    if (end === -1 && !isComplete) return null
    const last = end === -1 ? newest.length : end
    const first = Math.max(0, last - limit)
    return { matches: newest.slice(first, last), hasNewer: first > 0, hasOlder: last < newest.length }
  }
  if (!isComplete && split + limit >= newest.length) return null
  const end = Math.min(newest.length, split + limit)
  return { matches: newest.slice(split, end), hasNewer: start !== null && split > 0, hasOlder: end < newest.length }
}

function compareMatches(a: Match, b: Match): number {
  return a.at.getTime() - b.at.getTime() || (a.id < b.id ? -1 : Number(a.id > b.id))
}

/**
 * Where to turn back from a page that became empty: the message that it began behind is found again. It is in the
 * millisecond beside, because no message lies in between.
 */
export function wayBack({ at, toward }: PageStart): ListPosition {
  return toward === 'older'
    ? { at: new Date(at.getTime() - 1), id: `msg_${'f'.repeat(32)}` }
    : { at: new Date(at.getTime() + 1), id: `msg_${'0'.repeat(32)}` }
}

function opposite(toward: Toward): Toward {
  return toward === 'older' ? 'newer' : 'older'
}

/** Takes the first ones, and leaves the walk. */
async function take(walk: AsyncGenerator<readonly Match[]>, count: number): Promise<Match[]> {
  const taken: Match[] = []
  for await (const found of walk) {
    for (const match of found.slice(0, count)) taken.push(match)
    if (taken.length >= count) break
  }
  return taken.slice(0, count)
}

const RECIPIENTS = `r."to"::text, r.cc::text, r.bcc::text`

type TextRow = [id: string, at: Date, subject: string, reference: string | null, ...people: (string | null)[]]

function parsePeople(json: string | null): readonly Recipient[] {
  return json === null ? [] : (JSON.parse(json) as readonly Recipient[])
}

function isOwnCode(code: string): boolean {
  return MessageProblemCode.options.some((known) => known === code)
}

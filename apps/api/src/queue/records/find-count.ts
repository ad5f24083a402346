import { MAX_EXACT_TOTAL } from '@inforiver-mail/contract/message-list'
import type { MessageStatus } from '@inforiver-mail/contract/message'
import {
  ALL,
  planOf,
  rowsOf,
  type Bind,
  type Selection,
  type Source,
  type Connections,
  type Statements,
} from './find-filter.ts'
import { expectRows, IN_ORDER, readPlanned } from './read-planned.ts'
import { countersOf } from '../counters.ts'

// Counts what a filter finds: exactly up to a limit, and beyond by an estimate.

export interface Total {
  readonly total: number
  readonly totalIsEstimate: boolean
}

/** $1 tenant */
const TOTALS = countersOf('$1', 'queued, sending, scheduled, held')
type Totals = Record<'queued' | 'sending' | 'scheduled' | 'held', number>

async function readTotals(database: Statements, tenantId: string): Promise<Totals> {
  const { rows } = await database.query<Totals>(TOTALS, [tenantId])
  return rows[0] ?? { queued: 0, sending: 0, scheduled: 0, held: 0 }
}

/** How many messages are in a state of the queue, by the totals of the tenant; null for any other status. */
export async function countInState(
  database: Statements,
  tenantId: string,
  status: MessageStatus,
): Promise<number | null> {
  const totals = await readTotals(database, tenantId)
  return status in totals ? totals[status as keyof Totals] : null
}

interface Counted {
  readonly count: number
  readonly oldest: Date | null
}

/** Counts the rows of the source that match, up to a limit. */
export async function countRows(
  database: Connections,
  { tenantId, source, ofRow, ofState }: Selection,
  atMost: number,
): Promise<Counted> {
  if (!source) return { count: 0, oldest: null }
  const values: unknown[] = [tenantId]
  const bind: Bind = (value) => `$${values.push(value)}`
  const limited = rowsOf(source, ofRow(source, bind), ofState(source, bind))
  const count = (order: string) => `SELECT count(*)::int AS count, min(at) AS oldest
       FROM (SELECT r.created_at AS at ${limited} ${order} LIMIT ${bind(atMost)}) AS counted`
  const plan = planOf(source)
  const { rows } =
    plan === null
      ? await database.query<Counted>(count(''), values)
      : await readPlanned<Counted>(database, plan, count(plan === IN_ORDER ? 'ORDER BY r.created_at DESC' : ''), values)
  return rows[0] ?? { count: 0, oldest: null }
}

/**
 * Counts the messages of which a report says something, up to a limit, without reading them. Null where the filter asks for
 * more, and where so many recipients share so few messages that it cannot tell.
 */
export async function countReported(
  database: Connections,
  { tenantId, source, ofRow, ofState }: Selection,
  atMost: number,
): Promise<number | null> {
  if (source?.reported === undefined) return null
  const noneToBind: Bind = (value) => String(value)
  if (ofRow(source, noneToBind).length > 0 || ofState(source, noneToBind).length > 0) return null
  const recipientsAtMost = 2 * atMost
  const values = [tenantId, recipientsAtMost]
  const { rows } = source.ordered
    ? await readPlanned<Reported>(database, IN_ORDER, countMessagesInOrder(source.reported), values)
    : await database.query<Reported>(countMessages(source.reported), values)
  const { recipients, messages } = rows[0] ?? { recipients: 0, messages: 0 }
  return recipients < recipientsAtMost || messages >= atMost ? Math.min(messages, atMost) : null
}

interface Reported {
  readonly recipients: number
  readonly messages: number
}

const countMessages = (reported: string) =>
  `SELECT count(*)::int AS recipients, count(DISTINCT message_id)::int AS messages FROM (${reported} LIMIT $2) AS reported`

/** Compares neighbours in place of sorting: recipients of one message follow each other. */
const countMessagesInOrder = (reported: string) => `
SELECT count(*)::int AS recipients, (count(*) FILTER (WHERE is_first))::int AS messages
  FROM (SELECT message_id IS DISTINCT FROM lag(message_id) OVER (ORDER BY submitted_at, message_id) AS is_first
          FROM (${reported} ORDER BY submitted_at, message_id LIMIT $2) AS o) AS reported`

/** $1 tenant, $2 failed from, $3 to, $4 at most; null for any time. The index of these times has all of it. */
const COUNT_FAILED = `
SELECT count(*)::int AS count FROM (
  SELECT FROM unsent_messages
   WHERE tenant_id = $1 AND cause IS NOT NULL AND ended_at >= coalesce($2, '-infinity'::timestamptz) AND ended_at < coalesce($3, 'infinity'::timestamptz)
   LIMIT $4) AS failed`

/** Counts what failed within the time that is asked for, up to a limit, whatever else is asked for. */
export async function countFailed(
  database: Statements,
  { tenantId, filter: { failedFrom, failedTo } }: Selection,
  atMost: number,
): Promise<number> {
  const values = [tenantId, failedFrom ?? null, failedTo ?? null, atMost]
  const { rows } = await database.query<{ count: number }>(COUNT_FAILED, values)
  return rows[0]?.count ?? 0
}

/** Counts the rows of the queue whose messages a source has, up to a limit, without reading the messages. */
export async function countQueued(
  database: Statements,
  tenantId: string,
  queued: string,
  atMost: number,
): Promise<number> {
  const { rows } = await database.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM (${queued} LIMIT $2) AS counted`,
    [tenantId, atMost],
  )
  return rows[0]?.count ?? 0
}

/** Counts what a filter finds, where `countReported` cannot tell. */
export async function countAll(database: Connections, selection: Selection, exactUpTo: number): Promise<Total> {
  const known = await knownTotal(database, selection)
  if (known !== null) return known
  const { count, oldest } = await countRows(database, selection, exactUpTo + 1)
  if (count <= exactUpTo) return { total: count, totalIsEstimate: false }
  const { texts } = selection
  if (texts !== null && selection.source?.texts)
    return { total: Math.max(count, await expectMatches(database, selection, texts.expected)), totalIsEstimate: true }
  return estimate(database, selection, count, selection.source?.ordered === true ? oldest : null)
}

/** How many of the rows the planner expects to match. */
async function expectMatches(
  database: Statements,
  { tenantId, ofRow, ofState }: Selection,
  rows: Source,
): Promise<number> {
  const values: unknown[] = [tenantId]
  const bind: Bind = (value) => `$${values.push(value)}`
  return expectRows(database, `SELECT ${rowsOf(rows, ofRow(rows, bind), ofState(rows, bind))}`, values)
}

/** How many messages the planner expects to match by their texts, whatever else is asked for. */
export async function expectTexts(
  database: Statements,
  { tenantId, ofTime }: Selection,
  alone: Source,
): Promise<number> {
  const values: unknown[] = [tenantId]
  const bind: Bind = (value) => `$${values.push(value)}`
  return expectRows(database, `SELECT ${rowsOf(alone, ofTime(bind), [])}`, values)
}

/** What the totals of the tenant tell, where the filter asks for a state of the queue alone. */
async function knownTotal(
  database: Statements,
  { tenantId, service, filter, source, texts }: Selection,
): Promise<Total | null> {
  const { status, problem, delivery, possibleDuplicate, submittedFrom, submittedTo } = filter
  // Where `failedFrom` or `failedTo` is asked for too, there is no source, or one that is ordered.
  if (status === undefined || problem !== undefined || delivery !== undefined || texts !== null) return null
  if (source?.ordered !== false) return null
  if (service !== null || submittedFrom !== undefined || submittedTo !== undefined || possibleDuplicate !== undefined)
    return null
  const total = await countInState(database, tenantId, status)
  return total === null ? null : { total, totalIsEstimate: total > MAX_EXACT_TOTAL }
}

/** Assumes that messages older than `oldest` match as often as those that were counted. */
export async function estimate(
  database: Statements,
  { tenantId, ofTime }: Selection,
  counted: number,
  oldest: Date | null,
): Promise<Total> {
  const values: unknown[] = [tenantId]
  const bind: Bind = (value) => `$${values.push(value)}`
  const expect = (conditions: readonly string[]) =>
    expectRows(database, `SELECT ${rowsOf(ALL, conditions, [])}`, values)
  const inTime = ofTime(bind)
  const messages = oldest === null ? 0 : await expect(inTime)
  const older = oldest === null ? 0 : await expect([...inTime, `r.created_at < ${bind(oldest)}::timestamptz`])
  return { total: Math.round(counted * (1 + older / Math.max(counted, messages - older))), totalIsEstimate: true }
}

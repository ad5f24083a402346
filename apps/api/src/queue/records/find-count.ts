import { MAX_EXACT_TOTAL } from '@inforiver-mail/contract/message-list'
import type { MessageStatus } from '@inforiver-mail/contract/message'
import {
  asking,
  orderOf,
  readSource,
  rowsOf,
  type Selection,
  type Connections,
  type Statements,
} from './find-filter.ts'
import { ALL, time } from './find-source.ts'
import { expectRows } from './read-planned.ts'
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

/**
 * Counts the rows of the source that match, up to a limit. Those of a source in order are the newest, but texts are counted as
 * the planner finds them fastest: where it has to read their messages as well, the newest, which are likely in memory.
 */
export async function countRows(database: Connections, selection: Selection, atMost: number): Promise<Counted> {
  const { ofRow, ofState } = selection
  if (!selection.source) return { count: 0, oldest: null }
  const source = selection.source.texts ? { ...selection.source, ordered: false } : selection.source
  const rows = rowsOf(source, ofRow(source), ofState(source.tells))
  const order = source.ordered || source.readsMessages ? orderOf(source, 'DESC') : ''
  const sql = `SELECT count(*)::int AS count, min(at) AS oldest FROM (SELECT r.created_at AS at ${rows} ${order} LIMIT ${atMost}) AS counted`
  const counted = await readSource<Counted>(database, source, selection, sql)
  return counted.rows[0] ?? { count: 0, oldest: null }
}

/** Counts what a filter finds. */
export async function countAll(database: Connections, selection: Selection, exactUpTo: number): Promise<Total> {
  const known = await knownTotal(database, selection)
  if (known !== null) return known
  const { tenantId, source, texts, ofRow, ofState } = selection
  const { count, oldest } = await countRows(database, selection, exactUpTo + 1)
  if (count <= exactUpTo) return { total: count, totalIsEstimate: false }
  if (texts === null || !source?.texts)
    return estimate(database, selection, count, source?.ordered === true ? oldest : null)
  const { expected: rows } = texts
  const sql = `SELECT ${rowsOf(rows, ofRow(rows), ofState(rows.tells))}`
  const expected = await expectRows(database, ...asking(selection, sql, tenantId))
  return { total: Math.max(count, expected), totalIsEstimate: true }
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
  const expect = (conditions: readonly string[]) =>
    expectRows(database, `SELECT ${rowsOf(ALL, conditions, [])}`, [tenantId])
  const messages = oldest === null ? 0 : await expect(ofTime)
  const older = oldest === null ? 0 : await expect([...ofTime, `r.created_at < ${time(oldest)}`])
  return { total: Math.round(counted * (1 + older / Math.max(counted, messages - older))), totalIsEstimate: true }
}

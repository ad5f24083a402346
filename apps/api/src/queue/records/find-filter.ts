import type { MessageStatus } from '@inforiver-mail/contract/message'
import { withNamed } from '../../database/named.ts'
import type { Owner } from '../actor.ts'
import { hasCode, hasDelivery } from '../reports/delivery-reports.ts'
import type pg from 'pg'
import {
  heldReason,
  isCause,
  sourceOf,
  STATUS_CODE,
  time,
  type Asked,
  type Source,
  type StoredFilter,
} from './find-source.ts'
import { FOR_VALUES, IN_ORDER, readPlanned } from './read-planned.ts'
import { indexedNeedlesOf, needlesOf } from './search-text.ts'

// What a filter selects, as SQL: the conditions that the rows of a source (find-source.ts) or of texts have to meet.

export interface Match {
  readonly id: string
  readonly at: Date
}

/** A pool, or what bounds its use. */
export type Statements = Pick<pg.Pool, 'query'>
/** Can also lend a connection for several statements. */
export type Connections = Statements & Pick<pg.Pool, 'connect'>

const ENDED: ReadonlySet<MessageStatus | undefined> = new Set(['sent', 'failed', 'cancelled'])

/** Reads rows of a source by the index that it is for: texts that are not read in order are looked up by their own. */
export function readSource<Row extends pg.QueryResultRow>(
  database: Connections,
  { ordered, texts }: Source,
  selection: Pick<Selection, 'service' | 'filter' | 'tenantId'>,
  sql: string,
): Promise<pg.QueryResult<Row>> {
  const statement = asking(selection, sql, selection.tenantId)
  if (!ordered && !texts) return database.query<Row>(...statement)
  return readPlanned<Row>(database, ordered ? IN_ORDER : FOR_VALUES, ...statement)
}

/** SQL for the order of a source. @param direction of the time of submission */
export function orderOf({ isOfService = false }: Source, direction: 'ASC' | 'DESC'): string {
  return `ORDER BY ${isOfService ? `r.service ${direction}, ` : ''}r.created_at ${direction}`
}

/** A statement that names what the filter asks for, with its values. */
export function asking(
  { service, filter }: Pick<Selection, 'service' | 'filter'>,
  sql: string,
  ...others: readonly unknown[]
): [text: string, values: unknown[]] {
  return withNamed(sql, { ...filter, service }, ...others)
}

/** $1 tenant, $2 code */
const IS_HELD_FOR = `SELECT FROM mailboxes WHERE tenant_id = $1 AND hold #>> '{values,microsoftCode}' = $2`

/** Notes in a filter by a code of Microsoft whether the mailbox refuses its mail with that at this moment. */
export async function withHeld(database: Statements, tenantId: string, filter: StoredFilter): Promise<StoredFilter> {
  if (!isCause(filter.problem)) return filter
  const { rows } = await database.query(IS_HELD_FOR, [tenantId, filter.problem])
  return rows.length === 0 ? filter : { ...filter, isHeldFor: true }
}

/** The rows of message_texts that match, in the order of submission. */
interface Texts {
  readonly all: Source
  /** And those that may match, since they are not written yet. */
  readonly missing: Source
  /** Without what is asked for besides the texts and the time of submission. */
  readonly alone: Source
  /** As the planner can tell best how many there are, whatever their case. */
  readonly expected: Source
}

/** What the messages of an owner have to meet. */
export interface Selection {
  readonly tenantId: string
  readonly service: string | null
  readonly filter: StoredFilter
  /** The only status that the filter leaves; undefined where it leaves several. */
  readonly status: MessageStatus | undefined
  /** Null when no message can meet the filter. */
  readonly source: Source | null
  /** Rows whose texts match, in place of the source; null where the filter asks for no text. */
  readonly texts: Texts | null
  /** Conditions on a row `r` about the time of submission. */
  readonly ofTime: readonly string[]
  /** Conditions on a row `r` about the service and the time of submission. */
  readonly ofSubmission: readonly string[]
  /** Conditions on a row `r` with the columns of a source. */
  ofRow(this: void, source: Source): readonly string[]
  /** Conditions on a row `m` of message_states. @param told what needs none */
  ofState(this: void, told: readonly Asked[]): readonly string[]
}

export function createSelection(owner: Owner, filter: StoredFilter): Selection {
  const { tenantId } = owner
  const service = owner.service ?? filter.service ?? null
  const { problem, delivery, possibleDuplicate, failedFrom, failedTo, submittedFrom, submittedTo } = filter
  const because = heldReason(problem)
  const status = filter.status ?? (because === null ? undefined : 'held')
  const isStatusCode = problem !== undefined && STATUS_CODE.test(problem)
  const needles = needlesOf(filter)
  /** SQL for whether a row `t` of message_texts matches. Needles are ASCII letters and digits. */
  const matches = needles.map((needle) => `t.searched LIKE '%${needle}%'`).join(' AND ')
  const byIndex = indexedNeedlesOf(filter)
  /** The same, where an index may find it. What is no column by itself is compared without it. */
  const indexed = [
    ...byIndex.map((needle) => `t.searched LIKE '%${needle}%'`),
    ...needles.filter((needle) => !byIndex.includes(needle)).map((needle) => `t.searched || '' LIKE '%${needle}%'`),
  ].join(' AND ')
  const ofTime = [
    ...(submittedFrom === undefined ? [] : [`r.created_at >= ${time(submittedFrom)}`]),
    ...(submittedTo === undefined ? [] : [`r.created_at < ${time(submittedTo)}`]),
  ]
  const ofSubmission = [...(service === null ? [] : ['r.service = :service']), ...ofTime]
  /** Conditions on the texts in their case, which `searched` does not tell. */
  const cased = (row: string) => [
    ...(filter.subject === undefined ? [] : [`${row}.subject = :subject`]),
    ...(filter.reference === undefined ? [] : [`${row}.reference = :reference`]),
  ]
  const states: readonly (readonly [Asked, string])[] = [
    ...(status === undefined ? [] : [['status', `m.status = '${status}'`] as const]),
    ...(problem === undefined
      ? []
      : [[isStatusCode ? 'status-code' : 'problem', hasProblem(filter, problem)] as const]),
    ...(delivery === undefined ? [] : [['delivery', hasDelivery('m', delivery)] as const]),
    ...(possibleDuplicate === undefined ? [] : [['duplicate', `m.possible_duplicate = ${possibleDuplicate}`] as const]),
    ...(failedFrom === undefined
      ? []
      : [['failed', `m.status = 'failed' AND m.ended_at >= ${time(failedFrom)}`] as const]),
    ...(failedTo === undefined ? [] : [['failed', `m.status = 'failed' AND m.ended_at < ${time(failedTo)}`] as const]),
  ]
  const asksMore = service !== null || states.length > 0

  function ofNeedles(): Texts {
    const each =
      asksMore || cased('m').length > 0
        ? 'CROSS JOIN LATERAL (SELECT * FROM messages WHERE id = t.message_id OFFSET 0) AS m'
        : ''
    return {
      all: withTexts('all', each, indexed),
      missing: withTexts('some-missing', each, indexed),
      alone: withTexts('all', '', matches),
      expected: withTexts('all', asksMore ? 'JOIN messages m ON m.id = t.message_id' : '', matches),
    }
  }

  /** Rows of message_texts that match, with the columns of messages that conditions are about. @param joined how */
  function withTexts(texts: 'all' | 'some-missing', joined: string, isMatch: string): Source {
    const [columns, ofMessages] = joined === '' ? ['', []] : [', m.service, m.outcome', cased('m')]
    const [missing, condition] =
      texts === 'all' ? ['', isMatch] : [', t.searched IS NULL AS is_missing', `(t.searched IS NULL OR ${isMatch})`]
    const conditions = ['t.tenant_id = $1', condition, ...ofMessages]
    return {
      sql: `(SELECT t.message_id AS id, t.created_at${columns}${missing} FROM message_texts t ${joined} WHERE ${conditions.join(' AND ')})`,
      ordered: true,
      texts,
      readsMessages: joined !== '',
      tells: ENDED.has(status) ? ['status'] : [],
    }
  }

  function ofTexts({ texts, isOfMessages = false }: Source): string[] {
    if (needles.length === 0 || texts) return []
    const isMatch = `EXISTS (SELECT FROM message_texts t WHERE t.message_id = r.id AND ${matches} OFFSET 0)`
    if (isOfMessages) return [isMatch, ...cased('r')]
    if (cased('c').length === 0) return [isMatch]
    return [isMatch, `EXISTS (SELECT FROM messages c WHERE c.id = r.id AND ${cased('c').join(' AND ')} OFFSET 0)`]
  }

  function ofRow(source: Source): string[] {
    const { isOfMessages = false, isOfService = false, texts } = source
    return [
      ...(isOfService ? ofTime : ofSubmission),
      ...ofTexts(source),
      ...(status !== undefined && (isOfMessages || texts)
        ? [`r.outcome ${ENDED.has(status) ? `= '${status}'` : 'IS NULL'}`]
        : []),
      ...(isOfMessages && delivery !== undefined ? [hasDelivery('r', delivery)] : []),
      ...(isOfMessages && isStatusCode ? [hasCode('r', ':problem')] : []),
      ...(isOfMessages && possibleDuplicate !== undefined ? [isPossibleDuplicate(possibleDuplicate)] : []),
    ]
  }

  const source = sourceOf(filter, service)
  return {
    tenantId,
    service,
    filter,
    source: source?.isOfMessages && ENDED.has(status) ? { ...source, tells: [...source.tells, 'status'] } : source,
    texts: needles.length === 0 ? null : ofNeedles(),
    status,
    ofTime,
    ofSubmission,
    ofRow,
    ofState: (told) => states.filter(([asked]) => !told.includes(asked)).map(([, condition]) => condition),
  }
}

/** SQL for whether a row `m` of message_states has a problem. */
function hasProblem({ isHeldFor }: StoredFilter, problem: string): string {
  if (STATUS_CODE.test(problem)) return hasCode('m', ':problem')
  if (heldReason(problem) !== null) return 'm.held_because = :problem'
  const hasFailed = ":problem IN (m.problem ->> 'code', m.problem ->> 'microsoftCode')"
  return isHeldFor ? `(m.held_because = 'mailbox-refused' OR ${hasFailed})` : hasFailed
}

/** SQL for when a row `r` was submitted, in milliseconds since 1970: a number is read faster than a date. */
export const MILLIS = `round(date_part('epoch', r.created_at) * 1000) AS millis`

/** SQL for rows `r` that meet the conditions, each with its row `m` of message_states where a condition is about that. */
export function rowsOf({ sql }: Pick<Source, 'sql'>, conditions: readonly string[], states: readonly string[]): string {
  const joined =
    states.length === 0 ? '' : `CROSS JOIN LATERAL (SELECT * FROM message_states WHERE id = r.id OFFSET 0) AS m`
  return `FROM ${sql} AS r ${joined} WHERE ${[...conditions, ...states, 'true'].join(' AND ')}`
}

/** SQL for whether a row `r` of messages may be a duplicate or not, as message_states tells. */
function isPossibleDuplicate(value: boolean): string {
  const waiting = `coalesce((SELECT q.possible_duplicate FROM message_queue q WHERE q.message_id = r.id), r.possible_duplicate)`
  return `CASE WHEN r.outcome IS NULL THEN ${waiting} ELSE r.possible_duplicate END = ${value}`
}

import { HeldBecause, MessageProblemCode, type Delivery, type MessageStatus } from '@inforiver-mail/contract/message'
import type { Owner } from '../actor.ts'
import { causeOf } from '../../database/failed-alert.sql.ts'
import { markedRows } from '../columns.ts'
import { hasCode, hasDelivery, SENT_LATELY } from '../reports/delivery-reports.ts'
import { queuedOf } from '../lanes.ts'
import type pg from 'pg'
import { FOR_VALUES, IN_ORDER, readPlanned } from './read-planned.ts'
import { needlesOf, type TextFilter } from './search-text.ts'
import { countersOf } from '../counters.ts'

// What a filter selects, as SQL: the rows of messages to begin with, and the conditions that they have to meet.

/** Selects messages that have all of it. */
export interface StoredFilter extends TextFilter {
  readonly status?: MessageStatus
  readonly service?: string
  /** Inclusive. */
  readonly submittedFrom?: Date
  /** Exclusive. */
  readonly submittedTo?: Date
  /** The code of the problem, or Microsoft's, or one that was reported of a recipient; or why it is held. */
  readonly problem?: string
  /** The mailbox refuses its mail with this code of Microsoft: what it holds has the problem too. */
  readonly isHeldFor?: boolean
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

/** A pool, or what bounds its use. */
export type Statements = Pick<pg.Pool, 'query'>
/** Can also lend a connection for several statements. */
export type Connections = Statements & Pick<pg.Pool, 'connect'>

const QUEUE_STATES = ['queued', 'scheduled', 'held'] as const
const ENDED: ReadonlySet<MessageStatus | undefined> = new Set(['sent', 'failed', 'cancelled'])

/** What a filter may ask for besides texts, service and time of submission. */
type Asked = 'status' | 'problem' | 'status-code' | 'delivery' | 'duplicate' | 'failed'

/** Rows of messages that a filter is limited to, with `id`, `service` and `created_at`. $1 tenant */
export interface Source {
  readonly sql: string
  /** Whether they are read by an index that has them in the order of submission. */
  readonly ordered: boolean
  /** What its rows meet of what is asked for. */
  readonly tells: readonly Asked[]
  /** Rows of messages, with their columns, in any state. */
  readonly isOfMessages?: boolean
  /** Its rows are of the service that is asked for, which leads their order. */
  readonly isOfService?: boolean
  /** Rows of message_texts. Their texts are compared already, but for those of rows with `is_missing`, whose texts are not written yet. */
  readonly texts?: 'all' | 'some-missing'
  /** It may have very many rows, which are better walked than sorted. */
  readonly mayBeLong?: true
}

export const ALL: Source = {
  sql: `(SELECT * FROM messages WHERE tenant_id = $1)`,
  ordered: true,
  isOfMessages: true,
  tells: ['delivery', 'duplicate', 'status-code'],
}

/** Messages of which something may not be known. Only their index fits the condition on the tenant. */
const UNREPORTED: Source = { ...ALL, sql: `(SELECT * FROM messages WHERE tenant_id || '' = $1 AND NOT reported)` }
/** Without those that were not sent, of which nothing is ever known: their index tells which. */
const UNREPORTED_SENT: Source = {
  ...ALL,
  sql: `(SELECT * FROM messages WHERE tenant_id || '' = $1 AND NOT reported AND failed_at IS NULL AND cancelled_at IS NULL)`,
}

/** Messages of a service. Of a range, it is part of the order, which only the index by service has. */
export const OF_SERVICE: Source = {
  ...ALL,
  sql: `(SELECT * FROM messages WHERE tenant_id = $1 AND service >= :service AND service <= :service)`,
  isOfService: true,
}

/** Reads rows of a source by the index that it is for: texts that are not read in order are looked up by their own. */
export function readSource<Row extends pg.QueryResultRow>(
  database: Connections,
  { ordered, texts }: Source,
  selection: Pick<Selection, 'service' | 'filter' | 'tenantId'>,
  sql: string,
): Promise<pg.QueryResult<Row>> {
  const statement = withNamed(selection, sql, selection.tenantId)
  if (!ordered && !texts) return database.query<Row>(...statement)
  return readPlanned<Row>(database, ordered ? IN_ORDER : FOR_VALUES, ...statement)
}

/** SQL for the order of a source. @param direction of the time of submission */
export function orderOf({ isOfService = false }: Source, direction: 'ASC' | 'DESC'): string {
  return `ORDER BY ${isOfService ? `r.service ${direction}, ` : ''}r.created_at ${direction}`
}

/**
 * Numbers what a statement names, as `:subject`, after its other parameters. What people wrote is never part of a statement,
 * since PostgreSQL logs those that fail or take long.
 */
export function withNamed(
  { service, filter }: Pick<Selection, 'service' | 'filter'>,
  sql: string,
  ...others: readonly unknown[]
): [text: string, values: unknown[]] {
  const named = { ...filter, service }
  const values = [...others]
  const text = sql.replaceAll(
    /(?<!:):(service|subject|reference|problem)\b/g,
    (_, name: 'service' | 'subject' | 'reference' | 'problem') => `$${values.push(named[name])}`,
  )
  return [text, values]
}

export const time = (value: Date) => `to_timestamp(${value.getTime() / 1000})`

/** Messages that were not sent. Only the index of those that ended so fits the condition on the tenant. */
function unsent(endedAt: 'failed_at' | 'cancelled_at', conditions: readonly string[], tells: readonly Asked[]): Source {
  const rows = [`tenant_id || '' = $1`, `${endedAt} IS NOT NULL`, ...conditions]
  return { sql: `(SELECT id, service, created_at FROM messages WHERE ${rows.join(' AND ')})`, ordered: true, tells }
}

/** Messages that failed. Their index has all that is asked for, in the order of submission. */
function failedMessages({ problem, failedFrom, failedTo }: StoredFilter): Source {
  const conditions = [
    ...(failedFrom === undefined ? [] : [`failed_at >= ${time(failedFrom)}`]),
    ...(failedTo === undefined ? [] : [`failed_at < ${time(failedTo)}`]),
    ...(isCause(problem) ? [`${causeOf('problem')} = left(:problem, 100)`] : []),
    ...(isOwnCode(problem) ? [`left(problem ->> 'code', 100) = :problem`] : []),
  ]
  const isTold = isCause(problem) || isOwnCode(problem)
  return unsent('failed_at', conditions, isTold ? ['status', 'failed', 'problem'] : ['status', 'failed'])
}

/** @param rows SQL for rows of `message_id` */
function messagesOf(rows: string): string {
  return `(SELECT m.id, m.service, m.created_at FROM (${rows}) AS q
    CROSS JOIN LATERAL (SELECT * FROM messages WHERE id = q.message_id OFFSET 0) AS m)`
}

const MARKED = markedRows(countersOf('$1', 'tenant_id, sending'))

/**
 * @param service the only one whose messages are asked for; null for all
 * @param because the only reason of what is held; null for any
 */
function inQueue(
  state: (typeof QUEUE_STATES)[number] | 'sending',
  service: string | null,
  because: HeldBecause | null = null,
): Source {
  const tells = ['status', 'problem'] as const
  if (state === 'sending')
    return { sql: messagesOf(`SELECT message_id FROM (${MARKED}) AS marked`), ordered: false, tells }
  const name = service === null ? null : ':service'
  // What version 1.1.0 queued names no service. Its messages do.
  const isOfService = name === null ? 'true' : `(q.service = ${name} OR q.service IS NULL)`
  const isAsked = because === null ? isOfService : `${isOfService} AND q.held_because = '${because}'`
  const isInState = state === 'scheduled' ? `lower(q.state) = 'scheduled'` : `q.state = '${state}'` // which has an index of its own
  const rows =
    name !== null && state === 'queued'
      ? queuedOf('$1', name)
      : `SELECT q.message_id, q.mark_id FROM message_queue q WHERE q.tenant_id = $1 AND ${isInState} AND ${isAsked}`
  const queued = `SELECT q.message_id FROM (${rows}) AS q WHERE q.mark_id IS NULL`
  return { sql: messagesOf(queued), ordered: false, mayBeLong: true, tells }
}

/** What failed with a code of Microsoft, and what is held because the mailbox refuses its mail with it. */
function failedOrHeld(problem: string, service: string | null): Source {
  const [failed, held] = [failedMessages({ problem }), inQueue('held', service, 'mailbox-refused')]
  return {
    sql: `(SELECT * FROM ${failed.sql} AS failed UNION ALL SELECT * FROM ${held.sql} AS held)`,
    ordered: false,
    tells: ['problem'],
  }
}

/** While a message is in the queue, its row there tells. There are few of them. */
const POSSIBLE_DUPLICATES: Source = {
  sql: `(SELECT id, service, created_at FROM messages WHERE tenant_id = $1 AND possible_duplicate AND outcome IS NOT NULL
    UNION ALL SELECT * FROM ${messagesOf('SELECT message_id FROM message_queue WHERE tenant_id = $1 AND possible_duplicate')} AS waiting)`,
  ordered: false,
  tells: ['duplicate'],
}

/**
 * Messages with a recipient that has this reported value. Each is listed once, at its first such recipient: DISTINCT would
 * read them all. No other index has the order.
 */
function reported(column: 'delivery' | 'code', value: string): Source {
  const first = `SELECT min(p.address) FROM recipient_outcomes p WHERE p.message_id = o.message_id AND coalesce(p.${column}, '') = '${value}'`
  return {
    sql: messagesOf(`
    SELECT o.message_id FROM (
      SELECT o.message_id, o.address FROM recipient_outcomes o
       WHERE o.tenant_id = $1 AND o.${column} >= '${value}' AND o.${column} <= '${value}' ORDER BY o.${column} OFFSET 0) AS o
     WHERE o.address = (${first})`),
    ordered: false,
    mayBeLong: true,
    tells: column === 'code' ? ['status-code'] : ['delivery'],
  }
}

/** What is reported of few messages: an index has these in the order of submission. */
const REPORTED_OF_FEW: ReadonlySet<Delivery> = new Set(['expanded', 'failed', 'quarantined', 'spam'])

/** The same as `reported`, in the order of submission. @param service the only one whose messages are asked for; null for all */
function reportedInOrder(delivery: Delivery, service: string | null): Source {
  const first = `SELECT min(p.address) FROM recipient_outcomes p WHERE p.message_id = o.message_id AND coalesce(p.delivery, '') = '${delivery}'`
  const [column, joined] =
    service === null
      ? ['', '']
      : [', m.service', 'CROSS JOIN LATERAL (SELECT service FROM messages WHERE id = o.message_id OFFSET 0) AS m']
  return {
    sql: `(SELECT o.message_id AS id, o.submitted_at AS created_at${column} FROM recipient_outcomes o ${joined}
            WHERE o.tenant_id = $1 AND o.delivery = '${delivery}' AND o.address = (${first}))`,
    ordered: true,
    tells: ['delivery'],
  }
}

/** The code of a delivery status, such as 5.1.10 (RFC 3463): a report tells it of a recipient. */
const STATUS_CODE = /^[245]\.\d{1,3}\.\d{1,3}$/

/** Null when no message can meet the filter. @param service the only one whose messages are asked for; null for all */
function sourceOf(filter: StoredFilter, service: string | null): Source | null {
  const { status, problem, isHeldFor, failedFrom, failedTo, possibleDuplicate, delivery } = filter
  const mustHaveFailed = failedFrom !== undefined || failedTo !== undefined || status === 'failed'
  // A message may count as failed here and have been reported of: nobody knew whether Microsoft had it.
  if (problem !== undefined && STATUS_CODE.test(problem) && !mustHaveFailed) return reported('code', problem)
  const because = heldReason(problem)
  if (because !== null)
    return mustHaveFailed || (status !== undefined && status !== 'held') ? null : inQueue('held', service, because)
  if (problem !== undefined && isHeldFor && !mustHaveFailed && (status === undefined || status === 'held'))
    return status === 'held' ? inQueue('held', service, 'mailbox-refused') : failedOrHeld(problem, service)
  if (mustHaveFailed || problem !== undefined)
    return status !== undefined && status !== 'failed' ? null : failedMessages(filter)
  if (possibleDuplicate === true) return POSSIBLE_DUPLICATES
  if (delivery !== undefined && delivery !== 'unknown' && (status === undefined || status === 'sent')) {
    if (delivery === 'pending') return { sql: messagesOf(SENT_LATELY), ordered: false, tells: [] }
    return REPORTED_OF_FEW.has(delivery) ? reportedInOrder(delivery, service) : reported('delivery', delivery)
  }
  switch (status) {
    case 'cancelled':
      return unsent('cancelled_at', [], ['status'])
    case 'queued':
    case 'scheduled':
    case 'held':
    case 'sending':
      return inQueue(status, service)
    default:
      if (delivery !== 'unknown') return ALL
      return status === 'sent' ? UNREPORTED_SENT : UNREPORTED
  }
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
  /** As the planner can tell best how many there are. */
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
  const needsMessages = service !== null || states.length > 0 || cased('m').length > 0

  function ofNeedles(): Texts {
    const [each, plain] = needsMessages
      ? [
          'CROSS JOIN LATERAL (SELECT * FROM messages WHERE id = t.message_id OFFSET 0) AS m',
          'JOIN messages m ON m.id = t.message_id',
        ]
      : ['', '']
    return {
      all: withTexts('all', each),
      missing: withTexts('some-missing', each),
      alone: withTexts('all', ''),
      expected: withTexts('all', plain),
    }
  }

  /** Rows of message_texts that match, with the columns of messages that conditions are about. @param joined how */
  function withTexts(texts: 'all' | 'some-missing', joined: string): Source {
    const columns = joined === '' ? '' : ', m.service, m.outcome, m.subject, m.reference'
    const [missing, condition] =
      texts === 'all' ? ['', matches] : [', t.searched IS NULL AS is_missing', `(t.searched IS NULL OR ${matches})`]
    return {
      sql: `(SELECT t.message_id AS id, t.created_at${columns}${missing} FROM message_texts t ${joined} WHERE t.tenant_id = $1 AND ${condition})`,
      ordered: true,
      texts,
      tells: ENDED.has(status) ? ['status'] : [],
    }
  }

  function ofTexts({ texts, isOfMessages = false }: Source): string[] {
    if (needles.length === 0) return []
    if (texts) return cased('r')
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

/** The reason of held messages that a problem is; null for any other problem. */
function heldReason(problem: string | undefined): HeldBecause | null {
  return HeldBecause.options.find((reason) => reason === problem) ?? null
}

/** Whether a problem is told by the cause of a failed message: whatever is neither reported of a recipient nor ours. */
function isCause(problem: string | undefined): boolean {
  return problem !== undefined && !isOwnCode(problem) && !STATUS_CODE.test(problem) && heldReason(problem) === null
}

/** Whether a problem is one of ours, and not a code of Microsoft. */
function isOwnCode(code: string | undefined): code is MessageProblemCode {
  return MessageProblemCode.options.some((known) => known === code)
}

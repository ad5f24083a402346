import { HeldBecause, MessageProblemCode, type Delivery, type MessageStatus } from '@inforiver-mail/contract/message'
import type { Owner } from '../actor.ts'
import { markedRows } from '../columns.ts'
import { hasCode, hasDelivery, SENT_LATELY } from '../reports/delivery-reports.ts'
import { queuedOf } from '../lanes.ts'
import pg from 'pg'
import { FOR_VALUES, IN_ORDER } from './read-planned.ts'
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

/** Times from `from` on and before `to`; null for any. */
export interface Range {
  readonly from: Date | null
  readonly to: Date | null
}

/** A pool, or what bounds its use. */
export type Statements = Pick<pg.Pool, 'query'>
/** Can also lend a connection for several statements. */
export type Connections = Statements & Pick<pg.Pool, 'connect'>

/** Makes a value a parameter of a statement. */
export type Bind = (value: unknown) => string

const QUEUE_STATES = ['queued', 'scheduled', 'held'] as const
/** Rows of messages that a filter is limited to, with `id`, `service` and `created_at`. $1 tenant */
export interface Source {
  readonly sql: string
  /** Whether an index has the rows in the order of submission. */
  readonly ordered: boolean
  /** Rows of messages, with their columns, in any state. */
  readonly isOfMessages?: boolean
  /** Rows of message_texts. Their texts are compared already, but for those of rows with `is_missing`, whose texts are not written yet. */
  readonly texts?: 'all' | 'some-missing'
  /** In place of reading them in the order of submission. */
  readonly plan?: typeof FOR_VALUES
  /** Whether a row is of the status that the filter asks for. */
  readonly hasStatus: boolean
  /** Whether a row names why it failed, as `cause`. */
  readonly hasCause?: true
  /** SQL for the recipients, with `message_id`, who have the reported value that the filter asks for. They may be very many. */
  readonly reported?: string
  /** The rows of the queue, with `message_id`, whose messages it has. */
  readonly queued?: string
  /** The same rows by the time they failed, in no order of submission. */
  readonly byEnd?: Source
}

export const ALL: Source = {
  sql: `(SELECT * FROM messages WHERE tenant_id = $1)`,
  ordered: true,
  isOfMessages: true,
  hasStatus: false,
}

/** Messages of which something may not be known. Only their index fits the condition on the tenant. */
const UNREPORTED: Source = { ...ALL, sql: `(SELECT * FROM messages WHERE tenant_id || '' = $1 AND NOT reported)` }

/** The setting under which the rows of a source are read; null for none. */
export function planOf({ plan, ordered }: Source): typeof FOR_VALUES | typeof IN_ORDER | null {
  return plan ?? (ordered ? IN_ORDER : null)
}

/** @param rows SQL for a condition on rows of unsent_messages @param cause SQL for their cause */
function unsent(rows: string, cause = 'cause'): Source {
  return {
    sql: `(SELECT message_id AS id, service, created_at, ended_at, ${cause} AS cause, code FROM unsent_messages WHERE tenant_id = $1 AND ${rows})`,
    ordered: true,
    hasStatus: true,
    hasCause: true,
  }
}

const CANCELLED = unsent(`outcome = 'cancelled'`)
const FAILED = unsent(`outcome = 'failed'`)
/** Where a cause is asked for as well, the index of causes alone has the rows in their order. */
const FAILED_BY_CAUSE = unsent('cause IS NOT NULL')
/** Where a time is asked for as well, the index of what failed alone has the rows. */
const FAILED_BY_END: Source = { ...unsent('cause IS NOT NULL', `cause || ''`), ordered: false }

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
  if (state === 'sending')
    return { sql: messagesOf(`SELECT message_id FROM (${MARKED}) AS marked`), ordered: false, hasStatus: true }
  const name = service === null ? null : pg.escapeLiteral(service)
  // What version 1.1.0 queued names no service. Its messages do.
  const isOfService = name === null ? 'true' : `(q.service = ${name} OR q.service IS NULL)`
  const isAsked = because === null ? isOfService : `${isOfService} AND q.held_because = '${because}'`
  const isInState = state === 'scheduled' ? `lower(q.state) = 'scheduled'` : `q.state = '${state}'` // which has an index of its own
  const rows =
    name !== null && state === 'queued'
      ? queuedOf('$1', name)
      : `SELECT q.message_id, q.mark_id FROM message_queue q WHERE q.tenant_id = $1 AND ${isInState} AND ${isAsked}`
  const queued = `SELECT q.message_id FROM (${rows}) AS q WHERE q.mark_id IS NULL`
  return { sql: messagesOf(queued), ordered: false, hasStatus: true, queued }
}

/** What failed with a code of Microsoft, and what is held because the mailbox refuses its mail with it. */
function failedOrHeld(code: string, service: string | null): Source {
  const held = inQueue('held', service, 'mailbox-refused')
  return {
    sql: `(SELECT * FROM ${FAILED_BY_CAUSE.sql} AS failed
            UNION ALL SELECT h.id, h.service, h.created_at, NULL, left(${pg.escapeLiteral(code)}, 100), NULL FROM ${held.sql} AS h)`,
    ordered: false,
    hasStatus: true,
    hasCause: true,
  }
}

/** While a message is in the queue, its row there tells. */
export const POSSIBLE_DUPLICATES: Source = {
  sql: `(SELECT id, service, created_at FROM messages WHERE tenant_id = $1 AND possible_duplicate AND outcome IS NOT NULL
    UNION ALL SELECT * FROM ${messagesOf('SELECT message_id FROM message_queue WHERE tenant_id = $1 AND possible_duplicate')} AS waiting)`,
  ordered: false,
  hasStatus: false,
}

/**
 * Messages with a recipient that has this reported value. Each is listed once, at its first such recipient: DISTINCT would
 * read them all. No other index has the order.
 */
function reported(column: 'delivery' | 'code', value: string): Source {
  const said = `
    SELECT o.message_id, o.address FROM recipient_outcomes o
     WHERE o.tenant_id = $1 AND o.${column} >= '${value}' AND o.${column} <= '${value}' ORDER BY o.${column} OFFSET 0`
  const first = `SELECT min(p.address) FROM recipient_outcomes p WHERE p.message_id = o.message_id AND coalesce(p.${column}, '') = '${value}'`
  return {
    sql: messagesOf(`SELECT o.message_id FROM (${said}) AS o WHERE o.address = (${first})`),
    ordered: false,
    hasStatus: false,
    reported: said,
  }
}

/** What is reported of few messages: an index has these in the order of submission. */
const REPORTED_OF_FEW: ReadonlySet<Delivery> = new Set(['expanded', 'failed', 'quarantined', 'spam'])

/** The same as `reported`, in the order of submission. @param service the only one whose messages are asked for; null for all */
function reportedInOrder(delivery: Delivery, service: string | null): Source {
  const said = `
    SELECT o.message_id, o.address, o.submitted_at FROM recipient_outcomes o WHERE o.tenant_id = $1 AND o.delivery = '${delivery}'`
  const first = `SELECT min(p.address) FROM recipient_outcomes p WHERE p.message_id = o.message_id AND coalesce(p.delivery, '') = '${delivery}'`
  const [column, joined] =
    service === null
      ? ['', '']
      : [', m.service', 'CROSS JOIN LATERAL (SELECT service FROM messages WHERE id = o.message_id OFFSET 0) AS m']
  return {
    sql: `(SELECT o.message_id AS id, o.submitted_at AS created_at${column} FROM (${said}) AS o ${joined} WHERE o.address = (${first}))`,
    ordered: true,
    hasStatus: false,
    reported: said,
  }
}

/** The code of a delivery status, such as 5.1.10 (RFC 3463): a report tells it of a recipient. */
const STATUS_CODE = /^[245]\.\d{1,3}\.\d{1,3}$/

/** Null when no message can meet the filter. @param service the only one whose messages are asked for; null for all */
function sourceOf(
  { status, problem, isHeldFor, failedFrom, failedTo, possibleDuplicate, delivery }: StoredFilter,
  service: string | null,
): Source | null {
  const mustHaveFailed = failedFrom !== undefined || failedTo !== undefined || status === 'failed'
  // A message may count as failed here and have been reported of: nobody knew whether Microsoft had it.
  if (problem !== undefined && STATUS_CODE.test(problem) && !mustHaveFailed) return reported('code', problem)
  const because = heldReason(problem)
  if (because !== null)
    return mustHaveFailed || (status !== undefined && status !== 'held') ? null : inQueue('held', service, because)
  if (problem !== undefined && isHeldFor && !mustHaveFailed && (status === undefined || status === 'held'))
    return status === 'held' ? inQueue('held', service, 'mailbox-refused') : failedOrHeld(problem, service)
  if (mustHaveFailed || problem !== undefined) {
    if (status !== undefined && status !== 'failed') return null
    const failed = isCause(problem) ? FAILED_BY_CAUSE : FAILED
    return failedFrom === undefined && failedTo === undefined ? failed : { ...failed, byEnd: FAILED_BY_END }
  }
  if (possibleDuplicate === true) return POSSIBLE_DUPLICATES // there are few of them in any status
  if (delivery !== undefined && delivery !== 'unknown' && (status === undefined || status === 'sent'))
    return delivery === 'pending'
      ? { sql: messagesOf(SENT_LATELY), ordered: false, hasStatus: false }
      : REPORTED_OF_FEW.has(delivery)
        ? reportedInOrder(delivery, service)
        : reported('delivery', delivery)
  switch (status) {
    case 'cancelled':
      return CANCELLED
    case 'queued':
    case 'scheduled':
    case 'held':
    case 'sending':
      return inQueue(status, service)
    default:
      return delivery === 'unknown' ? UNREPORTED : ALL
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

/** The rows of message_texts that match, in the ways in which they are read. */
interface Texts {
  /** Found by the index of texts. */
  readonly few: Source
  /** Found by walking in the order of submission. */
  readonly many: Source
  /** The same while some texts are not written. */
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
  readonly submitted: Range
  /** Conditions on a row `r` about the service and the time of submission. */
  ofSubmission(this: void, bind: Bind): string[]
  /** Conditions on a row `r` about the time of submission. */
  ofTime(this: void, bind: Bind): string[]
  /** Conditions on a row `r` with the columns of a source. */
  ofRow(this: void, source: Source, bind: Bind): string[]
  /** Conditions on a row `m` of message_states that no column of the source tells. */
  ofState(this: void, source: Source, bind: Bind): string[]
  /** Conditions on a row `m` of message_states. */
  ofStatus(this: void, bind: Bind): string[]
  /** The same, apart from the status. */
  besidesStatus(this: void, bind: Bind): string[]
}

export function createSelection(owner: Owner, filter: StoredFilter): Selection {
  const { tenantId } = owner
  const service = owner.service ?? filter.service ?? null
  const { problem, isHeldFor, delivery, possibleDuplicate, failedFrom, failedTo, submittedFrom, submittedTo } = filter
  const because = heldReason(problem)
  const status = filter.status ?? (because === null ? undefined : 'held')
  const isStatusCode = problem !== undefined && STATUS_CODE.test(problem)
  const asksForState = [status, delivery, possibleDuplicate, problem, failedFrom, failedTo].some(
    (asked) => asked !== undefined,
  )
  const needles = needlesOf(filter)
  /** SQL for whether a row `t` of message_texts matches. Needles are ASCII letters and digits. */
  const matches = needles.map((needle) => `t.searched LIKE '%${needle}%'`).join(' AND ')
  const asksForCase = filter.subject !== undefined || filter.reference !== undefined
  const needsMessages = service !== null || asksForState || asksForCase

  function ofNeedles(): Texts {
    const [each, plain] = needsMessages
      ? [
          'CROSS JOIN LATERAL (SELECT * FROM messages WHERE id = t.message_id OFFSET 0) AS m',
          'JOIN messages m ON m.id = t.message_id',
        ]
      : ['', '']
    return {
      few: { ...withTexts('all', each), plan: FOR_VALUES },
      many: withTexts('all', each),
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
      hasStatus: false,
    }
  }

  /** Conditions on the texts of a row `r`, which no source tells of subject and reference in their case. */
  function ofTexts({ texts, isOfMessages }: Source, bind: Bind): string[] {
    const cased = (row: string) => [
      ...(filter.subject === undefined ? [] : [`${row}.subject = ${bind(filter.subject)}`]),
      ...(filter.reference === undefined ? [] : [`${row}.reference = ${bind(filter.reference)}`]),
    ]
    if (needles.length === 0) return []
    if (texts) return cased('r')
    const isMatch = `EXISTS (SELECT FROM message_texts t WHERE t.message_id = r.id AND ${matches} OFFSET 0)`
    if (isOfMessages) return [isMatch, ...cased('r')]
    if (!asksForCase) return [isMatch]
    return [isMatch, `EXISTS (SELECT FROM messages c WHERE c.id = r.id AND ${cased('c').join(' AND ')} OFFSET 0)`]
  }

  function ofSubmission(bind: Bind): string[] {
    return [...(service === null ? [] : [`r.service = ${bind(service)}`]), ...ofTime(bind)]
  }

  function ofTime(bind: Bind): string[] {
    return [
      ...(submittedFrom === undefined ? [] : [`r.created_at >= ${bind(submittedFrom)}::timestamptz`]),
      ...(submittedTo === undefined ? [] : [`r.created_at < ${bind(submittedTo)}::timestamptz`]),
    ]
  }

  function ofRow(source: Source, bind: Bind): string[] {
    const { isOfMessages = false, hasCause } = source
    if (source.texts) return [...ofSubmission(bind), ...ofTexts(source, bind), ...ofOutcome()]
    return [
      ...ofSubmission(bind),
      ...ofTexts(source, bind),
      ...(isOfMessages ? ofOutcome() : []),
      ...(hasCause && isCause(problem) ? [`r.cause = left(${bind(problem)}, 100)`] : []),
      ...(problem !== undefined && isOwnCode(problem) ? [hasOwnCode(bind(problem))] : []),
      ...(isOfMessages ? ofReports('r', bind) : []),
      ...(isOfMessages && possibleDuplicate !== undefined ? [isPossibleDuplicate(bind(possibleDuplicate))] : []),
      ...(failedFrom === undefined ? [] : [`r.ended_at >= ${bind(failedFrom)}::timestamptz`]),
      ...(failedTo === undefined ? [] : [`r.ended_at < ${bind(failedTo)}::timestamptz`]),
    ]
  }

  /** A condition on a row `r` of messages that its status follows from, or nearly so. */
  function ofOutcome(): string[] {
    if (status === undefined) return []
    return [`r.outcome ${['sent', 'failed', 'cancelled'].includes(status) ? `= '${status}'` : 'IS NULL'}`]
  }

  function ofState({ sql, texts, isOfMessages = false, hasStatus, reported }: Source, bind: Bind): string[] {
    if (texts) return [...(status === 'sent' ? [] : ofStatus(bind)), ...besidesStatus(bind)]
    const tells = hasStatus || status === undefined || (isOfMessages && status === 'sent')
    const tellsReports = isOfMessages || (reported !== undefined && !(isStatusCode && delivery !== undefined))
    return [
      ...(tells ? [] : [`m.status = ${bind(status)}`]),
      ...(isOfMessages && problem !== undefined && !isStatusCode ? [hasProblem(bind(problem))] : []),
      ...(tellsReports ? [] : ofReports('m', bind)),
      ...(possibleDuplicate === undefined || isOfMessages || sql === POSSIBLE_DUPLICATES.sql
        ? []
        : [`m.possible_duplicate = ${bind(possibleDuplicate)}`]),
    ]
  }

  /** Conditions on what is reported of a row of messages or message_states. */
  function ofReports(row: 'r' | 'm', bind: Bind): string[] {
    return [
      ...(delivery === undefined ? [] : [hasDelivery(row, delivery)]),
      ...(isStatusCode ? [hasCode(row, bind(problem))] : []),
    ]
  }

  function hasProblem(asked: string): string {
    const isHeld =
      because === null ? (isHeldFor ? `m.held_because = 'mailbox-refused'` : null) : `m.held_because = ${asked}`
    const hasFailed = because === null ? `${asked} IN (m.problem ->> 'code', m.problem ->> 'microsoftCode')` : null
    return `(${[isHeld, hasFailed].filter((condition) => condition !== null).join(' OR ')})`
  }

  function ofStatus(bind: Bind): string[] {
    return status === undefined ? [] : [`m.status = ${bind(status)}`]
  }

  function besidesStatus(bind: Bind): string[] {
    return [
      ...(possibleDuplicate === undefined ? [] : [`m.possible_duplicate = ${bind(possibleDuplicate)}`]),
      ...(problem === undefined || isStatusCode ? [] : [hasProblem(bind(problem))]),
      ...ofReports('m', bind),
      ...(failedFrom === undefined ? [] : [`m.status = 'failed' AND m.ended_at >= ${bind(failedFrom)}::timestamptz`]),
      ...(failedTo === undefined ? [] : [`m.status = 'failed' AND m.ended_at < ${bind(failedTo)}::timestamptz`]),
    ]
  }

  return {
    tenantId,
    service,
    filter,
    source: sourceOf(filter, service),
    texts: needles.length === 0 ? null : ofNeedles(),
    status,
    submitted: { from: submittedFrom ?? null, to: submittedTo ?? null },
    ofSubmission,
    ofTime,
    ofRow,
    ofState,
    ofStatus,
    besidesStatus,
  }
}

/** SQL for when a row `r` was submitted, in milliseconds since 1970: a number is read faster than a date. */
export const MILLIS = `round(date_part('epoch', r.created_at) * 1000) AS millis`

/** SQL for rows `r` that meet the conditions, each with its row `m` of message_states where a condition is about that. */
export function rowsOf(rows: Pick<Source, 'sql'>, conditions: readonly string[], states: readonly string[]): string {
  const joined =
    states.length === 0 ? '' : `CROSS JOIN LATERAL (SELECT * FROM message_states WHERE id = r.id OFFSET 0) AS m`
  return `FROM ${rows.sql} AS r ${joined} WHERE ${[...conditions, ...states, 'true'].join(' AND ')}`
}

/** SQL for whether a row `r` of messages may be a duplicate, as message_states tells. @param value SQL */
function isPossibleDuplicate(value: string): string {
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

/** SQL for whether a row `r` of failed messages has a code of ours. The row has none where the release before wrote it. */
function hasOwnCode(code: string): string {
  return `(r.code = ${code} OR r.code IS NULL AND EXISTS (SELECT FROM messages m WHERE m.id = r.id AND m.problem ->> 'code' = ${code} OFFSET 0))`
}

/** Whether a problem is one of ours, and not a code of Microsoft. */
function isOwnCode(code: string): boolean {
  return MessageProblemCode.options.some((known) => known === code)
}

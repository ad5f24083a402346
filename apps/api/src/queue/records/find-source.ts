import { HeldBecause, MessageProblemCode, type Delivery, type MessageStatus } from '@inforiver-mail/contract/message'
import { causeOf } from '../../database/failed-alert.sql.ts'
import { markedRows } from '../columns.ts'
import { countersOf } from '../counters.ts'
import { queuedOf } from '../lanes.ts'
import { SENT_LATELY } from '../reports/delivery-reports.ts'
import type { TextFilter } from './search-text.ts'

// The rows of messages that a filter begins with, as SQL: those of the index that finds the fewest for what is asked for.

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

const QUEUE_STATES = ['queued', 'scheduled', 'held'] as const

/** What a filter may ask for besides texts, service and time of submission. */
export type Asked = 'status' | 'problem' | 'status-code' | 'delivery' | 'duplicate' | 'failed'

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
  /** Each of its rows of message_texts is read with its message. */
  readonly readsMessages?: boolean
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
export const STATUS_CODE = /^[245]\.\d{1,3}\.\d{1,3}$/

/** Null when no message can meet the filter. @param service the only one whose messages are asked for; null for all */
export function sourceOf(filter: StoredFilter, service: string | null): Source | null {
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

/** The reason of held messages that a problem is; null for any other problem. */
export function heldReason(problem: string | undefined): HeldBecause | null {
  return HeldBecause.options.find((reason) => reason === problem) ?? null
}

/** Whether a problem is told by the cause of a failed message: whatever is neither reported of a recipient nor ours. */
export function isCause(problem: string | undefined): boolean {
  return problem !== undefined && !isOwnCode(problem) && !STATUS_CODE.test(problem) && heldReason(problem) === null
}

/** Whether a problem is one of ours, and not a code of Microsoft. */
function isOwnCode(code: string | undefined): code is MessageProblemCode {
  return MessageProblemCode.options.some((known) => known === code)
}

import { explainDelivery } from '@inforiver-mail/contract/delivery-text'
import type { Delivery, DeliveryReport, MessageSummary, Recipient } from '@inforiver-mail/contract/message'
import { NO_OUTCOME, type RecipientOutcome } from './merge-outcome.ts'
import { keyOf, recipientsOf, type KeptRecipients } from './recipient-outcomes.ts'

// What is shown of the delivery of messages. Only outcomes are stored: that one is awaited, or no longer, follows from
// the time and from the sources that are on, so that neither has to be written down.

/** A report that has not come by then is not awaited any more. */
const AWAITED_FOR = `interval '24 hours'`

/** SQL for whether a source of reports of a tenant is on. */
function hasSource(tenant: string): string {
  return `EXISTS (SELECT 1 FROM tenant_settings s WHERE s.tenant_id = ${tenant} AND s.status <> 'not-configured' AND (s.bounces_enabled OR s.trace_enabled))`
}

/**
 * SQL for whether reports about a message are awaited, as far as they have not come.
 *
 * @param row the alias of a row of messages or message_states
 */
export function awaitsReports(row: string): string {
  return `(coalesce(${row}.sent_at > mail_now() - ${AWAITED_FOR}, false) AND ${hasSource(`${row}.tenant_id`)})`
}

/**
 * SQL for whether a recipient of the message has this reported value. It uses the index by message and is never joined:
 * very many recipients share a value.
 *
 * @param row as for `awaitsReports`
 * @param value SQL
 */
function isReported(row: string, column: 'delivery' | 'code', value: string): string {
  return `EXISTS (SELECT 1 FROM recipient_outcomes o WHERE o.message_id = ${row}.id AND coalesce(o.${column}, '') = ${value} OFFSET 0)`
}

/** SQL for whether a message has a recipient in a state of delivery. @param row as for `awaitsReports` */
export function hasDelivery(row: string, delivery: Delivery): string {
  const known = `coalesce((SELECT sum(o.places) FROM recipient_outcomes o WHERE o.message_id = ${row}.id AND o.delivery IS NOT NULL), 0)`
  if (delivery === 'pending') return `${awaitsReports(row)} AND ${known} < ${row}.recipients`
  if (delivery === 'unknown') return `NOT ${awaitsReports(row)} AND ${known} < ${row}.recipients`
  return isReported(row, 'delivery', `'${delivery}'`)
}

/** SQL for whether a code was reported of a recipient of a message. @param row as for `awaitsReports` */
export function hasCode(row: string, code: string): string {
  return isReported(row, 'code', code)
}

/**
 * SQL for the messages of which reports can be awaited. An event is written when a message is sent, which is how they are
 * found without an index that every message would pay for. $1 tenant
 */
export const SENT_LATELY = `
SELECT DISTINCT e.message_id FROM message_events e
 WHERE e.tenant_id = $1 AND e.position > floor(extract(epoch FROM mail_now() - ${AWAITED_FOR}) * 1000000)::bigint AND e.type = 'message.sent'`

/** What is known of a message. */
interface Known {
  readonly id: string
  /** What is known of each recipient, by `keyOf`. */
  readonly outcomes: ReadonlyMap<string, RecipientOutcome>
  /** Whether reports about it are awaited. */
  readonly isAwaited: boolean
}

/** What is known of a message that has not been sent. */
export const NOTHING_KNOWN: Known = { id: '', outcomes: new Map(), isAwaited: false }

/** Lists the recipients of a message with what is known of their delivery. */
export function reportRecipients({ to, cc, bcc }: KeptRecipients, known: Known): DeliveryReport[] {
  const of = (kind: DeliveryReport['kind'], recipients: readonly Recipient[] | null) =>
    (recipients ?? []).map(({ address }) => toReport(address, kind, known))
  return [...of('to', to), ...of('cc', cc), ...of('bcc', bcc)]
}

/** Counts the recipients in each state of delivery; those that were not kept are in doubt, or unknown. */
export function countDeliveries(message: KeptRecipients, recipients: number, known: Known): MessageSummary['delivery'] {
  const kept = recipientsOf(message).map(({ address }) => deliveryOf(outcomeOf(address, known), known))
  const others = Array.from({ length: Math.max(0, recipients - kept.length) }, () => deliveryOf(NO_OUTCOME, known))
  const counts: Partial<Record<Delivery, number>> = {}
  for (const delivery of [...kept, ...others]) counts[delivery] = (counts[delivery] ?? 0) + 1
  return counts
}

function toReport(address: string, kind: DeliveryReport['kind'], known: Known): DeliveryReport {
  const outcome = outcomeOf(address, known)
  const { code, detail, at, source, certain, note } = outcome
  return {
    address,
    kind,
    delivery: deliveryOf(outcome, known),
    code,
    explanation: explainDelivery(deliveryOf(outcome, known), code),
    detail,
    at: at?.toISOString() ?? null,
    source: outcome.delivery === null ? null : source,
    certain,
    note,
  }
}

function outcomeOf(address: string, { id, outcomes }: Known): RecipientOutcome {
  return outcomes.get(keyOf(id, address.toLowerCase())) ?? NO_OUTCOME
}

function deliveryOf({ delivery }: RecipientOutcome, { isAwaited }: Known): Delivery {
  return delivery ?? (isAwaited ? 'pending' : 'unknown')
}

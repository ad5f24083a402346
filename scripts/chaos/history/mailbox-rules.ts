import { deliveriesOf, type Delivery, type History, type Line, type MailboxRequest, type Violation } from './history.ts'

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS

/** Verification messages of consents bypass the queue and are not counted. */
export function neverMoreAtOnce(history: History): Violation[] {
  const { concurrency } = history.run.limits
  const counted = history.requests.filter(({ accepted }) => accepted?.message !== null)
  return [...Map.groupBy(counted, ({ mailbox }) => mailbox)].flatMap(([mailbox, requests]) => {
    const worst = peakConcurrency(requests)
    const allowed = concurrency + (mayHaveVerification(mailbox, history) ? 1 : 0)
    if (concurrency === 0 || worst.length <= allowed) return []
    return {
      rule: `at most ${concurrency} requests at once to a mailbox`,
      text: `${mailbox} had ${worst.length}`,
      lines: worst.map(({ line }) => line),
    }
  })
}

/** The limits hold in every sliding minute and day. */
export function limitsHold(history: History): Violation[] {
  const { messagesPerMinute, recipientsPerDay } = history.run.limits
  const counted = deliveriesOf(history).filter(({ accepted }) => accepted.message !== null)
  return [...Map.groupBy(counted, ({ mailbox }) => mailbox)].flatMap(([mailbox, deliveries]) => {
    const violations: Violation[] = []
    const minute = fullestSpan(deliveries, MINUTE_MS, () => 1)
    if (messagesPerMinute > 0 && minute.amount > messagesPerMinute)
      violations.push({
        rule: `at most ${messagesPerMinute} messages a minute`,
        text: `${mailbox} sent ${minute.amount} within a minute`,
        lines: minute.lines,
      })
    const day = fullestSpan(deliveries, DAY_MS, ({ accepted }) => accepted.recipients)
    if (recipientsPerDay > 0 && day.amount > recipientsPerDay && day.lines.length > 1)
      violations.push({
        rule: `at most ${recipientsPerDay} recipients a day`,
        text: `${mailbox} sent to ${day.amount} within a day`,
        lines: day.lines,
      })
    return violations
  })
}

/** A refused verification message of a consent cannot be distinguished from another request to the mailbox. */
function mayHaveVerification(mailbox: string, { run, changes }: History): boolean {
  return run.tenants.some(
    ({ tenant, senders }) =>
      senders.some((sender) => sender.mailbox === mailbox) && changes.some((change) => change.tenant === tenant),
  )
}

/**
 * The largest set of requests that were under way together. Within one millisecond an end counts before a beginning.
 */
function peakConcurrency(requests: readonly Line<MailboxRequest>[]): readonly Line<MailboxRequest>[] {
  const edges = requests
    .flatMap((request) => [
      { at: request.begunAt, begins: true, request },
      { at: request.endedAt, begins: false, request },
    ])
    .sort((one, other) => one.at - other.at || Number(one.begins) - Number(other.begins))
  const open = new Set<Line<MailboxRequest>>()
  const over = new Set<Line<MailboxRequest>>()
  let worst: readonly Line<MailboxRequest>[] = []
  for (const { begins, request } of edges) {
    if (!begins) {
      // Begun and ended within one millisecond.
      if (!open.delete(request)) over.add(request)
      continue
    }
    if (over.has(request)) continue
    open.add(request)
    if (open.size > worst.length) worst = [...open]
  }
  return worst
}

function fullestSpan(
  deliveries: readonly Delivery[],
  spanMs: number,
  amountOf: (delivery: Delivery) => number,
): { readonly amount: number; readonly lines: readonly number[] } {
  const inOrder = deliveries.toSorted((one, other) => one.accepted.at - other.accepted.at)
  let first = 0
  let amount = 0
  let fullest = { amount: 0, first: 0, last: -1 }
  for (const [last, delivery] of inOrder.entries()) {
    amount += amountOf(delivery)
    for (
      let oldest = inOrder[first];
      oldest && oldest.accepted.at <= delivery.accepted.at - spanMs;
      oldest = inOrder[first]
    ) {
      amount -= amountOf(oldest)
      first += 1
    }
    if (amount > fullest.amount) fullest = { amount, first, last }
  }
  return {
    amount: fullest.amount,
    lines: inOrder.slice(fullest.first, fullest.last + 1).map(({ line }) => line),
  }
}

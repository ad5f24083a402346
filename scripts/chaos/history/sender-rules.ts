import type { History, Line, MailboxRequest, SenderChanged, TenantFacts, Violation } from './history.ts'

const SENDING = new Set(['sendMail', 'draft-send'])
const STOPS = new Set(['process stopped', 'database stalled'])

/**
 * No sending request begins after a reset was answered, and none from the old sender after the consent for the new
 * one completed. Reset and consent report how many requests were under way when they were requested. Each of these may
 * still begin late if its process, or the database's answer to it, was stalled meanwhile.
 */
export function sentFromTheConfiguredSender(history: History): Violation[] {
  return history.run.tenants.flatMap((tenant) => checkTenant(tenant, history))
}

interface Late {
  readonly request: Line<MailboxRequest>
  /** The change after which it began; null when its sender had never been configured. */
  readonly change: Line<SenderChanged> | null
}

function checkTenant(tenant: TenantFacts, history: History): Violation[] {
  const changes = history.changes.filter((change) => change.tenant === tenant.tenant && change.outcome !== 'failed')
  const mailboxes = new Set(tenant.senders.map(({ mailbox }) => mailbox))
  const late = history.requests
    .filter((request) => SENDING.has(request.endpoint) && mailboxes.has(request.mailbox))
    .filter((request) => !mayBeVerification(request, tenant, history.changes))
    .flatMap((request) => findLate(request, tenant, changes) ?? [])
  return [...Map.groupBy(late, ({ change }) => change)].flatMap(([change, after]) =>
    after
      .toSorted((one, other) => one.request.begunAt - other.request.begunAt)
      .filter(({ request }, index) => !change || !isExcused(index, change, request, history))
      .map(({ request }) => describe(change, request)),
  )
}

/** A consent's verification message is sent before the consent completes. A refused request has no known message. */
function mayBeVerification(
  { mailbox, begunAt, accepted }: MailboxRequest,
  { tenant, senders }: TenantFacts,
  changes: readonly SenderChanged[],
): boolean {
  if (accepted) return accepted.message === null
  return changes.some(
    (change) =>
      change.tenant === tenant &&
      change.askedAt <= begunAt &&
      begunAt <= change.answeredAt &&
      senders.some(({ address, mailbox: own }) => address === change.sender && own === mailbox),
  )
}

/** Null when a sender that the request may be from may have been configured when it began. */
function findLate(
  request: Line<MailboxRequest>,
  { sender, senders }: TenantFacts,
  changes: readonly Line<SenderChanged>[],
): Late | null {
  const { mailbox, begunAt, accepted } = request
  const candidates = accepted
    ? [accepted.from]
    : senders.filter((each) => each.mailbox === mailbox).map(({ address }) => address)
  const atFirst = { sender, askedAt: Number.NEGATIVE_INFINITY, answeredAt: Number.NEGATIVE_INFINITY, outcome: 'done' }
  const connections = [atFirst, ...changes].filter(
    (each) => each.sender !== null && candidates.includes(each.sender) && each.askedAt <= begunAt,
  )
  const known = changes.filter(({ outcome, answeredAt }) => outcome === 'done' && answeredAt < begunAt)
  let change: Line<SenderChanged> | null = null
  for (const connection of connections) {
    // A change whose answer was lost may have taken effect at any later time.
    const doneAt = connection.outcome === 'unknown' ? Number.POSITIVE_INFINITY : connection.answeredAt
    const end = known.find((other) => other.sender !== connection.sender && other.askedAt > doneAt)
    if (!end) return null
    change = end
  }
  return { request, change }
}

function isExcused(
  index: number,
  { askedAt, requestsOnTheWire }: SenderChanged,
  { begunAt }: MailboxRequest,
  { faults }: History,
): boolean {
  if (index >= (requestsOnTheWire ?? 0)) return false
  return faults.some(({ fault, at, endedAt }) => STOPS.has(fault) && at <= begunAt && endedAt >= askedAt)
}

function describe(change: Line<SenderChanged> | null, request: Line<MailboxRequest>): Violation {
  const what = `a request to ${request.mailbox}${request.accepted ? ` for ${request.accepted.message}` : ''}`
  if (change && change.sender === null)
    return {
      rule: 'nothing is sent after a reset',
      text: `${what} began ${request.begunAt - change.answeredAt} ms after the reset was answered`,
      lines: [change.line, request.line],
    }
  return {
    rule: 'every message is from the sender that is configured',
    text: change
      ? `${what} began ${request.begunAt - change.answeredAt} ms after ${change.sender} was connected`
      : `${what} began, and its sender had not been connected`,
    lines: [...(change ? [change.line] : []), request.line],
  }
}

import { QUOTA_CODES } from '@inforiver-mail/contract/delivery-cause'
import type { Failure } from '@inforiver-mail/m365/classify-failure'
import { readDeliveryReport, type DeliveryReport } from '@inforiver-mail/m365/delivery-report'
import type { CallOptions, GraphMailer } from '@inforiver-mail/m365/graph-mailer'
import type { ArrivedMail } from '@inforiver-mail/m365/inbox-calls'
import type { FastifyBaseLogger } from 'fastify'
import type { LRUCache } from 'lru-cache'
import type { Timers } from '../runtime/clock.ts'
import type { GrantedAccess, RequestAccess } from '../domain/mailbox-access.ts'
import type { DeliveryReports, Mailboxes, ReportInboxes } from '../queue/queue.ts'
import type { ClaimedInbox } from '../queue/reports/report-inboxes.ts'
import type { ReportableMessage } from '../queue/reports/sent-messages.ts'
import { bounceEffects, isNonDelivery, isOfExchange, mayBeReport } from './bounce-effects.ts'
import type { ReportMetrics } from './report-metrics.ts'

// Reads non-delivery reports in the inbox of the sender, and in that of the delegate, since Microsoft does not say which
// of them gets the report of a mail that was sent on behalf. Of other mail it sees id, sender, class and time.

const CALL_TIMEOUT_MS = 25_000
/** A page has a hundred mails; what is left is read in the next round. */
const PAGES_PER_ROUND = 20
/** A mail that Graph cannot return holds up those after it, so it is skipped after this many rounds. */
const ROUNDS_FOR_ONE = 10
/** A report names its original first; References may name a whole conversation. */
const COPIES_AT_ONCE = 3
/** How long an inbox that cannot be read is left alone. */
const UNREADABLE_FOR_MS = 10 * 60_000

/** Says whether the sender's inbox can be read: with null it can. */
export type ReportInboxHealth = (access: GrantedAccess, tenantId: string, failure: Failure | null) => Promise<void>

interface Deps {
  readonly inboxes: ReportInboxes
  readonly reports: DeliveryReports
  readonly mailboxes: Pick<Mailboxes, 'pauseForQuota'>
  readonly requestAccess: RequestAccess
  readonly reportHealth: ReportInboxHealth
  readonly mailer: GraphMailer
  /** The initial domain of the organisation; null: any. */
  readonly tenantDomain: string | null
  readonly pollEveryMs: number
  /** The number of rounds in which a mail could not be read, by its id. */
  readonly failedRounds: LRUCache<string, number>
  readonly metrics: ReportMetrics
  readonly clock: () => Date
  readonly timers: Pick<Timers, 'deadline'>
  readonly logger: FastifyBaseLogger
}

/**
 * How a round ended. `left` says nothing of the inbox: the process stops, the lease was lost, or somebody has switched
 * bounces off or changed the sender.
 */
type Round = 'read' | 'left' | Failure

/** Ends a round early. */
class RoundEnded extends Error {
  override readonly name = 'RoundEnded'
  readonly round: 'left' | Failure

  constructor(round: 'left' | Failure) {
    super('The inbox is not read further for now.')
    this.round = round
  }
}

/** Reads the inboxes that are due, one after the other. Returns whether there was one. */
export async function pollInboxes(deps: Deps, owner: string, stopping: AbortSignal): Promise<boolean> {
  const claimed = await deps.inboxes.claim(owner)
  for (const inbox of claimed) await pollInbox(deps, inbox, stopping)
  return claimed.length > 0
}

async function pollInbox(deps: Deps, inbox: ClaimedInbox, stopping: AbortSignal): Promise<void> {
  const { tenantId } = inbox
  const granted = await deps.requestAccess(tenantId, { signal: anySignal(deps, stopping) })
  if (granted.outcome !== 'granted') return deps.inboxes.release(inbox, deps.pollEveryMs)
  const round = await readWithFreshToken(deps, inbox, granted, stopping)
  // The last request may have outlived what it was made for.
  if (round === 'left' || stopping.aborted || !(await deps.inboxes.renew(inbox))) return deps.inboxes.release(inbox, 0)
  const failure = round === 'read' ? null : round
  // The delegate's own inbox is read only where it happens to be readable.
  if (inbox.inbox === 'sender') {
    deps.metrics.read(failure?.outcome ?? 'read')
    if (failure === null || failure.outcome === 'refused') await deps.reportHealth(granted, tenantId, failure)
  }
  await deps.inboxes.release(inbox, againInMs(deps, failure))
}

/** Reads again with another token, once, where Microsoft refuses the first. */
async function readWithFreshToken(
  deps: Deps,
  inbox: ClaimedInbox,
  granted: GrantedAccess,
  stopping: AbortSignal,
): Promise<Round> {
  const round = await readInbox(deps, inbox, granted, stopping)
  if (typeof round === 'string' || round.outcome !== 'unauthorized') return round
  const options = {
    refused: granted.grantVersion,
    claims: round.claims ?? undefined,
    signal: anySignal(deps, stopping),
  }
  const again = await deps.requestAccess(inbox.tenantId, options)
  return again.outcome === 'granted' ? readInbox(deps, inbox, again, stopping) : round
}

async function readInbox(
  deps: Deps,
  inbox: ClaimedInbox,
  { accessToken, connection }: GrantedAccess,
  stopping: AbortSignal,
): Promise<Round> {
  const isOwn = inbox.inbox === 'delegate' || connection.mailbox === 'own'
  const mailbox = isOwn ? 'me' : { address: connection.fromEmail }
  const sentFrom = connection.mailbox === 'application' ? { address: connection.fromEmail } : 'me'
  // Each request is made under the lease, which outlives it.
  const options = async (): Promise<CallOptions> => {
    if (stopping.aborted || !(await deps.inboxes.renew(inbox))) throw new RoundEnded('left')
    return { accessToken, mailbox, signal: anySignal(deps, stopping) }
  }
  try {
    await readPages(deps, inbox, { options, sentFrom })
    return 'read'
  } catch (error) {
    if (error instanceof RoundEnded) return error.round
    if (stopping.aborted) return 'left'
    throw error
  }
}

interface Calls {
  /** For each request anew. */
  readonly options: () => Promise<CallOptions>
  /** The mailbox whose Sent Items hold the copies. */
  readonly sentFrom: NonNullable<CallOptions['mailbox']>
}

async function readPages(deps: Deps, inbox: ClaimedInbox, calls: Calls): Promise<void> {
  let { link } = inbox
  for (let page = 0; page < PAGES_PER_ROUND; page++) {
    const listed = await deps.mailer.listArrived(
      link === null ? { since: inbox.since } : { link },
      await calls.options(),
    )
    if (listed.outcome === 'link-expired') {
      link = null
      await deps.inboxes.advance(inbox, null, false)
      continue
    }
    if (listed.outcome !== 'listed') throw new RoundEnded(listed)
    await readReports(deps, inbox, listed.mails, calls)
    if (!(await deps.inboxes.advance(inbox, listed.link, !listed.more))) throw new RoundEnded('left')
    if (!listed.more) return
    ;({ link } = listed)
  }
}

async function readReports(
  deps: Deps,
  { tenantId }: ClaimedInbox,
  mails: readonly ArrivedMail[],
  calls: Calls,
): Promise<void> {
  const candidates = mails.filter((mail) => mayBeReport(mail)).map(({ id }) => id)
  const unseen = await deps.inboxes.unseen(tenantId, candidates)
  for (const id of candidates) {
    if (!unseen.has(id)) continue
    await readReport(deps, tenantId, id, calls)
    await deps.inboxes.markSeen(tenantId, id)
  }
}

async function readReport(deps: Deps, tenantId: string, id: string, calls: Calls): Promise<void> {
  const { mailer, reports, mailboxes, logger } = deps
  const { options } = calls
  const facts = await mailer.readReport(id, await options())
  if (facts.outcome === 'gone') return
  if (facts.outcome !== 'read') {
    if (!isGivenUp(deps, id, facts)) throw new RoundEnded(facts)
    return logger.warn({ tenant: tenantId, detail: facts.detail }, 'a mail in the inbox cannot be read; left aside')
  }
  if (!mayBeReport(facts)) return
  const source = await mailer.readReportSource(id, await options())
  if (source.outcome === 'gone') return
  if (source.outcome !== 'read' && !isGivenUp(deps, id, source)) throw new RoundEnded(source)
  const report =
    (source.outcome === 'read' ? await readDeliveryReport(source.source) : null) ??
    (isNonDelivery(facts) ? SAYS_NOTHING : null)
  if (!report) return logger.warn({ tenant: tenantId }, 'a mail that looks like a non-delivery report cannot be read')
  const originals = [...new Set([...facts.originals, ...report.originals])]
  const known = await reports.findByMessageIds(tenantId, originals)
  const isUnknown = known.length === 0 && isOfExchange(facts, deps.tenantDomain)
  const messages = isUnknown ? await findByCopy(deps, tenantId, { id, originals }, calls) : known
  const effects = bounceEffects(facts, report, messages, deps.tenantDomain)
  for (const { code, message } of effects.codes) {
    if (!QUOTA_CODES.includes(code)) continue
    const pause = await mailboxes.pauseForQuota({ tenantId, code, sentAt: message.sentAt })
    if (pause)
      logger.warn({ tenant: tenantId, code, until: pause.until }, 'a limit of Microsoft is used up; mail is paused')
  }
  const changed = await reports.apply(tenantId, effects.reports)
  deps.metrics.learned(changed)
  if (messages.length > 0)
    logger.info(
      { tenant: tenantId, messages: messages.map((message) => message.id), recipients: changed },
      'bounce read',
    )
}

/** Exchange may have given a message another Message-ID than it was submitted with: then its copy in Sent Items has it. */
async function findByCopy(
  deps: Deps,
  tenantId: string,
  { id, originals }: { readonly id: string; readonly originals: readonly string[] },
  { options, sentFrom }: Calls,
): Promise<readonly ReportableMessage[]> {
  const ids = new Set<string>()
  for (const original of originals.slice(0, COPIES_AT_ONCE)) {
    const found = await deps.mailer.findOwnIds(original, { ...(await options()), mailbox: sentFrom })
    if (found.outcome === 'found') for (const own of found.ids) ids.add(own)
    else if (found.outcome !== 'refused' && !isGivenUp(deps, id, found)) throw new RoundEnded(found)
  }
  return deps.reports.findSent(tenantId, [...ids])
}

/** Where the mailbox itself refuses, or asks for time, nothing is wrong with the mail. */
function isGivenUp({ failedRounds }: Deps, id: string, failure: Failure): boolean {
  if (failure.outcome === 'refused') return failure.reason !== 'access-denied'
  if (failure.outcome !== 'unavailable' || failure.retryAfter !== null) return false
  const rounds = (failedRounds.get(id) ?? 0) + 1
  failedRounds.set(id, rounds)
  return rounds >= ROUNDS_FOR_ONE
}

/** A report whose source cannot be read: what Exchange has of it tells the message and the recipients. */
const SAYS_NOTHING: DeliveryReport = { originals: [], recipients: [], unaddressed: { code: null, detail: null } }

function againInMs({ pollEveryMs, clock }: Deps, failure: Failure | null): number {
  if (failure?.outcome === 'refused') return Math.max(pollEveryMs, UNREADABLE_FOR_MS)
  const asked = failure !== null && 'retryAfter' in failure ? failure.retryAfter : null
  return Math.max(pollEveryMs, asked === null ? 0 : asked.getTime() - clock().getTime())
}

function anySignal({ timers }: Deps, stopping: AbortSignal): AbortSignal {
  return AbortSignal.any([stopping, timers.deadline(CALL_TIMEOUT_MS)])
}

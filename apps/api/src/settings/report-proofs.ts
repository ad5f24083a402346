import { mayReadInbox, PERMISSIONS, permissionsFor, TRACE_PERMISSION } from '@inforiver-mail/contract/permission'
import type { Explanation } from '@inforiver-mail/m365/explanation'
import { explainOtherAccount } from '@inforiver-mail/m365/explain-refusal'
import {
  explainInbox,
  explainReportsPermission,
  explainTrace,
  explainTraceBudget,
  type ReportsExplanation,
} from '@inforiver-mail/m365/explain-reports'
import type { ApplicationGrant } from '@inforiver-mail/m365/microsoft-identity'
import { applicationRoles, missingPermissions } from '@inforiver-mail/m365/permissions'
import type { NewTokens } from './access.ts'
import {
  readApprovalAnswer,
  redeemAnswer,
  tryUntilGranted,
  type Answerer,
  type ConsentAnswer,
  type ConsentPage,
  type ProofDeps,
} from './consent-page.ts'
import type { Connection, ReportSource } from './settings-state.ts'

// Proofs that a source of delivery reports can be read: one read of the inbox, one request for a row of the trace.

const TIMEOUT_MS = 30_000
/** The probe asks for this period; any would do. */
const TRACED_MS = 60 * 60_000

/** The permission of the application that a source needs. */
const PERMISSION: Readonly<Record<ReportSource, string>> = { bounces: 'Mail.ReadWrite', trace: TRACE_PERMISSION }

type Granted = Extract<ApplicationGrant, { outcome: 'granted' }>

interface InboxSubject extends Pick<Connection, 'fromEmail' | 'mailbox' | 'permissions'> {
  /** The name or address of the person whose token it is; null for the application's. */
  readonly delegate: string | null
}

/** Reads the inbox of the sender once; null where that works. */
export async function proveInbox(
  { fromEmail, mailbox, permissions, delegate }: InboxSubject,
  {
    accessToken,
    mailer,
    identity: { adminCenters, approvalLinks },
    timers,
  }: Pick<ProofDeps, 'mailer' | 'identity' | 'timers'> & { readonly accessToken: string },
): Promise<ReportsExplanation | null> {
  const isApplication = mailbox === 'application'
  const permissionMissing = () => {
    const needed = permissionsFor({ ownAddress: mailbox === 'own', largeAttachments: false, bounces: true })
    const missing = isApplication ? ['Mail.ReadWrite'] : missingPermissions(needed, permissions)
    const approvalLink = isApplication ? approvalLinks.application() : approvalLinks.delegated(needed)
    return explainReportsPermission(missing, { approvalLink, isApplication, adminCenters })
  }
  if (!mayReadInbox(mailbox, permissions)) return permissionMissing()
  const probe = await mailer.probeInbox({
    accessToken,
    mailbox: mailbox === 'own' ? 'me' : { address: fromEmail },
    signal: timers.deadline(TIMEOUT_MS),
  })
  if (probe.outcome === 'read') return null
  // The permission may have been withdrawn since. What Exchange grants by itself is in no token.
  const roles = isApplication ? applicationRoles(accessToken) : null
  if (probe.outcome === 'denied' && roles && !mayReadInbox(mailbox, roles)) return permissionMissing()
  return explainInbox(probe, { sender: fromEmail, delegate, adminCenters })
}

/** `needs-consent`: the application has no permission yet, so a consent may help. */
export type TraceProof =
  | { readonly outcome: 'proved' }
  | { readonly outcome: 'needs-consent' | 'refused'; readonly explanation: ReportsExplanation }

/** Asks for one row of the message trace, with the application's own token in both ways of access. */
export async function proveTrace(
  { tokens, grantedPermissions: granted }: Granted,
  tenantId: string,
  {
    trace,
    identity: { adminCenters, approvalLinks },
    takeTraceRequest,
    clock,
    timers,
  }: Pick<ProofDeps, 'trace' | 'identity' | 'takeTraceRequest' | 'clock' | 'timers'>,
): Promise<TraceProof> {
  if (!(await takeTraceRequest(tenantId))) return { outcome: 'refused', explanation: explainTraceBudget(adminCenters) }
  const to = clock()
  const from = new Date(to.getTime() - TRACED_MS)
  const call = { accessToken: tokens.accessToken, signal: timers.deadline(TIMEOUT_MS) }
  const ask = () => trace.list({ from, to, top: 1 }, call)
  const first = await ask()
  const isWorthAgain = first.outcome === 'invalid' && first.endsLate === true
  const answer = isWorthAgain && (await takeTraceRequest(tenantId)) ? await ask() : first
  if (answer.outcome === 'page') return { outcome: 'proved' }
  // Of a token that cannot be read, only Graph's refusal tells that the permission is missing.
  const hasPermission = granted !== null && missingPermissions([TRACE_PERMISSION], granted).length === 0
  const approvalLink = approvalLinks.application(TRACE_PERMISSION)
  const explanation = explainTrace(answer, { isOn: false, hasPermission, approvalLink, adminCenters })
  return { outcome: answer.outcome === 'denied' ? 'needs-consent' : 'refused', explanation }
}

/** The page that a consent for these sources asks on first: the delegate's, where the delegate's access reads the inbox. */
export function firstReportsPage({ mailbox }: Connection, sources: readonly ReportSource[]): ConsentPage {
  return sources.includes('bounces') && mailbox !== 'application' ? 'delegate' : 'application'
}

/** The permissions that a page asks for. The delegate's includes all that the connection already has. */
export function reportsPermissions(
  page: ConsentPage,
  { mailbox, largeAttachments, permissions }: Connection,
  sources: readonly ReportSource[],
): string[] {
  if (page === 'application')
    return sources
      .filter((source) => source === 'trace' || mailbox === 'application')
      .map((source) => PERMISSION[source])
  const inbox = permissionsFor({ ownAddress: mailbox === 'own', largeAttachments, bounces: true })
  return PERMISSIONS.filter((name) => inbox.includes(name) || permissions.includes(name))
}

/** What the answer to a consent proves of the sources that it asks for. */
export interface ReportsProof extends Answerer {
  /** What was proved to work. */
  readonly sources: readonly ReportSource[]
  /** The delegate's new tokens, and what they allow. */
  readonly grant: { readonly tokens: NewTokens; readonly permissions: readonly string[] } | null
  /** Why something that was asked for does not work; null where everything does. */
  readonly refusal: Explanation | null
}

/** Proves the sources that a page was asked for by reading them. No message is sent. */
export function proveReports(
  page: ConsentPage,
  answer: ConsentAnswer,
  connection: Connection,
  deps: ProofDeps,
): Promise<ReportsProof> {
  const prove = page === 'delegate' ? proveByDelegate : proveByApplication
  return prove(answer, connection, deps)
}

async function proveByDelegate(
  answer: ConsentAnswer,
  { delegate, fromEmail, mailbox }: Connection,
  deps: ProofDeps,
): Promise<ReportsProof> {
  const { identity } = deps
  const { adminCenters } = identity
  const permissions = answer.consent.requestedPermissions
  const redeemed = await redeemAnswer(identity, answer, permissions, (missing, approvalLink) =>
    explainReportsPermission(missing, { approvalLink, isApplication: false, adminCenters }),
  )
  if (redeemed.outcome === 'refused') return nothingProved(redeemed.explanation, redeemed.account)
  const { person, tokens, account } = redeemed
  // Only a message could show that another person may send from this address.
  if (delegate?.objectId.toLowerCase() !== person.objectId.toLowerCase())
    return nothingProved(explainOtherAccount(person.signInName, delegate?.email ?? fromEmail, adminCenters), account)
  const subject = { fromEmail, mailbox, permissions, delegate: person.signInName }
  const refusal = await proveInbox(subject, { ...deps, accessToken: tokens.accessToken })
  if (refusal) return nothingProved(refusal, account)
  return { sources: ['bounces'], account, grant: { tokens, permissions }, refusal: null }
}

async function proveByApplication(
  { consent, secrets: { claims }, parameters }: ConsentAnswer,
  { mailbox, fromEmail }: Connection,
  deps: ProofDeps,
): Promise<ReportsProof> {
  const { identity, waitForGrant } = deps
  const unapproved = readApprovalAnswer(identity, parameters)
  if (unapproved) return nothingProved(unapproved, null)
  let open: ReportSource[] = [
    ...(consent.asksBounces !== null && mailbox === 'application' ? ['bounces' as const] : []),
    ...(consent.asksTrace !== null ? ['trace' as const] : []),
  ]
  const sources: ReportSource[] = []
  return tryUntilGranted(async () => {
    const grant = await identity.applicationToken({ leg: 'redeem', claims })
    if (grant.outcome === 'refused')
      return { result: { ...nothingProved(grant.explanation, null), sources }, isLate: false }
    const failures = new Map<ReportSource, Explanation>()
    for (const source of open) {
      const failure = await proveSource(source, grant, consent.tenantId, fromEmail, deps)
      if (failure) failures.set(source, failure)
      else sources.push(source)
    }
    open = [...failures.keys()]
    const [refusal = null] = failures.values()
    // A token that cannot be read may lack it as well.
    const granted = grant.grantedPermissions ?? []
    const isLate = open.some((source) => missingPermissions([PERMISSION[source]], granted).length > 0)
    return { result: { sources, account: null, grant: null, refusal }, isLate }
  }, waitForGrant)
}

async function proveSource(
  source: ReportSource,
  grant: Granted,
  tenantId: string,
  fromEmail: string,
  deps: ProofDeps,
): Promise<Explanation | null> {
  if (source === 'trace') {
    const proof = await proveTrace(grant, tenantId, deps)
    return proof.outcome === 'proved' ? null : proof.explanation
  }
  // A token that cannot be read may hold everything: then the request itself shows.
  const permissions = grant.grantedPermissions ?? Object.values(PERMISSION)
  const subject = { fromEmail, mailbox: 'application', permissions, delegate: null } as const
  return proveInbox(subject, { ...deps, accessToken: grant.tokens.accessToken })
}

function nothingProved(refusal: Explanation, account: string | null): ReportsProof {
  return { sources: [], account, grant: null, refusal }
}

import { mayReadInbox, permissionsFor, TRACE_PERMISSION } from '@inforiver-mail/contract/permission'
import { applicationRoles, missingPermissions } from '@inforiver-mail/m365/permissions'
import {
  explainInbox,
  explainReportsPermission,
  explainTrace,
  explainTraceBudget,
  type ReportsExplanation,
} from '@inforiver-mail/m365/explain-reports'
import type { GraphMailer } from '@inforiver-mail/m365/graph-mailer'
import type { MessageTrace } from '@inforiver-mail/m365/message-trace'
import type { ApplicationGrant, MicrosoftIdentity } from '@inforiver-mail/m365/microsoft-identity'
import type { Timers } from '../runtime/clock.ts'
import type { Connection } from './settings-state.ts'

// Proofs that a source of delivery reports can be read: one read of the inbox, one request for a row of the trace.

const TIMEOUT_MS = 30_000
/** The probe asks for this period; any would do. */
const TRACED_MS = 60 * 60_000

/** Whether a request of the message trace may be made now: all processes share what Microsoft allows. */
export type TakeTraceRequest = (tenantId: string) => Promise<boolean>

interface InboxSubject extends Pick<Connection, 'fromEmail' | 'mailbox' | 'permissions'> {
  /** The name or address of the person whose token it is; null for the application's. */
  readonly delegate: string | null
}

interface InboxDeps {
  readonly accessToken: string
  readonly mailer: Pick<GraphMailer, 'probeInbox'>
  readonly identity: Pick<MicrosoftIdentity, 'adminCenters' | 'approvalLinks'>
  readonly timers: Pick<Timers, 'deadline'>
}

/** Reads the inbox of the sender once; null where that works. */
export async function proveInbox(
  { fromEmail, mailbox, permissions, delegate }: InboxSubject,
  { accessToken, mailer, identity, timers }: InboxDeps,
): Promise<ReportsExplanation | null> {
  const { adminCenters, approvalLinks } = identity
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
  { tokens, grantedPermissions: granted }: Extract<ApplicationGrant, { outcome: 'granted' }>,
  {
    tenantId,
    trace,
    identity,
    takeTraceRequest,
    clock,
    timers,
  }: {
    tenantId: string
    trace: Pick<MessageTrace, 'list'>
    identity: Pick<MicrosoftIdentity, 'adminCenters' | 'approvalLinks'>
    takeTraceRequest: TakeTraceRequest
    clock: () => Date
    timers: Pick<Timers, 'deadline'>
  },
): Promise<TraceProof> {
  const { adminCenters, approvalLinks } = identity
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

import { TRACE_PERMISSION } from '@inforiver-mail/contract/permission'
import type { ReportsProblemCode } from '@inforiver-mail/contract/consent-problem'
import type { Values } from '@inforiver-mail/contract/values'
import { CODE } from '@inforiver-mail/contract/wording'
import type { AdminCenters } from '../admin-centers.ts'
import { worded, type Explanation } from '../explanation.ts'
import { gatewayValues } from '../gateway-answer.ts'
import type { Failure } from '../mailer/classify-failure.ts'
import type { InboxProbe } from '../mailer/inbox-calls.ts'
import type { TraceRefusal } from '../trace/message-trace.ts'

/** Explains why a source of delivery reports cannot be read, and who mends it. */
export type ReportsExplanation = Explanation & { readonly kind: ReportsProblemCode }

/** A failed probe; `failure` is missing where Graph was not even asked. */
type Unread = Pick<Exclude<InboxProbe, { outcome: 'read' }>, 'outcome'> & { readonly failure?: Failure }

export interface InboxSubject {
  readonly sender: string
  /** The name or address of the person whose access is used; null for the application's own. */
  readonly delegate: string | null
  readonly adminCenters: AdminCenters
}

/** Explains why the inbox cannot be read although the permission is there. */
export function explainInbox(
  { outcome, failure }: Unread,
  { sender, delegate, adminCenters }: InboxSubject,
): ReportsExplanation {
  const name = `inbox-${outcome}`
  const own = outcome === 'denied' && delegate === null ? '-application' : ''
  const { exchange, serviceStatus } = adminCenters
  return explained(
    'reports-unreadable',
    {
      title: `${name}.title`,
      detail: [`${name}${own}.detail`],
      action: [`${name}${own}.action`, ...(outcome === 'unavailable' ? ['service-status'] : [])],
      sender,
      delegate,
      exchange,
      serviceStatus,
    },
    failure,
  )
}

/** Explains that the connection itself has to be made again first. */
export function explainLostConnection({ entra }: AdminCenters): ReportsExplanation {
  const name = 'reports-connection-lost'
  const text = { title: `${name}.title`, detail: [`${name}.detail`], action: [`${name}.action`, 'sign-in-logs'], entra }
  return explained('reports-unreadable', text)
}

/** Explains that a permission was not granted, by its name. */
export function explainReportsPermission(
  missing: readonly string[],
  { approvalLink, isApplication, adminCenters }: ReportsPermissionSubject,
): ReportsExplanation {
  return explained('permission-missing', {
    title: 'reports-permission.title',
    detail: ['reports-permission.detail'],
    action: [isApplication ? 'reports-permission-application.action' : 'reports-permission.action'],
    missing: [...missing],
    approvalLink,
    entra: adminCenters.entra,
  })
}

export interface ReportsPermissionSubject {
  /** The page on which an Entra administrator approves it. */
  readonly approvalLink: string
  /** A permission of the application, rather than of the delegate. */
  readonly isApplication: boolean
  readonly adminCenters: AdminCenters
}

export interface TraceSubject {
  /** The trace is on, and asked again by itself; otherwise it was to be switched on. */
  readonly isOn: boolean
  /** Whether the application has the permission, as far as its token tells. */
  readonly hasPermission: boolean
  /** The page on which an Entra administrator approves it. */
  readonly approvalLink: string
  readonly adminCenters: AdminCenters
}

/** Explains why the message trace does not answer. */
export function explainTrace(
  { outcome, failure }: TraceRefusal,
  { isOn, hasPermission, approvalLink, adminCenters }: TraceSubject,
): ReportsExplanation {
  const { entra, exchange, serviceStatus } = adminCenters
  const next = isOn ? 'trace-goes-on' : 'trace-switch-on'
  if (outcome === 'denied' && !hasPermission) {
    const missing = [TRACE_PERMISSION]
    if (!isOn) return explainReportsPermission(missing, { approvalLink, isApplication: true, adminCenters })
    const title = 'reports-permission.title'
    const action = ['trace-permission-on.action', next]
    const facts = { title, detail: ['reports-permission.detail'], action, missing, approvalLink, entra }
    return explained('permission-missing', facts, failure)
  }
  if (outcome === 'not-provisioned' || outcome === 'denied') {
    const name = `trace-${outcome}`
    const text = { title: `${name}.title`, detail: [`${name}.detail`], action: [`${name}.action`, next] }
    const kind = outcome === 'denied' ? 'trace-unavailable' : 'trace-not-provisioned'
    return explained(kind, { ...text, permission: TRACE_PERMISSION, exchange }, failure)
  }
  const name = 'trace-unavailable'
  const action = [isOn ? `${name}-on.action` : `${name}.action`, 'service-status']
  return explained(name, { title: `${name}.title`, detail: [`${name}.detail`], action, serviceStatus }, failure)
}

/** Explains that no request is left for now, since all of them are used by the trace that is on. */
export function explainTraceBudget({ serviceStatus }: AdminCenters): ReportsExplanation {
  return explained('trace-unavailable', {
    title: 'trace-budget.title',
    detail: ['trace-budget.detail'],
    action: ['trace-unavailable.action', 'service-status'],
    serviceStatus,
  })
}

/** Explains that there is no message trace outside the global cloud. */
export function explainTraceCloud(): ReportsExplanation {
  return explained('trace-unavailable', {
    title: 'trace-cloud.title',
    detail: ['trace-cloud.detail'],
    action: ['trace-cloud.action'],
  })
}

/** Converts to the problem of a source; the store adds since when. */
export function toReportsProblem({ kind, values, title, detail, action, correlationId }: ReportsExplanation) {
  return { code: kind, values, title, detail, action, correlationId }
}

function explained(
  kind: ReportsProblemCode,
  { detail, action, ...text }: Values & { readonly detail: string[]; readonly action: string[] },
  failure?: Failure,
): ReportsExplanation {
  const microsoftCode = failure?.microsoftCode ?? null
  const values: Values =
    failure?.outcome === 'intercepted'
      ? { ...text, ...gatewayValues(failure.gateway), action: ['check-gateway', ...action] }
      : microsoftCode === null
        ? { ...text, action, detail }
        : { ...text, action, microsoftCode, detail: [...detail, CODE] }
  return { kind, ...worded(values), correlationId: failure?.requestId ?? null, aadstsCode: null }
}

import { TRACE_PERMISSION } from '@inforiver-mail/contract/permission'
import type { ReportsProblemCode } from '@inforiver-mail/contract/consent-problem'
import { APPLICATION_RBAC, outageSentence, type AdminCenters } from '../admin-centers.ts'
import { withCode, type Explanation } from '../explanation.ts'
import type { Failure } from './classify-failure.ts'
import type { InboxProbe, TraceProbe } from './probe-reports.ts'

/** Explains why a source of delivery reports cannot be read, and who mends it. */
export type ReportsExplanation = Explanation & { readonly kind: ReportsProblemCode }

type Text = Pick<ReportsExplanation, 'kind' | 'title' | 'detail' | 'action'>

/** The application of Microsoft whose service principal serves message traces. */
const TRACE_APP_ID = '8bd644d1-64a1-4d4b-ae52-2e0cbf64e373'
const TRACE_GUIDE = 'https://learn.microsoft.com/graph/api/resources/exchangemessagetrace'

/** Without `failure` where Graph was not even asked. */
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
  const mailboxes = `the ${adminCenters.exchange} > Recipients > Mailboxes`
  const texts: Readonly<Record<typeof outcome, Omit<Text, 'kind'>>> = {
    denied: {
      title: 'The inbox cannot be read',
      detail: `Microsoft does not let ${delegate ?? 'the application'} read the inbox of ${sender}.`,
      action:
        delegate === null
          ? `An Exchange administrator adds ${sender} to what the app may use, in its application access policy or role assignment (${APPLICATION_RBAC}). A change can take two hours to work. Then switch bounces on again.`
          : `An Exchange administrator gives ${delegate} the right Read and manage (Full Access) on ${sender}, in ${mailboxes} > ${sender} > Delegation. It can take an hour to work. Then switch bounces on again.`,
    },
    missing: {
      title: 'There is no inbox to read',
      detail: `${sender} has no inbox: it is a group, or a mailbox that is not in the cloud.`,
      action: `Bounces need a mailbox as the sender; an Exchange administrator sees which those are in ${mailboxes}. The message trace needs none.`,
    },
    unavailable: {
      title: 'The inbox cannot be read now',
      detail: `Microsoft did not let the inbox of ${sender} be read.`,
      action: `Switch bounces on again in a few minutes. ${outageSentence(adminCenters)}`,
    },
  }
  return explained({ kind: 'reports-unreadable', ...texts[outcome] }, failure)
}

/** Explains that the connection itself has to be made again first. */
export function explainLostConnection({ entra }: AdminCenters): ReportsExplanation {
  return explained({
    kind: 'reports-unreadable',
    title: 'The mailbox has to be connected again first',
    detail: 'Microsoft does not accept the access to the mailbox at the moment, so its inbox cannot be read.',
    action: `A workspace admin follows the notice about the connection, then switches bounces on again. An Entra administrator may find more in the ${entra} > Monitoring & health > Sign-in logs.`,
  })
}

/** Explains that a permission was not granted, by its name. */
export function explainReportsPermission(
  missing: readonly string[],
  { approvalLink, isApplication, adminCenters }: ReportsPermissionSubject,
): ReportsExplanation {
  const names = missing.join(', ')
  const register = `Whoever operates the app registration makes sure that it lists ${names} as an application permission in the ${adminCenters.entra} > App registrations > the app of Inforiver Mail > API permissions.`
  return explained({
    kind: 'permission-missing',
    title: 'A permission is missing',
    detail: `Delivery reports need what Microsoft has not granted: ${names}.`,
    action: isApplication
      ? `${register} Then switch it on again, and an Entra administrator accepts; ${approvalLink} leads there too.`
      : `Switch bounces on again and accept. If Microsoft offers no choice, an Entra administrator has to open ${approvalLink} and approve it once.`,
  })
}

export interface ReportsPermissionSubject {
  /** The page on which an Entra administrator approves it. */
  readonly approvalLink: string
  /** A permission of the application, rather than of the delegate. */
  readonly isApplication: boolean
  readonly adminCenters: AdminCenters
}

/** Explains why the message trace cannot be asked although the permission is there. */
export function explainTrace(
  { outcome, failure }: Exclude<TraceProbe, { outcome: 'answered' }>,
  adminCenters: AdminCenters,
): ReportsExplanation {
  const texts: Readonly<Record<typeof outcome, Text>> = {
    'not-provisioned': {
      kind: 'trace-not-provisioned',
      title: 'Microsoft’s message trace is not set up in the organisation',
      detail: `The service principal of Microsoft’s application ${TRACE_APP_ID} is missing.`,
      action: `An Entra administrator adds it once, with Microsoft Graph PowerShell: New-MgServicePrincipal -AppId ${TRACE_APP_ID} (${TRACE_GUIDE}). It takes hours to work. Then switch the message trace on again.`,
    },
    denied: {
      kind: 'trace-unavailable',
      title: 'Exchange does not let the application read message traces',
      detail: `Microsoft refuses although the application has the permission ${TRACE_PERMISSION}.`,
      action: `A fresh permission can take an hour to work; then switch the message trace on again. If it stays refused, an Exchange administrator looks at what the app may do in the ${adminCenters.exchange} > Roles > Admin roles.`,
    },
    unavailable: {
      kind: 'trace-unavailable',
      title: 'Microsoft’s message trace does not answer',
      detail: 'Microsoft could not answer, or was asked too often by all applications of the organisation together.',
      action: `Switch the message trace on again in five minutes. ${outageSentence(adminCenters)}`,
    },
  }
  return explained(texts[outcome], failure)
}

/** Explains that no request is left for now, since all of them are used by the trace that is on. */
export function explainTraceBudget(adminCenters: AdminCenters): ReportsExplanation {
  return explained({
    kind: 'trace-unavailable',
    title: 'The message trace was asked often enough',
    detail: 'Inforiver Mail asks at most 20 times in five minutes, and has just done so.',
    action: `Switch the message trace on again in five minutes. ${outageSentence(adminCenters)}`,
  })
}

/** Explains that there is no message trace outside the global cloud. */
export function explainTraceCloud(): ReportsExplanation {
  return explained({
    kind: 'trace-unavailable',
    title: 'This cloud has no message trace',
    detail: 'Microsoft offers the message trace in its global cloud only.',
    action: `Use bounces instead. Microsoft’s page says where the trace is offered (${TRACE_GUIDE}).`,
  })
}

/** Converts to the problem of a source; the store adds since when. */
export function toReportsProblem({ kind, title, detail, action, correlationId }: ReportsExplanation) {
  return { code: kind, values: {}, title, detail, action, correlationId }
}

function explained(text: Text, failure?: Failure): ReportsExplanation {
  const code = failure?.microsoftCode ?? null
  return {
    ...text,
    detail: code === null ? text.detail : withCode(text.detail, code),
    correlationId: failure?.requestId ?? null,
    aadstsCode: null,
  }
}

import type { ReportsProblem } from '@inforiver-mail/contract/consent-problem'
import { TRACE_PERMISSION } from '@inforiver-mail/contract/permission'
import { outageSentence, type AdminCenters } from '@inforiver-mail/m365/admin-centers'
import type { TraceRefusal } from '@inforiver-mail/m365/message-trace'

type Problem = Omit<ReportsProblem, 'since'>
type Text = Omit<Problem, 'correlationId'>

/** Explains why the message trace, which is on, does not answer, and who mends it. */
export function explainTraceProblem(
  { outcome, failure }: TraceRefusal,
  hasPermission: boolean,
  { adminCenters, approvalLink }: { adminCenters: AdminCenters; approvalLink: string },
): Problem {
  return {
    ...textOf(outcome === 'denied' && !hasPermission ? 'no-permission' : outcome),
    correlationId: failure.requestId,
  }

  function textOf(reason: TraceRefusal['outcome'] | 'no-permission'): Text {
    switch (reason) {
      case 'not-provisioned':
        return {
          code: 'trace-not-provisioned',
          values: {},
          title: 'Microsoft’s message trace is not set up in the organisation',
          detail: 'The service principal of the application that serves message traces at Microsoft is missing.',
          action:
            'An Entra administrator adds it with Microsoft Graph PowerShell: New-MgServicePrincipal -AppId 8bd644d1-64a1-4d4b-ae52-2e0cbf64e373. It takes hours to work; the trace is then read again by itself.',
        }
      case 'no-permission':
        return {
          code: 'permission-missing',
          values: { permissions: [TRACE_PERMISSION], approvalLink },
          title: 'The message trace needs a permission',
          detail: `Microsoft does not grant the application ${TRACE_PERMISSION} any more.`,
          action: `An Entra administrator opens ${approvalLink} and approves it. The trace is then read again by itself.`,
        }
      case 'denied':
        return {
          code: 'trace-unavailable',
          values: { outcome },
          title: 'Exchange does not let the application read message traces',
          detail: `It refuses although the application has the permission. ${failure.detail}`,
          action: `An Exchange administrator looks at what the application may do in the ${adminCenters.exchange} > Roles > Admin roles. The trace is then read again by itself.`,
        }
      case 'throttled':
      case 'invalid':
      case 'unavailable':
        return {
          code: 'trace-unavailable',
          values: { outcome },
          title: 'Microsoft’s message trace does not answer',
          detail: failure.detail,
          action: `Nobody has to act unless it lasts: it is asked again by itself. ${outageSentence(adminCenters)}`,
        }
    }
  }
}

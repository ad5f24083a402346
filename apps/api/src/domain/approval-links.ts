import { APPROVAL_PATH, approvalPath, TRACE_PERMISSION } from '@inforiver-mail/contract/permission'
import type { ApprovalLinks } from '@inforiver-mail/m365/microsoft-identity'

export const SIGN_IN_APPROVAL_PATH = '/auth/sign-in/admin-consent'

/** What an approval link asks for. Without parameters: to send from another address, without large attachments. */
export interface Approval {
  readonly ownAddress: boolean
  readonly largeAttachments: boolean
  readonly bounces: boolean
  readonly trace: boolean
}

/** Makes links on the product's own host that lead to Microsoft's page, short enough to be read, mailed and typed. */
export function approvalLinks(publicUrl: string, graphAuth: 'delegated' | 'application'): ApprovalLinks {
  return {
    delegated(scopes) {
      if (scopes.length === 0) return `${publicUrl}${SIGN_IN_APPROVAL_PATH}`
      return `${publicUrl}${approvalPath(scopes)}`
    },
    // Where people's access is used, the application needs its own for the trace alone.
    application: (permission = graphAuth === 'delegated' ? TRACE_PERMISSION : undefined) =>
      `${publicUrl}${permission === TRACE_PERMISSION ? approvalPath([permission]) : APPROVAL_PATH}`,
  }
}

export function readApproval(query: unknown): Approval {
  const { ownAddress, largeAttachments, bounces, trace } = query as Readonly<Record<string, unknown>>
  return {
    ownAddress: ownAddress === 'true',
    largeAttachments: largeAttachments === 'true',
    bounces: bounces === 'true',
    trace: trace === 'true',
  }
}

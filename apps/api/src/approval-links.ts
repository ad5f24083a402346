import { APPROVAL_PATH, approvalPath } from '@inforiver-mail/contract/permission'
import type { ApprovalLinks } from '@inforiver-mail/m365/microsoft-identity'

export const SIGN_IN_APPROVAL_PATH = '/auth/sign-in/admin-consent'

/** What the link asks for; without a word for the sender of another address, and no large attachments. */
export interface Approval {
  readonly ownAddress: boolean
  readonly largeAttachments: boolean
}

/** Links of the product's own, which lead to Microsoft's page: short enough to be read, mailed and typed. */
export function approvalLinks(publicUrl: string): ApprovalLinks {
  return {
    delegated(scopes) {
      if (scopes.length === 0) return `${publicUrl}${SIGN_IN_APPROVAL_PATH}`
      return `${publicUrl}${approvalPath(scopes)}`
    },
    application: () => `${publicUrl}${APPROVAL_PATH}`,
  }
}

export function readApproval(query: unknown): Approval {
  const { ownAddress, largeAttachments } = query as Readonly<Record<string, unknown>>
  return { ownAddress: ownAddress === 'true', largeAttachments: largeAttachments === 'true' }
}

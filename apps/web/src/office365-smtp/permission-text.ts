import { type Permission, PERMISSIONS } from '@inforiver-mail/contract/permission'
import type { GraphAuth } from '../environment.ts'

const APPLICATION_TEXT: Partial<Record<Permission, string>> = {
  'Mail.Send': 'Send mail from every mailbox the application may use.',
  'Mail.ReadWrite':
    'Read and write all mail in every mailbox the application may use. Large file attachments are uploaded as drafts there, and bounces are read.',
  'ExchangeMessageTrace.Read.All': 'Read who sent mail to whom in the organisation, and what became of it.',
}

/**
 * What a permission allows, as a sentence; null for one that this product never asks for.
 *
 * @param person who gave access; null before anybody has
 */
export function permissionText(name: string, graphAuth: GraphAuth, person: string | null): string | null {
  const permission = PERMISSIONS.find((known) => known.toLowerCase() === name.toLowerCase())
  if (!permission) return null
  return graphAuth === 'application' ? (APPLICATION_TEXT[permission] ?? null) : delegatedText(permission, person)
}

function delegatedText(permission: Permission, person: string | null): string {
  const them = person ?? 'this person'
  switch (permission) {
    case 'Mail.Send':
      return `Send mail as ${person ?? 'the person who gives consent'}.`
    case 'Mail.Send.Shared':
      return `Send mail from the shared mailboxes and groups ${them} may send as.`
    case 'Mail.ReadWrite':
      return `Read and write all mail in ${them}'s mailbox. Large file attachments are uploaded as drafts there.`
    case 'Mail.ReadWrite.Shared':
      return `Read and write all mail in ${them}'s mailbox and in the mailboxes ${them} has Full Access to. Bounces are read there.`
    case 'ExchangeMessageTrace.Read.All':
      return 'Read who sent mail to whom in the organisation, and what became of it.'
    case 'User.Read':
      return `Read ${them}'s name and address.`
  }
}

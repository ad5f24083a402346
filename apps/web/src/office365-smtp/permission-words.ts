import { type Permission, PERMISSIONS } from '@inforiver-mail/contract/permission'

const WORDS = {
  'Mail.Send': 'Send mail as the person who gives consent.',
  'Mail.Send.Shared': 'Send mail from the shared mailboxes and groups this person may send as.',
  'Mail.ReadWrite':
    "Read and write all mail in this person's mailbox. Large file attachments are uploaded as drafts there.",
  'User.Read': "Read this person's name and address.",
} as const satisfies Record<Permission, string>

/** What a permission allows, in a sentence; null for one this product never asks for. */
export function permissionWords(name: string): string | null {
  const permission = PERMISSIONS.find((known) => known.toLowerCase() === name.toLowerCase())
  return permission ? WORDS[permission] : null
}

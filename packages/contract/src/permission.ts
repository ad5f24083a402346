/** The Graph permissions that the product can ask for, in the order in which it lists them. */
export const PERMISSIONS = [
  'Mail.Send',
  'Mail.Send.Shared',
  'Mail.ReadWrite',
  'Mail.ReadWrite.Shared',
  'User.Read',
  'ExchangeMessageTrace.Read.All',
] as const
export type Permission = (typeof PERMISSIONS)[number]

/** What a sender needs whose address is not the delegate's own. */
export const SHARED_PERMISSION: Permission = 'Mail.Send.Shared'

/** The delegated permissions that a sender needs. An address other than the delegate's own needs `Mail.Send.Shared`. */
export function permissionsFor(sender: {
  ownAddress: boolean
  largeAttachments: boolean
  bounces: boolean
}): Permission[] {
  const needed: Record<Permission, boolean> = {
    'Mail.Send': true,
    'Mail.Send.Shared': !sender.ownAddress,
    'Mail.ReadWrite': sender.largeAttachments || (sender.bounces && sender.ownAddress),
    'Mail.ReadWrite.Shared': sender.bounces && !sender.ownAddress,
    'User.Read': true,
    'ExchangeMessageTrace.Read.All': false, // an application's
  }
  return PERMISSIONS.filter((permission) => needed[permission])
}

/** The application permissions that a sender needs when no person's tokens are used. */
export function applicationPermissionsFor(sender: { largeAttachments: boolean; bounces: boolean }): Permission[] {
  return sender.largeAttachments || sender.bounces ? ['Mail.Send', 'Mail.ReadWrite'] : ['Mail.Send']
}

/** The application permission that Exchange's message trace needs, in both ways of access. */
export const TRACE_PERMISSION: Permission = 'ExchangeMessageTrace.Read.All'

/** The application of Microsoft whose service principal serves message traces. */
export const TRACE_APP_ID = '8bd644d1-64a1-4d4b-ae52-2e0cbf64e373'

const READ_INBOX: Readonly<Record<'own' | 'delegated' | 'application', readonly string[]>> = {
  own: ['Mail.ReadWrite', 'Mail.ReadWrite.Shared'],
  delegated: ['Mail.ReadWrite.Shared'],
  application: ['Mail.ReadWrite'],
}

/** Whether permissions let the inbox of the sender be read; of a shared mailbox only together with Full Access. */
export function mayReadInbox(mailbox: 'own' | 'delegated' | 'application', permissions: readonly string[]): boolean {
  return permissions.some((permission) => READ_INBOX[mailbox].includes(permission))
}

/** The delegated permissions of a sender that only its bounces need: mail goes on without them. */
export function permissionsOfBouncesAlone(
  permissions: readonly string[],
  sender: { ownAddress: boolean; largeAttachments: boolean },
): string[] {
  const needed: readonly string[] = permissionsFor({ ...sender, bounces: false })
  return permissions.filter((name) => READ_INBOX.own.includes(name) && !needed.includes(name))
}

/** The product's own page for an Entra administrator, which leads on to Microsoft's approval page. */
export const APPROVAL_PATH = '/auth/microsoft/admin-consent'

/**
 * APPROVAL_PATH for a delegated sender with these permissions, or for the trace alone. Its defaults: a foreign address, no
 * large attachments.
 */
export function approvalPath(permissions: readonly string[]): string {
  const query = new URLSearchParams({
    ...(permissions.includes('Mail.Send') && !permissions.includes('Mail.Send.Shared') && { ownAddress: 'true' }),
    ...(permissions.includes('Mail.ReadWrite') && { largeAttachments: 'true' }),
    ...(permissions.includes('Mail.ReadWrite.Shared') && { bounces: 'true' }),
    ...(permissions.includes(TRACE_PERMISSION) && { trace: 'true' }),
  })
  return query.size === 0 ? APPROVAL_PATH : `${APPROVAL_PATH}?${query.toString()}`
}

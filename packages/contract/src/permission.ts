/** The Graph permissions that the product can ask for, in the order in which it lists them. */
export const PERMISSIONS = ['Mail.Send', 'Mail.Send.Shared', 'Mail.ReadWrite', 'User.Read'] as const
export type Permission = (typeof PERMISSIONS)[number]

/** The delegated permissions that a sender needs. An address other than the delegate's own needs `Mail.Send.Shared`. */
export function permissionsFor(sender: { ownAddress: boolean; largeAttachments: boolean }): Permission[] {
  const needed: Record<Permission, boolean> = {
    'Mail.Send': true,
    'Mail.Send.Shared': !sender.ownAddress,
    'Mail.ReadWrite': sender.largeAttachments,
    'User.Read': true,
  }
  return PERMISSIONS.filter((permission) => needed[permission])
}

/** The application permissions that a sender needs when no person's tokens are used. */
export function applicationPermissionsFor(sender: { largeAttachments: boolean }): Permission[] {
  return sender.largeAttachments ? ['Mail.Send', 'Mail.ReadWrite'] : ['Mail.Send']
}

/** The product's own page that sends an Entra administrator on to Microsoft's approval page. */
export const APPROVAL_PATH = '/auth/microsoft/admin-consent'

/**
 * APPROVAL_PATH for a delegated sender with these permissions. Its defaults: a foreign address, no large attachments.
 */
export function approvalPath(permissions: readonly string[]): string {
  const query = new URLSearchParams({
    ...(!permissions.includes('Mail.Send.Shared') && { ownAddress: 'true' }),
    ...(permissions.includes('Mail.ReadWrite') && { largeAttachments: 'true' }),
  })
  return query.size === 0 ? APPROVAL_PATH : `${APPROVAL_PATH}?${query.toString()}`
}

/** The delegated Graph permissions this product can ask for, in the order in which it lists them. */
export const PERMISSIONS = ['Mail.Send', 'Mail.Send.Shared', 'Mail.ReadWrite', 'User.Read'] as const
export type Permission = (typeof PERMISSIONS)[number]

/** What a sender needs. Sending from an address other than the delegate's own takes `Mail.Send.Shared`. */
export function permissionsFor(sender: { ownAddress: boolean; largeAttachments: boolean }): Permission[] {
  const needed: Record<Permission, boolean> = {
    'Mail.Send': true,
    'Mail.Send.Shared': !sender.ownAddress,
    'Mail.ReadWrite': sender.largeAttachments,
    'User.Read': true,
  }
  return PERMISSIONS.filter((permission) => needed[permission])
}

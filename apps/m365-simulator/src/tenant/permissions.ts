/** The delegated permissions that the simulator knows, with their titles on Microsoft's consent page. */
export const PERMISSIONS = {
  openid: 'Sign you in',
  profile: 'View your basic profile',
  email: 'View your email address',
  offline_access: 'Maintain access to data you have given it access to',
  'User.Read': 'Sign you in and read your profile',
  'Mail.Send': 'Send mail as you',
  'Mail.Send.Shared': 'Send mail on behalf of others or yourself',
  'Mail.Read': 'Read your mail',
  'Mail.ReadWrite': 'Read and write access to your mail',
  'Mail-Advanced.ReadWrite': 'Read and write access to your mail, including what was sent or received',
  'Mail.Read.Shared': 'Read your and shared mail',
  'Mail.ReadWrite.Shared': 'Read and write your and shared mail',
  'ExchangeMessageTrace.Read.All': 'Read Exchange message trace',
} as const

export type Permission = keyof typeof PERMISSIONS
export const PERMISSION_NAMES = Object.keys(PERMISSIONS) as Permission[]

/** The application permissions that the simulator knows. */
export const APPLICATION_PERMISSIONS = {
  'Mail.Send': 'Send mail as any user',
  'Mail.ReadWrite': 'Read and write mail in all mailboxes',
  'ExchangeMessageTrace.Read.All': 'Read Exchange message trace',
} as const

export type ApplicationPermission = keyof typeof APPLICATION_PERMISSIONS
export const APPLICATION_PERMISSION_NAMES = Object.keys(APPLICATION_PERMISSIONS) as ApplicationPermission[]

/**
 * What a person cannot consent to where Microsoft's own policy is in force (microsoft-user-default-recommended): of the
 * permissions above, all that read mail. Sending is not among them.
 */
export const NOT_BY_USERS: ReadonlySet<Permission> = new Set([
  'Mail.Read',
  'Mail.ReadWrite',
  'Mail.Read.Shared',
  'Mail.ReadWrite.Shared',
])
/** Only an administrator may consent to these, whatever the policy. */
export const ONLY_BY_ADMINISTRATORS: ReadonlySet<Permission> = new Set([
  'Mail-Advanced.ReadWrite',
  'ExchangeMessageTrace.Read.All',
])

/** A permission's title and detail are those of Microsoft's consent page. */
interface PermissionText {
  readonly title: string
  readonly detail: string
}

/** The delegated permissions that the simulator knows. */
export const PERMISSIONS = {
  openid: { title: 'Sign you in', detail: 'Allows you to sign in to the app with your work or school account.' },
  profile: { title: 'View your basic profile', detail: 'Allows the app to see your name, picture and user name.' },
  email: { title: 'View your email address', detail: 'Allows the app to read your primary email address.' },
  offline_access: {
    title: 'Maintain access to data you have given it access to',
    detail: 'Allows the app to see and update the data you gave it access to, even when you are not using the app.',
  },
  'User.Read': {
    title: 'Sign you in and read your profile',
    detail: 'Allows you to sign in to the app with your organizational account and let the app read your profile.',
  },
  'Mail.Send': { title: 'Send mail as you', detail: 'Allows the app to send mail as you.' },
  'Mail.Send.Shared': {
    title: 'Send mail on behalf of others or yourself',
    detail: 'Allows the app to send mail as you or on behalf of someone else.',
  },
  'Mail.Read': { title: 'Read your mail', detail: 'Allows the app to read email in your mailbox.' },
  'Mail.ReadWrite': {
    title: 'Read and write access to your mail',
    detail:
      'Allows the app to create, read, update, and delete email in your mailbox. It does not include sending mail.',
  },
  'Mail.ReadWrite.Shared': {
    title: 'Read and write mail you can access',
    detail: 'Allows the app to create, read, update, and delete mail you have permission to access.',
  },
} as const satisfies Record<string, PermissionText>

export type Permission = keyof typeof PERMISSIONS
export const PERMISSION_NAMES = Object.keys(PERMISSIONS) as Permission[]

/** The application permissions that the simulator knows. */
export const APPLICATION_PERMISSIONS = {
  'Mail.Send': {
    title: 'Send mail as any user',
    detail: 'Allows the app to send mail as any user without a signed-in user.',
  },
  'Mail.ReadWrite': {
    title: 'Read and write mail in all mailboxes',
    detail:
      'Allows the app to create, read, update, and delete mail in all mailboxes without a signed-in user. Does not include permission to send mail.',
  },
} as const satisfies Record<string, PermissionText>

export type ApplicationPermission = keyof typeof APPLICATION_PERMISSIONS
export const APPLICATION_PERMISSION_NAMES = Object.keys(APPLICATION_PERMISSIONS) as ApplicationPermission[]

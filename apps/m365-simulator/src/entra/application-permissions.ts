/** Permissions of an application by itself, which the simulator knows, with the words of Microsoft's consent page. */
export const APPLICATION_PERMISSION_WORDS = {
  'Mail.Send': {
    title: 'Send mail as any user',
    detail: 'Allows the app to send mail as any user without a signed-in user.',
  },
  'Mail.ReadWrite': {
    title: 'Read and write mail in all mailboxes',
    detail:
      'Allows the app to create, read, update, and delete mail in all mailboxes without a signed-in user. Does not include permission to send mail.',
  },
} as const

export type ApplicationPermission = keyof typeof APPLICATION_PERMISSION_WORDS
export const APPLICATION_PERMISSIONS = [
  'Mail.Send',
  'Mail.ReadWrite',
] as const satisfies readonly ApplicationPermission[]

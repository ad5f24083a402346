export const session = {
  'session.sign-in': 'Sign in with Microsoft',
} as const

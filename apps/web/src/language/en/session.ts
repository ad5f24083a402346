export const session = {
  'session.sign-in': 'Sign in with Microsoft',
  'session.opening': 'Opening Inforiver Mail',
  'session.lead': 'Connect the Microsoft 365 mailbox that Inforiver sends its reports and alerts from.',
  'session.demo':
    'This is a demo with a simulated Microsoft 365: nothing leaves this computer. Choose <strong>Ada Admin</strong> on the next page. Mail arrives in the <link>simulated mailboxes</link>.',
  'session.demo-application':
    'This is a demo with a simulated Microsoft 365: nothing leaves this computer. Choose <strong>Ada Admin</strong> on the next page, and <strong>Grace Global</strong>, an Entra administrator, to connect a mailbox. Mail arrives in the <link>simulated mailboxes</link>.',
  'session.member.title': 'Only workspace admins can open Tenant Settings',
  'session.member.who': 'You are signed in as <strong>{name}</strong> ({email}), who is not a workspace admin.',
  'session.member.who-nameless': 'You are signed in as <strong>{email}</strong>, who is not a workspace admin.',
  'session.member.ask':
    'Ask the person who operates Inforiver Mail in your organisation to make you a workspace admin: by the app role Workspace.Admin in Microsoft Entra, or by your sign-in name in WORKSPACE_ADMINS.',
  'session.member.demo': 'In this demo, Ada Admin is the workspace admin.',
  'session.member.other-account': 'Use another account',
  'session.ended.title': 'Your session has ended',
  'session.ended.text': 'Sign in again to go on where you were. What you entered is kept.',
  'session.ended.blocked':
    'The browser blocked the window to sign in. Allow popups for this page and sign in again. Then the dialog below stays as it is.',
  'session.ended.here':
    'Or <link>sign in here</link>. Then the dialog below is closed, and what you entered or confirmed in it, or a secret that it shows, is lost.',
  'session.ended.again': 'Sign in again',
  'session.sign-out': 'Sign out',
  'session.sign-out-failed': 'Signing out did not work. Try again.',
} as const

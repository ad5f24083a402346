export const checks = {
  'checks.title': 'Set-up check',
  'checks.intro':
    'Looks at everything that mail needs, from the configuration of the server to the mailbox at Microsoft. It sends nothing and changes nothing.',
  'checks.start': 'Check the set-up',
  'checks.again': 'Check again',
  'checks.unsaved': 'Checks {sender}, which is not saved yet.',
  'checks.for': 'Checked for {sender}.',
  'checks.running': 'Checking. This takes 20 seconds at most.',
  'checks.summary':
    '{failed, plural, =0 {None failed} other {# failed}}, {warnings, plural, =0 {no warnings} one {# warning} other {# warnings}}, {ok, number} in order, {skipped, number} skipped.',
  'checks.status.ok': 'In order',
  'checks.status.warning': 'Warning',
  'checks.status.failed': 'Failed',
  'checks.status.skipped': 'Skipped',
  'checks.copy': 'Copy for support',
  'checks.copy-fallback': 'Run doctor on the server instead.',
  'checks.copy-hint':
    'Copies versions, the checks by their codes, and correlation ids: no secret, no address and no text.',
} as const

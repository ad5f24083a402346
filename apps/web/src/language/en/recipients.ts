export const recipients = {
  'page.loading.recipients': 'Reading the recipients policy',
  'page.intro.recipients': 'Whom Inforiver may write to, whatever service submits the mail.',
  'recipients.saved': 'The recipients policy is saved',
  'recipients.policy': 'Recipients policy',
  'recipients.domains': 'Allowed domains',
  'recipients.domains-hint':
    'One a line: contoso.com is that domain alone, *.contoso.com every name below it. Mail to any other is refused when it is submitted. Without a domain, all are allowed.',
  'recipients.redirect': 'Redirect all mail to',
  'recipients.redirect-hint':
    'For a staging installation. All mail goes to this address alone, also what waits already; its subject says whom it was for. Leave it empty to send mail to its recipients.',
  'recipients.redirect-placeholder': 'name@domain',
  'recipients.plan.unchanged': 'Nothing has changed.',
  'recipients.plan.correct-address': 'Correct the address first.',
  'recipients.plan.correct-domains': 'Correct the domains first.',
  'recipients.plan.redirect': 'From then on all mail goes to {address} alone, also what waits already.',
  'recipients.plan.no-redirect': 'From then on mail goes to its recipients again, also what waits already.',
  'recipients.plan.domains': 'The domains hold for what is submitted from then on.',
} as const

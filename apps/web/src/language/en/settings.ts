export const settings = {
  'settings.title': 'Tenant Settings',
  'settings.section': 'Office 365 SMTP',
  'settings.intro': 'The Microsoft 365 mailbox that Inforiver sends its reports, alerts and invitations from.',
  'settings.loading': 'Reading the settings',
  'settings.as-read': 'The page shows the settings as read on {time}.',
  'settings.status.not-configured': 'Not configured',
  'settings.status.connected': 'Connected',
  'settings.status.reconnect-required': 'Reconnect required',
  'settings.status.not-sending': 'Not sending',
  'settings.status.sending-partly': 'Sending in part',
  'settings.quota.detail': '{why} Mail goes on by itself on {until}.',
  'settings.quota.action':
    'Choose Send now to go on earlier. If the limit is still used up, the mailbox pauses again, for twice as long.',
  'settings.since': 'Since {time}.',
  'settings.reconnect': 'Reconnect',
  'settings.reconnect-no-help': 'Reconnecting the mailbox does not help.',
  'settings.correlation-id': 'Correlation id',

  'settings.connection': 'Connection',
  'settings.connection.sender': 'Sender',
  'settings.connection.mailbox': 'Mailbox',
  'settings.connection.connected-as': 'Connected as',
  'settings.connection.person': '{name} ({email})',
  'settings.connection.since': 'Connected since',
  'settings.connection.waiting': 'Waiting messages',
  'settings.connection.usage': 'Usage',
  'settings.connection.permissions': 'Permissions',
  'settings.mailbox.own': 'Own mailbox',
  'settings.mailbox.delegated': 'Delegated mailbox: a shared mailbox or group',
  'settings.mailbox.application': 'With the access of the application itself',
  'settings.sends.own': "Sends as {sender}, {person}''s own mailbox.",
  'settings.sends.delegated': "Sends as {sender} with {person}''s access.",
  'settings.sends.application': "Sends as {sender} with the application's own access.",
  'settings.sends.somebody': 'the person who gave consent',
  'settings.sends.blocked':
    'Nothing is sent as {sender} until {blocker, select, reconnect {the mailbox is reconnected} app {the app registration works again} token {Microsoft accepts the access again} refused {Microsoft takes its mail again} other {a mailbox is connected}}.',
  'settings.waiting.to-be-sent':
    '{count, plural, one {# message waits to be sent.} other {# messages wait to be sent.}}',
  'settings.waiting.blocked':
    '{count, plural, one {# message waits} other {# messages wait}} and cannot leave until {blocker, select, reconnect {the mailbox is reconnected} app {the app registration works again} token {Microsoft accepts the access again} refused {Microsoft takes its mail again} other {a mailbox is connected}}.',
  'settings.meanwhile.reconnect': 'Messages stay held until this completes. If it fails, nothing changes.',
  'settings.meanwhile.app':
    'Messages stay held until the app registration works again. If this fails, nothing changes.',
  'settings.meanwhile.new-sender':
    'Mail keeps leaving from {sender} until this completes. If it fails, nothing changes.',
  'settings.meanwhile.same-sender': 'Mail keeps leaving from {sender} meanwhile. If it fails, nothing changes.',
  'settings.usage.unlimited': 'Messages, recipients and attachments are not limited.',
  'settings.usage.left': 'Left now: {allowances}.',
  'settings.usage.messages': '{left, number} of {limit, number} messages a minute',
  'settings.usage.recipients': '{left, number} of {limit, number} recipients a day',
  'settings.usage.megabytes': '{left, number} of {limit, number} MB of attachments in 5 minutes',
  'settings.usage.paused': 'Nothing is sent before {time}: {why}.',
  'settings.usage.last-leaves': 'The last waiting message leaves by about {time}.',

  'settings.credential.secret': 'Client secret',
  'settings.credential.certificate': 'Certificate',
  'settings.credential.federated': 'Federated credential',
  'settings.credential.valid-until': 'Valid until {day}',
  'settings.credential.expires':
    'The {kind, select, certificate {certificate} other {client secret}} of the app registration expires {days, plural, one {within a day} other {in # days}}',
  'settings.credential.expired':
    'The {kind, select, certificate {certificate} other {client secret}} of the app registration has expired',
  'settings.credential.expires.detail': 'It expires on {day}. From then on nothing is sent, and nobody can sign in.',
  'settings.credential.expired.detail':
    'It expired on {day}. Without a new one nothing is sent, and nobody can sign in.',
  'settings.credential.renew.secret':
    'An Entra administrator makes a new client secret (App registrations > Certificates & secrets); the operator of this installation sets AZURE_CLIENT_SECRET and AZURE_CLIENT_SECRET_EXPIRES and restarts or reloads it.',
  'settings.credential.renew.certificate':
    'An Entra administrator adds a new certificate (App registrations > Certificates & secrets); the operator of this installation puts it where AZURE_CLIENT_CERTIFICATE_PATH points and restarts or reloads it.',

  'settings.sender': 'Sender',
  'settings.sender.address': 'From Email Address',
  'settings.sender.placeholder': 'name@domain',
  'settings.sender.hint.delegated': 'All mail leaves from this address: your own mailbox, a shared mailbox or a group.',
  'settings.sender.hint.application':
    'All mail leaves from this address: the mailbox of a person, or a shared mailbox.',
  'settings.sender.single': 'Enable Single Sender Identity',
  'settings.sender.single.locked':
    'Locked: the configured address is the only sender, and a message that asks for another is refused.',
  'settings.sender.large': 'Enable large file attachments',
  'settings.sender.large.locked': 'Locked: Mail.ReadWrite is granted, and stays so until Reset.',
  'settings.sender.large.delegated':
    'Attachments over about 3 MB in all, up to 150 MB each, need the permission Mail.ReadWrite. It covers the whole mailbox of the person who gives consent, so it is better to use a dedicated account.',
  'settings.sender.large.application':
    'Attachments over about 3 MB in all, up to 150 MB each, need the permission Mail.ReadWrite. It covers every mailbox the application may use, so it is better to have it limited to this one in Exchange.',
  'settings.enable': 'Enable',
  'settings.plan.enter-to-enable': 'To enable, enter the From Email Address first.',
  'settings.plan.correct-to-enable': 'To enable, correct the From Email Address. {fault}',
  'settings.plan.enter-to-save': 'To save, enter a From Email Address. To disconnect the mailbox, use Reset.',
  'settings.plan.correct-to-save': 'To save, correct the From Email Address. {fault}',
  'settings.plan.nothing': 'Nothing has changed, so there is nothing to save.',
  'settings.plan.configure': "Connects {sender} once Microsoft's consent completes.",
  'settings.plan.update-sender': "Changes the sender to {sender} once Microsoft's consent completes.",
  'settings.plan.update-sender-large':
    "Changes the sender to {sender} and enables large file attachments once Microsoft's consent completes.",
  'settings.plan.large-attachments': "Enables large file attachments for {sender} once Microsoft's consent completes.",

  'settings.preview.asks':
    '{button, select, save {What Save asks Microsoft for} other {What Enable asks Microsoft for}}',
  'settings.preview.also.delegated':
    'Also to sign that person in, and to keep the access while nobody is signed in (openid, profile, offline_access). Microsoft does not ask again for what was granted earlier.',
  'settings.preview.also.application':
    "For the application itself: no person's access is used or kept. Microsoft's page shows every permission that the app registration lists.",
  'settings.preview.next': 'What happens next',
  'settings.preview.popup':
    "{button, select, save {Save opens Microsoft's page in a popup window.} other {Enable opens Microsoft's page in a popup window.}}",
  'settings.preview.account':
    'Sign in with the account that will send. It need not be the account you are signed in with ({admin}).',
  'settings.preview.account-shared':
    'Sign in with the account that will send. It need not be the account you are signed in with ({admin}). The account needs the Send As right on {sender}.',
  'settings.preview.entra-account':
    'An Entra administrator chooses their account there and accepts. It need not be the account you are signed in with ({admin}).',
  'settings.preview.proof': 'A message to {admin} then shows that it works.',
  'settings.preview.proof-from': 'A message from {sender} to {admin} then shows that it works.',
  'settings.preview.every-mailbox':
    'Unless an Exchange administrator limits it to this one, the application may use every mailbox of the organisation. The installation guide says how.',
  'settings.preview.approval':
    'An Entra administrator may have to approve this once for the organisation, also in another browser, at <link>{url}</link>',
  'settings.preview.copy': 'Copy link',
  'settings.preview.copy-fallback': 'Select the address above.',

  'settings.permission': '<name>{permission}</name>: {text}',
  'settings.permission.unused': 'A permission that Inforiver Mail does not use.',
  'settings.permission.Mail.Send': 'Send mail as {person}.',
  'settings.permission.Mail.Send.asked': 'Send mail as the person who gives consent.',
  'settings.permission.Mail.Send.Shared': 'Send mail from the shared mailboxes and groups {person} may send as.',
  'settings.permission.Mail.Send.Shared.asked':
    'Send mail from the shared mailboxes and groups this person may send as.',
  'settings.permission.Mail.ReadWrite':
    "Read and write all mail in {person}''s mailbox. Large file attachments are uploaded as drafts there.",
  'settings.permission.Mail.ReadWrite.asked':
    "Read and write all mail in this person's mailbox. Large file attachments are uploaded as drafts there.",
  'settings.permission.Mail.ReadWrite.Shared':
    "Read and write all mail in {person}'s mailbox and in those {person} has Full Access to. Bounces are read there.",
  'settings.permission.Mail.ReadWrite.Shared.asked':
    "Read and write all mail in this person's mailbox and in those they have Full Access to. Bounces are read there.",
  'settings.permission.ExchangeMessageTrace.Read.All':
    'Read who sent mail to whom in the organisation, and what became of it.',
  'settings.permission.User.Read': "Read {person}''s name and address.",
  'settings.permission.User.Read.asked': "Read this person's name and address.",
  'settings.permission.Mail.Send.application': 'Send mail from every mailbox the application may use.',
  'settings.permission.Mail.ReadWrite.application':
    'Read and write all mail in every mailbox the application may use. Large file attachments are uploaded as drafts there, and bounces are read.',

  'settings.reset': 'Reset',
  'settings.reset.title': 'Reset Office 365 SMTP?',
  'settings.reset.deletes': 'The tokens and the settings, the From Email Address included, are deleted here.',
  'settings.reset.nothing-waits':
    'No messages wait. Messages submitted after the reset are held until a mailbox is connected again.',
  'settings.reset.waiting':
    '{count, plural, one {# message waits} other {# messages wait}} and cannot leave until a mailbox is connected again. None is lost.',
  'settings.reset.consents': 'Pending consent requests are cancelled.',
  'settings.reset.on-the-wire':
    'A message that Microsoft is receiving at this moment cannot be recalled: the reset waits for it, ten seconds at most.',
  'settings.reset.entra':
    'The consent at Microsoft itself remains. An administrator withdraws it in Entra under Enterprise applications > Permissions.',
  'settings.reset.done': 'Reset',
  'settings.reset.done.text': 'The tokens and settings are deleted. No mailbox is connected.',
  'settings.on-the-wire':
    '{count, plural, one {# message was already on its way to Microsoft and could not be recalled: it may have left from {sender}.} other {# messages were already on their way to Microsoft and could not be recalled: they may have left from {sender}.}}',
  'settings.on-the-wire.old-sender':
    '{count, plural, one {# message was already on its way to Microsoft and could not be recalled: it may have left from the old sender.} other {# messages were already on their way to Microsoft and could not be recalled: they may have left from the old sender.}}',

  'settings.consent.waiting.configure': 'Waiting for consent at Microsoft to send mail from {sender}',
  'settings.consent.waiting.update-sender': 'Waiting for consent at Microsoft to send mail from {sender} from now on',
  'settings.consent.waiting.large-attachments':
    'Waiting for consent at Microsoft to enable large file attachments for {sender}',
  'settings.consent.waiting.reconnect': 'Waiting for consent at Microsoft to reconnect {sender}',
  'settings.consent.waiting.delivery-reports': 'Waiting for consent at Microsoft to read delivery reports for {sender}',
  'settings.consent.window.title': 'Microsoft 365',
  'settings.consent.window.opening': "Opening Microsoft's page…",
  'settings.consent.give': "Give consent in Microsoft's window.",
  'settings.consent.checking': 'Microsoft has answered. The access is being checked.',
  'settings.consent.elsewhere':
    "It was started in another browser or by another admin, and Microsoft's page can be opened only there.",
  'settings.consent.expires-now': 'The consent is about to expire.',
  'settings.consent.expires-soon': 'The consent expires in less than a minute.',
  'settings.consent.expires-in': 'The consent expires in about {minutes, plural, =1 {one minute} other {# minutes}}.',
  'settings.consent.open-again': "Open Microsoft's page again",
  'settings.consent.cancel': 'Cancel',
  'settings.consent.reading': 'Reading what became of the consent',
  'settings.consent.unknown.title': 'The consent is no longer known',
  'settings.consent.unknown.text': 'The page shows the settings as they are.',
  'settings.consent.try-again': 'Try again',
  'settings.consent.choose-account': 'Choose another account',
  'settings.consent.nothing-changed': 'Nothing was changed.',
  'settings.consent.configure.title': 'Connected',
  'settings.consent.configure.detail': 'Mail leaves from {sender}.',
  'settings.consent.configure.detail-large': 'Mail leaves from {sender}. Large file attachments are enabled.',
  'settings.consent.update-sender.title': 'Sender changed',
  'settings.consent.update-sender.detail': 'Mail now leaves from {sender}.',
  'settings.consent.large-attachments.title': 'Large file attachments enabled',
  'settings.consent.large-attachments.detail': '{sender} can now send large files.',
  'settings.consent.reconnect.title': 'Reconnected',
  'settings.consent.reconnect.detail': 'Mail leaves from {sender} again.',
  'settings.consent.delivery-reports.title': 'Delivery reports switched on',
  'settings.consent.delivery-reports.detail': 'What becomes of the mail from {sender} is read from now on.',
  'settings.consent.changed-since.title': 'The settings have changed since',
  'settings.consent.changed-since.detail':
    "Microsoft's consent completed, but the settings were changed afterwards. The page shows them as they are now.",
  'settings.consent.expired.title': 'The time at Microsoft ran out',
  'settings.consent.expired.detail':
    'The consent was not given within ten minutes. {partly, select, yes {Only what was granted before is switched on.} other {Nothing was changed.}}',
  'settings.consent.cancelled.title': 'Cancelled',
  'settings.consent.cancelled.detail':
    'The consent was cancelled here. {partly, select, yes {Only what was granted before is switched on.} other {Nothing was changed.}}',
  'settings.consent.cancelled-at-microsoft':
    'You cancelled at Microsoft. {partly, select, yes {Only what was granted before is switched on.} other {Nothing was changed.}}',
  'settings.consent.cancelled-at-microsoft.elsewhere':
    'The consent was cancelled at Microsoft. {partly, select, yes {Only what was granted before is switched on.} other {Nothing was changed.}}',
  'settings.consent.superseded.title': 'Overtaken by another change',
  'settings.consent.superseded.detail':
    'The settings were changed or reset before the consent completed, so it no longer counts. If it is still wanted, start it again.',
  'settings.consent.failed.title': 'The consent failed',
  'settings.consent.failed.detail': 'The consent did not complete. Nothing was changed.',
  'settings.consent.pending.title': 'Waiting for Microsoft',
  'settings.consent.other-account':
    'The consent was given by {account}, and the From Email Address is {sender}: {account} sends for it, and needs the Send As right on it.',
  'settings.consent.other-account-failed':
    'The consent was given by {account}, and the From Email Address is {sender}.',
} as const

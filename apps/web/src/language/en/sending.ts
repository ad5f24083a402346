/** Why mail waits, and the test mail, which the settings show. */
export const sending = {
  'sending.held.not-configured': 'No mailbox is connected. The mail goes out once one is.',
  'sending.held.reconnect-required':
    'Microsoft no longer accepts the access. The mail goes out once the mailbox is reconnected.',
  'sending.held.large-attachments-disabled':
    'The mail needs large file attachments. It goes out once they are enabled.',
  'sending.held.mailbox-refused':
    'Microsoft refuses this mail from the mailbox. It goes out once Microsoft takes it, which is tried every 15 minutes.',
  'sending.held.app-misconfigured':
    'The app registration in Entra does not work. The mail goes out once the operator has fixed it.',
  'sending.microsoft-code': "Microsoft's code",
  'sending.microsoft-request': "Microsoft's request id",
  'sending.test': 'Test mail',
  'sending.test.again': 'The test mail will be tried again',
  'sending.test.cancelled': 'The test mail was cancelled',
  'sending.test.cancelled-detail': 'It was not sent.',
  'sending.test.failed': 'The test mail was not sent',
  'sending.test.held': 'The test mail is held',
  'sending.test.held-detail': 'It goes out once the settings allow it.',
  'sending.test.may-be-accepted':
    'The test mail may have been accepted nevertheless: look into <link>Messages</link> before you send it again.',
  'sending.test.no-reason': 'No reason is known.',
  'sending.test.not-before': 'Not before {at}.',
  'sending.test.open': 'Open the message',
  'sending.test.queued': 'The test mail is about to be sent',
  'sending.test.recipient': 'Recipient (optional)',
  'sending.test.recipient-hint': 'Left empty, the test mail goes to you: {address}.',
  'sending.test.send': 'Send test mail',
  'sending.test.sending': 'Sending the test mail',
  'sending.test.sent': 'Test mail sent',
  'sending.test.sent-detail':
    'From {hasFrom, select, yes {{from}} other {the sender}} to {recipients}. It can take a moment to arrive.',
  'sending.test.sent-twice':
    "From {hasFrom, select, yes {{from}} other {the sender}} to {recipients}. It can take a moment to arrive. It may arrive twice, because Microsoft's first answer did not arrive.",
  'sending.test.to': 'To {recipients}.',
  'sending.test.waits': 'The test mail waits',
  'sending.waits.mailbox-paused': 'Nothing is sent from the mailbox until then: {why}.',
  'sending.waits.messages-per-minute':
    'The mailbox sends a limited number of messages a minute, and this one waits for the messages before it.',
  'sending.waits.no-worker':
    'No process that sends is running. The message leaves once one is started with ROLE=all or ROLE=worker.',
  'sending.waits.recipients-per-day':
    'The mailbox sends to a limited number of recipients a day, and this message waits until enough are free again.',
  'sending.waits.requests-at-once': 'As many other messages of the mailbox are being sent as Microsoft takes at once.',
  'sending.waits.retry': 'The last attempt did not succeed, or its outcome is not known.',
  'sending.waits.uploads-per-5-minutes':
    'Microsoft takes a limited number of bytes from the mailbox in 5 minutes. The upload goes on when there is room.',
} as const

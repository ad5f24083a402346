import type { Sentences } from '../../wording.ts'

/** What became of attempts and messages besides what Microsoft answered. */
export const messages = {
  accepted: 'Microsoft accepted the message.',
  found: 'Found in the mailbox: it had been sent.',
  traced: 'Found in the message trace: it had been sent.',
  'abandoned-sending': 'The process that was sending it ended, or stood still, before the outcome was written down.',
  'abandoned-uploading': 'The process that was uploading it ended, or stood still. Another goes on where it was.',
  abandoned: 'The process that was working on it ended, or stood still, before it was sent.',
  'upload-ended': 'Microsoft ended the upload session again and again.',
  'draft-changed': 'The draft of the message was changed or deleted in the mailbox while it was being made.',
  'attachments-not-shown': 'The draft does not show all attachments yet.',
  'refused-alone.title': 'Microsoft refused the message while others left',
  'refused-alone': 'Microsoft 365 refused it three times, while other messages left the mailbox.',
  'gateway-refused-alone.title': 'The message was refused in Microsoft’s place while others left',
  'gateway-refused-alone': 'It was refused three times, while other messages left the mailbox.',
  'other-sender.title': 'Microsoft would send the message from another address',
  'other-sender':
    'Microsoft replaced the sender {sender} of a message that goes as MIME (S/MIME, or a calendar invitation) with the connected account, so it was not sent.',
  'sent-by-hand.title': 'The message was sent from the mailbox before it was complete',
  'sent-by-hand': 'Somebody sent its draft by hand, with {attached} of its {attachments} attachments.',
  'request-size': 'The request has {bytes} bytes.',
  'attachment-size': 'Attachment {attachment} has {bytes} bytes.',
  'size.attachment-between':
    'Attachment {attachment} has {sizeBytes} bytes. Encoded, that is too much for one request to Microsoft, which has at most {limitBytes} bytes, and too little for an upload session.',
  'size.attachment-too-large': 'Attachment {attachment} has {sizeBytes} bytes; Microsoft takes at most {limitBytes}.',
  'size.body-too-large':
    'Without attachments it has {sizeBytes} bytes; Microsoft takes at most {limitBytes} in one request.',
  'size.message-too-large': 'It has {sizeBytes} bytes; Microsoft takes at most {limitBytes}.',
  'access-in-refresh': 'Another process is refreshing the access and takes long.',
  'access-not-answered': 'Microsoft’s sign-in service could not answer. It is asked again in {seconds} s.',

  'outcome-unknown.title': 'It is not known whether the message was sent',
  stopped: 'Microsoft’s answer did not arrive, and the message asked not to be sent twice.',
  'refused-after-looking':
    'Microsoft’s answer to an earlier attempt did not arrive, and the message was not found in the mailbox. Tried again, it was refused:',
  'refused-without-looking':
    'Microsoft’s answer to an earlier attempt did not arrive, and the mailbox cannot be searched for the message. Tried again, it was refused:',
  'gave-up-in-doubt':
    'Microsoft’s answer did not arrive, and for 24 hours it could neither be found out whether the message was sent nor sent again.',
  'expired-in-doubt':
    'Microsoft’s answer did not arrive, and the message was not found in the mailbox, or cannot be looked for. The time that it asked for (expiresAt) is over, so it is not sent again.',
  'look-before-retry':
    'Before the message is retried, whoever uses the mailbox looks into its Sent Items, or an Exchange administrator at {exchange} > Mail flow > Message trace.',
  'gave-up.title': 'Microsoft did not take the message for 24 hours',
  'tried-for-a-day': 'It was tried again and again for 24 hours.',
  'retry-after-outage': 'Once it is over, a workspace admin or the submitting service retries the message.',
  'expired.title': 'The message expired',
  expired:
    'It had not left by the time that it asked for (expiresAt), so it was not sent. Its attempts say what kept it. If it is still wanted, the submitting service submits it again.',
  'expired-after-unknown':
    'An earlier attempt may have sent it, and it had not left again by the time that it asked for (expiresAt). Whoever uses the mailbox looks into its Sent Items before the submitting service submits it again.',
  'not-resent.title': 'The message was not sent after a restore',
  'not-resent':
    'It waited when the backup was made, and whoever restored that chose to send nothing twice. The submitting service finds out whether the message was sent in the meantime, and otherwise sends it again; a workspace admin can do so with Retry.',
  'not-resent-in-doubt':
    'It was being sent when the backup was made, and whoever restored that chose to send nothing twice. Whoever uses the mailbox looks into its Sent Items before the submitting service sends it again.',
  'content-lost.title': 'The content of the message is lost',
  'content-lost':
    'The vault key that its content was sealed with is lost. The submitting service submits the message again.',
  'content-lost-in-doubt':
    'The vault key that its content was sealed with is lost, and it may have been sent before. Whoever uses the mailbox looks into its Sent Items before the submitting service submits it again.',
  'tokens-lost.title': 'The tokens of the connection are lost',
  'tokens-lost':
    'The vault key that the tokens were sealed with is lost, and the operator has given them up. Messages wait until the mailbox is connected again.',
  'connection-changed.title': 'The connection changed during the check',
  'connection-changed': 'The settings were reset or replaced while they were being checked.',
  'check-again': 'Check again.',
  'reconnect-same-account': 'A workspace admin chooses Reconnect and signs in with the same account.',
} as const satisfies Sentences

import type { OutgoingMessage } from '@inforiver-mail/m365/outgoing-message'

/** Sending it is the only proof Microsoft offers that a grant may send as the sender. */
export function verificationMessage({
  fromEmail,
  recipient,
  access,
  consentId,
}: {
  fromEmail: string
  recipient: { address: string; name: string }
  /** Whose access it is, worded to follow "with". */
  access: string
  consentId: string
}): OutgoingMessage {
  return {
    id: consentId,
    from: { address: fromEmail },
    to: [recipient],
    cc: [],
    bcc: [],
    replyTo: [],
    subject: `Inforiver sends mail as ${fromEmail}`,
    html: null,
    text: [
      `This message was sent to check that Inforiver can send mail as ${fromEmail} with ${access}. It worked.`,
      '',
      'Nothing has to be done. If you did not expect this, ask the workspace admin of Inforiver who connected the mailbox; the consent can be withdrawn in Microsoft Entra under Enterprise applications > Permissions.',
    ].join('\n'),
    attachments: [],
    headers: {},
    importance: 'normal',
    saveToSentItems: true,
  }
}

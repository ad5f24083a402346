import type { Delegate } from '@inforiver-mail/m365/graph-mailer'
import type { OutgoingMessage } from '@inforiver-mail/m365/outgoing-message'

/** Proves that the delegate may send as the sender: the only proof that Microsoft offers. */
export function verificationMessage({
  fromEmail,
  delegate,
  consentId,
}: {
  fromEmail: string
  delegate: Delegate
  consentId: string
}): OutgoingMessage {
  return {
    id: consentId,
    from: { address: fromEmail },
    to: [{ address: delegate.addresses[0] ?? fromEmail, name: delegate.name }],
    cc: [],
    bcc: [],
    replyTo: [],
    subject: `Inforiver sends mail as ${fromEmail}`,
    html: null,
    text: [
      `This message was sent to check that Inforiver can send mail as ${fromEmail} with the access of ${delegate.name}. It worked.`,
      '',
      'Nothing has to be done. If you did not expect this, ask the workspace admin of Inforiver who connected the mailbox; the consent can be withdrawn in Microsoft Entra under Enterprise applications > Permissions.',
    ].join('\n'),
    attachments: [],
    headers: {},
    importance: 'normal',
    saveToSentItems: true,
  }
}

import type { Recipient } from '@inforiver-mail/contract/message'
import type { MessageContent } from '@inforiver-mail/m365/message-content'
import { escapeHtml } from '../http/html.ts'

/** The mail behind *Send test mail*, which is delivered like any other message. */
export function testMail({
  to,
  sender,
  askedBy,
  at,
}: {
  to: Recipient
  sender: string
  askedBy: string
  at: Date
}): MessageContent {
  const lines = [
    `${askedBy} asked Inforiver to send this test mail from ${sender}.`,
    'It arrived, so reports, alerts and invitations will arrive as well.',
    `Sent on ${at.toISOString()}.`,
  ]
  return {
    to: [to],
    cc: [],
    bcc: [],
    replyTo: [],
    subject: 'Test mail from Inforiver',
    html: `<!doctype html><html><body>${lines.map((line) => `<p>${escapeHtml(line)}</p>`).join('')}</body></html>`,
    text: null,
    attachments: [],
    headers: {},
    importance: 'normal',
    saveToSentItems: true,
  }
}

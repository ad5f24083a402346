import { z } from 'zod'
import { newItemId, newMessageId } from './attachments.ts'
import type { Simulation } from '../simulation/simulation.ts'
import type { StoredMessage } from '../tenant/message.ts'

// Non-delivery reports, as Exchange Online and others write them (microsoft's `Get started with non-delivery reports`,
// and reports of real messages).

/** Exchange's reports come from the same local part in every tenant. */
const LOCAL_PART = 'MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e'
const EXCHANGE = `${LOCAL_PART}@contoso.onmicrosoft.com`
const OUTLOOK = 'Microsoft Outlook'

/** What may arrive, by kind: from whom, and for a report of Exchange its message class. */
const KINDS = {
  exchange: { address: EXCHANGE, name: OUTLOOK, messageClass: 'REPORT.IPM.Note.NDR' },
  /** The message is tried further. */
  delayed: { address: EXCHANGE, name: OUTLOOK, messageClass: 'REPORT.IPM.Note.Delayed.DR' },
  /** Looks like a real one, from another organization. */
  forged: { address: `${LOCAL_PART}@evil.example`, name: OUTLOOK, messageClass: 'REPORT.IPM.Note.NDR' },
  /** Of another mail server. */
  foreign: { address: 'mailer-daemon@mail.fabrikam.com', name: 'Mail Delivery System', messageClass: null },
  /** An absence note. */
  'auto-reply': { address: 'postmaster@fabrikam.com', name: 'Fabrikam', messageClass: null },
}

/** A report, or something that looks like one, as if it had arrived. */
export const NewReport = z.strictObject({
  kind: z.enum(Object.keys(KINDS) as (keyof typeof KINDS)[]),
  /** The mail that it is about. */
  original: z.strictObject({ internetMessageId: z.string().max(1000), subject: z.string().max(1000).default('') }),
  /** Whom it did not reach, and the words of the server: `550 5.1.10 …`. */
  recipients: z
    .array(z.strictObject({ address: z.string().max(400), text: z.string().max(10_000) }))
    .max(1000)
    .default([]),
})
/** `mailbox` is where it arrives. */
type Report = z.infer<typeof NewReport> & { readonly mailbox: string }
type FailedRecipient = Report['recipients'][number]

/** Reports to the sender that a message does not reach these recipients. */
export function bounce(message: StoredMessage, recipients: FailedRecipient[], simulation: Simulation): void {
  const { reportsTo } = simulation.settings.current
  const mailbox = (reportsTo === 'sender' ? message.sender : message.from).address
  placeReport({ kind: 'exchange', original: message, recipients, mailbox }, simulation)
}

export function placeReport(report: Report, { index, store, clock }: Simulation): void {
  const { kind, original, recipients } = report
  const mailbox = report.mailbox.toLowerCase()
  const { messageClass, ...sender } = KINDS[kind]
  const said = recipients.map(({ address, text }) => `${address}: ${text}`)
  const property = (tag: string, value: string) => ({ id: `String ${tag}`, value })
  // Exchange lists those whom it does not reach, and not the owner of the mailbox.
  const to = messageClass === null ? [mailbox] : recipients.map(({ address }) => address)
  const message: StoredMessage = {
    internetMessageId: newMessageId(index),
    subject: `${kind === 'auto-reply' ? 'Automatic reply' : 'Undeliverable'}: ${original.subject}`,
    from: sender,
    sender,
    to: to.map((address) => ({ address, name: address })),
    cc: [],
    bcc: [],
    replyTo: [],
    body: { contentType: 'text', content: `Your message could not be delivered to:\r\n\r\n${said.join('\r\n')}\r\n` },
    importance: 'normal',
    headers: [],
    extendedProperties: [
      property('0x001A', messageClass ?? 'IPM.Note'),
      ...(messageClass === null ? [] : ['0x1046', '0x1042'].map((tag) => property(tag, original.internetMessageId))),
    ],
    attachments: [],
    mime: { sha256: store.blobs.put(sourceOf(report)), kind: null },
    sentAt: clock().toISOString(),
  }
  store.commit({ type: 'message-accepted', message, copies: [{ id: newItemId(), mailbox, folder: 'inbox' }] })
}

function sourceOf({ kind, original, recipients, mailbox }: Report): Buffer {
  const { name, address } = KINDS[kind]
  const subject = original.subject.replaceAll(/[^\x20-\x7e]/g, '?')
  const to = recipients.map((recipient) => `<${recipient.address}>`).join(', ') || `<${mailbox}>`
  const said = recipients.map((recipient) => `${recipient.address}\n${recipient.text}`).join('\n')
  const exchange = (action: string) => `X-MS-Exchange-Message-Is-Ndr:
Content-Type: multipart/report; report-type=delivery-status; boundary="report"

--report
Content-Type: multipart/alternative; boundary="text"

--text
Content-Type: text/plain; charset="utf-8"

Delivery has failed to these recipients:

${said}
--text
Content-Type: text/html; charset="utf-8"

<html><body><p>Delivery has failed to these recipients:<br>${said.replaceAll('\n', '<br>')}</p></body></html>
--text--
--report
Content-Type: message/delivery-status

Reporting-MTA: dns;AM0PR01.prod.exchangelabs.com

${recipients.map((recipient) => statusOf(recipient, action)).join('\n')}
--report
Content-Type: message/rfc822

Message-ID: ${original.internetMessageId}
Subject: ${subject}

The returned message.

--report--
`
  const content = {
    exchange: exchange('failed'),
    forged: exchange('failed'),
    delayed: exchange('delayed'),
    foreign: `X-Failed-Recipients: ${recipients.map((recipient) => recipient.address).join(', ')}
Content-Type: text/plain

This message was created automatically.

${said}

Message-ID: ${original.internetMessageId}
`,
    'auto-reply': 'Content-Type: text/plain\n\nI am away until Monday.\n',
  }
  const source = `From: "${name}" <${address}>
To: ${to}
Subject: Undeliverable: ${subject}
Auto-Submitted: auto-replied
MIME-Version: 1.0
In-Reply-To: ${original.internetMessageId}
References: ${original.internetMessageId}
${content[kind]}`
  return Buffer.from(source.replaceAll(/\r?\n/g, '\r\n'))
}

function statusOf({ address, text }: FailedRecipient, action: string): string {
  return `Final-Recipient: rfc822;${address}
Action: ${action}
Status: ${/\b[245]\.\d{1,3}\.\d{1,3}\b/.exec(text)?.[0] ?? '5.0.0'}
Diagnostic-Code: smtp;${text}
X-Display-Name: ${address}
`
}

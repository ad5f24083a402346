import { pickMs } from '../faults/settings.ts'
import type { Simulation } from '../simulation/simulation.ts'
import type { MailAddress, StoredMessage } from '../tenant/message.ts'
import { newItemId, newMessageId } from './new-ids.ts'

// Non-delivery reports, as Exchange Online and others write them (microsoft's `Get started with non-delivery reports`,
// and reports of real messages).

/** The same in every tenant. */
const EXCHANGE = 'MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e'

/** A recipient whom a message does not reach, and the words of the server: `550 5.1.10 …`. */
export interface FailedRecipient {
  readonly address: string
  readonly text: string
}

export interface Report {
  /** `exchange`: the real one. `delayed`: the same, but it is tried further. `foreign`: of another mail server. `forged`: looks like a real one, from another organization. `auto-reply`: an absence note. */
  readonly kind: 'exchange' | 'delayed' | 'foreign' | 'forged' | 'auto-reply'
  /** The Message-ID and the subject of the mail that it is about. */
  readonly original: { readonly internetMessageId: string; readonly subject: string }
  readonly recipients: readonly FailedRecipient[]
  /** Where it arrives. */
  readonly mailbox: string
}

/** Reports to the sender that a message does not reach these recipients. */
export function bounce(message: StoredMessage, failed: readonly FailedRecipient[], simulation: Simulation): void {
  const { reportsTo, reportsOf } = simulation.settings.current
  const mailbox = (reportsTo === 'sender' ? message.sender : message.from).address.toLowerCase()
  const groups = reportsOf === 'each-recipient' ? failed.map((recipient) => [recipient]) : [failed]
  for (const recipients of groups) placeReport({ kind: 'exchange', original: message, recipients, mailbox }, simulation)
}

export function placeReport(report: Report, simulation: Simulation): void {
  const { store, settings, clock } = simulation
  const delayMs = pickMs(settings.current.reportDelayMs)
  const message = reportMessage(report, simulation)
  const copy = {
    id: newItemId(),
    mailbox: report.mailbox.toLowerCase(),
    folder: 'inbox',
    ...(delayMs > 0 && { visibleFromMs: clock().getTime() + delayMs }),
  } as const
  store.commit({ type: 'message-accepted', message, copies: [copy] })
}

function reportMessage(report: Report, { index, settings, store, clock }: Simulation): StoredMessage {
  const { kind, original, recipients } = report
  const { reportPrefix, reportProperties, reportDomain } = settings.current
  const sender = senderOf(kind, reportDomain)
  const source = sourceOf(report, sender, settings.current)
  const lines = recipients.map(({ address, text }) => `${address}: ${text}`)
  const isReport = kind === 'exchange' || kind === 'delayed' || kind === 'forged'
  const messageClass = {
    exchange: 'REPORT.IPM.Note.NDR',
    delayed: 'REPORT.IPM.Note.Delayed.DR',
    forged: 'REPORT.IPM.Note.NDR',
  }
  return {
    internetMessageId: newMessageId(index),
    subject: kind === 'auto-reply' ? `Automatic reply: ${original.subject}` : `${reportPrefix}${original.subject}`,
    from: sender,
    sender,
    // Exchange lists those whom it does not reach, and not the owner of the mailbox.
    to: isReport
      ? recipients.map(({ address }) => ({ address, name: address }))
      : [{ address: report.mailbox, name: report.mailbox }],
    cc: [],
    bcc: [],
    replyTo: [],
    body: { contentType: 'text', content: `Your message could not be delivered to:\r\n\r\n${lines.join('\r\n')}\r\n` },
    importance: 'normal',
    headers: [],
    extendedProperties: [
      { id: 'String 0x001A', value: isReport ? messageClass[kind] : 'IPM.Note' },
      ...(isReport && reportProperties === 'kept'
        ? [
            { id: 'String 0x1046', value: original.internetMessageId },
            { id: 'String 0x1042', value: original.internetMessageId },
          ]
        : []),
    ],
    attachments: [],
    mime: { sha256: store.blobs.put(source), kind: null },
    sentAt: clock().toISOString(),
  }
}

function senderOf(kind: Report['kind'], reportDomain: string): MailAddress {
  const name = 'Microsoft Outlook'
  switch (kind) {
    case 'exchange':
    case 'delayed':
      return { address: `${EXCHANGE}@${reportDomain}`, name }
    case 'forged':
      return { address: `${EXCHANGE}@evil.example`, name }
    case 'foreign':
      return { address: 'mailer-daemon@mail.fabrikam.com', name: 'Mail Delivery System' }
    case 'auto-reply':
      return { address: 'postmaster@fabrikam.com', name: 'Fabrikam' }
  }
}

type Switches = Simulation['settings']['current']

function sourceOf(report: Report, sender: MailAddress, switches: Switches): Buffer {
  const { kind, original, recipients } = report
  const header = [
    `From: "${sender.name}" <${sender.address}>`,
    `To: ${recipients.map(({ address }) => `<${address}>`).join(', ') || `<${report.mailbox}>`}`,
    `Subject: ${switches.reportPrefix}${original.subject.replaceAll(/[^\x20-\x7e]/g, '?')}`,
    'Auto-Submitted: auto-replied',
    'MIME-Version: 1.0',
  ]
  const thread = [`In-Reply-To: ${original.internetMessageId}`, `References: ${original.internetMessageId}`]
  if (kind === 'auto-reply') {
    return lines([...header, ...thread, 'Content-Type: text/plain', '', 'I am away until Monday.', ''])
  }
  if (kind === 'foreign') {
    const failed = `X-Failed-Recipients: ${recipients.map(({ address }) => address).join(', ')}`
    const said = recipients.flatMap(({ address, text }) => [`  ${address}`, `    ${text}`])
    const text = [
      'This message was created automatically.',
      '',
      ...said,
      '',
      `Message-ID: ${original.internetMessageId}`,
      '',
    ]
    return lines([...header, ...thread, failed, 'Content-Type: text/plain', '', ...text])
  }
  const text = [
    'Delivery has failed to these recipients:',
    '',
    ...recipients.map((one) => `${one.address}\r\n${one.text}`),
  ]
  return lines([
    ...header,
    ...thread,
    'X-MS-Exchange-Message-Is-Ndr:',
    'Content-Type: multipart/report; report-type=delivery-status; boundary="report"',
    '',
    '--report',
    'Content-Type: multipart/alternative; boundary="text"',
    '',
    '--text',
    'Content-Type: text/plain; charset="utf-8"',
    '',
    ...text,
    '--text',
    'Content-Type: text/html; charset="utf-8"',
    '',
    `<html><body><p>${text.join('<br>')}</p></body></html>`,
    '--text--',
    ...(switches.reportStatus === 'missing' ? [] : statusPart(kind, recipients)),
    ...originalPart(original, switches.reportOriginal),
    '--report--',
    '',
  ])
}

function statusPart(kind: Report['kind'], recipients: readonly FailedRecipient[]): string[] {
  const blocks = recipients.flatMap(({ address, text }) => [
    `Final-Recipient: rfc822;${address}`,
    `Action: ${kind === 'delayed' ? 'delayed' : 'failed'}`,
    `Status: ${/\b[245]\.\d{1,3}\.\d{1,3}\b/.exec(text)?.[0] ?? '5.0.0'}`,
    `Diagnostic-Code: smtp;${text}`,
    `X-Display-Name: ${address}`,
    '',
  ])
  return [
    '--report',
    'Content-Type: message/delivery-status',
    '',
    'Reporting-MTA: dns;AM0PR01.prod.exchangelabs.com',
    '',
    ...blocks,
  ]
}

function originalPart(
  { internetMessageId, subject }: Report['original'],
  included: Switches['reportOriginal'],
): string[] {
  if (included === 'missing') return []
  const header = [`Message-ID: ${internetMessageId}`, `Subject: ${subject.replaceAll(/[^\x20-\x7e]/g, '?')}`, '']
  return included === 'headers'
    ? ['--report', 'Content-Type: text/rfc822-headers', '', ...header]
    : ['--report', 'Content-Type: message/rfc822', '', ...header, 'The returned message.', '']
}

function lines(all: readonly string[]): Buffer {
  return Buffer.from(all.join('\r\n'))
}

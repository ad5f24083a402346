import { deliveryCause, type DeliveryCause } from './delivery-cause.ts'
import type { Delivery } from './message.ts'

/**
 * Who has to act on a delivery that failed: whoever submits the message, the recipient's side, an administrator of the
 * own organisation, or nobody, because it passes. Where two are possible, the likelier one is first.
 */
export type DeliveryActor = 'submitter' | 'recipient' | 'administrator' | 'nobody'

export interface DeliveryMeaning {
  readonly actors: readonly [DeliveryActor, ...DeliveryActor[]]
  /** What happened, in a sentence. */
  readonly meaning: string
  /** Who does what about it, in a sentence. */
  readonly remedy: string
}

const CHECK_ADDRESS = 'Check the address and have the service send the message again.'
const ASK_RECIPIENT = 'The recipient, or the administrator of the recipient’s mail, has to allow it.'
const SEND_LATER = 'Have the service send the message again later.'

/** The only list of their texts; `delivery-cause.ts` has the numbers, docs/microsoft-codes.md shows both. */
export const DELIVERY_MEANINGS: Readonly<Record<DeliveryCause, DeliveryMeaning>> = {
  'bad-address': {
    actors: ['submitter'],
    meaning: 'The form of an address is not accepted, or the sender is refused.',
    remedy: CHECK_ADDRESS,
  },
  'no-such-mailbox': {
    actors: ['submitter'],
    meaning: 'There is no mailbox with this address.',
    remedy: CHECK_ADDRESS,
  },
  'sender-blocked': {
    actors: ['administrator'],
    meaning: 'Exchange Online has blocked the sender because its mail looked like spam.',
    remedy: 'An administrator releases it in the Microsoft Defender portal > Restricted entities.',
  },
  'domain-not-registered': {
    actors: ['administrator'],
    meaning: 'The domain of the sender is not registered in the organisation.',
    remedy: 'An administrator adds it in the Microsoft 365 admin center > Settings > Domains.',
  },
  'mailbox-day-limit': {
    actors: ['nobody'],
    meaning: 'The mailbox has written to as many recipients as it may within 24 hours.',
    remedy: 'The mailbox pauses by itself; what has bounced has to be sent again later.',
  },
  'external-limit-trial': {
    actors: ['nobody', 'administrator'],
    meaning: 'The organisation has written to as many external recipients as a trial may within 24 hours.',
    remedy: 'The mailbox pauses by itself; an administrator raises the limit by buying licences.',
  },
  'external-limit': {
    actors: ['nobody', 'administrator'],
    meaning: 'The organisation has written to as many external recipients as it may within 24 hours.',
    remedy:
      'The mailbox pauses by itself; an administrator sees the limit in the Exchange admin center > Reports > Mail flow.',
  },
  'onmicrosoft-limit': {
    actors: ['administrator', 'nobody'],
    meaning: 'The organisation has sent as much from its onmicrosoft.com domain as it may within 24 hours.',
    remedy: 'The mailbox pauses by itself; an administrator gives the sender an address in a domain of your own.',
  },
  'mailbox-full': {
    actors: ['recipient', 'nobody'],
    meaning: 'The recipient’s mailbox is full, or may not take more at the moment.',
    remedy: 'The recipient makes room; then have the service send the message again.',
  },
  'recipient-busy': {
    actors: ['nobody'],
    meaning: 'The recipient gets more mail in an hour than the mailbox may.',
    remedy: SEND_LATER,
  },
  'remote-refused': {
    actors: ['recipient'],
    meaning: 'The recipient’s mail server refused the message.',
    remedy: 'Its own words say why; the administrator of the recipient’s mail can help.',
  },
  'recipient-refused': {
    actors: ['submitter', 'recipient'],
    meaning: 'The recipient’s domain does not accept mail for this address.',
    remedy: 'Check the address; where it is right, the administrator of the recipient’s mail has to accept it.',
  },
  loop: {
    actors: ['administrator', 'recipient'],
    meaning: 'The message went round in a loop.',
    remedy:
      'An administrator checks the connectors, the accepted domains and the forwarding; a loop outside is for the recipient’s side.',
  },
  'remote-unreachable': {
    actors: ['nobody', 'recipient'],
    meaning: 'The recipient’s mail server could not be reached in time, or not over TLS.',
    remedy: `${SEND_LATER} Where it happens again, the administrator of the recipient’s mail can help.`,
  },
  'many-recipients': {
    actors: ['submitter'],
    meaning: 'The message has more than 200 recipients in one domain.',
    remedy: 'Have the service send it to fewer at a time.',
  },
  'too-large': {
    actors: ['submitter'],
    meaning: 'The message is larger than the recipient’s side takes.',
    remedy: 'Have the service send it with smaller attachments, or fewer.',
  },
  'bare-line-feeds': {
    actors: ['submitter'],
    meaning: 'The message has line ends that the recipient’s mail server does not accept.',
    remedy: 'Whoever makes the message ends its lines with CRLF.',
  },
  'from-broken': {
    actors: ['submitter'],
    meaning: 'The From line of the message is missing, doubled or broken.',
    remedy: 'Whoever makes the message mends its From line.',
  },
  'not-authorised': {
    actors: ['administrator', 'recipient'],
    meaning: 'The sender is not allowed to write to this recipient.',
    remedy:
      'An administrator checks the mail flow rules and the restrictions of the recipient; outside the organisation the recipient’s side has to allow it.',
  },
  'senders-limited': {
    actors: ['recipient'],
    meaning: 'The recipient takes mail from certain senders only, such as those of its own organisation.',
    remedy: ASK_RECIPIENT,
  },
  'spf-failed': {
    actors: ['administrator'],
    meaning: 'The SPF record of the sender’s domain does not name Exchange Online.',
    remedy: 'An administrator adds include:spf.protection.outlook.com to the SPF record in DNS.',
  },
  'dmarc-failed': {
    actors: ['administrator'],
    meaning: 'The message did not pass the DMARC check of the sender’s domain.',
    remedy: 'An administrator mends SPF and DKIM of the domain in DNS.',
  },
  'sender-unauthenticated': {
    actors: ['administrator'],
    meaning:
      'The recipient’s provider, such as Outlook.com, takes much mail only from domains with SPF, DKIM and DMARC, and the sender’s lacks one of them.',
    remedy: 'Whoever keeps the DNS of the sender’s domain adds what the set-up check in the settings misses.',
  },
  'not-authenticated': {
    actors: ['administrator'],
    meaning: 'Exchange Online did not take the message as one of the organisation.',
    remedy: 'An administrator checks the connectors in the Exchange admin center > Mail flow.',
  },
  'encryption-failed': {
    actors: ['recipient'],
    meaning: 'The recipient’s domain asks for encryption that its mail server did not offer.',
    remedy: 'The administrator of the recipient’s mail mends its TLS, DANE or MTA-STS.',
  },
  'remote-spam': {
    actors: ['recipient', 'submitter'],
    meaning: 'The recipient’s mail server took the message for spam.',
    remedy: ASK_RECIPIENT,
  },
  'remote-relay': {
    actors: ['recipient'],
    meaning: 'The recipient’s mail server does not take mail for this domain.',
    remedy: 'The administrator of the recipient’s mail mends its MX record or its accepted domains.',
  },
  'recipient-blocks': {
    actors: ['recipient'],
    meaning: 'The recipient, or a list that it uses, blocks the sender.',
    remedy: ASK_RECIPIENT,
  },
  'sender-banned': {
    actors: ['administrator'],
    meaning: 'The sender, or the address it sent through, is banned for spam.',
    remedy: 'An administrator asks for its removal at https://sender.office.com, or asks Microsoft’s support.',
  },
  'forwarding-off': {
    actors: ['administrator'],
    meaning: 'The organisation does not forward mail to the outside.',
    remedy: 'An administrator allows it in the outbound spam policy of the Microsoft Defender portal.',
  },
  'tenant-block-list': {
    actors: ['administrator'],
    meaning: 'The organisation’s own block list contains the recipient.',
    remedy: 'An administrator removes it in the Microsoft Defender portal > Tenant Allow/Block Lists.',
  },
  'tenant-throttled': {
    actors: ['administrator', 'nobody'],
    meaning: 'Exchange Online slows the organisation down because its mail looks suspicious.',
    remedy: 'An administrator looks for compromised accounts in the Microsoft Defender portal; then it passes.',
  },
  'loss-prevention': {
    actors: ['administrator'],
    meaning: 'A rule against the loss of data stopped the message.',
    remedy: 'An administrator sees which one in the Microsoft Purview portal > Data loss prevention.',
  },
  'mail-flow-rule': {
    actors: ['administrator'],
    meaning: 'A mail flow rule of the organisation rejected the message.',
    remedy: 'An administrator sees which one in the Exchange admin center > Mail flow > Rules.',
  },
  'other-temporary': {
    actors: ['nobody'],
    meaning: 'The recipient’s mail server could not take the message for the moment.',
    remedy: SEND_LATER,
  },
  'other-address': {
    actors: ['submitter'],
    meaning: 'Something is wrong with the address.',
    remedy: CHECK_ADDRESS,
  },
  'other-mailbox': {
    actors: ['recipient'],
    meaning: 'The recipient’s mailbox does not take the message.',
    remedy: 'The recipient, or the administrator of the recipient’s mail, can help.',
  },
  'other-mail-system': {
    actors: ['recipient'],
    meaning: 'The recipient’s mail system does not take the message.',
    remedy: 'The administrator of the recipient’s mail can help.',
  },
  'other-network': {
    actors: ['recipient', 'nobody'],
    meaning: 'The way to the recipient’s mail server failed.',
    remedy: `${SEND_LATER} Where it happens again, the administrator of the recipient’s mail can help.`,
  },
  'other-content': {
    actors: ['submitter'],
    meaning: 'The recipient’s mail server does not accept the form or the content of the message.',
    remedy: 'Whoever makes the message changes it.',
  },
  'other-policy': {
    actors: ['recipient', 'administrator'],
    meaning: 'A rule of the recipient’s side, or of your own organisation, forbids the message.',
    remedy: 'The recipient’s side, or an administrator of your own organisation, has to allow it.',
  },
  'other-permanent': {
    actors: ['recipient'],
    meaning: 'The message was refused for good.',
    remedy: 'The words of the report say why; the administrator of the recipient’s mail can help.',
  },
}

/** What a quarantine means, of which no code tells. */
export const QUARANTINE: DeliveryMeaning = {
  actors: ['administrator'],
  meaning: 'Microsoft keeps the message in quarantine.',
  remedy:
    'An administrator of the recipient’s mail releases it in the Microsoft Defender portal (https://security.microsoft.com/quarantine); the recipient can do so where the organisation allows it.',
}

/** Says what became of a recipient and who does what about it; null where there is nothing to explain. */
export function explainDelivery(delivery: Delivery, code: string | null): string | null {
  if (delivery === 'quarantined') return `${QUARANTINE.meaning} ${QUARANTINE.remedy}`
  return code === null ? null : explainDeliveryCode(code)
}

/** Says what the code means and who does what about it. @param code the number alone, such as `5.1.10` */
export function explainDeliveryCode(code: string): string {
  const { meaning, remedy } = DELIVERY_MEANINGS[deliveryCause(code)]
  return `${meaning} ${remedy}`
}

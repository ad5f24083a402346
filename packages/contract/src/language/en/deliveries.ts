import type { DeliveryCause } from '../../delivery-cause.ts'

const CHECK_ADDRESS = 'Check the address and have the service send the message again.'
const ASK_RECIPIENT = 'The recipient, or the administrator of the recipient’s mail, has to allow it.'
const SEND_LATER = 'Have the service send the message again later.'

/** Why a message did not reach a recipient, and who does what about it, by the causes of `delivery-cause.ts`; of a quarantine no code tells. */
export const deliveries: Readonly<Record<DeliveryCause | 'quarantined', string>> = {
  'bad-address': `The form of an address is not accepted, or the sender is refused. ${CHECK_ADDRESS}`,
  'no-such-mailbox': `There is no mailbox with this address. ${CHECK_ADDRESS}`,
  'sender-blocked':
    'Exchange Online has blocked the sender because its mail looked like spam. An administrator releases it in the Microsoft Defender portal > Restricted entities.',
  'domain-not-registered':
    'The domain of the sender is not registered in the organisation. An administrator adds it in the Microsoft 365 admin center > Settings > Domains.',
  'mailbox-day-limit':
    'The mailbox has written to as many recipients as it may within 24 hours. The mailbox pauses by itself; what has bounced has to be sent again later.',
  'external-limit-trial':
    'The organisation has written to as many external recipients as a trial may within 24 hours. The mailbox pauses by itself; an administrator raises the limit by buying licences.',
  'external-limit':
    'The organisation has written to as many external recipients as it may within 24 hours. The mailbox pauses by itself; an administrator sees the limit in the Exchange admin center > Reports > Mail flow.',
  'onmicrosoft-limit':
    'The organisation has sent as much from its onmicrosoft.com domain as it may within 24 hours. The mailbox pauses by itself; an administrator gives the sender an address in a domain of your own.',
  'mailbox-full':
    'The recipient’s mailbox is full, or may not take more at the moment. The recipient makes room; then have the service send the message again.',
  'recipient-busy': `The recipient gets more mail in an hour than the mailbox may. ${SEND_LATER}`,
  'remote-refused':
    'The recipient’s mail server refused the message. Its own words say why; the administrator of the recipient’s mail can help.',
  'recipient-refused':
    'The recipient’s domain does not accept mail for this address. Check the address; where it is right, the administrator of the recipient’s mail has to accept it.',
  loop: 'The message went round in a loop. An administrator checks the connectors, the accepted domains and the forwarding; a loop outside is for the recipient’s side.',
  'remote-unreachable': `The recipient’s mail server could not be reached in time, or not over TLS. ${SEND_LATER} Where it happens again, the administrator of the recipient’s mail can help.`,
  'many-recipients':
    'The message has more than 200 recipients in one domain. Have the service send it to fewer at a time.',
  'too-large':
    'The message is larger than the recipient’s side takes. Have the service send it with smaller attachments, or fewer.',
  'bare-line-feeds':
    'The message has line ends that the recipient’s mail server does not accept. Whoever makes the message ends its lines with CRLF.',
  'from-broken':
    'The From line of the message is missing, doubled or broken. Whoever makes the message mends its From line.',
  'not-authorised':
    'The sender is not allowed to write to this recipient. An administrator checks the mail flow rules and the restrictions of the recipient; outside the organisation the recipient’s side has to allow it.',
  'senders-limited': `The recipient takes mail from certain senders only, such as those of its own organisation. ${ASK_RECIPIENT}`,
  'spf-failed':
    'The SPF record of the sender’s domain does not name Exchange Online. An administrator adds include:spf.protection.outlook.com to the SPF record in DNS.',
  'dmarc-failed':
    'The message did not pass the DMARC check of the sender’s domain. An administrator mends SPF and DKIM of the domain in DNS.',
  'sender-unauthenticated':
    'The recipient’s provider, such as Outlook.com, takes much mail only from domains with SPF, DKIM and DMARC, and the sender’s lacks one of them. Whoever keeps the DNS of the sender’s domain adds what the set-up check in the settings misses.',
  'not-authenticated':
    'Exchange Online did not take the message as one of the organisation. An administrator checks the connectors in the Exchange admin center > Mail flow.',
  'encryption-failed':
    'The recipient’s domain asks for encryption that its mail server did not offer. The administrator of the recipient’s mail mends its TLS, DANE or MTA-STS.',
  'remote-spam': `The recipient’s mail server took the message for spam. ${ASK_RECIPIENT}`,
  'remote-relay':
    'The recipient’s mail server does not take mail for this domain. The administrator of the recipient’s mail mends its MX record or its accepted domains.',
  'recipient-blocks': `The recipient, or a list that it uses, blocks the sender. ${ASK_RECIPIENT}`,
  'sender-banned':
    'The sender, or the address it sent through, is banned for spam. An administrator asks for its removal at https://sender.office.com, or asks Microsoft’s support.',
  'forwarding-off':
    'The organisation does not forward mail to the outside. An administrator allows it in the outbound spam policy of the Microsoft Defender portal.',
  'tenant-block-list':
    'The organisation’s own block list contains the recipient. An administrator removes it in the Microsoft Defender portal > Tenant Allow/Block Lists.',
  'tenant-throttled':
    'Exchange Online slows the organisation down because its mail looks suspicious. An administrator looks for compromised accounts in the Microsoft Defender portal; then it passes.',
  'loss-prevention':
    'A rule against the loss of data stopped the message. An administrator sees which one in the Microsoft Purview portal > Data loss prevention.',
  'mail-flow-rule':
    'A mail flow rule of the organisation rejected the message. An administrator sees which one in the Exchange admin center > Mail flow > Rules.',
  'other-temporary': `The recipient’s mail server could not take the message for the moment. ${SEND_LATER}`,
  'other-address': `Something is wrong with the address. ${CHECK_ADDRESS}`,
  'other-mailbox':
    'The recipient’s mailbox does not take the message. The recipient, or the administrator of the recipient’s mail, can help.',
  'other-mail-system':
    'The recipient’s mail system does not take the message. The administrator of the recipient’s mail can help.',
  'other-network': `The way to the recipient’s mail server failed. ${SEND_LATER} Where it happens again, the administrator of the recipient’s mail can help.`,
  'other-content':
    'The recipient’s mail server does not accept the form or the content of the message. Whoever makes the message changes it.',
  'other-policy':
    'A rule of the recipient’s side, or of your own organisation, forbids the message. The recipient’s side, or an administrator of your own organisation, has to allow it.',
  'other-permanent':
    'The message was refused for good. The words of the report say why; the administrator of the recipient’s mail can help.',
  quarantined:
    'Microsoft keeps the message in quarantine. An administrator of the recipient’s mail releases it in the Microsoft Defender portal (https://security.microsoft.com/quarantine); the recipient can do so where the organisation allows it.',
}

import type { AlertType } from '../../notice.ts'
import type { Sentences } from '../../wording.ts'

const HELD = 'held until then, and none is lost.'
const NOTHING = 'Nothing has to be done.'
const REGISTRATION = '{entra} > App registrations > the app of Inforiver Mail > Certificates & secrets'

/** What alerts say. A title with an ending stands for the one without it where the ending applies. */
export const alerts: Sentences & Readonly<Record<`${AlertType}.${'title' | 'detail' | 'action'}`, string>> = {
  'mailbox.reconnect-required.title': 'Mail from {fromEmail} waits: reconnect the mailbox',
  'mailbox.reconnect-required.detail': `{explanation} Messages are ${HELD}`,
  'mailbox.reconnect-required.action': '{action}',
  'mailbox.app-misconfigured.title': 'Mail is paused: fix the app registration',
  'mailbox.app-misconfigured.detail': `{explanation} Messages are ${HELD}`,
  'mailbox.app-misconfigured.action': '{action}',
  'mailbox.refused.title': 'Mail from {fromEmail} waits: Microsoft refuses it',
  'mailbox.refused.title-by-draft':
    'Mail from {fromEmail} that goes by draft, such as large messages, waits: Microsoft refuses it',
  'mailbox.refused.detail': `{explanation} What is refused is ${HELD}`,
  'mailbox.refused.action': '{action}',
  'mailbox.token-refused.title': 'Mail from {fromEmail} waits: Microsoft does not accept the access',
  'mailbox.token-refused.detail': '{explanation} Messages wait until then, and none is lost.',
  'mailbox.token-refused.action': '{action}',
  'mailbox.recovered.title': 'Mail leaves from {fromEmail} again',
  'mailbox.recovered.detail': 'The mailbox works. Messages that waited leave by themselves.',
  'mailbox.recovered.action': NOTHING,
  'messages.failed.title': '{count} messages failed',
  'messages.failed.title-one': 'A message failed',
  'messages.failed.detail': '{causes}',
  'messages.failed.action':
    'The Messages page says what to do about each, and which may have been sent. A workspace admin can retry it there once the reason is gone; what has expired is submitted again by its service.',
  'microsoft.unreachable.title': 'Mail waits: something else answers in Microsoft’s place',
  'microsoft.unreachable.detail':
    'Since {sinceTime}, something between this server and Microsoft has answered in Microsoft’s place, for {host}: HTTP {status}{ofType}. Messages wait, and are tried again every 5 minutes at the latest.',
  'microsoft.unreachable.action':
    'Whoever operates Inforiver Mail has to check what the proxy, the firewall or the gateway on the way to https://{host} lets through. A workspace admin chooses Send now at Tenant Settings > Office 365 SMTP to try at once.',
  'microsoft.recovered.title': 'Nothing answers in Microsoft’s place any more',
  'microsoft.recovered.detail': 'Messages that waited leave by themselves.',
  'microsoft.recovered.action': NOTHING,
  'queue.stalled.title': '{count} messages are due and do not leave',
  'queue.stalled.title-one': 'A message is due and does not leave',
  'queue.stalled.detail':
    'The mailbox is connected and within its limits, but for 15 minutes nothing has left it, and the oldest message has been due for longer than that. Either Microsoft cannot be reached or does not take mail, or no worker is running. Messages are tried for 24 hours.',
  'queue.stalled.action':
    'The Messages page shows what came of each attempt. Where there was none, whoever operates Inforiver Mail should look whether a worker is running (ROLE=all or ROLE=worker) and what its log says; where Microsoft was not reached, whether a proxy or a firewall is in the way.',
  'quota.exceeded.title': 'Mail is paused: a limit of Microsoft is used up ({code})',
  'quota.exceeded.detail': '{explanation} Mail from {fromEmail} goes on by itself on {untilTime}.',
  'quota.exceeded.action':
    'A workspace admin chooses Send now to go on earlier. If the limit is still used up, the mailbox pauses again, for twice as long.',
  'secret.expiring.title': 'The {what} of the app registration expires in {daysLeft} days',
  'secret.expiring.title-tomorrow': 'The {what} of the app registration expires within a day',
  'secret.expiring.title-expired': 'The {what} of the app registration has expired',
  'secret.expiring.detail':
    'It runs out on {day}. From then on Microsoft refuses every sign-in of the app, and all mail waits.',
  'secret.expiring.detail-expired':
    'It ran out on {day}. From then on Microsoft refuses every sign-in of the app, and all mail waits.',
  'secret.expiring.action': `An Entra administrator adds a new client secret in the ${REGISTRATION} > Client secrets. Whoever operates Inforiver Mail sets AZURE_CLIENT_SECRET and AZURE_CLIENT_SECRET_EXPIRES, and restarts or reloads it.`,
  'secret.expiring.action-certificate': `An Entra administrator adds a new certificate in the ${REGISTRATION} > Certificates. Whoever operates Inforiver Mail puts it where AZURE_CLIENT_CERTIFICATE_PATH points, and restarts or reloads it.`,
  'storage.nearly-full.title': 'The storage for messages is {percent} % full',
  'storage.nearly-full.detail':
    'Stored messages occupy {used} of {limit}: above all those that wait, are scheduled or held, or have failed.{largest} From 90 % on, only services that hold less than a tenth of the storage can submit messages; when it is full, nobody can.',
  'storage.nearly-full.action':
    'A workspace admin looks on the Messages page at what waits, is held or has failed, mends the cause, and cancels what is not needed. Whoever operates Inforiver Mail can raise TENANT_STORAGE_BYTES.',
  'storage.recovered.title': 'There is room for messages again',
  'storage.recovered.detail': 'Stored messages occupy {used} of {limit}.',
  'storage.recovered.action': NOTHING,
}

/** What failed, by the code of its problem, after a number of messages. */
export const failures = {
  'send-as-denied': 'refused: no right to send as the sender',
  'mailbox-not-found': 'refused: no such mailbox',
  'recipient-refused': 'refused: invalid recipient',
  'message-refused': 'refused: the message, or access to the mailbox',
  'message-too-large': 'refused: too large',
  'sending-limit-reached': 'refused: sending limit reached',
  'gave-up': 'given up after 24 hours of trying',
  'outcome-unknown': 'not known to be sent or not',
  'content-lost': 'lost with the vault key of the content',
  'not-resent': 'not sent again after a restore',
  expired: 'expired before leaving',
} as const satisfies Sentences

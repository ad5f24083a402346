import { MessageProblemCode } from '@inforiver-mail/contract/message'
import { CAUSE_VALUE, SERVICE_VALUE } from '@inforiver-mail/contract/notice'
import type { Values } from '@inforiver-mail/contract/values'
import type { AdminCenters } from '@inforiver-mail/m365/admin-centers'
import { explainDeliveryCode } from '@inforiver-mail/contract/delivery-text'
import { problemOfGraphCode } from '@inforiver-mail/m365/message-problem'
import type { Alert } from '../alert.ts'
import { nearest, readValues } from '../stored-values.ts'

export interface AlertText {
  readonly title: string
  readonly detail: string
  readonly action: string
}

/** Writes a day as the settings page does in English, in UTC. */
const DAY = new Intl.DateTimeFormat('en-US', { dateStyle: 'long', timeZone: 'UTC' })

const MINUTE = new Intl.DateTimeFormat('en-US', { dateStyle: 'long', timeStyle: 'long', timeZone: 'UTC' })

const NUMBER = new Intl.NumberFormat('en-US')

const RENEWAL = {
  secret: {
    what: 'client secret',
    place: 'Client secrets',
    settings: 'sets AZURE_CLIENT_SECRET and AZURE_CLIENT_SECRET_EXPIRES',
  },
  certificate: {
    what: 'certificate',
    place: 'Certificates',
    settings: 'puts it where AZURE_CLIENT_CERTIFICATE_PATH points',
  },
} as const

/** Describes an alert for the page, which unlike webhooks is shown what a gateway says. */
export function noticeText(alert: Alert, count: number, adminCenters: AdminCenters): AlertText {
  const text = alertText(alert, count, adminCenters)
  if (alert.type !== 'microsoft.unreachable' || alert.facts.excerpt === '') return text
  return { ...text, detail: `${text.detail} It says: “${alert.facts.excerpt}”` }
}

/** Describes an alert, for webhooks and nearly all that the page shows. `count` is the number of messages it is about. */
export function alertText({ type, facts }: Alert, count: number, { entra }: AdminCenters): AlertText {
  switch (type) {
    case 'mailbox.reconnect-required':
      return {
        title: `Mail from ${facts.fromEmail} waits: reconnect the mailbox`,
        detail: sentences(facts.title, facts.detail, 'Messages are held until then, and none is lost.'),
        action: facts.action,
      }
    case 'mailbox.app-misconfigured':
      return {
        title: 'Mail is paused: fix the app registration',
        detail: sentences(facts.title, facts.detail, 'Messages are held until then, and none is lost.'),
        action: facts.action,
      }
    case 'mailbox.refused':
      return {
        title:
          facts.values?.['byDraft'] === true
            ? `Mail from ${facts.fromEmail} that goes by draft, such as large messages, waits: Microsoft refuses it`
            : `Mail from ${facts.fromEmail} waits: Microsoft refuses it`,
        detail: sentences(facts.title, facts.detail, 'What is refused is held until then, and none is lost.'),
        action: facts.action,
      }
    case 'mailbox.token-refused':
      return {
        title: `Mail from ${facts.fromEmail} waits: Microsoft does not accept the access`,
        detail: sentences(facts.title, facts.detail, 'Messages wait until then, and none is lost.'),
        action: facts.action,
      }
    case 'mailbox.recovered':
      return {
        title: `Mail leaves from ${facts.fromEmail} again`,
        detail: 'The mailbox works. Messages that waited leave by themselves.',
        action: 'Nothing has to be done.',
      }
    case 'messages.failed':
      return {
        title: count === 1 ? 'A message failed' : `${NUMBER.format(count)} messages failed`,
        detail: failedText(count, facts.causes),
        action:
          'The Messages page says what to do about each, and which may have been sent. A workspace admin can retry it there once the reason is gone; what has expired is submitted again by its service.',
      }
    case 'microsoft.unreachable':
      return {
        title: 'Mail waits: something else answers in Microsoft’s place',
        detail: `Since ${MINUTE.format(Date.parse(facts.since))}, something between this server and Microsoft has answered in Microsoft’s place, for ${facts.host}: HTTP ${facts.status}${facts.contentType === null ? '' : ` (${facts.contentType})`}. Messages wait, and are tried again every 5 minutes at the latest.`,
        action: `Whoever operates Inforiver Mail has to check what the proxy, the firewall or the gateway on the way to https://${facts.host} lets through. A workspace admin chooses Send now at Tenant Settings > Office 365 SMTP to try at once.`,
      }
    case 'microsoft.recovered':
      return {
        title: 'Nothing answers in Microsoft’s place any more',
        detail: 'Messages that waited leave by themselves.',
        action: 'Nothing has to be done.',
      }
    case 'queue.stalled':
      return {
        title:
          count === 1
            ? 'A message is due and does not leave'
            : `${NUMBER.format(count)} messages are due and do not leave`,
        detail:
          'The mailbox is connected and within its limits, but for 15 minutes nothing has left it, and the oldest message has been due for longer than that. Either Microsoft cannot be reached or does not take mail, or no worker is running. Messages are tried for 24 hours.',
        action:
          'The Messages page shows what came of each attempt. Where there was none, whoever operates Inforiver Mail should look whether a worker is running (ROLE=all or ROLE=worker) and what its log says; where Microsoft was not reached, whether a proxy or a firewall is in the way.',
      }
    case 'quota.exceeded':
      return {
        title: `Mail is paused: a limit of Microsoft is used up (${facts.code})`,
        detail: `${explainDeliveryCode(facts.code)} Mail from ${facts.fromEmail} goes on by itself on ${MINUTE.format(Date.parse(facts.until))}.`,
        action:
          'A workspace admin chooses Send now to go on earlier. If the limit is still used up, the mailbox pauses again, for twice as long.',
      }
    case 'secret.expiring': {
      const { what, place, settings } = RENEWAL[nearest(['secret', 'certificate'], facts.kind, 'secret')]
      return {
        title: `The ${what} of the app registration ${expiryText(facts.daysLeft)}`,
        detail: `It ${facts.daysLeft === 0 ? 'ran' : 'runs'} out on ${DAY.format(Date.parse(facts.expiresAt))}. From then on Microsoft refuses every sign-in of the app, and all mail waits.`,
        action: `An Entra administrator adds a new ${what} in the ${entra} > App registrations > the app of Inforiver Mail > Certificates & secrets > ${place}. Whoever operates Inforiver Mail ${settings}, and restarts or reloads it.`,
      }
    }
    case 'storage.nearly-full':
      return {
        title: `The storage for messages is ${percentOf(facts)} % full`,
        detail: sentences(
          `Stored messages occupy ${megabytes(facts.usedBytes)} of ${megabytes(facts.limitBytes)}: above all those that wait, are scheduled or held, or have failed.`,
          facts.services.length === 0
            ? ''
            : `These services hold most: ${facts.services.map(({ name, bytes }) => `${name} ${megabytes(bytes)}`).join(', ')}.`,
          'From 90 % on, only services that hold less than a tenth of the storage can submit messages; when it is full, nobody can.',
        ),
        action:
          'A workspace admin looks on the Messages page at what waits, is held or has failed, mends the cause, and cancels what is not needed. Whoever operates Inforiver Mail can raise TENANT_STORAGE_BYTES.',
      }
    case 'storage.recovered':
      return {
        title: 'There is room for messages again',
        detail: `Stored messages occupy ${megabytes(facts.usedBytes)} of ${megabytes(facts.limitBytes)}.`,
        action: 'Nothing has to be done.',
      }
  }
}

function megabytes(bytes: number): string {
  return `${NUMBER.format(Math.round(bytes / 1024 ** 2))} MB`
}

/** Of how many hundredths the room is taken. */
function percentOf({ usedBytes, limitBytes }: { usedBytes: number; limitBytes: number }): number {
  return Math.floor((100 * usedBytes) / limitBytes)
}

/** The facts of an alert, for its text in another language. */
export function alertValues({ type, facts }: Alert, count: number, { entra }: AdminCenters): Values {
  switch (type) {
    case 'mailbox.reconnect-required':
    case 'mailbox.app-misconfigured':
    case 'mailbox.refused':
    case 'mailbox.token-refused':
      return { ...readValues(facts.values), fromEmail: facts.fromEmail, correlationId: facts.correlationId }
    case 'mailbox.recovered':
      return { fromEmail: facts.fromEmail }
    case 'messages.failed':
      return { count, ...(facts.since && { since: new Date(facts.since).toISOString() }), ...causeValues(facts.causes) }
    case 'microsoft.unreachable': {
      const { since, status, host, contentType, excerpt } = facts
      return { since, status, host, contentType: contentType ?? 'none', excerpt: excerpt === '' ? 'none' : excerpt }
    }
    case 'microsoft.recovered':
      return {}
    case 'queue.stalled':
      return { count, oldestDueAt: facts.oldestDueAt }
    case 'quota.exceeded':
      return { fromEmail: facts.fromEmail, code: facts.code, until: facts.until }
    case 'secret.expiring':
      return { kind: facts.kind, expiresAt: facts.expiresAt, daysLeft: facts.daysLeft, entra }
    case 'storage.nearly-full': {
      const services = facts.services.map(({ name, bytes }) => [`${SERVICE_VALUE}${name}`, bytes] as const)
      return {
        usedBytes: facts.usedBytes,
        limitBytes: facts.limitBytes,
        percent: percentOf(facts),
        ...Object.fromEntries(services),
      }
    }
    case 'storage.recovered':
      return { usedBytes: facts.usedBytes, limitBytes: facts.limitBytes }
  }
}

/** Describes an alert that a newer version raised, whose type and facts this one does not know. */
export function newerAlertText(type: string): AlertText {
  return {
    title: `A newer version of Inforiver Mail reports: ${type}`,
    detail: 'This version does not know what that means.',
    action: 'Whoever operates Inforiver Mail completes the upgrade. The notice then says what to do.',
  }
}

/** What each problem is called after a number of messages. */
const FAILED = {
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
} as const satisfies Record<MessageProblemCode, string>

/** Such as "20 refused: invalid recipient (ErrorInvalidRecipients); 2 expired before leaving." */
function failedText(count: number, causes: Readonly<Record<string, number>> = {}): string {
  const named = mostFrequent(causes)
  if (named.length === 0) return 'Each message says why.'
  const others = count - named.reduce((sum, [, messages]) => sum + messages, 0)
  const parts = [
    ...named.map(([code, messages]) => `${messages} ${failureText(code)}`),
    ...(others > 0 ? [`${others} for other reasons`] : []),
  ]
  return `${parts.join('; ')}.`
}

function failureText(code: string): string {
  const own = MessageProblemCode.safeParse(code)
  if (own.success) return FAILED[own.data]
  const problem = problemOfGraphCode(code)
  return problem === null ? `failed: ${code}` : `${FAILED[problem]} (${code})`
}

function causeValues(causes: Readonly<Record<string, number>> = {}): Values {
  return Object.fromEntries(mostFrequent(causes).map(([code, messages]) => [`${CAUSE_VALUE}${code}`, messages]))
}

function mostFrequent(
  causes: Readonly<Record<string, number>>,
): readonly (readonly [code: string, messages: number])[] {
  return Object.entries(causes).toSorted(([, one], [, other]) => other - one)
}

function expiryText(daysLeft: number): string {
  if (daysLeft === 0) return 'has expired'
  return daysLeft === 1 ? 'expires within a day' : `expires in ${daysLeft} days`
}

function sentences(...texts: readonly string[]): string {
  return texts.map((text) => (/[.!?]$/.test(text) ? text : `${text}.`)).join(' ')
}

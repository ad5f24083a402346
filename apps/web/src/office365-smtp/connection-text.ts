import type { SettingsProblem } from '@inforiver-mail/contract/consent-problem'
import type { Credential } from '@inforiver-mail/contract/credential'
import { explainDeliveryCode } from '@inforiver-mail/contract/delivery-text'
import type { Office365SmtpSettings } from '@inforiver-mail/contract/office365-smtp'
import { PERMISSIONS } from '@inforiver-mail/contract/permission'
import type { Usage } from '@inforiver-mail/contract/usage'
import { deliveryText, serverText } from '../api/server-text.ts'
import type { GraphAuth } from '../environment.ts'
import type { Translate } from '../language/translate.ts'
import type { Intent } from '../ui/notice.tsx'

/** How mail is sent, as a sentence; null while nothing is configured. */
export function connectionText(settings: Office365SmtpSettings, t: Translate): string | null {
  const { fromEmail: sender, mailbox, connectedAs } = settings
  if (sender === null || mailbox === null) return null
  const blocker = blockerOf(settings)
  if (blocker) return t('settings.sends.blocked', { sender, blocker })
  const person = connectedAs?.name || connectedAs?.email || t('settings.sends.somebody')
  return t(`settings.sends.${mailbox}`, { sender, person })
}

/**
 * How many messages wait, and for what; null when none do. While sending is blocked, held messages count as well, but
 * not those that are `scheduled` for later; otherwise only `toBeSent`, those that are due.
 */
export function waitingText(
  settings: Office365SmtpSettings,
  t: Translate,
  { toBeSent = 0, scheduled = 0 } = {},
): string | null {
  const blocker = blockerOf(settings)
  const count = blocker ? Math.max(0, settings.waitingMessages - scheduled) : toBeSent
  if (count === 0) return null
  return blocker ? t('settings.waiting.blocked', { count, blocker }) : t('settings.waiting.to-be-sent', { count })
}

/** What happens to mail while a consent is pending; null while there is no mailbox. */
export function meanwhileText(settings: Office365SmtpSettings, changesSender: boolean, t: Translate): string | null {
  const { fromEmail: sender } = settings
  if (sender === null) return null
  const blocker = blockerOf(settings)
  if (blocker === 'reconnect' || blocker === 'app') return t(`settings.meanwhile.${blocker}`)
  return t(changesSender ? 'settings.meanwhile.new-sender' : 'settings.meanwhile.same-sender', { sender })
}

/** What a reset means for the messages that wait. */
export function resetWaitingText(count: number, t: Translate): string {
  return count === 0 ? t('settings.reset.nothing-waits') : t('settings.reset.waiting', { count })
}

/** Warns of requests that were already on the wire when `sender` was replaced or reset; null when there were none. */
export function onTheWireText(count: number, sender: string | null, t: Translate): string | null {
  if (count === 0) return null
  return sender === null
    ? t('settings.on-the-wire.old-sender', { count })
    : t('settings.on-the-wire', { count, sender })
}

/** What must happen before mail is sent; null when nothing blocks it. */
function blockerOf({
  status,
  problem,
}: Office365SmtpSettings): 'connect' | 'reconnect' | 'app' | 'refused' | 'token' | null {
  if (status === 'not-configured') return 'connect'
  if (status === 'reconnect-required') return 'reconnect'
  if (problem?.code === 'mailbox-refused') return keepsOnlyDrafts(problem) ? null : 'refused'
  if (problem?.code === 'token-refused') return 'token'
  return problem?.code === 'app-misconfigured' ? 'app' : null
}

/** Whether a problem keeps only what goes by draft, as large messages do. */
export function keepsOnlyDrafts(problem: SettingsProblem | null): boolean {
  return problem?.values['byDraft'] === true
}

/** By these a remedy asks for another connection. */
const CONNECTS_AGAIN: ReadonlySet<unknown> = new Set(['remedy.permission-missing', 'remedy.access-denied'])

/** Whether what is to be done about a problem begins with connecting the mailbox again. */
export function asksToReconnect({ code, values: { action } }: SettingsProblem): boolean {
  return code === 'reconnect-required' || (Array.isArray(action) && action.some((name) => CONNECTS_AGAIN.has(name)))
}

/** Words what is wrong with the connection. Of a used-up limit it says when the pause ends, in the reader's time zone. */
export function settingsProblemText(
  problem: SettingsProblem,
  t: Translate,
): ReturnType<typeof serverText<SettingsProblem>> {
  const { code, until } = problem.values
  const isQuota = problem.code === 'quota-exceeded' && typeof code === 'string' && typeof until === 'string'
  if (!isQuota) return serverText(problem, t)
  const { detail: why } = deliveryText({ code, explanation: explainDeliveryCode(code) }, t)
  return {
    title: t('notices.quota.exceeded.title', { code }),
    detail: t('settings.quota.detail', { why, until: t.time(until, 'short') }),
    action: t('settings.quota.action'),
  }
}

const BYTES_PER_MB = 1024 * 1024

/**
 * Describes what is left of each limit that is switched on; null when none is. The limit of concurrent requests is left
 * out, since it means nothing to an admin.
 */
export function usageText(usage: Usage, t: Translate): string | null {
  const { messagesPerMinute, recipientsPerDay, uploadBytesPer5Minutes } = usage
  const allowances = [
    messagesPerMinute && t('settings.usage.messages', { ...messagesPerMinute }),
    recipientsPerDay && t('settings.usage.recipients', { ...recipientsPerDay }),
    uploadBytesPer5Minutes && t('settings.usage.megabytes', inMb(uploadBytesPer5Minutes)),
  ].filter((allowance) => allowance !== null)
  return allowances.length > 0 ? t('settings.usage.left', { allowances: allowances.join(', ') }) : null
}

function inMb({ limit, left }: { limit: number; left: number }) {
  return { limit: Math.floor(limit / BYTES_PER_MB), left: Math.floor(left / BYTES_PER_MB) }
}

/**
 * What a permission allows, as a sentence; null for one that this product never asks for.
 *
 * @param person who gave access; null before anybody has
 */
export function permissionText(name: string, graphAuth: GraphAuth, person: string | null, t: Translate): string | null {
  const permission = PERMISSIONS.find((known) => known.toLowerCase() === name.toLowerCase())
  if (!permission) return null
  const id = `settings.permission.${permission}`
  if (graphAuth === 'application') return t.known(`${id}.application`) ?? t.known(id)
  return person === null ? (t.known(`${id}.asked`) ?? t.known(id)) : t.known(id, { person })
}

const CREDENTIAL_INTENTS = { notice: 'warning', warning: 'warning', expired: 'error' } as const satisfies Record<
  Exclude<Credential['level'], 'ok'>,
  Intent
>

interface CredentialWarning {
  readonly intent: Intent
  readonly title: string
  readonly detail: string
  readonly action: string
}

/** Warns before the credential expires; null while there is plenty of time or its expiry is unknown. */
export function credentialWarning(
  { kind, expiresAt, daysLeft, level }: Credential,
  t: Translate,
): CredentialWarning | null {
  if (level === 'ok' || kind === 'federated' || expiresAt === null || daysLeft === null) return null
  const id = level === 'expired' ? 'settings.credential.expired' : 'settings.credential.expires'
  return {
    intent: CREDENTIAL_INTENTS[level],
    title: t(id, { kind, days: daysLeft }),
    detail: t(`${id}.detail`, { day: t.time(expiresAt, 'utc-day') }),
    action: t(`settings.credential.renew.${kind}`),
  }
}

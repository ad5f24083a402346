import type { Credential } from '@inforiver-mail/contract/credential'
import type { Translate } from '../language/translate.ts'
import type { Intent } from '../ui/notice.tsx'

const INTENTS = { notice: 'warning', warning: 'warning', expired: 'error' } as const satisfies Record<
  Exclude<Credential['level'], 'ok'>,
  Intent
>

interface Warning {
  readonly intent: Intent
  readonly title: string
  readonly detail: string
  readonly action: string
}

/** Warns before the credential expires; null while there is plenty of time or its expiry is unknown. */
export function credentialWarning({ kind, expiresAt, daysLeft, level }: Credential, t: Translate): Warning | null {
  if (level === 'ok' || kind === 'federated' || expiresAt === null || daysLeft === null) return null
  const id = level === 'expired' ? 'settings.credential.expired' : 'settings.credential.expires'
  return {
    intent: INTENTS[level],
    title: t(id, { kind, days: daysLeft }),
    detail: t(`${id}.detail`, { day: isoDay(expiresAt) }),
    action: t(`settings.credential.renew.${kind}`),
  }
}

/** The day in UTC, in the form in which the operator configured it and alerts write it. */
export function isoDay(expiresAt: string): string {
  return expiresAt.slice(0, 'yyyy-mm-dd'.length)
}

import type { Credential } from '@inforiver-mail/contract/credential'
import type { Intent } from '../ui/notice.tsx'

const INTENTS = { notice: 'warning', warning: 'warning', expired: 'error' } as const satisfies Record<
  Exclude<Credential['level'], 'ok'>,
  Intent
>

export const KIND_LABELS = {
  secret: 'Client secret',
  certificate: 'Certificate',
  federated: 'Federated credential',
} as const satisfies Record<Credential['kind'], string>

const REMEDIES = {
  secret:
    'An Entra administrator makes a new client secret (App registrations > Certificates & secrets); the operator of this installation sets AZURE_CLIENT_SECRET and AZURE_CLIENT_SECRET_EXPIRES and restarts it.',
  certificate:
    'An Entra administrator adds a new certificate (App registrations > Certificates & secrets); the operator of this installation puts it where AZURE_CLIENT_CERTIFICATE_PATH points and restarts it.',
} as const satisfies Record<Exclude<Credential['kind'], 'federated'>, string>

interface Warning {
  readonly intent: Intent
  readonly title: string
  readonly detail: string
  readonly action: string
}

/** Warns before the credential expires; null while there is plenty of time or its expiry is unknown. */
export function credentialWarning({ kind, expiresAt, daysLeft, level }: Credential): Warning | null {
  if (level === 'ok' || kind === 'federated' || expiresAt === null || daysLeft === null) return null
  const what = `The ${KIND_LABELS[kind].toLowerCase()} of the app registration`
  const expired = level === 'expired'
  return {
    intent: INTENTS[level],
    title: expired ? `${what} has expired` : `${what} expires ${inDays(daysLeft)}`,
    detail: expired
      ? `It expired on ${isoDay(expiresAt)}. Without a new one nothing is sent, and nobody can sign in.`
      : `It expires on ${isoDay(expiresAt)}. From then on nothing is sent, and nobody can sign in.`,
    action: REMEDIES[kind],
  }
}

/** The day in UTC, in the form in which the operator configured it and alerts write it. */
export function isoDay(expiresAt: string): string {
  return expiresAt.slice(0, 'yyyy-mm-dd'.length)
}

function inDays(daysLeft: number): string {
  return daysLeft === 1 ? 'within a day' : `in ${daysLeft} days`
}

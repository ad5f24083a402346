import type { Credential, CredentialLevel } from '@inforiver-mail/contract/credential'
import type { FastifyBaseLogger } from 'fastify'
import type { AlertFacts } from '../domain/alert.ts'
import type { CredentialExpiry } from '../domain/credential-expiry.ts'

const DAY_MS = 24 * 60 * 60_000
/** Warns this many days ahead; 0 means expired. */
const STEPS = [
  { daysAhead: 0, level: 'expired' },
  { daysAhead: 1, level: 'warning' },
  { daysAhead: 7, level: 'warning' },
  { daysAhead: 30, level: 'notice' },
  { daysAhead: 60, level: 'notice' },
] as const satisfies readonly { daysAhead: number; level: CredentialLevel }[]
const LOG_LEVELS = { ok: 'info', notice: 'warn', warning: 'warn', expired: 'error' } as const
const REMEDIES = {
  secret:
    'Make a new client secret in Entra, then set AZURE_CLIENT_SECRET and AZURE_CLIENT_SECRET_EXPIRES, and restart or reload Inforiver Mail.',
  certificate:
    'Add a new certificate to the app registration in Entra, then put it where AZURE_CLIENT_CERTIFICATE_PATH points, and restart or reload Inforiver Mail.',
} as const

/** Tells of the last step before the expiry that has been reached, again and again: each counts once. */
export type TellOfExpiry = (
  /** `threshold` is 60, 30, 7 or 1, or 0 once it has expired. */
  expiry: AlertFacts['secret.expiring'] & { readonly tenantId: string; readonly threshold: number },
  now: Date,
) => Promise<void>

/**
 * Returns a function to be called periodically. It logs at the first call and once a day how long the credential is
 * valid, and calls `onExpiring` with the last step before its expiry that has been reached.
 */
export function createCredentialWatch({
  credentialExpiry,
  tenantId,
  logger,
  clock,
  onExpiring,
}: {
  credentialExpiry: () => CredentialExpiry
  tenantId: string
  logger: FastifyBaseLogger
  clock: () => Date
  onExpiring: TellOfExpiry
}): () => Promise<void> {
  let loggedAt: Date | null = null
  return async () => {
    const credential = credentialExpiry()
    const { kind, expiresAt } = credential
    if (expiresAt === null) return
    const at = clock()
    const { level, daysLeft } = viewCredential(credential, at)
    if (loggedAt === null || at.getTime() - loggedAt.getTime() >= DAY_MS) {
      loggedAt = at
      const sentence =
        level === 'expired' ? `the ${kind} of the app registration has expired` : expirySentence(kind, expiresAt)
      logger[LOG_LEVELS[level]]({ expiresAt, daysLeft }, level === 'ok' ? sentence : `${sentence}. ${REMEDIES[kind]}`)
    }
    const threshold = warningStep(expiresAt, at)
    if (threshold !== null)
      await onExpiring({ tenantId, kind, expiresAt: expiresAt.toISOString(), daysLeft: daysLeft ?? 0, threshold }, at)
  }
}

function expirySentence(kind: 'secret' | 'certificate', expiresAt: Date): string {
  return `the ${kind} of the app registration expires on ${expiresAt.toISOString().slice(0, 10)}`
}

export function viewCredential({ kind, expiresAt }: CredentialExpiry, now: Date): Credential {
  if (expiresAt === null) return { kind, expiresAt, daysLeft: null, level: 'ok' }
  const daysLeft = daysUntil(expiresAt, now)
  return { kind, expiresAt: expiresAt.toISOString(), daysLeft, level: stepAt(daysLeft)?.level ?? 'ok' }
}

/** Returns the last step that has been reached, in days ahead; null before the first. */
export function warningStep(expiresAt: Date, now: Date): number | null {
  return stepAt(daysUntil(expiresAt, now))?.daysAhead ?? null
}

function stepAt(daysLeft: number) {
  return STEPS.find(({ daysAhead }) => daysLeft <= daysAhead)
}

function daysUntil(end: Date, now: Date): number {
  return Math.max(0, Math.ceil((end.getTime() - now.getTime()) / DAY_MS))
}

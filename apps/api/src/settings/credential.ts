import type { Credential, CredentialLevel } from '@inforiver-mail/contract/credential'
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

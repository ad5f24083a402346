import type { Credential } from '@inforiver-mail/contract/credential'
import type { Explanation } from '@inforiver-mail/m365/explanation'
import type { ApplicationGrant } from '@inforiver-mail/m365/microsoft-identity'
import type { Reach } from '@inforiver-mail/m365/reach'
import { isReached, type NotAsked } from './reach-checks.ts'
import { found, type Outcome } from './run-checks.ts'

/**
 * What Entra says about the secret or certificate. It authenticates the application before it looks at anything else, so
 * a refusal for another reason than the registration has accepted the credential. Microsoft documents no order; a
 * refusal that is not about the registration is therefore shown as one only where no person sends.
 */
export async function checkRegistration(
  entra: Promise<Reach | NotAsked>,
  askForToken: () => Promise<ApplicationGrant>,
  graphAuth: 'delegated' | 'application',
): Promise<Outcome> {
  const reach = await entra
  if (typeof reach === 'string') return found(reach)
  if (!isReached(reach)) return found('entra-not-reached')
  const grant = await askForToken()
  if (grant.outcome === 'granted') return found('registration-accepted')
  const { explanation } = grant
  if (explanation.kind === 'microsoft-unavailable') return explained('registration-not-judged', explanation)
  if (explanation.kind !== 'app-misconfigured' && graphAuth === 'delegated') return found('registration-accepted')
  return explained('registration-refused', explanation)
}

function explained(code: Outcome['code'], explanation: Explanation): Outcome {
  const { kind, aadstsCode, correlationId, title, detail, action, values } = explanation
  return { code, values: { ...values, kind, aadsts: aadstsCode, correlationId }, text: { title, detail, action } }
}

/** `validFrom` is known of a certificate only; `entra` names the page of Entra where another one is made. */
export function checkCredentialExpiry(
  { kind, expiresAt, daysLeft, level }: Credential,
  { validFrom, now, demo, entra }: { validFrom: Date | null; now: Date; demo: boolean; entra: string },
): Outcome {
  if (demo) return found('demo')
  if (validFrom !== null && validFrom > now)
    return found('credential-not-yet-valid', { kind, validFrom: validFrom.toISOString() })
  if (kind === 'federated') return found('credential-federated')
  if (expiresAt === null) return found('credential-expiry-unknown', { kind })
  const values = { kind, expiresAt, date: expiresAt.slice(0, 10), days: daysLeft, entra }
  if (level === 'expired') return found('credential-expired', values)
  return found(level === 'ok' ? 'credential-valid' : 'credential-expires-soon', values)
}

import { readFile } from 'node:fs/promises'
import { decodeJwt } from 'jose'

/** Microsoft accepts a token for this long after its end, since clocks differ. */
const SKEW_MS = 5 * 60_000

export type FederatedTokenReading =
  | { readonly outcome: 'read'; readonly token: string; readonly expiresAt: Date | null }
  /** The predicate of a sentence whose subject is the file. It quotes none of the content. */
  | { readonly outcome: 'unusable'; readonly fault: string }

/** Reads the token that another issuer has made for the app. Whether it counts is for Microsoft to say. */
export function parseFederatedToken(text: string): FederatedTokenReading {
  const token = text.trim()
  if (token === '') return unusable('is empty')
  try {
    const { exp } = decodeJwt(token)
    return { outcome: 'read', token, expiresAt: exp === undefined ? null : new Date(exp * 1_000) }
  } catch {
    return unusable('holds no token (JWT)')
  }
}

/** Reads the file anew, because whoever issues the token replaces it before it expires. */
export async function readFederatedToken(path: string, now: Date): Promise<FederatedTokenReading> {
  let text
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    return unusable(`cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`)
  }
  const reading = parseFederatedToken(text)
  if (reading.outcome === 'unusable' || !hasExpired(reading.expiresAt, now)) return reading
  return unusable(`holds a token that expired at ${reading.expiresAt?.toISOString()}`)
}

function hasExpired(expiresAt: Date | null, now: Date): boolean {
  return expiresAt !== null && expiresAt.getTime() + SKEW_MS < now.getTime()
}

function unusable(fault: string): FederatedTokenReading {
  return { outcome: 'unusable', fault }
}

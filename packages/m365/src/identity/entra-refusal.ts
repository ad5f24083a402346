import { readClaimsChallenge } from '../claims-challenge.ts'
import { plainText } from '../plain-text.ts'

const MAX_PARAMETER_CHARACTERS = 300
const MAX_DESCRIPTION_CHARACTERS = 4_000 // the correlation id stands at its end

/**
 * One refusal by Entra, from the authorize redirect or the token endpoint. `error` and `suberror` decide what
 * follows; the number is for diagnosis and may change (Microsoft identity platform, "Error codes").
 */
export interface EntraRefusal {
  /** HTTP status of the token endpoint; null for a redirect, and when no answer came at all. */
  readonly status: number | null
  readonly error: string | null
  readonly suberror: string | null
  readonly aadstsCode: number | null
  /** As Microsoft wrote it: not to be shown whole. */
  readonly description: string | null
  readonly correlationId: string | null
  /** A claims challenge: what the next sign-in has to satisfy. */
  readonly claims: string | null
}

/** The parameters of a redirect back to us; null when they report no error. A repeated parameter counts once. */
export function readRedirectRefusal(parameters: Readonly<Record<string, unknown>>): EntraRefusal | null {
  if (first(parameters['error']) === null) return null
  return readRefusal(null, parameters, first(parameters['error_subcode']) ?? first(parameters['suberror']))
}

/** The body of a token answer with a status other than 200, or one that lacks what it should hold. */
export function readTokenRefusal(status: number | null, body: unknown): EntraRefusal {
  const members = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {}
  return readRefusal(status, members, first(members['suberror']))
}

function readRefusal(
  status: number | null,
  members: Readonly<Record<string, unknown>>,
  suberror: string | null,
): EntraRefusal {
  const description = first(members['error_description'])?.slice(0, MAX_DESCRIPTION_CHARACTERS) ?? null
  return {
    status,
    error: bounded(first(members['error'])),
    suberror: bounded(suberror),
    aadstsCode: readCode(members['error_codes'], description, first(members['error_uri'])),
    description,
    correlationId: readCorrelationId(first(members['correlation_id']), description),
    claims: readClaimsChallenge(first(members['claims'])),
  }
}

function first(value: unknown): string | null {
  const single: unknown = Array.isArray(value) ? value[0] : value
  return typeof single === 'string' && single !== '' ? single : null
}

function bounded(value: string | null): string | null {
  return value === null ? null : plainText(value, MAX_PARAMETER_CHARACTERS)
}

function readCode(codes: unknown, description: string | null, errorUri: string | null): number | null {
  const listed: unknown = Array.isArray(codes) ? codes[0] : null
  const text =
    typeof listed === 'number' || typeof listed === 'string'
      ? String(listed)
      : (description?.match(/AADSTS(\d{4,10})/)?.[1] ?? errorUri?.match(/[?&]code=(\d{4,10})/)?.[1])
  return text !== undefined && /^\d{4,10}$/.test(text) ? Number(text) : null
}

function readCorrelationId(member: string | null, description: string | null): string | null {
  const guid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i
  const candidate = member ?? description?.match(/Correlation ID:\s*([0-9a-f-]{36})/i)?.[1]
  return candidate !== undefined && guid.test(candidate) ? candidate : null
}

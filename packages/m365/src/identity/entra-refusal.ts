import { z } from 'zod'
import { readClaimsChallenge } from '../claims-challenge.ts'
import { optionalText } from '../json.ts'
import { plainText } from '../plain-text.ts'
import type { TokenAnswer } from './msal-network.ts'

const MAX_PARAMETER_CHARACTERS = 300
const MAX_DESCRIPTION_CHARACTERS = 4_000 // the correlation id is at its end

/**
 * A refusal by Entra, from the authorize redirect or from the token endpoint. `error` and `suberror` decide what
 * follows; the number is for diagnosis and may change (Microsoft identity platform, "Error codes").
 */
export interface EntraRefusal {
  /** HTTP status of the token endpoint; null for a redirect, and when no answer came at all. */
  readonly status: number | null
  readonly error: string | null
  readonly suberror: string | null
  readonly aadstsCode: number | null
  /** Microsoft's own text, which is never shown whole. */
  readonly description: string | null
  readonly correlationId: string | null
  /** A claims challenge that the next sign-in has to satisfy. */
  readonly claims: string | null
}

const takeFirst = (value: unknown): unknown => (Array.isArray(value) ? value[0] : value)
/** The first value of a parameter that is repeated in a query. */
const firstText = z.preprocess(takeFirst, optionalText)

/** RFC 6749 sections 4.1.2.1 and 5.2, and what Entra adds to them. */
const ErrorMembers = z.object({
  error: firstText,
  error_description: firstText,
  error_uri: firstText,
  /** How the redirect spells `suberror` in Microsoft's documentation. */
  error_subcode: firstText,
  suberror: firstText,
  error_codes: z.array(z.union([z.number(), z.string()])).catch([]),
  correlation_id: firstText,
  claims: firstText,
})

/** Reads the parameters of a redirect back to us; null when they report no error. */
export function readRedirectRefusal(parameters: Readonly<Record<string, unknown>>): EntraRefusal | null {
  const members = ErrorMembers.parse(parameters)
  return members.error === null ? null : toRefusal(null, members, members.error_subcode ?? members.suberror)
}

/** Reads the body of a token answer that is no success, or lacks what a success holds. */
export function readTokenRefusal(status: number | null, body: unknown): EntraRefusal {
  const members = ErrorMembers.safeParse(body).data ?? ErrorMembers.parse({})
  return toRefusal(status, members, members.suberror)
}

function toRefusal(
  status: number | null,
  members: z.infer<typeof ErrorMembers>,
  suberror: string | null,
): EntraRefusal {
  const description = members.error_description?.slice(0, MAX_DESCRIPTION_CHARACTERS) ?? null
  return {
    status,
    error: bounded(members.error),
    suberror: bounded(suberror),
    aadstsCode: readCode(members.error_codes[0], description, members.error_uri),
    description,
    correlationId: readCorrelationId(members.correlation_id, description),
    claims: readClaimsChallenge(members.claims),
  }
}

function bounded(value: string | null): string | null {
  return value === null ? null : plainText(value, MAX_PARAMETER_CHARACTERS)
}

function readCode(
  listed: number | string | undefined,
  description: string | null,
  errorUri: string | null,
): number | null {
  const named = description?.match(/AADSTS(\d{4,10})/)?.[1] ?? errorUri?.match(/[?&]code=(\d{4,10})/)?.[1]
  const text = listed === undefined ? named : String(listed)
  return text !== undefined && /^\d{4,10}$/.test(text) ? Number(text) : null
}

function readCorrelationId(member: string | null, description: string | null): string | null {
  const candidate = member ?? description?.match(/Correlation ID:\s*([0-9a-f-]{36})/i)?.[1]
  return z.guid().safeParse(candidate).data ?? null
}

const ENTRA_ERROR = z.object({ error: z.string(), error_codes: z.array(z.number()).min(1) })

/** Whether Entra itself gave an answer, and nothing on the way to it: Entra marks all of them with a header, and refusals in JSON. */
export function isFromEntra({ headers, body }: Pick<TokenAnswer, 'headers' | 'body'>): boolean {
  return headers.get('x-ms-request-id') !== null || ENTRA_ERROR.safeParse(body).success
}

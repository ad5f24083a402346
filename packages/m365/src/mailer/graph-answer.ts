import { readClaimsChallenge } from '../claims-challenge.ts'
import { plainText } from '../plain-text.ts'
import type { GraphReply } from './graph-call.ts'
import { retryAfterDate } from '../retry-after.ts'

const MAX_CODE_CHARACTERS = 100
const MAX_MESSAGE_CHARACTERS = 300

/** The parts of an answer of Graph that decide anything. */
export interface GraphAnswer {
  readonly status: number
  /** `error.code`; null when the body is no Graph error. */
  readonly code: string | null
  /** `error.innerError.code`, where Graph has one. */
  readonly innerCode: string | null
  /** `error.message`, bounded plain text. Decides nothing but the choice of words. */
  readonly message: string | null
  readonly requestId: string | null
  readonly retryAfter: Date | null
  /** Decoded JSON of a claims challenge; to be passed to the next token request. */
  readonly claims: string | null
}

/** Graph error envelope: `{ error: { code, message, innerError } }`, the last also written `innererror`, or missing. */
export function readGraphAnswer(reply: Extract<GraphReply, { answered: true }>, now: Date): GraphAnswer {
  const error = member(parseJson(reply.text), 'error')
  const inner = member(error, 'innerError') ?? member(error, 'innererror')
  return {
    status: reply.status,
    code: text(member(error, 'code'), MAX_CODE_CHARACTERS),
    innerCode: text(member(inner, 'code'), MAX_CODE_CHARACTERS),
    message: text(member(error, 'message'), MAX_MESSAGE_CHARACTERS),
    requestId: text(reply.headers.get('request-id') ?? member(inner, 'request-id'), MAX_CODE_CHARACTERS),
    retryAfter: retryAfterDate(reply.headers, now),
    claims: readClaims(reply.headers.get('www-authenticate')),
  }
}

export function parseJson(text: string): unknown {
  if (text === '') return null // an accepted mail is answered so, and an exception is dear
  try {
    return JSON.parse(text) as unknown
  } catch {
    return null
  }
}

export function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}

function text(value: unknown, maxCharacters: number): string | null {
  return typeof value === 'string' && value !== '' ? plainText(value, maxCharacters) : null
}

function readClaims(header: string | null): string | null {
  const encoded = header?.match(/\bclaims="([A-Za-z0-9+/_=-]+)"/)?.[1]
  return encoded === undefined ? null : readClaimsChallenge(Buffer.from(encoded, 'base64').toString('utf8'))
}

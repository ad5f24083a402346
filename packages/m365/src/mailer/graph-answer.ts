import { z } from 'zod'
import { readClaimsChallenge } from '../claims-challenge.ts'
import { readGatewayAnswer, type GatewayAnswer } from '../gateway-answer.ts'
import { optionalText, readJson } from '../json.ts'
import { plainText } from '../plain-text.ts'
import { retryAfterDate } from '../retry-after.ts'
import type { GraphReply } from './graph-call.ts'
import { isFromGraph } from './is-from-graph.ts'

const MAX_CODE_CHARACTERS = 100
const MAX_MESSAGE_CHARACTERS = 300

/** Holds only what decides anything in an answer of Graph. */
export interface GraphAnswer {
  readonly status: number
  /** `error.code`; null when the body is no Graph error. */
  readonly code: string | null
  /** `error.innerError.code`, where Graph has one. */
  readonly innerCode: string | null
  /** What something between this server and Graph answered in its place; null when Graph answered. */
  readonly gateway: GatewayAnswer | null
  /** A host behind Graph answered with a page, which Graph passes on as the message of an UnknownError. */
  readonly relaysPage: boolean
  /** `error.message` as bounded plain text. It decides nothing but the text that is shown. */
  readonly message: string | null
  readonly requestId: string | null
  readonly retryAfter: Date | null
  /** A decoded claims challenge, as JSON, for the next token request. */
  readonly claims: string | null
}

const InnerError = z.object({ code: optionalText, 'request-id': optionalText }).nullable().catch(null)

/** Graph writes `innerError` or `innererror`, or leaves it out. */
const ErrorBody = z.object({
  error: z.object({ code: optionalText, message: optionalText, innerError: InnerError, innererror: InnerError }),
})

/** Reads the answer of a `host`: status, headers and error envelope. `now` is when a `Retry-After` in seconds begins. */
export function readGraphAnswer(reply: Extract<GraphReply, { answered: true }>, host: string, now: Date): GraphAnswer {
  const error = readJson(reply.text, ErrorBody)?.error
  const inner = error?.innerError ?? error?.innererror
  return {
    status: reply.status,
    code: bounded(error?.code, MAX_CODE_CHARACTERS),
    innerCode: bounded(inner?.code, MAX_CODE_CHARACTERS),
    gateway: isFromGraph(reply) ? null : readGatewayAnswer(reply, host),
    relaysPage: error?.code === 'UnknownError' && PAGE.test(error.message ?? ''),
    message: bounded(error?.message, MAX_MESSAGE_CHARACTERS),
    requestId: bounded(reply.headers.get('request-id') ?? inner?.['request-id'], MAX_CODE_CHARACTERS),
    retryAfter: retryAfterDate(reply.headers, now),
    claims: readClaims(reply.headers.get('www-authenticate')),
  }
}

const PAGE = /^\s*</

function bounded(text: string | null | undefined, maxCharacters: number): string | null {
  return text === null || text === undefined || text === '' ? null : plainText(text, maxCharacters)
}

function readClaims(header: string | null): string | null {
  const encoded = header?.match(/\bclaims="([A-Za-z0-9+/_=-]+)"/)?.[1]
  return encoded === undefined ? null : readClaimsChallenge(Buffer.from(encoded, 'base64').toString('utf8'))
}

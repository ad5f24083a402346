import { Client, ResponseType, type Context } from '@microsoft/microsoft-graph-client'
import { withoutVersion } from '../clouds.ts'
import type { AnswerHeaders } from '../answer-headers.ts'
import { boundedText } from '../bounded-text.ts'
import type { MicrosoftFetch, MicrosoftFetchInit } from '../microsoft-fetch.ts'
import { z } from 'zod'
import { readClaimsChallenge } from '../claims-challenge.ts'
import { readGatewayAnswer, type GatewayAnswer } from '../gateway-answer.ts'
import { optionalText, readJson } from '../json.ts'
import { plainText } from '../plain-text.ts'
import { retryAfterDate } from '../retry-after.ts'
import { CERTAIN_REQUEST_BYTES } from '@inforiver-mail/contract/message-input'

export interface GraphRequest {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** Below the version, such as `/me/sendMail`. */
  readonly path: string
  /** JSON. */
  readonly body?: unknown
  /** A MIME message, which is sent in base64 instead of a body of JSON. */
  readonly mime?: Buffer
  /** Ids in the request and the answer are immutable: a message keeps them when it is sent or moved. */
  readonly immutableIds?: true
  /** How many items a page of a list may have. */
  readonly pageSize?: number
  /** Limits what is read of an answer. Defaults to 1 MiB. */
  readonly maxAnswerBytes?: number
  /** Returns the beginning of a longer answer, and not nothing. */
  readonly cutsAnswer?: true
  readonly accessToken: string
  readonly signal?: AbortSignal | undefined
}

/** An answer of any kind, or a connection that failed. */
export type GraphReply =
  | {
      readonly answered: true
      /** How long the body of the request was. */
      readonly requestBytes: number
      readonly status: number
      readonly headers: AnswerHeaders
      /** Empty when there was no body, or when it broke off; the status is valid all the same. */
      readonly text: string
    }
  | { readonly answered: false; readonly error: unknown }

type GraphCall = (request: GraphRequest) => Promise<GraphReply>

/**
 * Makes requests to Graph by Microsoft's client, with middleware of our own. The client's retry handler would post a
 * mail again after a 504, its redirect handler would take a token to another host, and its authentication handler sends
 * no token to a stand-in on plain http. The answer is taken raw, since the client would lose the status and
 * `Retry-After` of an error that is not JSON.
 */
export function createGraphCall(graphBaseUrl: string, fetch: MicrosoftFetch): GraphCall {
  // Both https://graph.microsoft.com and https://graph.microsoft.com/v1.0 are in use as "the base URL". Requests are
  // recognised by its origin, which has the host in small letters and no port that goes without saying.
  const baseUrl = `${withoutVersion(new URL(graphBaseUrl).href)}/`
  const ownUrls = `${new URL(baseUrl).origin}/`

  return async (asked) => {
    const { method, path, body, mime } = asked
    let reply: GraphReply = { answered: false, error: new Error('The Graph client made no request.') }
    // A client of its own keeps token and answer apart from those of calls that overlap.
    const client = Client.initWithMiddleware({
      baseUrl,
      defaultVersion: 'v1.0',
      middleware: {
        async execute(context) {
          reply = await transport(context, asked, ownUrls, fetch)
        },
      },
    })
    const request = client.api(path).responseType(ResponseType.RAW)
    const preferred = preferenceOf(asked)
    if (preferred !== '') request.header('prefer', preferred)
    if (method === 'GET') await request.get()
    else if (method === 'DELETE') await request.delete()
    else if (mime) await request.header('content-type', 'text/plain').post(mime.toString('base64'))
    // The client sends a string unchanged, but would serialise anything else by the name of its class.
    else await request.post(body === undefined ? '' : JSON.stringify(body))
    return reply
  }
}

function preferenceOf({ immutableIds, pageSize }: GraphRequest): string {
  const ids = immutableIds ? 'IdType="ImmutableId"' : ''
  if (pageSize === undefined) return ids
  return `${ids === '' ? '' : `${ids}, `}odata.maxpagesize=${pageSize}`
}

/**
 * The only middleware: makes the request with the given fetch. It attaches the token to requests to Graph's origin only.
 */
async function transport(
  context: Context,
  { accessToken, signal, maxAnswerBytes, cutsAnswer }: GraphRequest,
  ownUrls: string,
  fetch: MicrosoftFetch,
): Promise<GraphReply> {
  const url = typeof context.request === 'string' ? context.request : context.request.url
  const init = context.options as MicrosoftFetchInit // the client only makes plain objects of headers
  const headers = url.startsWith(ownUrls) ? { ...init.headers, authorization: `Bearer ${accessToken}` } : init.headers
  try {
    const response = await fetch(url, { ...init, headers, signal })
    const text = response.body === null ? '' : await boundedText(response, maxAnswerBytes, cutsAnswer)
    const requestBytes = init.body === undefined ? 0 : Buffer.byteLength(init.body)
    const { status, headers: received } = response
    return { answered: true, requestBytes, status, headers: received, text }
  } catch (error) {
    return { answered: false, error }
  }
}

/** The mailbox that a call works in: that of the token's person, or another one by any of its addresses. */
export type Mailbox = 'me' | { readonly address: string }

/** Returns the path below the version. Addresses may hold characters that are special in a path, such as `#` and `/`. */
export function mailboxPath(mailbox: Mailbox = 'me'): string {
  return mailbox === 'me' ? '/me' : `/users/${encodeURIComponent(mailbox.address)}`
}

/** Returns the path below the mailbox. Ids may hold `/`, `+` and `=`. */
export function messagePath(id: string): string {
  return `/messages/${encodeURIComponent(id)}`
}

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

const GRAPH_ERROR = z.object({ error: z.object({ code: z.string() }) })
/** Graph's own application id: it names itself in the challenge of a 401. */
const GRAPH_CLIENT_ID = '00000003-0000-0000-c000-000000000000'

/**
 * Whether Graph itself gave an answer, and nothing on the way to it. Graph marks all that it answers with a header, which a
 * gateway in front of it may strip, and its refusals with an error object.
 */
export function isFromGraph({
  status,
  headers,
  text,
  requestBytes,
}: Omit<Extract<GraphReply, { answered: true }>, 'answered'>): boolean {
  if (hasMark(headers)) return true
  if (readJson(text, GRAPH_ERROR) !== null) return true
  if (status === 401) return isGraphsChallenge(headers.get('www-authenticate') ?? '')
  // A host in front of Graph, and a part of it, refuses what is longer than Graph takes.
  return status === 413 && requestBytes >= CERTAIN_REQUEST_BYTES
}

/** Whether an answer has a header by which Graph marks all of its own. */
export function hasMark(headers: AnswerHeaders): boolean {
  return headers.get('request-id') !== null || headers.get('x-ms-ags-diagnostic') !== null
}

function isGraphsChallenge(header: string): boolean {
  if (!/\bbearer\b/i.test(header)) return false
  return (
    /\bauthorization_uri\s*=/i.test(header) || new RegExp(`\\bclient_id\\s*=\\s*"?${GRAPH_CLIENT_ID}`, 'i').test(header)
  )
}

/**
 * What follows the version in a link of Graph to a next page, which is absolute; null where it is none. Only that is kept, so
 * that no answer can lead a token to another host, and so that a link of Graph leads through the gateway in front of it.
 */
export function pathOfLink(link: string): string | null {
  return /^https?:\/\/[^/]+(?:\/[^?#]*?)?\/v1\.0(\/[^#]+)$/.exec(link)?.[1] ?? null
}

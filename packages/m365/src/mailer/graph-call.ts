import {
  Client,
  ResponseType,
  type Context,
  type Middleware,
  type MiddlewareOptions,
} from '@microsoft/microsoft-graph-client'
import { withoutTrailingSlash } from '../clouds.ts'
import type { AnswerHeaders } from '../answer-headers.ts'
import { boundedText } from '../bounded-text.ts'
import type { MicrosoftFetch, MicrosoftFetchInit } from '../microsoft-fetch.ts'

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

export type GraphCall = (request: GraphRequest) => Promise<GraphReply>

/**
 * Makes requests to Graph by Microsoft's client, with middleware of our own. The client's retry handler would post a
 * mail again after a 504, its redirect handler would take a token to another host, and its authentication handler sends
 * no token to a stand-in on plain http. The answer is taken raw, since the client would lose the status and
 * `Retry-After` of an error that is not JSON.
 */
export function createGraphCall(graphBaseUrl: string, fetch: MicrosoftFetch): GraphCall {
  // Both https://graph.microsoft.com and https://graph.microsoft.com/v1.0 are in use as "the base URL". Requests are
  // recognised by its origin, which has the host in small letters and no port that goes without saying.
  const baseUrl = `${withoutTrailingSlash(new URL(graphBaseUrl).href).replace(/\/v1\.0$/, '')}/`
  const { origin } = new URL(baseUrl)
  const client = Client.initWithMiddleware({
    baseUrl,
    defaultVersion: 'v1.0',
    middleware: createTransport(origin, fetch),
  })

  return async ({
    method,
    path,
    body,
    mime,
    immutableIds,
    pageSize,
    maxAnswerBytes,
    cutsAnswer,
    accessToken,
    signal,
  }) => {
    const call = new CallState(accessToken, signal, maxAnswerBytes, cutsAnswer)
    const request = client.api(path).responseType(ResponseType.RAW).middlewareOptions([call])
    const preferred = preferenceOf(immutableIds, pageSize)
    if (preferred !== '') request.header('prefer', preferred)
    try {
      if (method === 'GET') await request.get()
      else if (method === 'DELETE') await request.delete()
      else if (mime) await request.header('content-type', 'text/plain').post(mime.toString('base64'))
      // The client sends a string unchanged, but would serialise anything else by the name of its class.
      else await request.post(body === undefined ? '' : JSON.stringify(body))
    } catch (error) {
      if (call.reply?.answered !== false) throw error // a bug of ours, not a failed connection
    }
    return call.reply ?? { answered: false, error: new Error('The Graph client made no request.') }
  }
}

function preferenceOf(immutableIds?: true, pageSize?: number): string {
  const ids = immutableIds ? 'IdType="ImmutableId"' : ''
  if (pageSize === undefined) return ids
  return `${ids === '' ? '' : `${ids}, `}odata.maxpagesize=${pageSize}`
}

/** The state of one call, in a middleware that all calls share. The client looks it up by its class. */
class CallState implements MiddlewareOptions {
  readonly accessToken: string
  readonly signal: AbortSignal | undefined
  readonly maxAnswerBytes: number | undefined
  readonly cutsAnswer: boolean
  reply: GraphReply | null = null

  constructor(
    accessToken: string,
    signal: AbortSignal | undefined,
    maxAnswerBytes: number | undefined,
    cutsAnswer = false,
  ) {
    this.accessToken = accessToken
    this.signal = signal
    this.maxAnswerBytes = maxAnswerBytes
    this.cutsAnswer = cutsAnswer
  }
}

function callOf({ middlewareControl }: Context): CallState {
  const call = middlewareControl?.getMiddlewareOptions(CallState)
  if (!(call instanceof CallState)) throw new Error('A request to Graph belongs to no call.')
  return call
}

/**
 * The only middleware: makes the request with the given fetch, and records the reply. It attaches the token to requests to
 * Graph's origin only.
 */
function createTransport(graphOrigin: string, fetch: MicrosoftFetch): Middleware {
  const ownUrls = `${graphOrigin}/`
  return {
    async execute(context) {
      const call = callOf(context)
      const url = urlOf(context)
      const init = context.options as MicrosoftFetchInit // the client only makes plain objects of headers
      const headers = url.startsWith(ownUrls)
        ? { ...init.headers, authorization: `Bearer ${call.accessToken}` }
        : init.headers
      try {
        const response = await fetch(url, { ...init, headers, signal: call.signal })
        const text = response.body === null ? '' : await boundedText(response, call.maxAnswerBytes, call.cutsAnswer)
        const requestBytes = init.body === undefined ? 0 : Buffer.byteLength(init.body)
        const { status, headers: received } = response
        call.reply = { answered: true, requestBytes, status, headers: received, text }
        context.response = response as Response // the client returns it raw, and nobody reads it
      } catch (error) {
        call.reply = { answered: false, error }
        throw error
      }
    },
  }
}

function urlOf({ request }: Context): string {
  return typeof request === 'string' ? request : request.url
}

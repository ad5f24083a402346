import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** An HTTP request and its answer, as sent. */
export interface Exchange {
  readonly port: number
  readonly url: string
  readonly requestHeaders: IncomingHttpHeaders
  requestBody: string
  responseHeaders: OutgoingHttpHeaders
  responseBody: string
}

/** Records the traffic of every HTTP server of this process: the product's and the simulator's. */
export function recordTraffic(): { readonly exchanges: readonly Exchange[]; stop(): void } {
  const exchanges: Exchange[] = []
  const onStart = (message: unknown) => {
    const { request, response } = message as { request: IncomingMessage; response: ServerResponse }
    const { port } = request.socket.address() as AddressInfo
    const exchange: Exchange = {
      port,
      url: request.url ?? '',
      requestHeaders: request.headers,
      requestBody: '',
      responseHeaders: {},
      responseBody: '',
    }
    exchanges.push(exchange)
    const push = request.push.bind(request)
    request.push = (chunk: unknown, ...rest) => {
      exchange.requestBody += textOf(chunk)
      return push(chunk, ...rest)
    }
    const write = response.write.bind(response) as (...parameters: unknown[]) => boolean
    response.write = (...parameters: unknown[]) => {
      exchange.responseBody += textOf(parameters[0])
      return write(...parameters)
    }
    const end = response.end.bind(response) as (...parameters: unknown[]) => ServerResponse
    response.end = (...parameters: unknown[]) => {
      exchange.responseBody += textOf(parameters[0])
      exchange.responseHeaders = response.getHeaders()
      return end(...parameters)
    }
  }
  subscribe('http.server.request.start', onStart)
  return { exchanges, stop: () => void unsubscribe('http.server.request.start', onStart) }
}

function textOf(chunk: unknown): string {
  if (typeof chunk === 'string') return chunk
  return chunk instanceof Uint8Array ? Buffer.from(chunk).toString('utf8') : ''
}

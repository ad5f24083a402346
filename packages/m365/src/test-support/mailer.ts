import type { IncomingHttpHeaders } from 'node:http'
import { createGraphMailer, type GraphMailer } from '../mailer/graph-mailer.ts'
import { readBody, serve } from './servers.ts'
import { patientFetch } from './time-limit.ts'

/** The time at which every test mailer lives. */
const NOW = new Date('2026-11-24T10:00:00.000Z')

export const token = { accessToken: 'token-of-ada' }

export function mailerAt(graphBaseUrl: string, fetch = patientFetch): GraphMailer {
  return createGraphMailer({ graphBaseUrl, fetch, clock: () => NOW })
}

export interface SeenRequest {
  readonly method: string | undefined
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** Starts a server that gives every request the same answer of Graph, and records what it was asked. */
export async function answering(status: number, body: unknown = '', headers: Record<string, string> = {}) {
  return intercepting(status, body, { 'request-id': 'request-of-graph', ...headers })
}

/** The same in place of Graph, without what marks its answers. */
export async function intercepting(status: number, body: unknown = '', headers: Record<string, string> = {}) {
  const requests: SeenRequest[] = []
  const origin = await serve(async (request, response) => {
    const { method, url = '' } = request
    requests.push({ method, url, headers: request.headers, body: await readBody(request) })
    response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body))
  })
  return { origin, mailer: mailerAt(origin), requests }
}

/** Starts a server that breaks every connection. */
export async function breaking(): Promise<GraphMailer> {
  return mailerAt(await serve((_request, response) => response.destroy()))
}

/** The body of a Graph error. */
export function graphError(code: string, innerCode?: string) {
  return { error: { code, message: 'x', ...(innerCode !== undefined && { innerError: { code: innerCode } }) } }
}

import { classifyFailure, type Failure } from './classify-failure.ts'
import { classifyConnectionFailure } from './connection-failure.ts'
import type { GraphAnswer } from './graph-answer.ts'
import { asRepeatable, type CallOptions, type Exchange } from './graph-exchange.ts'
import { mailboxPath } from './mailbox-path.ts'

/**
 * - `denied`: the token or the person may not read it
 * - `missing`: there is no such inbox
 * - `unavailable`: nobody knows, because Microsoft did not say
 */
export type InboxProbe =
  | { readonly outcome: 'read' }
  | { readonly outcome: 'denied' | 'missing' | 'unavailable'; readonly failure: Failure }

/**
 * - `not-provisioned`: the tenant lacks the service principal of Microsoft's message trace
 * - `denied`: the application lacks the permission, or Exchange does not let it
 * - `unavailable`: Microsoft did not answer, or asks to slow down
 */
export type TraceProbe =
  | { readonly outcome: 'answered' }
  | { readonly outcome: 'not-provisioned' | 'denied' | 'unavailable'; readonly failure: Failure }

export async function probeInbox(
  exchange: Exchange,
  { accessToken, signal, mailbox }: CallOptions,
): Promise<InboxProbe> {
  const path = `${mailboxPath(mailbox)}/mailFolders/inbox/messages?$select=id&$top=1`
  const reply = await exchange({ method: 'GET', path, accessToken, signal })
  if (!reply.answered) return { outcome: 'unavailable', failure: asRepeatable(classifyConnectionFailure(reply.error)) }
  if (reply.status === 200) return { outcome: 'read' }
  const failure = asRepeatable(classifyFailure(reply.answer))
  if (reply.status === 401 || reply.status === 403) return { outcome: 'denied', failure }
  return { outcome: reply.status === 404 ? 'missing' : 'unavailable', failure }
}

export async function probeTrace(exchange: Exchange, accessToken: string, signal?: AbortSignal): Promise<TraceProbe> {
  const path = '/admin/exchange/tracing/messageTraces?$top=1'
  const reply = await exchange({ method: 'GET', path, accessToken, signal })
  if (!reply.answered) return { outcome: 'unavailable', failure: asRepeatable(classifyConnectionFailure(reply.error)) }
  if (reply.status === 200) return { outcome: 'answered' }
  return { outcome: traceRefusal(reply.answer), failure: asRepeatable(classifyFailure(reply.answer)) }
}

/**
 * What an answer other than 200 means. Microsoft documents no code for the missing service principal, only its sentence,
 * with 401 or 403.
 */
function traceRefusal({ status, message }: GraphAnswer): 'not-provisioned' | 'denied' | 'unavailable' {
  if (status !== 401 && status !== 403) return 'unavailable'
  return message !== null && /service principal/i.test(message) ? 'not-provisioned' : 'denied'
}

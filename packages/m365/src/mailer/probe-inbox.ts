import { z } from 'zod'
import { readJson } from '../json.ts'
import { classifyFailure, type Failure } from './classify-failure.ts'
import { classifyConnectionFailure } from './connection-failure.ts'
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

const Messages = z.object({ value: z.array(z.unknown()) })

export async function probeInbox(
  exchange: Exchange,
  { accessToken, signal, mailbox }: CallOptions,
): Promise<InboxProbe> {
  const path = `${mailboxPath(mailbox)}/mailFolders/inbox/messages?$select=id&$top=1`
  const reply = await exchange({ method: 'GET', path, accessToken, signal })
  if (!reply.answered) return { outcome: 'unavailable', failure: asRepeatable(classifyConnectionFailure(reply.error)) }
  if (reply.status === 200 && readJson(reply.text, Messages)) return { outcome: 'read' }
  const failure = asRepeatable(classifyFailure(reply.answer))
  if (failure.outcome === 'intercepted') return { outcome: 'unavailable', failure }
  if (reply.status === 401 || reply.status === 403) return { outcome: 'denied', failure }
  return { outcome: reply.status === 404 ? 'missing' : 'unavailable', failure }
}

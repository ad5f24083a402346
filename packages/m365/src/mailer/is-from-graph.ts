import { CERTAIN_REQUEST_BYTES } from '@inforiver-mail/contract/message-input'
import { z } from 'zod'
import type { AnswerHeaders } from '../answer-headers.ts'
import { readJson } from '../json.ts'
import type { GraphReply } from './graph-call.ts'

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

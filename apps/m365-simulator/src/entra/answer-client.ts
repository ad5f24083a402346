import { randomUUID } from 'node:crypto'
import type { FastifyReply } from 'fastify'
import { sendPage, sendRedirect } from '../http/pages.ts'
import type { ClientTarget } from './authorize-request.ts'
import { formPostPage } from './pages.ts'

/** Sends the browser back to the application, in the way it asked for. */
export function answerClient(
  reply: FastifyReply,
  { redirectUri, responseMode, state }: ClientTarget,
  parameters: readonly (readonly [string, string])[],
): FastifyReply {
  const all = [...parameters, ...(state === null ? [] : [['state', state] as const])]
  if (responseMode === 'form_post') {
    return sendPage(reply, 200, formPostPage(redirectUri, all), [new URL(redirectUri).origin])
  }
  const url = new URL(redirectUri)
  if (responseMode === 'fragment')
    url.hash = new URLSearchParams(all.map(([name, value]): [string, string] => [name, value])).toString()
  else for (const [name, value] of all) url.searchParams.append(name, value)
  return sendRedirect(reply, url.href)
}

/** What comes with a code although nobody asked: a session id, and one that is not documented at all. */
export function unaskedParameters(): [string, string][] {
  return [
    ['session_state', randomUUID()],
    ['unannounced_parameter', '1'],
  ]
}

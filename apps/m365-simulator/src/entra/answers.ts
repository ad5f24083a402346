import { randomUUID } from 'node:crypto'
import type { FastifyReply } from 'fastify'
import type { Settings } from '../faults/settings.ts'
import { sendPage, sendRedirect } from '../http/pages.ts'
import type { Person } from '../tenant/directory.ts'
import { type Correlation, EntraError, entraError, errorParameters, type Parameters } from './aadsts.ts'
import type { ClientTarget } from './authorize-request.ts'
import { errorPage, formPostPage } from './pages.ts'

/** Sends the browser back to the application, in the response mode that it asked for. */
export function answerClient(
  reply: FastifyReply,
  { redirectUri, responseMode, state }: ClientTarget,
  parameters: Parameters,
): FastifyReply {
  const all: Parameters = [...parameters, ...(state === null ? [] : [['state', state] as const])]
  const url = new URL(redirectUri)
  if (responseMode === 'form_post') return sendPage(reply, 200, formPostPage(redirectUri, all), [url.origin])
  if (responseMode === 'fragment')
    url.hash = new URLSearchParams(all.map(([name, value]): [string, string] => [name, value])).toString()
  else for (const [name, value] of all) url.searchParams.append(name, value)
  return sendRedirect(reply, url.href)
}

/**
 * Runs a step of a sign-in or consent, and shows its error on Entra's own page.
 *
 * @param step throws an EntraError that the application must not receive
 */
export function withErrorPage(reply: FastifyReply, correlation: Correlation, step: () => FastifyReply): FastifyReply {
  try {
    return step()
  } catch (error) {
    if (!(error instanceof EntraError)) throw error
    return sendPage(reply, 400, errorPage(error, correlation))
  }
}

/** How Microsoft reports a person who cancels; there are several shapes, and not all have a description. */
export function cancelParameters(
  at: 'picker' | 'consent',
  shape: Settings['cancelShape'],
  correlation: Correlation,
  authorityHost: string,
): Parameters {
  const parametersOf = (error: EntraError): Parameters => errorParameters(error, correlation, authorityHost)
  switch (shape) {
    case 'documented':
      return cancelParameters(at, at === 'picker' ? 'subcode' : 'access-denied', correlation, authorityHost)
    case 'subcode':
      return [
        ['error', 'access_denied'],
        ['error_subcode', 'cancel'],
      ]
    case 'subcode-with-description':
      return [['error_subcode', 'cancel'], ...parametersOf(entraError(65004))]
    case 'access-denied':
      return parametersOf(entraError(65004))
    case 'consent-required':
      return parametersOf(entraError(65004, [], { error: 'consent_required' }))
    default:
      return shape satisfies never
  }
}

/** Entra adds these to a code although nobody asked: a session id, and sometimes one that is not documented at all. */
export function unrequestedParameters(): Parameters {
  return [
    ['session_state', randomUUID()],
    ['unannounced_parameter', '1'],
  ]
}

/** MSAL's `client_info`: the home of the account, which for a guest is another tenant. */
export function clientInfo(person: Person, tenantId: string): string {
  const home = person.home ?? { tenantId, oid: person.oid }
  return Buffer.from(JSON.stringify({ uid: home.oid, utid: home.tenantId })).toString('base64url')
}

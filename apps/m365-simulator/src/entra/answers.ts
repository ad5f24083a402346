import { randomUUID } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { Settings } from '../faults/settings.ts'
import type { Person } from '../tenant/directory.ts'
import { entraError, errorParameters, type Parameters } from './aadsts.ts'

/** The shape that Microsoft documents, by the page on which a person cancels. */
const DOCUMENTED = { picker: 'subcode', consent: 'access-denied', 'admin-consent': 'consent-required' } as const
export type CancelledPage = keyof typeof DOCUMENTED

/** How Microsoft reports a person who cancels; there are several shapes, and not all have a description. */
export function cancelParameters(
  request: FastifyRequest,
  page: CancelledPage,
  shape: Settings['cancelShape'],
): Parameters {
  const declined = (error: string): Parameters => errorParameters(entraError(65004, [], { error }), request)
  const subcode = ['error_subcode', 'cancel'] as const
  switch (shape) {
    case 'documented':
      return cancelParameters(request, page, DOCUMENTED[page])
    case 'subcode':
      return [['error', 'access_denied'], subcode]
    case 'subcode-with-description':
      return [subcode, ...declined('access_denied')]
    case 'access-denied':
      return declined('access_denied')
    case 'consent-required':
      return declined('consent_required')
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

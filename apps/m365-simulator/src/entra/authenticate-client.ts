import { createHash, timingSafeEqual } from 'node:crypto'
import type { Simulation } from '../simulation/simulation.ts'
import { entraError, scenarioError } from './aadsts.ts'
import { requireUniqueNames, type TenantRequest } from './authorize-request.ts'
import { ASSERTION_TYPE, createAssertionCheck } from './client-assertion.ts'

/**
 * Returns a check of the client of a token request: that it is the registered one, and that it presents either its
 * secret in the body or an assertion signed with its certificate. The check throws an EntraError.
 */
export function createClientCheck({ registration, scenarios, url, clock }: Simulation) {
  const requireValidAssertion = createAssertionCheck(registration, clock)

  return async (form: URLSearchParams, { headers, params }: TenantRequest): Promise<void> => {
    requireUniqueNames(form)
    if (!form.get('grant_type')) throw entraError(900144, ['grant_type'])
    const clientId = form.get('client_id')
    if (!clientId) throw entraError(900144, ['client_id'])
    if (clientId.toLowerCase() !== registration.clientId.toLowerCase()) {
      throw entraError(700016, [clientId, registration.tenantId])
    }
    const assertion = form.get('client_assertion')
    const secret = form.get('client_secret')
    // RFC 6749 section 2.3: a request uses one authentication method.
    const methods = [headers.authorization !== undefined, form.has('client_secret'), form.has('client_assertion')]
    if (methods.filter(Boolean).length > 1) throw entraError(9002313, ['Two client credentials were given.'])
    if (!secret && !assertion) throw entraError(7000218)

    const effect = scenarios.take('entra-error', ({ at }) => at === 'client')
    if (effect !== null) throw scenarioError(effect, [registration.clientId])
    if (assertion) {
      if (form.get('client_assertion_type') !== ASSERTION_TYPE) throw entraError(900144, ['client_assertion_type'])
      // An assertion is for the token endpoint, named by the tenant as the client wrote it or by the tenant's id.
      const tenants = [params.tenant, registration.tenantId]
      await requireValidAssertion(
        assertion,
        tenants.map((tenant) => `${url()}/${tenant}/oauth2/v2.0/token`),
      )
    } else if (!isSameText(secret ?? '', registration.clientSecret)) {
      throw entraError(7000215, [registration.clientId])
    }
  }
}

function isSameText(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { readForm } from '../http/body.ts'
import { sendPage, sendRedirect } from '../http/pages.ts'
import { refuseForeignOrigin } from '../http/same-origin.ts'
import type { Simulation } from '../simulation.ts'
import { type Correlation, correlate, describeError, type EntraError, entraError } from './aadsts.ts'
import { listAccounts } from './accounts.ts'
import type { ApplicationPermission } from './application-permissions.ts'
import { findClientFault, scopeError } from './authorize-request.ts'
import { cancelAnswer } from './cancel-answer.ts'
import { accountPickerPage, adminConsentPage, errorPage, needApprovalPage, signInName } from './pages.ts'
import { type Permission, readScopes } from './scopes.ts'
import { GRAPH_AUDIENCE } from './token-service.ts'

interface TenantPath {
  readonly Params: { readonly tenant: string }
}

interface Visit {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly tenant: string
  readonly query: string
  readonly correlation: Correlation
  readonly redirectUri: string
  readonly state: string | null
  readonly scopes: readonly Permission[]
  /** What the application may do without a user; only `.default` asks for it. */
  readonly applicationPermissions: readonly ApplicationPermission[]
}

/** `/v2.0/adminconsent`: an Entra administrator grants permissions for the whole tenant. No code comes of it. */
export function adminConsentRoutes(app: FastifyInstance, simulation: Simulation): void {
  const { index, registration, settings, store, url, clock } = simulation

  const begin = (
    request: FastifyRequest<TenantPath>,
    reply: FastifyReply,
    parameters: URLSearchParams,
    proceed: (visit: Visit) => FastifyReply,
  ): FastifyReply => {
    const correlation = correlate(request.facts.clientRequestId, clock())
    const { tenant } = request.params
    const fault = findClientFault(parameters, tenant, registration, index.directory.domains)
    if (fault !== null) return showError(reply, fault, correlation)
    const scopes = readScopes(parameters.get('scope') ?? '')
    if (scopes.kind !== 'scopes') return showError(reply, scopeError(scopes, registration), correlation)
    return proceed({
      request,
      reply,
      tenant,
      query: parameters.toString(),
      correlation,
      redirectUri: parameters.get('redirect_uri') ?? '',
      state: parameters.get('state'),
      scopes: scopes.scopes,
      applicationPermissions: scopes.isDefault ? settings.current.applicationPermissions : [],
    })
  }

  const showError = (reply: FastifyReply, error: EntraError, correlation: Correlation): FastifyReply =>
    sendPage(reply, 400, errorPage(error, describeError(error, correlation), correlation))

  const showPicker = (visit: Visit): FastifyReply => {
    const step = { action: `/${visit.tenant}/admin-consent`, request: visit.query }
    const page = accountPickerPage(step, registration.displayName, listAccounts(simulation), null)
    return sendPage(visit.reply, 200, page, [new URL(visit.redirectUri).origin])
  }

  /** `admin_consent=True` comes with failures too: the error has to be looked at first. */
  const answer = (visit: Visit, parameters: readonly (readonly [string, string])[]): FastifyReply => {
    const target = new URL(visit.redirectUri)
    target.searchParams.append('admin_consent', 'True')
    for (const [name, value] of parameters) target.searchParams.append(name, value)
    if (visit.state !== null) target.searchParams.append('state', visit.state)
    return sendRedirect(visit.reply, target.href)
  }

  const cancelled = (visit: Visit): FastifyReply => {
    const shape = settings.current.cancelShape
    const documented = shape === 'documented' ? 'consent-required' : shape
    return answer(visit, cancelAnswer('consent', documented, visit.correlation, url()))
  }

  app.get<TenantPath>('/:tenant/v2.0/adminconsent', { config: { endpoint: 'admin-consent' } }, (request, reply) =>
    begin(request, reply, new URL(request.url, url()).searchParams, showPicker),
  )

  app.post<TenantPath>(
    '/:tenant/admin-consent',
    { config: { endpoint: 'admin-consent' }, onRequest: refuseForeignOrigin },
    (request, reply) => {
      const form = readForm(request.headers['content-type'], request.body) ?? new URLSearchParams()
      return begin(request, reply, new URLSearchParams(form.get('request') ?? ''), (visit) => {
        if (form.has('cancel')) return cancelled(visit)
        const person = index.personByOid(form.get('account') ?? '')
        if (person === undefined) return showPicker(visit)
        request.facts.details['account'] = signInName(person)
        if (person.membership === 'stranger') {
          const issuer = `https://sts.windows.net/${person.home?.tenantId}/`
          return showError(
            reply,
            entraError(50020, [signInName(person), issuer, index.directory.organization]),
            visit.correlation,
          )
        }
        if (!person.isEntraAdministrator) {
          const again = `/${visit.tenant}/v2.0/adminconsent?${visit.query}`
          const back = `/${visit.tenant}/admin-return?${new URLSearchParams({ request: visit.query }).toString()}`
          return sendPage(reply, 200, needApprovalPage(registration.displayName, person, again, back))
        }
        const decision = form.get('decision')
        if (decision === null) {
          const step = { action: `/${visit.tenant}/admin-consent`, request: visit.query }
          const { organization } = index.directory
          const page = adminConsentPage(step, registration.displayName, person, organization, visit)
          return sendPage(reply, 200, page, [new URL(visit.redirectUri).origin])
        }
        if (decision !== 'accept') return cancelled(visit)
        store.commit({ type: 'tenant-consented', scopes: visit.scopes })
        if (visit.applicationPermissions.length > 0) {
          store.commit({ type: 'application-consented', permissions: visit.applicationPermissions })
        }
        return answer(visit, [
          ['tenant', registration.tenantId],
          ['scope', visit.scopes.map((scope) => `${GRAPH_AUDIENCE}/${scope}`).join(' ')],
        ])
      })
    },
  )

  app.get<TenantPath>('/:tenant/admin-return', { config: { endpoint: 'admin-consent' } }, (request, reply) => {
    const original = new URL(request.url, url()).searchParams.get('request') ?? ''
    return begin(request, reply, new URLSearchParams(original), cancelled)
  })
}

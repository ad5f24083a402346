import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { readForm } from '../http/body.ts'
import { sendPage, sendRedirect } from '../http/pages.ts'
import { refuseForeignOrigin } from '../http/same-origin.ts'
import type { Simulation } from '../simulation/simulation.ts'
import { signInName } from '../tenant/directory.ts'
import type { ApplicationPermission, Permission } from '../tenant/permissions.ts'
import { GRAPH_AUDIENCE } from '../tenant/token-service.ts'
import { type Correlation, correlate, type Parameters } from './aadsts.ts'
import { cancelParameters, withErrorPage } from './answers.ts'
import { requireTrustedClient } from './authorize-request.ts'
import { strangerError } from './authorize-routes.ts'
import { accountPickerPage, adminConsentPage, describePeople, needApprovalPage } from './pages.ts'
import { requireScopes } from './scopes.ts'

interface TenantPath {
  readonly Params: { readonly tenant: string }
}

/** One step of an admin consent; each reads the query of the first request again. */
interface Step {
  readonly reply: FastifyReply
  readonly tenant: string
  readonly query: string
  readonly correlation: Correlation
  readonly redirectUri: URL
  readonly state: string | null
  readonly scopes: readonly Permission[]
  /** What the application may do without a user; only `.default` requests it. */
  readonly applicationPermissions: readonly ApplicationPermission[]
}

/** `/v2.0/adminconsent`: an Entra administrator grants permissions for the whole tenant, and no code is issued. */
export function adminConsentRoutes(app: FastifyInstance, simulation: Simulation): void {
  const { index, registration, settings, store, url, clock } = simulation
  const { organization, domain } = index.directory

  const begin = (
    request: FastifyRequest<TenantPath>,
    reply: FastifyReply,
    parameters: URLSearchParams,
    proceed: (step: Step) => FastifyReply,
  ): FastifyReply => {
    const { tenant } = request.params
    const correlation = correlate(request.facts.clientRequestId, clock())
    return withErrorPage(reply, correlation, () => {
      requireTrustedClient(parameters, tenant, registration, domain)
      const { scopes, isDefault } = requireScopes(parameters.get('scope') ?? '', registration)
      return proceed({
        reply,
        tenant,
        query: parameters.toString(),
        correlation,
        redirectUri: new URL(parameters.get('redirect_uri') ?? ''),
        state: parameters.get('state'),
        scopes,
        applicationPermissions: isDefault ? settings.current.applicationPermissions : [],
      })
    })
  }

  const show = (step: Step, page: ReturnType<typeof adminConsentPage>): FastifyReply =>
    sendPage(step.reply, 200, page, [step.redirectUri.origin])

  const formOf = ({ tenant, query }: Step) => ({ action: `/${tenant}/admin-consent`, request: query })

  const showPicker = (step: Step): FastifyReply =>
    show(step, accountPickerPage(formOf(step), registration.displayName, describePeople(simulation), null))

  /** `admin_consent=True` comes with failures too, so clients have to look at the error first. */
  const answer = ({ reply, redirectUri, state }: Step, parameters: Parameters): FastifyReply => {
    const target = new URL(redirectUri)
    const all: Parameters = [
      ['admin_consent', 'True'],
      ...parameters,
      ...(state === null ? [] : [['state', state] as const]),
    ]
    for (const [name, value] of all) target.searchParams.append(name, value)
    return sendRedirect(reply, target.href)
  }

  const cancelled = (step: Step): FastifyReply => {
    const shape = settings.current.cancelShape
    const documented = shape === 'documented' ? 'consent-required' : shape
    return answer(step, cancelParameters('consent', documented, step.correlation, url()))
  }

  app.get<TenantPath>('/:tenant/v2.0/adminconsent', { config: { endpoint: 'admin-consent' } }, (request, reply) =>
    begin(request, reply, new URL(request.url, url()).searchParams, showPicker),
  )

  app.post<TenantPath>(
    '/:tenant/admin-consent',
    { config: { endpoint: 'admin-consent' }, onRequest: refuseForeignOrigin },
    (request, reply) => {
      const form = readForm(request.headers['content-type'], request.body) ?? new URLSearchParams()
      return begin(request, reply, new URLSearchParams(form.get('request') ?? ''), (step) => {
        const { tenant, query, scopes, applicationPermissions } = step
        if (form.has('cancel')) return cancelled(step)
        const person = index.personByOid(form.get('account') ?? '')
        if (person === undefined) return showPicker(step)
        request.facts.details['account'] = signInName(person)
        if (person.membership === 'stranger') throw strangerError(person, organization)
        if (!person.isEntraAdministrator) {
          const again = `/${tenant}/v2.0/adminconsent?${query}`
          const back = `/${tenant}/admin-return?${new URLSearchParams({ request: query }).toString()}`
          return sendPage(reply, 200, needApprovalPage(registration.displayName, person, again, back))
        }
        const decision = form.get('decision')
        if (decision === null) {
          return show(step, adminConsentPage(formOf(step), registration.displayName, person, organization, step))
        }
        if (decision !== 'accept') return cancelled(step)
        store.commit({ type: 'tenant-consented', scopes })
        if (applicationPermissions.length > 0) {
          store.commit({ type: 'application-consented', permissions: applicationPermissions })
        }
        return answer(step, [
          ['tenant', registration.tenantId],
          ['scope', scopes.map((scope) => `${GRAPH_AUDIENCE}/${scope}`).join(' ')],
        ])
      })
    },
  )

  app.get<TenantPath>('/:tenant/admin-return', { config: { endpoint: 'admin-consent' } }, (request, reply) => {
    const original = new URL(request.url, url()).searchParams.get('request') ?? ''
    return begin(request, reply, new URLSearchParams(original), cancelled)
  })
}

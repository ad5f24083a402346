import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Person } from '../directory/directory.ts'
import { readForm } from '../http/body.ts'
import { sendPage } from '../http/pages.ts'
import { refuseForeignOrigin } from '../http/same-origin.ts'
import type { Simulation } from '../simulation.ts'
import {
  type Correlation,
  correlate,
  describeError,
  type EntraError,
  entraError,
  errorParameters,
  wantedError,
} from './aadsts.ts'
import { answerClient, unaskedParameters } from './answer-client.ts'
import { listAccounts } from './accounts.ts'
import { type AuthorizeRequest, readAuthorizeRequest } from './authorize-request.ts'
import { cancelAnswer } from './cancel-answer.ts'
import { clientInfo } from './client-info.ts'
import { grantedScopes, hashSecret, missingScopes, newCode } from './grants.ts'
import { accountPickerPage, consentPage, errorPage, needApprovalPage, signInName } from './pages.ts'
import { rememberPerson, signedInPerson } from './session-cookie.ts'

interface TenantPath {
  readonly Params: { readonly tenant: string }
}

/** One request on its way through the pages. Nothing is kept between two of them: each reads the query afresh. */
interface Visit {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly tenant: string
  readonly query: string
  readonly correlation: Correlation
  readonly authorize: AuthorizeRequest
}

/** `/authorize` and the pages behind it: account picker, consent, "Need admin approval". */
export function authorizeRoutes(app: FastifyInstance, simulation: Simulation): void {
  const { index, registration, scenarios, settings, store, url, clock } = simulation

  const begin = (
    request: FastifyRequest<TenantPath>,
    reply: FastifyReply,
    parameters: URLSearchParams,
    proceed: (visit: Visit) => FastifyReply,
  ): FastifyReply => {
    const { tenant } = request.params
    const correlation = correlate(request.facts.clientRequestId, clock())
    reply.header('x-ms-request-id', correlation.traceId)
    noteDetails(request, parameters)
    const reading = readAuthorizeRequest(parameters, tenant, registration, index.directory.domains)
    if (reading.kind === 'page') return showError(reply, reading.error, correlation)
    if (reading.kind === 'redirect') {
      return answerClient(reply, reading.target, errorParameters(reading.error, correlation, url()))
    }
    return proceed({ request, reply, tenant, query: parameters.toString(), correlation, authorize: reading.request })
  }

  const showError = (reply: FastifyReply, error: EntraError, correlation: Correlation): FastifyReply =>
    sendPage(reply, 400, errorPage(error, describeError(error, correlation), correlation))

  const refuse = (visit: Visit, error: EntraError): FastifyReply =>
    answerClient(visit.reply, visit.authorize.target, errorParameters(error, visit.correlation, url()))

  const start = (visit: Visit): FastifyReply => {
    if (visit.authorize.prompt !== 'none') return showPicker(visit)
    const person = signedInPerson(visit.request, index)
    return person === undefined ? refuse(visit, entraError(50058)) : proceedAs(visit, person)
  }

  const showPicker = (visit: Visit): FastifyReply => {
    const { loginHint, prompt } = visit.authorize
    // Documented as exclusive with select_account; the service leaves the hint aside then.
    const hint = prompt === 'select_account' ? null : (loginHint?.toLowerCase() ?? null)
    const isHinted = (person: Person): boolean => signInName(person).toLowerCase() === hint
    const accounts = listAccounts(simulation).sort((a, b) => Number(isHinted(b.person)) - Number(isHinted(a.person)))
    const unknownHint = hint !== null && !accounts.some(({ person }) => isHinted(person)) ? hint : null
    const step = { action: `/${visit.tenant}/sign-in`, request: visit.query }
    const page = accountPickerPage(step, registration.displayName, accounts, unknownHint)
    return sendPage(visit.reply, 200, page, formTargets(visit))
  }

  const proceedAs = (visit: Visit, person: Person): FastifyReply => {
    visit.request.facts.details['account'] = signInName(person)
    if (person.membership === 'stranger') {
      const error = entraError(50020, [
        signInName(person),
        `https://sts.windows.net/${person.home?.tenantId}/`,
        index.directory.organization,
      ])
      return showError(visit.reply, error, visit.correlation)
    }
    if (store.state.disabledAccounts.has(person.oid))
      return showError(visit.reply, entraError(50057), visit.correlation)
    scenarios.satisfy(visit.authorize.claims)
    const effect = scenarios.take((effect) => effect.kind === 'entra-error' && effect.at === 'authorize')
    if (effect?.kind === 'entra-error') {
      visit.request.facts.scenarios.push(`AADSTS${effect.code}`)
      const values = [registration.displayName, index.directory.organization]
      return refuse(visit, wantedError(effect, values))
    }

    const { scopes, prompt } = visit.authorize
    const isMissing = missingScopes(store, person.oid, scopes).length > 0
    if (!isMissing && prompt !== 'consent') return issueCode(visit, person)
    if (prompt === 'none') {
      const values = [registration.clientId, registration.displayName]
      return refuse(visit, entraError(65001, values, { error: 'interaction_required', suberror: null }))
    }
    if (settings.current.userConsent === 'disabled' && !person.isEntraAdministrator)
      return showNeedApproval(visit, person)
    const step = { action: `/${visit.tenant}/consent`, request: visit.query }
    return sendPage(visit.reply, 200, consentPage(step, registration.displayName, person, scopes), formTargets(visit))
  }

  const showNeedApproval = (visit: Visit, person: Person): FastifyReply => {
    const again = `/${visit.tenant}/oauth2/v2.0/authorize?${visit.query}`
    const back = `/${visit.tenant}/return?${new URLSearchParams({ request: visit.query }).toString()}`
    return sendPage(visit.reply, 200, needApprovalPage(registration.displayName, person, again, back))
  }

  const issueCode = (visit: Visit, person: Person): FastifyReply => {
    const { redirectUri, scopes, nonce, challenge, wantsClientInfo, target } = visit.authorize
    const code = newCode()
    store.commit({
      type: 'code-issued',
      hash: hashSecret(code),
      code: { oid: person.oid, redirectUri, scopes, nonce, challenge, issuedAtMs: clock().getTime() },
    })
    return answerClient(visit.reply, target, [
      ['code', code],
      ...(wantsClientInfo ? [['client_info', clientInfo(person, registration.tenantId)] as const] : []),
      ...unaskedParameters(),
    ])
  }

  app.get<TenantPath>('/:tenant/oauth2/v2.0/authorize', { config: { endpoint: 'authorize' } }, (request, reply) =>
    begin(request, reply, new URL(request.url, url()).searchParams, start),
  )

  // OpenID Connect Core 3.1.2.1: the request may also come as a form.
  app.post<TenantPath>('/:tenant/oauth2/v2.0/authorize', { config: { endpoint: 'authorize' } }, (request, reply) =>
    begin(request, reply, readForm(request.headers['content-type'], request.body) ?? new URLSearchParams(), start),
  )

  const continued = (
    request: FastifyRequest<TenantPath>,
    reply: FastifyReply,
    proceed: (visit: Visit, form: URLSearchParams, person: Person | undefined) => FastifyReply,
  ): FastifyReply => {
    const form = readForm(request.headers['content-type'], request.body) ?? new URLSearchParams()
    const person = index.personByOid(form.get('account') ?? '')
    return begin(request, reply, new URLSearchParams(form.get('request') ?? ''), (visit) =>
      proceed(visit, form, person),
    )
  }

  const cancelled = (visit: Visit, where: 'picker' | 'consent'): FastifyReply =>
    answerClient(
      visit.reply,
      visit.authorize.target,
      cancelAnswer(where, settings.current.cancelShape, visit.correlation, url()),
    )

  app.post<TenantPath>(
    '/:tenant/sign-in',
    { config: { endpoint: 'sign-in' }, onRequest: refuseForeignOrigin },
    (request, reply) =>
      continued(request, reply, (visit, form, person) => {
        if (form.has('cancel')) return cancelled(visit, 'picker')
        if (person === undefined) return showPicker(visit)
        if (person.membership !== 'stranger') rememberPerson(reply, person)
        return proceedAs(visit, person)
      }),
  )

  app.post<TenantPath>(
    '/:tenant/consent',
    { config: { endpoint: 'sign-in' }, onRequest: refuseForeignOrigin },
    (request, reply) =>
      continued(request, reply, (visit, form, person) => {
        if (person === undefined || person.membership === 'stranger') return showPicker(visit)
        if (form.get('decision') !== 'accept') return cancelled(visit, 'consent')
        if (settings.current.userConsent === 'disabled' && !person.isEntraAdministrator)
          return showNeedApproval(visit, person)
        const { scopes } = visit.authorize
        const forOrganization = person.isEntraAdministrator && form.has('organization')
        store.commit(
          forOrganization ? { type: 'tenant-consented', scopes } : { type: 'user-consented', oid: person.oid, scopes },
        )
        request.facts.details['account'] = signInName(person)
        request.facts.details['granted'] = [...grantedScopes(store, person.oid)].join(' ')
        return issueCode(visit, person)
      }),
  )

  app.get<TenantPath>('/:tenant/return', { config: { endpoint: 'sign-in' } }, (request, reply) => {
    const original = new URL(request.url, url()).searchParams.get('request') ?? ''
    return begin(request, reply, new URLSearchParams(original), (visit) => cancelled(visit, 'consent'))
  })
}

function formTargets(visit: Visit): string[] {
  return [new URL(visit.authorize.target.redirectUri).origin]
}

const LOGGED_PARAMETERS = [
  'client_id',
  'redirect_uri',
  'response_type',
  'response_mode',
  'scope',
  'prompt',
  'login_hint',
  'claims',
]

function noteDetails(request: FastifyRequest, parameters: URLSearchParams): void {
  for (const name of LOGGED_PARAMETERS) {
    const value = parameters.get(name)
    if (value !== null) request.facts.details[name] = value
  }
}

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { readForm } from '../http/body.ts'
import { sendPage } from '../http/pages.ts'
import { refuseForeignOrigin } from '../http/same-origin.ts'
import type { Simulation } from '../simulation/simulation.ts'
import { type Person, signInName } from '../tenant/directory.ts'
import { type Correlation, correlate, EntraError, entraError, errorParameters, scenarioError } from './aadsts.ts'
import { answerClient, cancelParameters, clientInfo, unrequestedParameters, withErrorPage } from './answers.ts'
import {
  type AuthorizeRequest,
  type ClientTarget,
  readAuthorizeRequest,
  readTarget,
  requireTrustedClient,
} from './authorize-request.ts'
import { grantedScopes, hashSecret, newCode } from './issue-tokens.ts'
import { accountPickerPage, consentPage, describePeople, needApprovalPage } from './pages.ts'

interface TenantPath {
  readonly Params: { readonly tenant: string }
}
type Request = FastifyRequest<TenantPath>

/** One step of a sign-in. Nothing is kept between steps: each reads the query of the first request again. */
interface Step extends AuthorizeRequest {
  readonly request: Request
  readonly reply: FastifyReply
  readonly tenant: string
  readonly query: string
  readonly correlation: Correlation
  readonly target: ClientTarget
}

const COOKIE = 'simulator_account'
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

/** `/authorize` and its pages: account picker, consent, "Need admin approval". */
export function authorizeRoutes(app: FastifyInstance, simulation: Simulation): void {
  const { index, registration, scenarios, settings, store, url, clock } = simulation
  const { organization, domain } = index.directory

  const begin = (
    request: Request,
    reply: FastifyReply,
    parameters: URLSearchParams,
    proceed: (step: Step) => FastifyReply,
  ): FastifyReply => {
    const { tenant } = request.params
    const correlation = correlate(request.facts.clientRequestId, clock())
    reply.header('x-ms-request-id', correlation.traceId)
    for (const name of LOGGED_PARAMETERS) {
      const value = parameters.get(name)
      if (value !== null) request.facts.details[name] = value
    }
    return withErrorPage(reply, correlation, () => {
      requireTrustedClient(parameters, tenant, registration, domain)
      const target = readTarget(parameters)
      let authorize: AuthorizeRequest
      try {
        authorize = readAuthorizeRequest(parameters, registration)
      } catch (error) {
        if (!(error instanceof EntraError)) throw error
        return answerClient(reply, target, errorParameters(error, correlation, url()))
      }
      return proceed({ ...authorize, request, reply, tenant, query: parameters.toString(), correlation, target })
    })
  }

  const refuse = ({ reply, target, correlation }: Step, error: EntraError): FastifyReply =>
    answerClient(reply, target, errorParameters(error, correlation, url()))

  const start = (step: Step): FastifyReply => {
    if (step.prompt !== 'none') return showPicker(step)
    const oid = step.request.headers.cookie?.match(new RegExp(`(?:^|; )${COOKIE}=([0-9a-f-]{36})`))?.[1]
    const person = index.personByOid(oid ?? '')
    return person === undefined ? refuse(step, entraError(50058)) : proceedAs(step, person)
  }

  const showPicker = (step: Step): FastifyReply => {
    // The hint is documented as exclusive with select_account; the service then ignores it.
    const hint = step.prompt === 'select_account' ? null : (step.loginHint?.toLowerCase() ?? null)
    const isHinted = (person: Person): boolean => signInName(person).toLowerCase() === hint
    const people = describePeople(simulation).sort((a, b) => Number(isHinted(b.person)) - Number(isHinted(a.person)))
    const unknownHint = people.some(({ person }) => isHinted(person)) ? null : hint
    const form = { action: `/${step.tenant}/sign-in`, request: step.query }
    return show(step, accountPickerPage(form, registration.displayName, people, unknownHint))
  }

  /** @throws EntraError when the account may not sign in at all */
  const proceedAs = (step: Step, person: Person): FastifyReply => {
    const { request, claims, scopes, prompt } = step
    request.facts.details['account'] = signInName(person)
    if (person.membership === 'stranger') throw strangerError(person, organization)
    if (store.state.disabledAccounts.has(person.oid)) throw entraError(50057)
    scenarios.satisfy(claims)
    const effect = scenarios.take('entra-error', ({ at }) => at === 'authorize')
    if (effect !== null) {
      request.facts.scenarios.push(`AADSTS${effect.code}`)
      return refuse(step, scenarioError(effect, [registration.displayName, organization]))
    }

    const granted = grantedScopes(store, person.oid)
    if (scopes.every((scope) => granted.has(scope)) && prompt !== 'consent') return issueCode(step, person)
    if (prompt === 'none') {
      const values = [registration.clientId, registration.displayName]
      return refuse(step, entraError(65001, values, { error: 'interaction_required', suberror: null }))
    }
    if (!mayConsent(person)) return showNeedApproval(step, person)
    const form = { action: `/${step.tenant}/consent`, request: step.query }
    return show(step, consentPage(form, registration.displayName, person, scopes))
  }

  const mayConsent = ({ isEntraAdministrator }: Person): boolean =>
    settings.current.userConsent === 'allowed' || isEntraAdministrator

  const showNeedApproval = ({ reply, tenant, query }: Step, person: Person): FastifyReply => {
    const again = `/${tenant}/oauth2/v2.0/authorize?${query}`
    const back = `/${tenant}/return?${new URLSearchParams({ request: query }).toString()}`
    return sendPage(reply, 200, needApprovalPage(registration.displayName, person, again, back))
  }

  const show = ({ reply, target }: Step, page: ReturnType<typeof consentPage>): FastifyReply =>
    sendPage(reply, 200, page, [new URL(target.redirectUri).origin])

  const issueCode = ({ reply, target, ...step }: Step, { oid, ...person }: Person): FastifyReply => {
    const { redirectUri, scopes, nonce, challenge, wantsClientInfo } = step
    const code = newCode()
    store.commit({
      type: 'code-issued',
      hash: hashSecret(code),
      code: { oid, redirectUri, scopes, nonce, challenge, issuedAtMs: clock().getTime() },
    })
    return answerClient(reply, target, [
      ['code', code],
      ...(wantsClientInfo ? [['client_info', clientInfo({ oid, ...person }, registration.tenantId)] as const] : []),
      ...unrequestedParameters(),
    ])
  }

  const cancelled = ({ reply, target, correlation }: Step, at: 'picker' | 'consent'): FastifyReply =>
    answerClient(reply, target, cancelParameters(at, settings.current.cancelShape, correlation, url()))

  /** Handles the form of a page. */
  const onForm =
    (act: (step: Step, form: URLSearchParams, person: Person | undefined) => FastifyReply) =>
    (request: Request, reply: FastifyReply): FastifyReply => {
      const form = formOf(request)
      const person = index.personByOid(form.get('account') ?? '')
      return begin(request, reply, new URLSearchParams(form.get('request') ?? ''), (step) => act(step, form, person))
    }

  const authorize = '/:tenant/oauth2/v2.0/authorize'
  app.get<TenantPath>(authorize, { config: { endpoint: 'authorize' } }, (request, reply) =>
    begin(request, reply, new URL(request.url, url()).searchParams, start),
  )
  // OpenID Connect Core 3.1.2.1: the request may also come as a form.
  app.post<TenantPath>(authorize, { config: { endpoint: 'authorize' } }, (request, reply) =>
    begin(request, reply, formOf(request), start),
  )

  const ownPage = { config: { endpoint: 'sign-in' as const }, onRequest: refuseForeignOrigin }
  app.post<TenantPath>(
    '/:tenant/sign-in',
    ownPage,
    onForm((step, form, person) => {
      if (form.has('cancel')) return cancelled(step, 'picker')
      if (person === undefined) return showPicker(step)
      if (person.membership !== 'stranger') {
        step.reply.header('set-cookie', `${COOKIE}=${person.oid}; Path=/; HttpOnly; SameSite=Lax`)
      }
      return proceedAs(step, person)
    }),
  )
  app.post<TenantPath>(
    '/:tenant/consent',
    ownPage,
    onForm((step, form, person) => {
      if (person === undefined || person.membership === 'stranger') return showPicker(step)
      if (form.get('decision') !== 'accept') return cancelled(step, 'consent')
      if (!mayConsent(person)) return showNeedApproval(step, person)
      const { scopes } = step
      const { oid, isEntraAdministrator } = person
      const isForOrganization = isEntraAdministrator && form.has('organization')
      store.commit(isForOrganization ? { type: 'tenant-consented', scopes } : { type: 'user-consented', oid, scopes })
      const { details } = step.request.facts
      details['account'] = signInName(person)
      details['granted'] = [...grantedScopes(store, oid)].join(' ')
      return issueCode(step, person)
    }),
  )
  app.get<TenantPath>('/:tenant/return', { config: { endpoint: 'sign-in' } }, (request, reply) => {
    const original = new URL(request.url, url()).searchParams.get('request') ?? ''
    return begin(request, reply, new URLSearchParams(original), (step) => cancelled(step, 'consent'))
  })
}

export function strangerError(person: Person, organization: string): EntraError {
  return entraError(50020, [signInName(person), `https://sts.windows.net/${person.home?.tenantId}/`, organization])
}

export function forgetSignIn(reply: FastifyReply): void {
  reply.header('set-cookie', `${COOKIE}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0`)
}

function formOf({ headers, body }: Request): URLSearchParams {
  return readForm(headers['content-type'], body) ?? new URLSearchParams()
}

import { randomUUID } from 'node:crypto'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { EntraError, entraError, type Parameters, scenarioError } from './aadsts.ts'
import { type AuthorizeRequest, readAuthorizeRequest, readScopes } from './client.ts'
import { clientInfo, consentPage, createFlow, type Step } from './flow.ts'
import { grantedScopes, hashSecret, newCode } from './issue-tokens.ts'
import type { Simulation } from '../simulation/simulation.ts'
import { NOT_BY_USERS, ONLY_BY_ADMINISTRATORS, type Permission, type Person, signsInAs } from '../tenant/directory.ts'
import { GRAPH_AUDIENCE } from '../tenant/token-service.ts'

const AUTHORIZE = '/oauth2/v2.0/authorize'

/** `/authorize` and its pages: account picker, consent, "Need admin approval". */
export function authorizeRoutes(app: FastifyInstance, simulation: Simulation): void {
  const { index, registration, scenarios, settings, store, clock } = simulation
  const flow = createFlow(app, simulation)

  type SignIn = Step & AuthorizeRequest
  /** Tells the application what is wrong with its request, now that it is known to be its own. */
  const onRequest =
    (act: (step: SignIn) => FastifyReply) =>
    (step: Step): FastifyReply => {
      let authorize: AuthorizeRequest
      try {
        authorize = readAuthorizeRequest(step.query, registration)
      } catch (error) {
        if (!(error instanceof EntraError)) throw error
        return flow.refuse(step, error)
      }
      return act({ ...step, ...authorize })
    }

  // The hint is documented as exclusive with select_account; the service then ignores it.
  const showPicker = (step: SignIn): FastifyReply =>
    flow.showPicker(step, '/sign-in', step.prompt === 'select_account' ? null : step.loginHint)

  /** Answers `prompt=none`: without a page, or not at all. */
  const signInSilently = (step: SignIn): FastifyReply => {
    const { loginHint, scopes } = step
    const person = flow.rememberedAccount(step)
    const isHinted = loginHint === null || person === undefined || signsInAs(person, loginHint)
    if (person === undefined || !isHinted) return flow.refuse(step, entraError(50058))
    flow.requireAccount(step, person)
    const granted = grantedScopes(store, person.oid)
    if (scopes.every((scope) => granted.has(scope))) return issueCode(step, person)
    const { clientId, displayName } = registration
    return flow.refuse(step, entraError(65001, [clientId, displayName], { error: 'consent_required' }))
  }

  const choose = (step: SignIn): FastifyReply => {
    const { form, person, claims, scopes, prompt } = step
    if (form.has('cancel')) return flow.answer(step, flow.cancelled(step, 'picker'))
    if (person === undefined) return showPicker(step)
    flow.requireAccount(step, person)
    flow.rememberAccount(step, person)
    scenarios.satisfy(claims)
    const effect = scenarios.take('entra-error', ({ at }) => at === 'authorize')
    if (effect !== null) {
      return flow.refuse(step, scenarioError(effect, [registration.displayName, index.organization]))
    }
    const granted = grantedScopes(store, person.oid)
    if (scopes.every((scope) => granted.has(scope)) && prompt !== 'consent') return issueCode(step, person)
    if (!mayConsent(person, scopes)) return showNeedApproval(step, person)
    return flow.show(step, consentPage(flow.formOf(step, '/consent'), registration.displayName, person, scopes))
  }

  const decide = (step: SignIn): FastifyReply => {
    const { form, person, scopes } = step
    if (person === undefined) return showPicker(step)
    flow.requireAccount(step, person)
    if (form.get('decision') !== 'accept') return declined(step)
    if (!mayConsent(person, scopes)) return showNeedApproval(step, person)
    store.commit({ type: 'user-consented', oid: person.oid, scopes })
    return issueCode(step, person)
  }

  const declined = (step: Step): FastifyReply => flow.answer(step, flow.cancelled(step, 'consent'))

  const mayConsent = ({ oid, isEntraAdministrator }: Person, scopes: readonly Permission[]): boolean => {
    if (isEntraAdministrator) return true
    const { userConsent } = settings.current
    const granted = grantedScopes(store, oid)
    const asked = scopes.filter((scope) => !granted.has(scope))
    if (userConsent === 'disabled' || asked.some((scope) => ONLY_BY_ADMINISTRATORS.has(scope))) return false
    return userConsent === 'allowed' || !asked.some((scope) => NOT_BY_USERS.has(scope))
  }

  const showNeedApproval = (step: Step, person: Person): FastifyReply =>
    flow.showNeedApproval(step, person, AUTHORIZE, '/return')

  const issueCode = (step: SignIn, person: Person): FastifyReply => {
    const { query, scopes, nonce, challenge, wantsClientInfo } = step
    const code = newCode()
    // The token request has to repeat the URI as the client wrote it.
    const redirectUri = query.get('redirect_uri') ?? ''
    store.commit({
      type: 'code-issued',
      hash: hashSecret(code),
      code: { oid: person.oid, redirectUri, scopes, nonce, challenge, issuedAtMs: clock().getTime() },
    })
    return flow.answer(step, [
      ['code', code],
      ...(wantsClientInfo ? [['client_info', clientInfo(person, registration.tenantId)] as const] : []),
      // Entra adds these although nobody asked: a session id, and sometimes one that is not documented at all.
      ['session_state', randomUUID()],
      ['unannounced_parameter', '1'],
    ])
  }

  flow.page(
    'GET',
    AUTHORIZE,
    'authorize',
    onRequest((step) => (step.prompt === 'none' ? signInSilently(step) : showPicker(step))),
  )
  flow.page('POST', '/sign-in', 'sign-in', onRequest(choose))
  flow.page('POST', '/consent', 'sign-in', onRequest(decide))
  flow.page('GET', '/return', 'sign-in', onRequest(declined))
}

const START = '/v2.0/adminconsent'

/** `/v2.0/adminconsent`: an Entra administrator grants permissions for the whole tenant, and no code is issued. */
export function adminConsentRoutes(app: FastifyInstance, simulation: Simulation): void {
  const { registration, settings, store } = simulation
  const flow = createFlow(app, simulation)

  /** @throws EntraError */
  const readPermissions = ({ query }: Step) => {
    const { scopes, isDefault } = readScopes(query.get('scope') ?? '', registration)
    // What the application may do without a user; only `.default` requests it.
    return { scopes, applicationPermissions: isDefault ? settings.current.applicationPermissions : [] }
  }

  /** `admin_consent=True` comes with failures too, so clients have to look at the error first. */
  const answer = (step: Step, parameters: Parameters): FastifyReply =>
    flow.answer(step, [['admin_consent', 'True'], ...parameters])
  const cancelled = (step: Step): FastifyReply => answer(step, flow.cancelled(step, 'admin-consent'))

  const showPicker = (step: Step): FastifyReply => {
    readPermissions(step)
    return flow.showPicker(step, '/admin-consent')
  }

  const decide = (step: Step): FastifyReply => {
    const { form, person } = step
    const { scopes, applicationPermissions } = readPermissions(step)
    if (form.has('cancel')) return cancelled(step)
    if (person === undefined) return showPicker(step)
    flow.requireAccount(step, person)
    if (!person.isEntraAdministrator) return flow.showNeedApproval(step, person, START, '/admin-return')
    const decision = form.get('decision')
    if (decision === null) {
      const pageForm = flow.formOf(step, '/admin-consent')
      const page = consentPage(pageForm, registration.displayName, person, scopes, applicationPermissions)
      return flow.show(step, page)
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
  }

  flow.page('GET', START, 'admin-consent', showPicker)
  flow.page('POST', '/admin-consent', 'admin-consent', decide)
  flow.page('GET', '/admin-return', 'admin-consent', cancelled)
}

import type { FastifyInstance, FastifyReply } from 'fastify'
import type { Simulation } from '../simulation/simulation.ts'
import { GRAPH_AUDIENCE } from '../tenant/token-service.ts'
import type { Parameters } from './aadsts.ts'
import { createFlow, type Step } from './flow.ts'
import { adminConsentPage } from './pages.ts'
import { readScopes } from './scopes.ts'

const START = '/v2.0/adminconsent'

/** `/v2.0/adminconsent`: an Entra administrator grants permissions for the whole tenant, and no code is issued. */
export function adminConsentRoutes(app: FastifyInstance, simulation: Simulation): void {
  const { index, registration, settings, store } = simulation
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
      const { organization } = index.directory
      const asked = { scopes, applicationPermissions }
      return flow.show(step, adminConsentPage(pageForm, registration.displayName, person, organization, asked))
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

import type { FastifyInstance, FastifyReply } from 'fastify'
import type { Endpoint } from '../faults/scenario.ts'
import { readForm } from '../http/body.ts'
import type { Html } from '../http/html.ts'
import { sendPage, sendRedirect } from '../http/pages.ts'
import { refuseForeignOrigin } from '../http/same-origin.ts'
import type { Simulation } from '../simulation/simulation.ts'
import { type Person, signInName } from '../tenant/directory.ts'
import { EntraError, entraError, errorParameters, type Parameters } from './aadsts.ts'
import { type CancelledPage, cancelParameters } from './answers.ts'
import { requireTrustedClient, type TenantRequest } from './authorize-request.ts'
import { accountPickerPage, errorPage, needApprovalPage, type PageForm } from './pages.ts'

/** One step of a sign-in or consent. Nothing is kept between steps: each reads the query of the first request again. */
export interface Step {
  readonly request: TenantRequest
  readonly reply: FastifyReply
  /** The query of the first request. */
  readonly query: URLSearchParams
  /** What the person chose. */
  readonly form: URLSearchParams
  /** Whom the form names. */
  readonly person: Person | undefined
  /** A registered URI. */
  readonly redirectUri: string
}

/** Keeps in the browser who signed in last. It gives no access: the simulator asks nobody for a password. */
const ACCOUNT_COOKIE = 'simulated-account'
const LOGGED_PARAMETERS = ['client_id', 'redirect_uri', 'response_type', 'scope', 'prompt', 'login_hint', 'claims']

/** What a sign-in and the consent of an administrator have in common. */
export function createFlow(app: FastifyInstance, simulation: Simulation) {
  const { index, registration, settings, url } = simulation
  const { domain, organization } = index.directory

  const readStep = (request: TenantRequest, reply: FastifyReply): Step => {
    const form = request.method === 'POST' ? readForm(request) : new URL(request.url, url()).searchParams
    const query = form.has('request') ? new URLSearchParams(form.get('request') ?? '') : form
    for (const name of LOGGED_PARAMETERS) {
      const value = query.get(name)
      if (value !== null) request.facts.details[name] = value
    }
    const redirectUri = requireTrustedClient(query, request.params.tenant, registration, domain)
    return { request, reply, query, form, person: index.personByOid(form.get('account') ?? ''), redirectUri }
  }

  const show = ({ reply, redirectUri }: Step, page: Html): FastifyReply =>
    sendPage(reply, 200, page, [new URL(redirectUri).origin])

  /** Leads back to the application. */
  const answer = ({ reply, query, redirectUri }: Step, parameters: Parameters): FastifyReply => {
    const target = new URL(redirectUri)
    for (const [name, value] of parameters) target.searchParams.append(name, value)
    const state = query.get('state')
    if (state !== null) target.searchParams.append('state', state)
    return sendRedirect(reply, target.href)
  }

  const formOf = ({ request, query }: Step, action: string): PageForm => ({
    action: `/${request.params.tenant}${action}`,
    request: query.toString(),
  })

  return {
    show,
    answer,
    formOf,
    /** Registers one page. An EntraError that `act` throws is shown on Entra's own page, not sent to the application. */
    page(method: 'GET' | 'POST', path: string, endpoint: Endpoint, act: (step: Step) => FastifyReply): void {
      app.route<{ Params: TenantRequest['params'] }>({
        method,
        url: `/:tenant${path}`,
        config: { endpoint },
        ...(method === 'POST' && { onRequest: refuseForeignOrigin }),
        handler: (request, reply) => {
          try {
            return act(readStep(request, reply))
          } catch (error) {
            if (!(error instanceof EntraError)) throw error
            return sendPage(reply, 400, errorPage(error, request))
          }
        },
      })
    },
    /** @param hint the sign-in name that the application suggested */
    showPicker: (step: Step, action: string, hint: string | null = null): FastifyReply =>
      show(step, accountPickerPage(formOf(step, action), registration.displayName, simulation, hint)),
    showNeedApproval(step: Step, person: Person, startPath: string, returnPath: string): FastifyReply {
      const { tenant } = step.request.params
      const again = `/${tenant}${startPath}?${step.query.toString()}`
      const back = `/${tenant}${returnPath}?${new URLSearchParams({ request: step.query.toString() }).toString()}`
      return show(step, needApprovalPage(registration.displayName, person, again, back))
    },
    rememberAccount({ reply }: Step, { oid }: Person): void {
      reply.header('set-cookie', `${ACCOUNT_COOKIE}=${oid}; Path=/; HttpOnly; SameSite=Lax`)
    },
    rememberedAccount({ request }: Step): Person | undefined {
      const cookies = (request.headers.cookie ?? '').split(/;\s*/)
      const [, oid = ''] = cookies.find((cookie) => cookie.startsWith(`${ACCOUNT_COOKIE}=`))?.split('=') ?? []
      return index.personByOid(oid)
    },
    /** @throws EntraError when the account may not sign in at all */
    requireAccount({ request }: Step, person: Person): void {
      request.facts.details['account'] = signInName(person)
      if (person.membership !== 'stranger') return
      const issuer = `https://sts.windows.net/${person.home?.tenantId}/`
      throw entraError(50020, [signInName(person), issuer, organization])
    },
    cancelled: (step: Step, page: CancelledPage): Parameters =>
      cancelParameters(step.request, page, settings.current.cancelShape),
    refuse: (step: Step, error: EntraError): FastifyReply => answer(step, errorParameters(error, step.request)),
  }
}

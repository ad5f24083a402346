import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { correlate, EntraError, entraError, errorParameters, type Parameters } from './aadsts.ts'
import { requireTrustedClient, type TenantRequest } from './client.ts'
import type { Endpoint } from '../faults/scenario.ts'
import { readForm } from '../http/body.ts'
import { type Html, html, page, refuseForeignOrigin, sendPage, sendRedirect } from '../http/pages.ts'
import type { Simulation } from '../simulation/simulation.ts'
import {
  APPLICATION_PERMISSIONS,
  type ApplicationPermission,
  type Permission,
  PERMISSIONS,
  type Person,
  signInName,
  signsInAs,
} from '../tenant/directory.ts'

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
  const { domain, organization } = index

  const readStep = (request: TenantRequest, reply: FastifyReply): Step => {
    const form = request.method === 'POST' ? readForm(request) : new URL(request.url, url()).searchParams
    const query = form.has('request') ? new URLSearchParams(form.get('request') ?? '') : form
    logParameters(query, LOGGED_PARAMETERS, request)
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
    /** How Microsoft reports a person who cancels; there are several shapes, and not all have a description. */
    cancelled({ request }: Step, page: keyof typeof DOCUMENTED): Parameters {
      const { cancelShape } = settings.current
      const declined = (error: string): Parameters => errorParameters(entraError(65004, [], { error }), request)
      const subcode = ['error_subcode', 'cancel'] as const
      const shapes = {
        subcode: () => [['error', 'access_denied'], subcode] as const,
        'subcode-with-description': () => [subcode, ...declined('access_denied')],
        'access-denied': () => declined('access_denied'),
        'consent-required': () => declined('consent_required'),
      }
      return shapes[cancelShape === 'documented' ? DOCUMENTED[page] : cancelShape]()
    },
    refuse: (step: Step, error: EntraError): FastifyReply => answer(step, errorParameters(error, step.request)),
  }
}

/** Notes the parameters of a request that are no secrets. */
export function logParameters(given: URLSearchParams, names: readonly string[], { facts }: FastifyRequest): void {
  for (const name of names) {
    const value = given.get(name)
    if (value) facts.details[name] = value
  }
}

/** The shape that Microsoft documents, by the page on which a person cancels. */
const DOCUMENTED = { picker: 'subcode', consent: 'access-denied', 'admin-consent': 'consent-required' } as const

/** MSAL's `client_info`: the home of the account, which for a guest is another tenant. */
export function clientInfo(person: Person, tenantId: string): string {
  const home = person.home ?? { tenantId, oid: person.oid }
  return Buffer.from(JSON.stringify({ uid: home.oid, utid: home.tenantId })).toString('base64url')
}

/** The form of a page. It repeats the first request, so that each step can check the request again. */
export interface PageForm {
  readonly action: string
  /** The query of the request that started the sign-in. */
  readonly request: string
}

/** @param hint the sign-in name that the application suggested */
function accountPickerPage(form: PageForm, appName: string, simulation: Simulation, hint: string | null): Html {
  const people = simulation.index.people.toSorted((a, b) => Number(signsInAs(b, hint)) - Number(signsInAs(a, hint)))
  return entraPage(
    'Pick an account',
    html`<h1>Pick an account</h1>
      <p>to continue to <strong>${appName}</strong></p>
      <form method="post" action="${form.action}">
        <input type="hidden" name="request" value="${form.request}" />
        <ul class="accounts">
          ${people.map(
            (person) =>
              html`<li>
                <button class="account" name="account" value="${person.oid}" aria-describedby="about-${person.oid}">
                  ${person.displayName}<br />${signInName(person)}
                </button>
                <br /><span id="about-${person.oid}">${person.about}</span>
              </li>`,
          )}
        </ul>
        <p class="actions"><button name="cancel" value="1">Cancel</button></p>
      </form>`,
  )
}

/**
 * @param organization null: the person consents for nobody else; otherwise what the application gets, for all users,
 *   without a signed-in one
 */
export function consentPage(
  form: PageForm,
  appName: string,
  person: Person,
  scopes: readonly Permission[],
  organization: readonly ApplicationPermission[] | null = null,
): Html {
  return entraPage(
    'Permissions requested',
    html`<p class="signed-in">${signInName(person)}</p>
      <h1>Permissions requested</h1>
      <p><strong>${appName}</strong> <span class="unverified">unverified</span></p>
      <form method="post" action="${form.action}">
        <input type="hidden" name="request" value="${form.request}" />
        <input type="hidden" name="account" value="${person.oid}" />
        ${organization && html`<p>Review for your organization</p>`}
        <p>This app would like to:</p>
        ${permissionList(scopes, PERMISSIONS)}
        ${
          organization &&
          organization.length > 0 &&
          html`<p>Without a signed-in user:</p>
            ${permissionList(organization, APPLICATION_PERMISSIONS)}`
        }
        ${organization && html`<p>If you accept, this app will get access to the specified resources for all users.</p>`}
        <p>Only accept if you trust the publisher.</p>
        <p class="actions">
          <button name="decision" value="cancel">Cancel</button>
          <button class="primary" name="decision" value="accept">Accept</button>
        </p>
      </form>`,
  )
}

/** @param returnUrl leads back to the application without a grant */
function needApprovalPage(appName: string, person: Person, signInUrl: string, returnUrl: string): Html {
  return entraPage(
    'Need admin approval',
    html`<p class="signed-in">${signInName(person)}</p>
      <h1>Need admin approval</h1>
      <p><strong>${appName}</strong> <span class="unverified">unverified</span></p>
      <p>
        <strong>${appName}</strong> needs permission to access resources in your organization that only an admin can
        grant. Please ask an admin to grant permission to this app before you can use it.
      </p>
      <p><a href="${signInUrl}">Sign in with an account that is an administrator</a></p>
      <p><a href="${returnUrl}">Return to the application without granting consent</a></p>`,
  )
}

function errorPage({ code, message }: EntraError, request: FastifyRequest): Html {
  const { correlationId, traceId, timestamp } = correlate(request)
  return entraPage(
    'Sign-in error',
    html`<h1>Sorry, but we’re having trouble signing you in.</h1>
      <p>AADSTS${code}: ${message}</p>
      <p class="detail">Correlation Id: ${correlationId}<br />Request Id: ${traceId}<br />Timestamp: ${timestamp}</p>`,
  )
}

function permissionList<Name extends string>(names: readonly Name[], titles: Readonly<Record<Name, string>>): Html {
  return html`<ul class="permissions">
    ${names.map((name) => html`<li><strong>${titles[name]}</strong> <span class="scope">${name}</span></li>`)}
  </ul>`
}

function entraPage(title: string, content: Html): Html {
  return page(
    title,
    html`<body class="sign-in">
      <header class="banner">Microsoft 365 simulator. Nobody here is real, and no password is needed.</header>
      <main class="card">${content}</main>
    </body>`,
  )
}

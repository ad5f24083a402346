import type { FastifyRequest } from 'fastify'
import { type Html, html } from '../http/html.ts'
import { page } from '../http/pages.ts'
import type { Simulation } from '../simulation/simulation.ts'
import { type Person, type Rights, signInName } from '../tenant/directory.ts'
import {
  APPLICATION_PERMISSIONS,
  type ApplicationPermission,
  type Permission,
  PERMISSIONS,
} from '../tenant/permissions.ts'
import { rightsOf } from '../tenant/store.ts'
import { correlate, type EntraError } from './aadsts.ts'

/** The form of a page. It repeats the first request, so that each step can check the request again. */
export interface PageForm {
  readonly action: string
  /** The query of the request that started the sign-in. */
  readonly request: string
}

/** @param hint the sign-in name that the application suggested */
export function accountPickerPage(form: PageForm, appName: string, simulation: Simulation, hint: string | null): Html {
  const isHinted = (person: Person): boolean => signInName(person).toLowerCase() === hint?.toLowerCase()
  const people = simulation.index.directory.people.toSorted((a, b) => Number(isHinted(b)) - Number(isHinted(a)))
  return entraPage(
    'Pick an account',
    html`<h1>Pick an account</h1>
      <p>to continue to <strong>${appName}</strong></p>
      ${
        hint !== null &&
        !people.some(isHinted) &&
        html`<p class="note">The application suggested ${hint}, which is not an account here.</p>`
      }
      <form method="post" action="${form.action}">
        <input type="hidden" name="request" value="${form.request}" />
        <ul class="accounts">
          ${people.map(
            (person) =>
              html`<li>
                <button class="account" name="account" value="${person.oid}" aria-describedby="about-${person.oid}">
                  <span class="name">${person.displayName}</span>
                  <span class="address">${signInName(person)}</span>
                </button>
                <span class="about" id="about-${person.oid}">${describe(person, simulation)}</span>
              </li>`,
          )}
        </ul>
        <p class="actions"><button name="cancel" value="1">Cancel</button></p>
      </form>`,
  )
}

export function consentPage(form: PageForm, appName: string, person: Person, scopes: readonly Permission[]): Html {
  return permissionsPage(
    form,
    appName,
    person,
    html`<p>This application would like to:</p>
      ${permissionList(scopes, PERMISSIONS)}
      <p>Only accept if you trust the publisher.</p>`,
  )
}

export function adminConsentPage(
  form: PageForm,
  appName: string,
  person: Person,
  organization: string,
  asked: {
    readonly scopes: readonly Permission[]
    readonly applicationPermissions: readonly ApplicationPermission[]
  },
): Html {
  return permissionsPage(
    form,
    appName,
    person,
    html`<p>Review for your organization</p>
      <p>This app would like to:</p>
      ${permissionList(asked.scopes, PERMISSIONS)}
      ${
        asked.applicationPermissions.length > 0 &&
        html`<p>Without a signed-in user:</p>
          ${permissionList(asked.applicationPermissions, APPLICATION_PERMISSIONS)}`
      }
      <p>If you accept, this app will get access to the specified resources for all users in ${organization}.</p>`,
  )
}

/** @param returnUrl leads back to the application without a grant */
export function needApprovalPage(appName: string, person: Person, signInUrl: string, returnUrl: string): Html {
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

export function errorPage({ code, message }: EntraError, request: FastifyRequest): Html {
  const { correlationId, traceId, timestamp } = correlate(request)
  return entraPage(
    'Sign-in error',
    html`<h1>Sorry, but we’re having trouble signing you in.</h1>
      <p>AADSTS${code}: ${message}</p>
      <p class="detail">Correlation Id: ${correlationId}<br />Request Id: ${traceId}<br />Timestamp: ${timestamp}</p>`,
  )
}

/** Says what is worth knowing about a person, with their rights as they are now. */
function describe(person: Person, { index, store }: Simulation): string {
  const { shared, organization } = index.directory
  const rights = shared.map(({ address }) => {
    const text = rightsText(rightsOf(store.state, index, address, person.oid))
    return text !== '' && `${text} on ${address}`
  })
  const facts = [
    person.membership === 'guest' && `Guest of ${organization}`,
    person.membership === 'stranger' && 'Account of another organization',
    person.isEntraAdministrator && 'Entra administrator',
    person.appRoles.includes('Workspace.Admin') && 'Workspace admin',
    !person.hasMailbox && 'No mailbox',
    ...rights,
  ]
  return facts.filter((fact) => fact !== false).join(' · ') || 'No special rights'
}

function rightsText({ sendAs, sendOnBehalf, fullAccess }: Rights): string {
  const names = [sendAs && 'Send As', sendOnBehalf && 'Send on Behalf', fullAccess && 'Full Access']
  return names.filter((name) => name !== false).join(', ')
}

function permissionsPage(form: PageForm, appName: string, person: Person, content: Html): Html {
  return entraPage(
    'Permissions requested',
    html`<p class="signed-in">${signInName(person)}</p>
      <h1>Permissions requested</h1>
      <p><strong>${appName}</strong> <span class="unverified">unverified</span></p>
      <form method="post" action="${form.action}">
        <input type="hidden" name="request" value="${form.request}" />
        <input type="hidden" name="account" value="${person.oid}" />
        ${content}
        <p class="actions">
          <button name="decision" value="cancel">Cancel</button>
          <button class="primary" name="decision" value="accept">Accept</button>
        </p>
      </form>`,
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

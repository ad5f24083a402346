import { type Html, html } from '../http/html.ts'
import type { Simulation } from '../simulation/simulation.ts'
import { type Person, type Rights, signInName } from '../tenant/directory.ts'
import {
  APPLICATION_PERMISSIONS,
  type ApplicationPermission,
  type Permission,
  PERMISSIONS,
} from '../tenant/permissions.ts'
import { rightsOf } from '../tenant/store.ts'
import { type Correlation, describeError, type EntraError, entraTimestamp } from './aadsts.ts'

/** The form of a page. It repeats the first request, so that each step can check the request again. */
export interface PageForm {
  readonly action: string
  /** The query of the request that started the sign-in. */
  readonly request: string
}

/** A person, with what is worth knowing about them on the account picker. */
export interface DescribedPerson {
  readonly person: Person
  readonly about: string
}

export function accountPickerPage(
  form: PageForm,
  appName: string,
  people: readonly DescribedPerson[],
  unknownHint: string | null,
): Html {
  return layout(
    'Pick an account',
    html`<h1>Pick an account</h1>
      <p>to continue to <strong>${appName}</strong></p>
      ${unknownHint !== null && html`<p class="note">The application suggested ${unknownHint}, which is not an account here.</p>`}
      <form method="post" action="${form.action}">
        <input type="hidden" name="request" value="${form.request}" />
        <ul class="accounts">
          ${people.map(
            ({ person, about }, position) =>
              html`<li>
                <button class="account" name="account" value="${person.oid}" aria-describedby="about-${position}">
                  <span class="name">${person.displayName}</span>
                  <span class="address">${signInName(person)}</span>
                </button>
                <span class="about" id="about-${position}">${about}</span>
              </li>`,
          )}
        </ul>
        <p class="actions"><button name="cancel" value="1">Cancel</button></p>
      </form>`,
  )
}

export function consentPage(form: PageForm, appName: string, person: Person, scopes: readonly Permission[]): Html {
  return layout(
    'Permissions requested',
    html`${permissionsHeading(person, appName)}
      <p>This application would like to:</p>
      ${permissionList(scopes.map((name) => ({ name, ...PERMISSIONS[name] })))}
      ${decisionForm(
        form,
        person,
        html`${
            person.isEntraAdministrator &&
            html`<p>
              <label
                ><input type="checkbox" name="organization" value="1" /> Consent on behalf of your organization</label
              >
            </p>`
          }
          <p>
            Accepting these permissions means that you allow this app to use your data as specified in its terms of
            service and privacy statement. Only accept if you trust the publisher.
          </p>`,
      )}`,
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
  return layout(
    'Permissions requested: review for your organization',
    html`${permissionsHeading(person, appName)}
      <p>Review for your organization</p>
      <p>This app would like to:</p>
      ${permissionList(asked.scopes.map((name) => ({ name, ...PERMISSIONS[name] })))}
      ${
        asked.applicationPermissions.length > 0 &&
        html`<p>Without a signed-in user:</p>
          ${permissionList(asked.applicationPermissions.map((name) => ({ name, ...APPLICATION_PERMISSIONS[name] })))}`
      }
      <p>
        If you accept, this app will get access to the specified resources for all users in ${organization}. No one else
        will be prompted to review these permissions.
      </p>
      ${decisionForm(form, person, null)}`,
  )
}

/** @param returnUrl leads back to the application without a grant */
export function needApprovalPage(appName: string, person: Person, signInUrl: string, returnUrl: string): Html {
  return layout(
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

export function errorPage(error: EntraError, correlation: Correlation): Html {
  return layout(
    'Sign-in error',
    html`<h1>Sorry, but we’re having trouble signing you in.</h1>
      <p>${describeError(error, correlation).split('\r\n')[0] ?? ''}</p>
      <details open>
        <summary>Troubleshooting details</summary>
        <dl>
          <dt>Error code</dt>
          <dd>${error.code}</dd>
          <dt>Correlation Id</dt>
          <dd>${correlation.correlationId}</dd>
          <dt>Request Id</dt>
          <dd>${correlation.traceId}</dd>
          <dt>Timestamp</dt>
          <dd>${entraTimestamp(correlation.at)}</dd>
        </dl>
      </details>`,
  )
}

export function messagePage(title: string, text: string): Html {
  return layout(
    title,
    html`<h1>${title}</h1>
      <p>${text}</p>`,
  )
}

/** Makes the cross-site POST of `response_mode=form_post`, which carries no `SameSite=Lax` cookie. */
export function formPostPage(action: string, fields: readonly (readonly [string, string])[]): Html {
  return layout(
    'Working…',
    html`<form method="post" action="${action}">
        ${fields.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`)}
        <p>Returning to the application. Without scripts, press <button>Continue</button></p>
      </form>
      <script src="/assets/form-post.js" defer></script>`,
  )
}

/** Describes the people of the directory, with their rights as they are now. */
export function describePeople({ index, store }: Simulation): DescribedPerson[] {
  const { people, shared, organization } = index.directory
  return people.map((person) => {
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
    return { person, about: facts.filter((fact) => fact !== false).join(' · ') || 'No special rights' }
  })
}

function rightsText({ sendAs, sendOnBehalf, fullAccess }: Rights): string {
  const names = [sendAs && 'Send As', sendOnBehalf && 'Send on Behalf', fullAccess && 'Full Access']
  return names.filter((name) => name !== false).join(', ')
}

function permissionsHeading(person: Person, appName: string): Html {
  return html`<p class="signed-in">${signInName(person)}</p>
    <h1>Permissions requested</h1>
    <p><strong>${appName}</strong> <span class="unverified">unverified</span></p>`
}

function decisionForm(form: PageForm, person: Person, content: Html | null): Html {
  return html`<form method="post" action="${form.action}">
    <input type="hidden" name="request" value="${form.request}" />
    <input type="hidden" name="account" value="${person.oid}" />
    ${content}
    <p class="actions">
      <button name="decision" value="cancel">Cancel</button>
      <button class="primary" name="decision" value="accept">Accept</button>
    </p>
  </form>`
}

function permissionList(permissions: readonly { name: string; title: string; detail: string }[]): Html {
  return html`<ul class="permissions">
    ${permissions.map(
      ({ name, title, detail }) =>
        html`<li>
          <strong>${title}</strong> <span class="scope">${name}</span><br /><span class="detail">${detail}</span>
        </li>`,
    )}
  </ul>`
}

function layout(title: string, content: Html): Html {
  return html`<html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <title>${title} - Microsoft 365 simulator</title>
      <link rel="stylesheet" href="/assets/simulator.css" />
    </head>
    <body class="sign-in">
      <header class="banner">Microsoft 365 simulator. Nobody here is real, and no password is needed.</header>
      <main class="card">${content}</main>
    </body>
  </html>`
}

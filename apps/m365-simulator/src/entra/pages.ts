import type { Directory, Person, Rights } from '../directory/directory.ts'
import { type Html, html } from '../http/html.ts'
import { type Correlation, type EntraError, entraTimestamp } from './aadsts.ts'
import { APPLICATION_PERMISSION_WORDS, type ApplicationPermission } from './application-permissions.ts'
import { PERMISSIONS, type Permission } from './scopes.ts'

/** What a page's form sends along, so that each step can judge the request afresh. */
export interface Step {
  /** Where the form goes. */
  readonly action: string
  /** The query of the request that started it. */
  readonly request: string
}

export function accountPickerPage(
  step: Step,
  appName: string,
  accounts: readonly { readonly person: Person; readonly about: string }[],
  unknownHint: string | null,
): Html {
  return layout(
    'Pick an account',
    html`<h1>Pick an account</h1>
      <p>to continue to <strong>${appName}</strong></p>
      ${unknownHint !== null && html`<p class="note">The application suggested ${unknownHint}, which is no account here.</p>`}
      <form method="post" action="${step.action}">
        <input type="hidden" name="request" value="${step.request}" />
        <ul class="accounts">
          ${accounts.map(
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

export function consentPage(step: Step, appName: string, person: Person, scopes: readonly Permission[]): Html {
  return layout(
    'Permissions requested',
    html`<p class="signed-in">${signInName(person)}</p>
      <h1>Permissions requested</h1>
      <p><strong>${appName}</strong> <span class="unverified">unverified</span></p>
      <p>This application would like to:</p>
      ${permissionList(scopes)}
      <form method="post" action="${step.action}">
        <input type="hidden" name="request" value="${step.request}" />
        <input type="hidden" name="account" value="${person.oid}" />
        ${
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
        </p>
        ${decisionButtons}
      </form>`,
  )
}

export function adminConsentPage(
  step: Step,
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
    html`<p class="signed-in">${signInName(person)}</p>
      <h1>Permissions requested</h1>
      <p>Review for your organization</p>
      <p><strong>${appName}</strong> <span class="unverified">unverified</span></p>
      <p>This app would like to:</p>
      ${permissionList(asked.scopes)}
      ${
        asked.applicationPermissions.length > 0 &&
        html`<p>Without a signed-in user:</p>
          ${applicationPermissionList(asked.applicationPermissions)}`
      }
      <p>
        If you accept, this app will get access to the specified resources for all users in ${organization}. No one else
        will be prompted to review these permissions.
      </p>
      <form method="post" action="${step.action}">
        <input type="hidden" name="request" value="${step.request}" />
        <input type="hidden" name="account" value="${person.oid}" />
        ${decisionButtons}
      </form>`,
  )
}

/** @param returnUrl leads back to the application without a grant; null where there is no application to return to */
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

export function errorPage(error: EntraError, description: string, correlation: Correlation): Html {
  return layout(
    'Sign-in error',
    html`<h1>Sorry, but we’re having trouble signing you in.</h1>
      <p>${description.split('\r\n')[0] ?? ''}</p>
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

/** A real cross-site POST, as `response_mode=form_post` makes it: no `SameSite=Lax` cookie comes along. */
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

export function signInName(person: Person): string {
  return person.membership === 'guest' ? (person.mail ?? person.userPrincipalName) : person.userPrincipalName
}

/** @param rightsOf the person's rights on an address, as they are now */
export function aboutPerson(person: Person, directory: Directory, rightsOf: (address: string) => Rights): string {
  const rights = [...directory.sharedMailboxes, ...directory.groups].map(({ address }) => {
    const words = rightsInWords(rightsOf(address))
    return words !== '' && `${words} on ${address}`
  })
  const facts = [
    person.membership === 'guest' && `Guest of ${directory.organization}`,
    person.membership === 'stranger' && 'Account of another organization',
    person.isEntraAdministrator && 'Entra administrator',
    person.appRoles.includes('Workspace.Admin') && 'Workspace admin',
    !person.hasMailbox && 'No mailbox',
    ...rights,
  ]
  return facts.filter((fact) => fact !== false).join(' · ') || 'No special rights'
}

function rightsInWords({ sendAs, sendOnBehalf, fullAccess }: Rights): string {
  const words = [sendAs && 'Send As', sendOnBehalf && 'Send on Behalf', fullAccess && 'Full Access']
  return words.filter((word) => word !== false).join(', ')
}

const decisionButtons = html`<p class="actions">
  <button name="decision" value="cancel">Cancel</button>
  <button class="primary" name="decision" value="accept">Accept</button>
</p>`

function permissionList(scopes: readonly Permission[]): Html {
  return wordedList(scopes.map((scope) => ({ name: scope, ...PERMISSIONS[scope] })))
}

function applicationPermissionList(permissions: readonly ApplicationPermission[]): Html {
  return wordedList(permissions.map((name) => ({ name, ...APPLICATION_PERMISSION_WORDS[name] })))
}

function wordedList(permissions: readonly { name: string; title: string; detail: string }[]): Html {
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

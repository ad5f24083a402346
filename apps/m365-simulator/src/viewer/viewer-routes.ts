import type { FastifyInstance, FastifyReply } from 'fastify'
import { createOperations } from '../control/operations.ts'
import { listAccounts } from '../entra/accounts.ts'
import { PRESETS, type Preset } from '../faults/presets.ts'
import { Settings, SettingsChange } from '../faults/settings.ts'
import { readForm } from '../http/body.ts'
import { type Html, html } from '../http/html.ts'
import { sendPage, sendRedirect } from '../http/pages.ts'
import { refuseForeignOrigin } from '../http/same-origin.ts'
import { type VisibleMessage, visibleMessage } from '../mail/visible-message.ts'
import type { Simulation } from '../simulation.ts'
import type { Folder } from '../state/events.ts'
import { itemsIn, type MailboxItem } from '../state/store.ts'
import { listMailboxes } from './mailbox-list.ts'
import { messageDocument } from './message-document.ts'
import { mailboxPage, mailboxTable, messagePage, peopleTable, rightsForm, viewerLayout } from './pages.ts'

/** Newest first, and no more of them: the control API pages through the rest. */
const LISTED_MESSAGES = 200

/** The simulator's own pages: what arrived where, who is who, and the switches. */
export function viewerRoutes(app: FastifyInstance, simulation: Simulation): void {
  const { index, registration, scenarios, settings, store, url, clock } = simulation
  const operations = createOperations(simulation)

  app.get('/', (_request, reply) => sendPage(reply, 200, homePage()))

  const homePage = (): Html => {
    const { directory } = index
    const { tenantConsents, applicationConsents, userConsents, disabledAccounts } = store.state
    const people = listAccounts(simulation).map(({ person, about }) => ({
      person,
      about,
      consents: [...(userConsents.get(person.oid) ?? [])],
      enabled: !disabledAccounts.has(person.oid),
    }))
    return viewerLayout(
      directory.organization,
      html`<h1>Microsoft 365 simulator</h1>
        <p>
          A stand-in for Entra ID and Microsoft Graph on this machine, with the invented organization
          <strong>${directory.organization}</strong>. Mail sent through it stays here and can be read below. Nothing
          leaves this machine.
        </p>
        <h2>Mailboxes</h2>
        ${mailboxTable(listMailboxes(simulation))}
        <h2>People</h2>
        ${peopleTable(people)}
        <p>
          Consented for the whole organization: ${tenantConsents.size === 0 ? 'nothing' : [...tenantConsents].join(' ')}
        </p>
        <p>
          Granted to the application itself:
          ${applicationConsents.size === 0 ? 'nothing' : [...applicationConsents].join(' ')}
        </p>
        <form method="post" action="/tenant-consents"><button>Remove the organization’s consents</button></form>
        <h2>Send As, Send on Behalf, Full Access</h2>
        ${rightsForm(directory)}
        <h2 id="scenarios">Scenarios</h2>
        <p>What goes wrong next. A restart switches everything off.</p>
        ${activeList()} ${scenarioForm()}
        <h2 id="settings">Settings</h2>
        ${settingsForm(settings.current)}
        <h2>Reset</h2>
        <form method="post" action="/reset"><button>Forget all mail, consents, tokens and changes</button></form>
        <h2>Application</h2>
        <dl class="facts">
          <dt>Name</dt>
          <dd>${registration.displayName}</dd>
          <dt>Directory (tenant) ID</dt>
          <dd>${registration.tenantId}</dd>
          <dt>Application (client) ID</dt>
          <dd>${registration.clientId}</dd>
          <dt>Redirect URIs</dt>
          <dd>${registration.redirectUris.join(' ')}</dd>
          <dt>Authority and Graph host</dt>
          <dd>${url()}</dd>
        </dl>`,
      true,
    )
  }

  const activeList = (): Html => {
    const active = scenarios.active()
    if (active.length === 0) return html`<p>Switched on: nothing.</p>`
    return html`<ul class="active">
      ${active.map(({ id, name, effect, times }) => {
        const title = (name === null ? undefined : PRESETS.get(name)?.title) ?? JSON.stringify(effect)
        const often = times === 'always' ? 'always' : times === 1 ? 'next time' : `next ${times} times`
        return html`<li>
          <form class="inline" method="post" action="/scenarios/off">
            <span>${title}: ${often}</span>
            <button name="id" value="${id}" aria-label="Switch off: ${title}">Switch off</button>
          </form>
        </li>`
      })}
    </ul>`
  }

  app.get<{ Params: { address: string } }>('/mailboxes/:address', (request, reply) => {
    const address = request.params.address.toLowerCase()
    const addressee = index.byAddress(address)
    const isExternal =
      addressee === undefined || (addressee.kind === 'person' && addressee.person.membership === 'guest')
    if (isExternal && (index.isLocal(address) || !address.includes('@'))) return notFound(reply)
    if (addressee !== undefined && !isExternal && addressee.address.toLowerCase() !== address) {
      return sendRedirect(reply, `/mailboxes/${addressee.address}`)
    }
    const mailbox = store.state.mailboxes.get(address)
    const nowMs = clock().getTime()
    const newest = (folder: Folder): VisibleMessage[] =>
      itemsIn(mailbox, folder, nowMs)
        .slice(-LISTED_MESSAGES)
        .toReversed()
        .map((item) => visibleMessage(item))
    const kind = isExternal ? 'external' : addressee.kind
    return sendPage(reply, 200, mailboxPage(address, kind, newest))
  })

  type MessagePath = { Params: { address: string; id: string; attachment?: string } }
  const findItem = ({ address, id }: MessagePath['Params']): MailboxItem | undefined =>
    store.state.mailboxes.get(address.toLowerCase())?.byId.get(id)

  app.get<MessagePath>('/mailboxes/:address/messages/:id', (request, reply) => {
    const item = findItem(request.params)
    if (item === undefined) return notFound(reply)
    return sendPage(reply, 200, messagePage(item.mailbox, visibleMessage(item)))
  })

  app.get<MessagePath>('/mailboxes/:address/messages/:id/body', (request, reply) => {
    const item = findItem(request.params)
    if (item?.message.body.contentType !== 'html') return notFound(reply)
    return messageDocument(reply, item, url())
  })

  app.get<MessagePath>('/mailboxes/:address/messages/:id/attachments/:attachment', (request, reply) => {
    const attachment = findItem(request.params)?.message.attachments.find(({ id }) => id === request.params.attachment)
    const content = attachment === undefined ? null : store.blobs.get(attachment.sha256)
    if (attachment === undefined || content === null) return notFound(reply)
    const isImage = attachment.isInline && /^image\/(png|jpeg|gif|webp)$/.test(attachment.contentType)
    return reply
      .headers({
        'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(attachment.name)}`,
        'content-security-policy': "default-src 'none'; sandbox",
        // The message frame has an origin of its own, and shows inline images.
        'cross-origin-resource-policy': 'cross-origin',
        'x-content-type-options': 'nosniff',
      })
      .type(isImage ? attachment.contentType : 'application/octet-stream')
      .send(content)
  })

  const change = (
    path: string,
    apply: (form: URLSearchParams, parameters: Record<string, string>) => void,
    anchor = '',
  ): void => {
    app.post<{ Params: Record<string, string> }>(path, { onRequest: refuseForeignOrigin }, (request, reply) => {
      apply(readForm(request.headers['content-type'], request.body) ?? new URLSearchParams(), request.params)
      return sendRedirect(reply, `/${anchor}`)
    })
  }

  change(
    '/scenarios',
    (form) => {
      const preset = PRESETS.get(form.get('name') ?? '')
      const times = form.get('times') === 'always' ? 'always' : 1
      if (preset) scenarios.add({ effect: preset.effect, skip: 0, times, name: form.get('name') })
    },
    '#scenarios',
  )
  change('/scenarios/off', (form) => scenarios.remove(form.get('id') ?? ''), '#scenarios')
  change(
    '/settings',
    (form) => {
      const seconds = form.get('accessTokenSeconds') ?? ''
      const wanted = SettingsChange.safeParse({
        ...Object.fromEntries(form),
        accessTokenSeconds: seconds === '' ? null : Number(seconds),
      })
      if (wanted.success) settings.change(wanted.data)
    },
    '#settings',
  )
  change('/rights', (form) => {
    const person = index.personByOid(form.get('person') ?? '')
    if (person === undefined) return
    const [sendAs, sendOnBehalf, fullAccess] = [form.has('sendAs'), form.has('sendOnBehalf'), form.has('fullAccess')]
    operations.setRights(form.get('address') ?? '', person, { sendAs, sendOnBehalf, fullAccess })
  })
  change('/people/:oid', (form, { oid }) => {
    const person = index.personByOid(oid ?? '')
    if (person === undefined) return
    const action = form.get('action')
    if (action === 'revoke-tokens') operations.revokeTokens(person, false)
    if (action === 'remove-consents') operations.removeConsents(person)
    if (action === 'disable' || action === 'enable') operations.setEnabled(person, action === 'enable')
  })
  change('/tenant-consents', () => operations.removeTenantConsents())
  change('/reset', () => operations.reset())
}

function scenarioForm(): Html {
  const groups = Map.groupBy(PRESETS, ([, { group }]) => group)
  return html`<form class="inline" method="post" action="/scenarios">
    <label
      >Scenario
      <select name="name">
        ${[...groups].map(
          ([group, presets]: [string, [string, Preset][]]) =>
            html`<optgroup label="${group}">
              ${presets.map(([name, { title }]) => html`<option value="${name}">${title}</option>`)}
            </optgroup>`,
        )}
      </select></label
    >
    <button name="times" value="1">Next time</button>
    <button name="times" value="always">Always</button>
  </form>`
}

type ChoiceName = 'userConsent' | 'cancelShape' | 'scopeWording' | 'requestTooLarge' | 'extendedPropertySearch'

function settingsForm(current: Settings): Html {
  const choice = (name: ChoiceName, label: string): Html =>
    html`<label
      >${label}
      <select name="${name}">
        ${Settings.shape[name].options.map((option) => html`<option${current[name] === option && html` selected`}>${option}</option>`)}
      </select></label
    > `
  return html`<form class="inline" method="post" action="/settings">
    ${choice('userConsent', 'Consent by users')}${choice('cancelShape', 'How Cancel comes back')}
    ${choice('scopeWording', 'Scopes in token answers')}${choice('requestTooLarge', 'Requests over 4 MB')}
    ${choice('extendedPropertySearch', 'Search by extended property')}
    <label
      >Access tokens live (s)
      <input
        name="accessTokenSeconds"
        type="number"
        min="1"
        max="86400"
        value="${current.accessTokenSeconds ?? ''}"
        placeholder="60 to 90 min"
    /></label>
    <button>Apply</button>
  </form>`
}

function notFound(reply: FastifyReply): FastifyReply {
  return sendPage(
    reply,
    404,
    viewerLayout(
      'Not found',
      html`<h1>Not found</h1>
        <p><a href="/">Back to the mailboxes</a></p>`,
      false,
    ),
  )
}

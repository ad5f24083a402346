import type { FastifyInstance, FastifyReply } from 'fastify'
import { PRESETS } from '../faults/presets.ts'
import type { ActiveScenario } from '../faults/scenario.ts'
import { readForm } from '../http/body.ts'
import { type Html, html, page, refuseForeignOrigin, sendPage, sendRedirect } from '../http/pages.ts'
import {
  listMailboxes,
  type MailboxSummary,
  visibleMessage,
  type VisibleMessage,
  withoutBcc,
} from '../mail/mailbox-view.ts'
import type { Simulation } from '../simulation/simulation.ts'
import type { Folder, MailAddress } from '../tenant/message.ts'
import { itemsIn, type MailboxItem } from '../tenant/store.ts'

/** How many of the newest messages a page lists; the control API returns all. */
const LISTED_MESSAGES = 200

interface MessagePath {
  readonly Params: { readonly address: string; readonly id: string; readonly attachment?: string }
}

/** The simulator's own pages: the mailboxes, their messages, and a switch for scenarios. */
export function viewerRoutes(app: FastifyInstance, simulation: Simulation): void {
  const { index, scenarios, store, url, clock } = simulation

  app.get('/', (_request, reply) => {
    const { organization } = index
    return sendPage(reply, 200, homePage(organization, listMailboxes(simulation), scenarios.active()))
  })

  app.get<{ Params: { address: string } }>('/mailboxes/:address', (request, reply) => {
    const address = request.params.address.toLowerCase()
    const addressee = index.byAddress(address)
    const isGuest = addressee?.kind === 'person' && addressee.person.membership === 'guest'
    const kind = addressee === undefined || isGuest ? 'external' : addressee.kind
    if (kind === 'external' && (index.isLocal(address) || !address.includes('@'))) return notFound(reply)
    const primary = kind === 'external' ? address : (addressee?.address.toLowerCase() ?? address)
    if (primary !== address) return sendRedirect(reply, mailboxUrl(primary))
    const mailbox = store.state.mailboxes.get(address)
    const nowMs = clock().getTime()
    return sendPage(
      reply,
      200,
      mailboxPage(address, kind, (folder) => itemsIn(mailbox, folder, nowMs)),
    )
  })

  const findItem = ({ address, id }: MessagePath['Params']): MailboxItem | undefined =>
    store.state.mailboxes.get(address.toLowerCase())?.get(id)

  app.get<MessagePath>('/mailboxes/:address/messages/:id', (request, reply) => {
    const item = findItem(request.params)
    return item === undefined ? notFound(reply) : sendPage(reply, 200, messagePage(item.mailbox, visibleMessage(item)))
  })

  app.get<MessagePath>('/mailboxes/:address/messages/:id/body', (request, reply) => {
    const item = findItem(request.params)
    return item?.message.body.contentType === 'html' ? sendBody(reply, item, url()) : notFound(reply)
  })

  app.get<MessagePath>('/mailboxes/:address/messages/:id/source', (request, reply) => {
    const item = findItem(request.params)
    const source = item?.message.mime === undefined ? null : store.blobs.get(item.message.mime.sha256)
    if (item === undefined || source === null) return notFound(reply)
    return reply
      .headers({ 'content-disposition': 'attachment; filename="message.eml"', 'x-content-type-options': 'nosniff' })
      .type('application/octet-stream')
      .send(item.folder === 'inbox' ? withoutBcc(source) : source)
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
        // The message's frame has an origin of its own, and shows inline images.
        'cross-origin-resource-policy': 'cross-origin',
        'x-content-type-options': 'nosniff',
      })
      .type(isImage ? attachment.contentType : 'application/octet-stream')
      .send(content)
  })

  const onForm = (path: string, act: (form: URLSearchParams) => void): void => {
    app.post(path, { onRequest: refuseForeignOrigin }, (request, reply) => {
      act(readForm(request))
      return sendRedirect(reply, '/#scenarios')
    })
  }
  onForm('/scenarios', (form) => {
    const name = form.get('name') ?? ''
    const preset = PRESETS.get(name)
    const times = form.get('times') === 'always' ? 'always' : 1
    if (preset !== undefined) scenarios.add({ effect: preset.effect, skip: 0, times, name })
  })
  onForm('/scenarios/off', (form) => scenarios.remove([form.get('id') ?? '']))
}

/**
 * Sends the HTML of a message as its sender wrote it, for a sandboxed frame: without scripts and forms, and loading
 * nothing from elsewhere. Inline images are the message's own attachments.
 *
 * @param origin named explicitly, because the sandbox has an origin to which 'self' does not apply
 */
function sendBody(reply: FastifyReply, { mailbox, id, message }: MailboxItem, origin: string): FastifyReply {
  const base = `${origin}${messageUrl(mailbox, id)}/attachments/`
  const inline = new Map(
    message.attachments.map((attachment) => [attachment.contentId, `${base}${encodeURIComponent(attachment.id)}`]),
  )
  const content = message.body.content.replaceAll(
    /cid:([^"'\s>)]+)/gi,
    (match, contentId: string) => inline.get(contentId) ?? match,
  )
  return reply
    .headers({
      'content-security-policy': `sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src ${origin} data:; frame-ancestors 'self'; base-uri 'none'; form-action 'none'`,
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    })
    .type('text/html; charset=utf-8')
    .send(content)
}

function notFound(reply: FastifyReply): FastifyReply {
  const content = html`<h1>Not found</h1>
    <p><a href="/">Back to the mailboxes</a></p>`
  return sendPage(reply, 404, viewerPage('Not found', content))
}

const KINDS = {
  person: 'Mailbox',
  'shared-mailbox': 'Shared mailbox',
  group: 'Distribution list',
  external: 'Outside the organization',
} as const satisfies Record<MailboxSummary['kind'], string>

const FOLDERS = {
  inbox: 'Inbox',
  sentItems: 'Sent Items',
  drafts: 'Drafts',
  deletedItems: 'Deleted Items',
} as const satisfies Record<Folder, string>

function homePage(organization: string, mailboxes: readonly MailboxSummary[], active: readonly ActiveScenario[]): Html {
  const rows = mailboxes.map(({ address, kind, inbox, sentItems, lastSubject }) => [
    html`<a href="${mailboxUrl(address)}">${address}</a>`,
    KINDS[kind],
    inbox,
    kind === 'group' ? 'none kept' : sentItems,
    lastSubject ?? '',
  ])
  return viewerPage(
    organization,
    html`<h1>Microsoft 365 simulator</h1>
      <p>
        A stand-in for Entra ID and Microsoft Graph on this machine, with the invented organization
        <strong>${organization}</strong>. Mail sent through it stays here and can be read below. Nothing leaves this
        machine.
      </p>
      <h2>Mailboxes</h2>
      <div data-live>${table(['Mailbox', 'Kind', 'Received', 'Sent', 'Latest'], rows)}</div>
      <h2 id="scenarios">Scenarios</h2>
      <p>What goes wrong next. A restart switches everything off.</p>
      ${activeList(active)} ${scenarioForm()}`,
    { isLive: true },
  )
}

function activeList(active: readonly ActiveScenario[]): Html {
  if (active.length === 0) return html`<p>Switched on: nothing.</p>`
  return html`<ul class="active">
    ${active.map(({ id, name, effect, times }) => {
      const title = PRESETS.get(name ?? '')?.title ?? JSON.stringify(effect)
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

function scenarioForm(): Html {
  const groups = Map.groupBy(PRESETS, ([, { group }]) => group)
  return html`<form class="inline" method="post" action="/scenarios">
    <label
      >Scenario
      <select name="name">
        ${[...groups].map(
          ([group, presets]) =>
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

function mailboxPage(
  address: string,
  kind: MailboxSummary['kind'],
  messagesIn: (folder: Folder) => readonly MailboxItem[],
): Html {
  const hasOwnMail = kind === 'person' || kind === 'shared-mailbox'
  const folder = (name: Folder): Html => {
    const items = messagesIn(name)
    const newest = items.slice(-LISTED_MESSAGES).toReversed()
    const rows = newest
      .map(visibleMessage)
      .map((message) => [
        html`<a href="${messageUrl(address, message.id)}">${message.subject || '(no subject)'}</a>`,
        addressText(name === 'inbox' ? message.from : [...message.to, ...message.cc, ...message.bcc][0]),
        timeElement(message.sentAt),
        message.attachments.length || '',
        message.mime?.kind ?? '',
      ])
    const partner = name === 'inbox' ? 'From' : 'To'
    return html`<h2>${FOLDERS[name]}</h2>
      ${rows.length < items.length && html`<p>The newest ${rows.length} of ${items.length}.</p>`}
      ${rows.length === 0 ? html`<p class="empty">Nothing yet.</p>` : table(['Subject', partner, 'Time', 'Attachments', 'Kind'], rows)}`
  }
  return viewerPage(
    address,
    html`<h1>${address}</h1>
      <p>${KINDS[kind]}${kind === 'group' && '. It keeps no mail itself; this page shows what was addressed to it.'}</p>
      <div data-live>
        ${folder('inbox')} ${hasOwnMail && [folder('sentItems'), folder('drafts')]}
        ${messagesIn('deletedItems').length > 0 && folder('deletedItems')}
      </div>`,
    { isLive: true },
  )
}

function messagePage(address: string, message: VisibleMessage): Html {
  const { from, sender, subject, sentAt, importance, internetMessageId, body, attachments } = message
  const base = messageUrl(address, message.id)
  const addresses = (list: readonly MailAddress[]): string => list.map((one) => addressText(one)).join('; ')
  const onBehalf = `${addressText(sender)} on behalf of ${addressText(from)}`
  // `String {…} Name MessageId`: its type and its set matter only to Graph.
  const properties = message.extendedProperties.map(({ id, value }): [string, Html] => [
    id.match(/ (?:Name|Id) (.+)$/)?.[1] ?? id,
    html`${value}<br /><span class="detail">${id}</span>`,
  ])
  const facts: [name: string, value: string | Html][] = [
    ['From', addressText(from)],
    ['Sent by', sender.address === from.address ? '' : onBehalf],
    ['To', addresses(message.to)],
    ['Cc', addresses(message.cc)],
    ['Bcc', addresses(message.bcc)],
    ['Reply-To', addresses(message.replyTo)],
    ['Time', timeElement(sentAt)],
    ['Importance', importance === 'normal' ? '' : importance],
    [
      'Receipts',
      [message.readReceipt && 'when read', message.deliveryReceipt && 'when delivered'].filter(Boolean).join(', '),
    ],
    ['Message-ID', internetMessageId],
    ['Kind', message.mime?.kind ?? ''],
    ['Sent as', message.mime ? html`MIME, <a href="${base}/source">whole message</a>` : ''],
    ...message.headers.map(({ name, value }): [string, string] => [name, value]),
    ...properties,
  ]
  const files = attachments.map(({ id, name, contentType, contentId, isInline, sizeBytes, sha256 }) => [
    html`<a href="${base}/attachments/${encodeURIComponent(id)}">${name}</a>`,
    isInline ? `${contentType}, inline as ${contentId ?? 'nothing'}` : contentType,
    sizeBytes,
    html`<code>${sha256}</code>`,
  ])
  return viewerPage(
    subject,
    html`<p>
        <a href="${mailboxUrl(address)}">${address}</a> ·
        ${FOLDERS[message.folder]}${message.isDraft === true && message.folder !== 'drafts' && ' · Draft'}
      </p>
      <h1>${subject || '(no subject)'}</h1>
      <dl class="facts">
        ${facts.filter(([, value]) => value !== '').map(([name, value]) => [html`<dt>${name}</dt>`, html`<dd>${value}</dd>`])}
      </dl>
      ${
        body.contentType === 'html'
          ? html`<iframe class="body" title="Message text" sandbox="" src="${base}/body"></iframe>`
          : html`<pre class="body">${body.content}</pre>`
      }
      ${
        files.length > 0 &&
        html`<h2>Attachments</h2>
          ${table(['Name', 'Type', 'Bytes', 'SHA-256'], files)}`
      }`,
  )
}

function mailboxUrl(address: string): string {
  return `/mailboxes/${encodeURIComponent(address).replace('%40', '@')}`
}

function messageUrl(address: string, id: string): string {
  return `${mailboxUrl(address)}/messages/${encodeURIComponent(id)}`
}

/** The first cell of each row is its header. */
function table(headings: readonly string[], rows: readonly (readonly (Html | string | number)[])[]): Html {
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          ${headings.map((heading) => html`<th scope="col">${heading}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ([first = '', ...cells]) =>
            html`<tr>
              <th scope="row">${first}</th>
              ${cells.map((cell) => html`<td>${cell}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`
}

function addressText(recipient: MailAddress | undefined): string {
  const { address, name } = recipient ?? { address: '', name: '' }
  return name === '' || name === address ? address : `${name} <${address}>`
}

function timeElement(iso: string): Html {
  return html`<time datetime="${iso}">${iso.replace('T', ' ').replace(/\.\d+Z$/, ' UTC')}</time>`
}

function viewerPage(title: string, content: Html, options: { isLive?: boolean } = {}): Html {
  return page(
    title,
    html`<body>
      <header class="top"><a href="/">Microsoft 365 simulator</a></header>
      <main class="wide">${content}</main>
    </body>`,
    options,
  )
}

import type { Directory, Person } from '../directory/directory.ts'
import { signInName } from '../entra/pages.ts'
import { type Html, html } from '../http/html.ts'
import type { VisibleMessage } from '../mail/visible-message.ts'
import type { Folder, MailAddress } from '../state/events.ts'
import type { MailboxSummary } from './mailbox-list.ts'

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

/** @param isLive the list keeps itself current */
export function viewerLayout(title: string, content: Html, isLive: boolean): Html {
  return html`<html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <title>${title} - Microsoft 365 simulator</title>
      <link rel="stylesheet" href="/assets/simulator.css" />
      ${isLive && html`<script src="/assets/refresh.js" defer></script>`}
    </head>
    <body>
      <header class="top"><a href="/">Microsoft 365 simulator</a></header>
      <main class="wide">${content}</main>
    </body>
  </html>`
}

/** A load test may write to thousands of outside addresses. */
const LISTED_MAILBOXES = 200

export function mailboxTable(mailboxes: readonly MailboxSummary[]): Html {
  const more = mailboxes.length - LISTED_MAILBOXES
  return html`<div class="scroll" data-live>
    <table>
      <thead>
        <tr>
          <th scope="col">Mailbox</th>
          <th scope="col">Kind</th>
          <th scope="col">Received</th>
          <th scope="col">Sent</th>
          <th scope="col">Latest</th>
        </tr>
      </thead>
      <tbody>
        ${mailboxes.slice(0, LISTED_MAILBOXES).map(
          (mailbox) =>
            html`<tr>
              <th scope="row">
                <a href="/mailboxes/${encodeURIComponent(mailbox.address).replace('%40', '@')}">${mailbox.address}</a>
              </th>
              <td>${KINDS[mailbox.kind]}</td>
              <td>${mailbox.inbox}</td>
              <td>${mailbox.kind === 'group' ? 'none kept' : mailbox.sentItems}</td>
              <td>${mailbox.lastSubject ?? ''}</td>
            </tr>`,
        )}
      </tbody>
    </table>
    ${more > 0 && html`<p>${more} more.</p>`}
  </div>`
}

export function mailboxPage(
  address: string,
  kind: MailboxSummary['kind'],
  /** Newest first. */
  messagesIn: (folder: Folder) => readonly VisibleMessage[],
): Html {
  const firstRecipient = ({ to, cc, bcc }: VisibleMessage): MailAddress | null => to[0] ?? cc[0] ?? bcc[0] ?? null
  const folder = (name: Folder, partner: string, partnerOf: (message: VisibleMessage) => MailAddress | null): Html =>
    html`<h2>${FOLDERS[name]}</h2>
      ${messageTable(address, messagesIn(name), partner, partnerOf)}`
  return viewerLayout(
    address,
    html`<h1>${address}</h1>
      <p>${KINDS[kind]}${kind === 'group' && '. It keeps no mail itself; this page shows what was addressed to it.'}</p>
      <div data-live>
        ${folder('inbox', 'From', (message) => message.from)}
        ${
          kind !== 'group' &&
          kind !== 'external' && [folder('sentItems', 'To', firstRecipient), folder('drafts', 'To', firstRecipient)]
        }
        ${messagesIn('deletedItems').length > 0 && folder('deletedItems', 'To', firstRecipient)}
      </div>`,
    true,
  )
}

function messageTable(
  address: string,
  messages: readonly VisibleMessage[],
  partner: string,
  partnerOf: (message: VisibleMessage) => MailAddress | null,
): Html {
  if (messages.length === 0) return html`<p class="empty">Nothing yet.</p>`
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          <th scope="col">Subject</th>
          <th scope="col">${partner}</th>
          <th scope="col">Time</th>
          <th scope="col">Attachments</th>
        </tr>
      </thead>
      <tbody>
        ${messages.map((message) => {
          const other = partnerOf(message)
          return html`<tr>
            <th scope="row">
              <a href="${messageUrl(address, message.id)}"
                >${message.subject === '' ? '(no subject)' : message.subject}</a
              >
            </th>
            <td>${other === null ? '' : addressText(other)}</td>
            <td><time datetime="${message.sentAt}">${timeText(message.sentAt)}</time></td>
            <td>${message.attachments.length === 0 ? '' : message.attachments.length}</td>
          </tr>`
        })}
      </tbody>
    </table>
  </div>`
}

export function messagePage(address: string, message: VisibleMessage): Html {
  const isOnBehalf = message.sender.address !== message.from.address
  const base = messageUrl(address, message.id)
  return viewerLayout(
    message.subject,
    html`<p>
        <a href="/mailboxes/${encodeURIComponent(address).replace('%40', '@')}">${address}</a> ·
        ${FOLDERS[message.folder]}${message.isDraft === true && message.folder !== 'drafts' && ' · Draft'}
      </p>
      <h1>${message.subject === '' ? '(no subject)' : message.subject}</h1>
      <dl class="facts">
        <dt>From</dt>
        <dd>${addressText(message.from)}</dd>
        ${
          isOnBehalf &&
          html`<dt>Sent by</dt>
            <dd>${addressText(message.sender)} on behalf of ${addressText(message.from)}</dd>`
        }
        ${recipients('To', message.to)}${recipients('Cc', message.cc)}${recipients('Bcc', message.bcc)}${recipients('Reply-To', message.replyTo)}
        <dt>Time</dt>
        <dd><time datetime="${message.sentAt}">${timeText(message.sentAt)}</time></dd>
        ${
          message.importance !== 'normal' &&
          html`<dt>Importance</dt>
            <dd>${message.importance}</dd>`
        }
        <dt>Message-ID</dt>
        <dd>${message.internetMessageId}</dd>
        ${message.headers.map(
          ({ name, value }) =>
            html`<dt>${name}</dt>
              <dd>${value}</dd>`,
        )}
        ${message.extendedProperties.map(
          ({ id, value }) =>
            html`<dt>${propertyName(id)}</dt>
              <dd>${value}<br /><span class="detail">${id}</span></dd>`,
        )}
      </dl>
      ${
        message.body.contentType === 'html'
          ? html`<iframe class="body" title="Message text" sandbox="" src="${base}/body"></iframe>`
          : html`<pre class="body">${message.body.content}</pre>`
      }
      ${message.attachments.length > 0 && attachmentTable(base, message)}`,
    false,
  )
}

function attachmentTable(base: string, { attachments }: VisibleMessage): Html {
  return html`<h2>Attachments</h2>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Type</th>
            <th scope="col">Bytes</th>
            <th scope="col">SHA-256</th>
          </tr>
        </thead>
        <tbody>
          ${attachments.map(
            (attachment) =>
              html`<tr>
                <th scope="row">
                  <a href="${base}/attachments/${encodeURIComponent(attachment.id)}">${attachment.name}</a>
                </th>
                <td>
                  ${attachment.contentType}${attachment.isInline && `, inline as ${attachment.contentId ?? 'nothing'}`}
                </td>
                <td>${attachment.sizeBytes}</td>
                <td><code>${attachment.sha256}</code></td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`
}

export interface PersonRow {
  readonly person: Person
  readonly about: string
  readonly consents: readonly string[]
  readonly enabled: boolean
}

const LISTED_PEOPLE = 200

export function peopleTable(rows: readonly PersonRow[]): Html {
  const more = rows.length - LISTED_PEOPLE
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          <th scope="col">Person</th>
          <th scope="col">Rights</th>
          <th scope="col">Consents</th>
          <th scope="col">Change</th>
        </tr>
      </thead>
      <tbody>
        ${rows.slice(0, LISTED_PEOPLE).map(
          ({ person, about, consents, enabled }) =>
            html`<tr>
              <th scope="row">${person.displayName}<br /><span class="address">${signInName(person)}</span></th>
              <td>${about}${!enabled && ' · Account disabled'}</td>
              <td>${consents.length === 0 ? 'none' : consents.join(' ')}</td>
              <td class="buttons">
                ${
                  person.membership !== 'stranger' &&
                  html`<form method="post" action="/people/${person.oid}">
                    ${personButton('revoke-tokens', 'Revoke tokens', person)}
                    ${personButton('remove-consents', 'Remove consents', person)}
                    ${enabled ? personButton('disable', 'Disable', person) : personButton('enable', 'Enable', person)}
                  </form>`
                }
              </td>
            </tr>`,
        )}
      </tbody>
    </table>
    ${more > 0 && html`<p>${more} more.</p>`}
  </div>`
}

function personButton(action: string, label: string, person: Person): Html {
  return html`<button name="action" value="${action}" aria-label="${label}: ${person.displayName}">${label}</button> `
}

export function rightsForm(directory: Directory): Html {
  const people = directory.people.filter((person) => person.membership !== 'stranger')
  const addresses = [...directory.sharedMailboxes, ...directory.groups].map(({ address }) => address)
  return html`<form class="inline" method="post" action="/rights">
    <label
      >Person
      <select name="person">
        ${people.map((person) => html`<option value="${person.oid}">${person.displayName}</option>`)}
      </select></label
    >
    <label
      >Mailbox or group
      <select name="address">
        ${addresses.map((address) => html`<option>${address}</option>`)}
      </select></label
    >
    <label><input type="checkbox" name="sendAs" /> Send As</label>
    <label><input type="checkbox" name="sendOnBehalf" /> Send on Behalf</label>
    <label><input type="checkbox" name="fullAccess" /> Full Access</label>
    <button>Set rights</button>
  </form>`
}

/** `String {…} Name InforiverMailMessageId` without its type and its set, which only Graph needs. */
function propertyName(id: string): string {
  return id.match(/ (?:Name|Id) (.+)$/)?.[1] ?? id
}

export function messageUrl(address: string, id: string): string {
  return `/mailboxes/${encodeURIComponent(address).replace('%40', '@')}/messages/${encodeURIComponent(id)}`
}

function recipients(label: string, list: readonly MailAddress[]): Html | false {
  return (
    list.length > 0 &&
    html`<dt>${label}</dt>
      <dd>${list.map((address) => addressText(address)).join('; ')}</dd>`
  )
}

function addressText({ address, name }: MailAddress): string {
  return name === '' || name === address ? address : `${name} <${address}>`
}

function timeText(iso: string): string {
  return iso.replace('T', ' ').replace(/\.\d+Z$/, ' UTC')
}

import type { FastifyInstance, FastifyReply } from 'fastify'
import { PRESETS } from '../faults/presets.ts'
import { readForm } from '../http/body.ts'
import { sendPage, sendRedirect } from '../http/pages.ts'
import { refuseForeignOrigin } from '../http/same-origin.ts'
import { listMailboxes } from '../mail/mailbox-list.ts'
import { withoutBcc } from '../mail/mime-source.ts'
import { visibleMessage } from '../mail/visible-message.ts'
import type { Simulation } from '../simulation/simulation.ts'
import { itemsIn, type MailboxItem } from '../tenant/store.ts'
import { homePage, mailboxPage, mailboxUrl, messagePage, messageUrl, notFoundPage } from './pages.ts'

/** How many of the newest messages a page lists; the control API returns all. */
const LISTED_MESSAGES = 200

interface MessagePath {
  readonly Params: { readonly address: string; readonly id: string; readonly attachment?: string }
}

/** The simulator's own pages: the mailboxes, their messages, and a switch for scenarios. */
export function viewerRoutes(app: FastifyInstance, simulation: Simulation): void {
  const { index, scenarios, store, url, clock } = simulation

  app.get('/', (_request, reply) => {
    const { organization } = index.directory
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
    const page = mailboxPage(address, kind, (folder) => {
      const items = itemsIn(mailbox, folder, clock().getTime())
      const newest = items.slice(-LISTED_MESSAGES).toReversed()
      return { newest: newest.map((item) => visibleMessage(item)), total: items.length }
    })
    return sendPage(reply, 200, page)
  })

  const findItem = ({ address, id }: MessagePath['Params']): MailboxItem | undefined =>
    store.state.mailboxes.get(address.toLowerCase())?.byId.get(id)

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
  return sendPage(reply, 404, notFoundPage())
}

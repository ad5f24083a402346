import type { FastifyInstance, FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify'
import type { Endpoint } from '../faults/scenario.ts'
import { createAttachmentActions, requireAcceptableSize } from './attachments.ts'
import { GraphError, readJsonObject, requireEmptyBody } from './graph-error.ts'
import { type MessageFilter, readMessageSearch, readMessageSelection } from './query-options.ts'
import { listInbox } from './inbox-delta.ts'
import { enterMailbox, requireSender, type Visit, visit } from './mailbox-access.ts'
import { expandedProperties, findFolder, findItem, knownProperties, messageJson, wantedIdKind } from './message-json.ts'
import { readMessage, readSendMail, requireRecipients, type Submitted } from './read-message.ts'
import { isMime, readMime } from './read-mime.ts'
import { attachmentBlobs, newItemId, newMessageId, storeAttachment } from '../mail/attachments.ts'
import { deliver } from '../mail/deliver.ts'
import type { Simulation } from '../simulation/simulation.ts'
import { propertyKey, type StoredMessage } from '../tenant/message.ts'
import { isVisible, type MailboxItem } from '../tenant/store.ts'

/** Below `/me` and `/users/{user}`: sending, drafts from creation to sending, and finding what was sent. */
export function messageRoutes(app: FastifyInstance, simulation: Simulation): void {
  const { index, settings, store, clock, url } = simulation

  /** Reads JSON or MIME. `from` is null where the client names nobody, or the settings say that nobody counts. */
  const readSubmitted = async (request: FastifyRequest, readJson: (payload: object) => Submitted) => {
    const { jsonFrom, jsonMessageId } = settings.current
    const isWhole = isMime(request)
    const asked = isWhole
      ? await readMime(request, settings.current)
      : readJson(readJsonObject(request, settings.current))
    const { content, from, internetMessageId, attachments, mime, saveToSentItems = true } = asked
    const keptId = isWhole || jsonMessageId === 'kept' ? internetMessageId : null
    const stored = {
      ...content,
      internetMessageId: keptId ?? newMessageId(index),
      attachments: attachments.map((attachment) => storeAttachment(attachment, simulation)),
      ...(mime && { mime: { sha256: attachmentBlobs(simulation).put(mime.source), kind: mime.kind } }),
      sentAt: clock().toISOString(),
    }
    return { stored, from: isWhole || jsonFrom === 'enforced' ? from : null, saveToSentItems }
  }

  const sendMail = async (visit: Visit): Promise<void> => {
    const { stored, from, saveToSentItems } = await readSubmitted(visit.request, readSendMail)
    requireRecipients(stored)
    if (!stored.mime) requireAcceptableSize(stored, settings.current)
    const message: StoredMessage = { ...stored, ...requireSender(from, visit, simulation) }
    const copy = { kind: saveToSentItems ? 'new' : 'none' } as const
    visit.request.facts.accepted = deliver(message, visit.address, copy, simulation)
  }

  const create = async (visit: Visit): Promise<object> => {
    const { address: mailbox } = visit
    const { stored, from } = await readSubmitted(visit.request, readMessage)
    const id = newItemId()
    const { address, displayName } = visit.addressee
    const sender = { address, name: visit.addressee.kind === 'person' ? displayName : address }
    const message: StoredMessage = { ...stored, from: from ?? sender, sender, isDraft: true }
    store.commit({ type: 'draft-saved', mailbox, id, message })
    const item = store.state.mailboxes.get(mailbox)?.get(id)
    if (item === undefined) throw new Error('A message that was just saved is missing.')
    return messageJson(item, null, visit.idKind)
  }

  const read = (visit: Visit, item: MailboxItem): object => {
    const { select, expand } = readMessageSelection(queryOf(visit.request))
    return Object.assign(
      messageJson(item, select, visit.idKind),
      expandedProperties(item.message.extendedProperties, expand),
    )
  }

  /** The simulator has the MIME of mail that came as such, and of reports. */
  const readSource = (_visit: Visit, { message }: MailboxItem): Buffer => {
    const source = message.mime === undefined ? null : store.blobs.get(message.mime.sha256)
    return (
      source ??
      Buffer.from(
        `Subject: ${message.subject}\r\nMessage-ID: ${message.internetMessageId}\r\n\r\n${message.body.content}`,
      )
    )
  }

  const remove = ({ address }: Visit, { id }: MailboxItem): void =>
    store.commit({ type: 'message-deleted', mailbox: address, id })

  const send = (visit: Visit, { id, message: draft }: MailboxItem): void => {
    requireEmptyBody(visit.request)
    if (!draft.isDraft) throw new GraphError('ErrorInvalidOperation')
    requireRecipients(draft)
    requireAcceptableSize(draft, settings.current)
    const { isDraft: _, ...content } = draft
    const message: StoredMessage = {
      ...content,
      ...requireSender(draft.from, visit, simulation),
      sentAt: clock().toISOString(),
      isFromDraft: true,
    }
    visit.request.facts.accepted = deliver(message, visit.address, { kind: 'draft', id }, simulation)
  }

  const search = (visit: Visit): object => {
    const { request, mailbox, nowMs, idKind } = visit
    const { select, filter, expand, top } = readMessageSearch(queryOf(request))
    if (filter?.by === 'property' && settings.current.extendedPropertySearch === 'error') {
      throw new GraphError('ErrorInvalidUrlQueryFilter')
    }
    const { folder: name } = request.params as { readonly folder?: string }
    const folder = name === undefined ? undefined : findFolder(name)
    if (name !== undefined && folder === undefined) throw new GraphError('ErrorFolderNotFound')
    const found = findNewest([...(mailbox?.values() ?? [])], top, (item) => {
      const isInFolder = folder === undefined || item.folder === folder
      return isInFolder && isVisible(item, nowMs) && matches(item.message, filter)
    })
    const known = settings.current.extendedPropertySearch
    return {
      value: found.map((item) =>
        Object.assign(
          messageJson(item, select, idKind),
          expandedProperties(knownProperties(item.message, known), expand),
        ),
      ),
    }
  }

  const matches = (message: StoredMessage, filter: MessageFilter | null): boolean => {
    if (filter === null) return true
    if (filter.by === 'internetMessageId') return message.internetMessageId === filter.value
    return knownProperties(message, settings.current.extendedPropertySearch).some(
      ({ id, value }) => value.toLowerCase() === filter.value.toLowerCase() && propertyKey(id) === filter.property,
    )
  }

  const queryOf = (request: FastifyRequest): URLSearchParams => new URL(request.url, url()).searchParams

  /** Registers a route below both `/me` and `/users/{user}`. */
  const route = (
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    endpoint: Endpoint,
    status: number,
    act: (request: FastifyRequest) => object | void | Promise<object | void>,
  ): void => {
    const handler: RouteHandlerMethod = async (request, reply) => {
      const isImmutable = wantedIdKind(request.headers['prefer']) === 'immutable'
      if (isImmutable) reply.header('preference-applied', 'IdType="ImmutableId"')
      return reply.code(status).send(await act(request))
    }
    const onRequest = (request: FastifyRequest, reply: FastifyReply): Promise<void> =>
      enterMailbox(request, reply, simulation)
    for (const owner of ['/me', '/users/:user']) {
      app.route({ method, url: `${owner}${path}`, config: { endpoint }, onRequest, handler })
    }
  }

  type Enter = (request: FastifyRequest) => Visit
  const onItem =
    (enter: Enter, act: (visit: Visit, item: MailboxItem) => object | void) =>
    (request: FastifyRequest): object | void => {
      const visit = enter(request)
      return act(visit, findItem(visit, (request.params as { readonly id: string }).id))
    }

  const toRead: Enter = (request) => visit(request, ['Mail.Read', 'Mail.ReadWrite'], simulation)
  const toWrite: Enter = (request) => visit(request, ['Mail.ReadWrite'], simulation)
  const toSend: Enter = (request) => visit(request, ['Mail.Send', 'Mail.Send.Shared'], simulation)
  const attachments = createAttachmentActions(simulation)
  const one = '/messages/:id'
  route('POST', '/sendMail', 'sendMail', 202, (request) => sendMail(toSend(request)))
  route('POST', '/messages', 'draft-create', 201, (request) => create(toWrite(request)))
  route('GET', '/messages', 'message-search', 200, (request) => search(toRead(request)))
  route('GET', '/mailFolders/:folder/messages', 'message-search', 200, (request) => search(toRead(request)))
  route('GET', one, 'message-get', 200, onItem(toRead, read))
  route('GET', `${one}/$value`, 'message-source', 200, onItem(toRead, readSource))
  route('GET', '/mailFolders/inbox/messages/delta', 'inbox-delta', 200, (request) =>
    listInbox(toRead(request), simulation),
  )
  route('DELETE', one, 'message-delete', 204, onItem(toWrite, remove))
  route('POST', `${one}/send`, 'draft-send', 202, onItem(toSend, send))
  route('POST', `${one}/attachments`, 'draft-attach', 201, onItem(toWrite, attachments.attach))
  route('GET', `${one}/attachments`, 'attachment-list', 200, onItem(toRead, attachments.list))
  const createUploadSession = `${one}/attachments/createUploadSession`
  route('POST', createUploadSession, 'upload-session-create', 201, onItem(toWrite, attachments.createSession))
}

/** Graph's own order: the newest message comes first. */
function findNewest(
  items: readonly MailboxItem[],
  limit: number,
  matches: (item: MailboxItem) => boolean,
): MailboxItem[] {
  const found: MailboxItem[] = []
  for (const item of items.toReversed()) {
    if (found.length === limit) break
    if (matches(item)) found.push(item)
  }
  return found
}

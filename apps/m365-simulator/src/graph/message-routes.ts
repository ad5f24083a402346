import type { FastifyInstance, FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify'
import type { Endpoint } from '../faults/scenario.ts'
import { storeAttachment } from '../mail/attachments.ts'
import { deliver, newItemId, newMessageId } from '../mail/deliver.ts'
import type { Simulation } from '../simulation/simulation.ts'
import { type MailAddress, propertyKey, type StoredMessage } from '../tenant/message.ts'
import { isVisible, type MailboxItem } from '../tenant/store.ts'
import { createAttachmentActions, requireDraft } from './attachment-actions.ts'
import { GraphError } from './graph-error.ts'
import { findItem, wantedIdKind } from './item-ids.ts'
import { enterMailbox, requireSender, type Visit, visit, visitToSend } from './mailbox-access.ts'
import { findFolder, knownProperties, messageJson, type MessageShape } from './message-json.ts'
import { requireAcceptableSize } from './message-size.ts'
import { type MessageFilter, type MessageSearch, readMessageSearch, readMessageShape } from './query-options.ts'
import { readMessage, readMessageChange, requireRecipients } from './read-message.ts'
import { readJsonObject, requireEmptyBody } from './request-body.ts'

const WHOLE: MessageShape = { select: null, expand: new Set() }

/** `/me/messages` and `/users/{user}/messages`: drafts from creation to sending, and finding what was sent. */
export function messageRoutes(app: FastifyInstance, simulation: Simulation): void {
  const { index, settings, store, clock, url } = simulation

  const create = (visit: Visit): object => {
    const { request } = visit
    const payload = readJsonObject(request, settings.current, { mime: true })
    const { content, from, sender, internetMessageId, attachments } = readMessage(payload)
    const now = clock().toISOString()
    const id = newItemId()
    save(visit, id, {
      ...content,
      internetMessageId: internetMessageId ?? newMessageId(index),
      from: from ?? ownerOf(visit),
      sender: sender ?? ownerOf(visit),
      attachments: attachments.map((attachment) => storeAttachment(attachment, simulation)),
      createdAt: now,
      sentAt: now,
      submittedBy: request.caller.oid,
      isDraft: true,
    })
    return entity(visit, itemOf(visit, id))
  }

  const read = (visit: Visit, item: MailboxItem): object =>
    entity(visit, item, readMessageShape(queryOf(visit.request)))

  const update = (visit: Visit, item: MailboxItem): object => {
    const change = readMessageChange(readJsonObject(visit.request, settings.current))
    requireDraft(item)
    const { from, sender, internetMessageId, extendedProperties = [], ...content } = change
    const changed = new Set(extendedProperties.map(({ id }) => propertyKey(id)))
    save(visit, item.id, {
      ...item.message,
      ...content,
      ...(from !== undefined && { from: from ?? ownerOf(visit) }),
      ...(sender !== undefined && { sender: sender ?? ownerOf(visit) }),
      ...(typeof internetMessageId === 'string' && { internetMessageId }),
      extendedProperties: [
        ...item.message.extendedProperties.filter(({ id }) => !changed.has(propertyKey(id))),
        ...extendedProperties,
      ],
      sentAt: clock().toISOString(),
    })
    return entity(visit, itemOf(visit, item.id))
  }

  const remove = ({ address }: Visit, { id }: MailboxItem): void =>
    store.commit({ type: 'message-deleted', mailbox: address, id })

  const send = (visit: Visit, { id, message: draft }: MailboxItem): void => {
    requireEmptyBody(visit.request)
    if (!draft.isDraft) throw new GraphError(400, 'ErrorInvalidOperation', 'Only a draft can be sent.')
    requireRecipients(draft)
    const sizes = draft.attachments.map(({ sizeBytes }) => sizeBytes)
    requireAcceptableSize(draft.body, sizes, settings.current)
    const { isDraft: _, ...content } = draft
    const message: StoredMessage = {
      ...content,
      ...requireSender(draft, visit, simulation),
      sentAt: clock().toISOString(),
      isFromDraft: true,
    }
    visit.request.facts.accepted = deliver(message, visit.address, { kind: 'draft', id }, simulation)
  }

  const search = (visit: Visit): object => {
    const { request, address, mailbox, nowMs, idKind } = visit
    const query = readMessageSearch(queryOf(request))
    const { extendedPropertySearch } = settings.current
    if (query.filter?.by === 'property' && extendedPropertySearch === 'error') {
      const message = 'The query filter contains one or more invalid nodes.'
      throw new GraphError(400, 'ErrorInvalidUrlQueryFilter', message)
    }
    const { folder: name } = request.params as { readonly folder?: string }
    const folder = name === undefined ? undefined : findFolder(address, name)
    if (name !== undefined && folder === undefined) {
      throw new GraphError(404, 'ErrorFolderNotFound', 'The specified folder could not be found in the store.')
    }
    // One more than requested shows whether there is a next page.
    const found = findNewest(mailbox?.items ?? [], query.skip, query.top + 1, (item) => {
      const isInFolder = folder === undefined || item.folder === folder
      return isInFolder && isVisible(item, nowMs) && matches(item.message, query.filter)
    })
    return {
      '@odata.context': `${contextOf(visit)}${selectionText(query)}`,
      value: found.slice(0, query.top).map((item) => messageJson(item, query, idKind, extendedPropertySearch)),
      ...(found.length > query.top && { '@odata.nextLink': nextLink(request, query) }),
    }
  }

  const matches = (message: StoredMessage, filter: MessageFilter | null): boolean => {
    if (filter === null) return true
    if (filter.by === 'internetMessageId') return message.internetMessageId === filter.value
    return knownProperties(message, settings.current.extendedPropertySearch).some(
      ({ id, value }) => value.toLowerCase() === filter.value.toLowerCase() && propertyKey(id) === filter.property,
    )
  }

  const nextLink = (request: FastifyRequest, { skip, top }: MessageSearch): string => {
    const next = new URL(request.url, url())
    next.searchParams.set('$skip', String(skip + top))
    return next.href
  }

  const save = ({ address }: Visit, id: string, message: StoredMessage): void =>
    store.commit({ type: 'draft-saved', mailbox: address, id, message })

  const itemOf = ({ address }: Visit, id: string): MailboxItem => {
    const item = store.state.mailboxes.get(address)?.byId.get(id)
    if (item === undefined) throw new Error('A message that was just saved is missing.')
    return item
  }

  const queryOf = (request: FastifyRequest): URLSearchParams => new URL(request.url, url()).searchParams

  const contextOf = ({ request: { caller, params } }: Visit): string =>
    `${url()}/v1.0/$metadata#users('${(params as { readonly user?: string }).user ?? caller.oid}')/messages`

  const entity = (visit: Visit, item: MailboxItem, shape: MessageShape = WHOLE): object => ({
    '@odata.context': `${contextOf(visit)}${selectionText(shape)}/$entity`,
    ...messageJson(item, shape, visit.idKind, settings.current.extendedPropertySearch),
  })

  /** Registers a route below both `/me` and `/users/{user}`. */
  const route = (
    method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
    path: string,
    endpoint: Endpoint,
    status: number,
    act: (request: FastifyRequest) => object | void,
  ): void => {
    const handler: RouteHandlerMethod = async (request, reply) => {
      const isImmutable = wantedIdKind(request.headers['prefer']) === 'immutable'
      if (isImmutable) reply.header('preference-applied', 'IdType="ImmutableId"')
      return reply.code(status).send(act(request))
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
  const toSend: Enter = (request) => visitToSend(request, simulation)
  const attachments = createAttachmentActions(simulation, contextOf)
  const one = '/messages/:id'
  route('POST', '/messages', 'draft-create', 201, (request) => create(toWrite(request)))
  route('GET', '/messages', 'message-search', 200, (request) => search(toRead(request)))
  route('GET', '/mailFolders/:folder/messages', 'message-search', 200, (request) => search(toRead(request)))
  route('GET', one, 'message-get', 200, onItem(toRead, read))
  route('PATCH', one, 'message-update', 200, onItem(toWrite, update))
  route('DELETE', one, 'message-delete', 204, onItem(toWrite, remove))
  route('POST', `${one}/send`, 'draft-send', 202, onItem(toSend, send))
  route('POST', `${one}/attachments`, 'draft-attach', 201, onItem(toWrite, attachments.attach))
  route('GET', `${one}/attachments`, 'attachment-list', 200, onItem(toRead, attachments.list))
  const createUploadSession = `${one}/attachments/createUploadSession`
  route('POST', createUploadSession, 'upload-session-create', 201, onItem(toWrite, attachments.createSession))
}

function ownerOf({ addressee }: Visit): MailAddress {
  const { address, displayName } = addressee
  return { address, name: addressee.kind === 'person' ? displayName : address }
}

function selectionText({ select }: MessageShape): string {
  return select === null ? '' : `(${select.join(',')})`
}

/** Graph's own order: the newest message comes first. */
function findNewest(
  items: readonly MailboxItem[],
  skip: number,
  limit: number,
  matches: (item: MailboxItem) => boolean,
): MailboxItem[] {
  const found: MailboxItem[] = []
  let skipped = 0
  for (let at = items.length - 1; at >= 0 && found.length < limit; at -= 1) {
    const item = items[at]
    if (item === undefined || !matches(item)) continue
    if (skipped < skip) skipped += 1
    else found.push(item)
  }
  return found
}

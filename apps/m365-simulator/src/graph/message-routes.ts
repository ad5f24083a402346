import { randomUUID } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Endpoint } from '../faults/endpoints.ts'
import { readJson } from '../http/body.ts'
import { deliver, newItemId } from '../mail/deliver.ts'
import type { Simulation } from '../simulation.ts'
import type { StoredMessage } from '../state/events.ts'
import { isVisible, type Mailbox, type MailboxItem } from '../state/store.ts'
import { createAttachmentActions, NOT_A_DRAFT } from './attachment-actions.ts'
import { knownProperties, propertyKey } from './extended-properties.ts'
import { findBodyFault, findEmptyBodyFault } from './find-body-fault.ts'
import { ACCESS_DENIED, type GraphError, graphError, sendGraphError } from './graph-error.ts'
import { findItem, wantedIdKind } from './item-ids.ts'
import { judgeSender, maySendAtAll, targetError } from './judge-sender.ts'
import { enterMailbox, targetOf } from './mailbox-gate.ts'
import { findFolder, messageJson } from './message-json.ts'
import { findMessageSizeFault } from './message-size.ts'
import { type MessageFilter, type MessageSearch, readMessageSearch, readMessageShape } from './message-query.ts'
import { findRecipientFault, readMessageChange, readNewDraft } from './read-message.ts'
import { attachmentBlobs, storeAttachment } from './store-attachment.ts'
import type { Answer, Visit } from './visit.ts'

interface MessagePath {
  readonly Params: { readonly id: string }
}
/** `/users/{user}`, else `/me`. */
interface UserPath {
  readonly user?: string
}
interface FolderPath {
  readonly Params: { readonly folder?: string }
}

const ITEM_NOT_FOUND = graphError(
  404,
  'ErrorItemNotFound',
  'The specified object was not found in the store., The process failed to get the correct properties.',
)
const ID_MALFORMED = graphError(400, 'ErrorInvalidIdMalformed', 'Id is malformed.')
const FOLDER_NOT_FOUND = graphError(404, 'ErrorFolderNotFound', 'The specified folder could not be found in the store.')
const SEARCH_REFUSED = graphError(
  400,
  'ErrorInvalidUrlQueryFilter',
  'The query filter contains one or more invalid nodes.',
)
const ALREADY_SENT = graphError(400, 'ErrorInvalidOperation', 'Only a draft can be sent.')

/** `/me/messages` and `/users/{user}/messages`: drafts from creation to sending, and finding what was sent. */
export function messageRoutes(app: FastifyInstance, simulation: Simulation): void {
  const { index, settings, store, clock, url } = simulation

  const create = (request: FastifyRequest, visit: Visit): Answer | GraphError => {
    const bodyError = findBodyFault(request, settings.current, true)
    if (bodyError !== null) return bodyError
    const reading = readNewDraft(readJson(request.body))
    if (reading.kind === 'refused') return reading.error
    const { content, from, sender, internetMessageId, attachments } = reading.message
    const now = clock().toISOString()
    const owner = ownerOf(visit)
    const id = newItemId()
    save(visit, id, {
      ...content,
      internetMessageId: internetMessageId ?? `<${randomUUID()}@${index.directory.domains[0]}>`,
      from: from ?? owner,
      sender: sender ?? owner,
      attachments: attachments.map((attachment) => storeAttachment(attachment, attachmentBlobs(simulation))),
      createdAt: now,
      sentAt: now,
      submittedBy: request.caller.oid,
      isDraft: true,
    })
    return { status: 201, json: entity(request, visit, itemOf(visit, id)) }
  }

  const read = (request: FastifyRequest, visit: Visit, item: MailboxItem): Answer | GraphError => {
    const reading = readMessageShape(queryOf(request))
    if (reading.kind === 'refused') return reading.error
    return { status: 200, json: entity(request, visit, item, reading.query) }
  }

  const update = (request: FastifyRequest, visit: Visit, item: MailboxItem): Answer | GraphError => {
    const bodyError = findBodyFault(request, settings.current, false)
    if (bodyError !== null) return bodyError
    const reading = readMessageChange(readJson(request.body))
    if (reading.kind === 'refused') return reading.error
    if (!item.message.isDraft) return NOT_A_DRAFT
    const { from, sender, internetMessageId, extendedProperties = [], ...content } = reading.change
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
    return { status: 200, json: entity(request, visit, itemOf(visit, item.id)) }
  }

  const remove = (_request: FastifyRequest, visit: Visit, item: MailboxItem): Answer => {
    store.commit({ type: 'message-deleted', mailbox: visit.address, id: item.id })
    return { status: 204, json: null }
  }

  const send = (request: FastifyRequest, visit: Visit, { id, message: draft }: MailboxItem): Answer | GraphError => {
    const bodyError = findEmptyBodyFault(request)
    if (bodyError !== null) return bodyError
    if (!draft.isDraft) return ALREADY_SENT
    const recipientError = findRecipientFault(draft)
    if (recipientError !== null) return recipientError
    const sizes = draft.attachments.map(({ sizeBytes }) => sizeBytes)
    const sizeError = findMessageSizeFault(draft.body, sizes, settings.current)
    if (sizeError !== null) return sizeError
    const judgement = judgeSender(draft, visit, request.caller, simulation)
    if (judgement.kind === 'refused') return judgement.error
    const { isDraft: _, ...content } = draft
    const message: StoredMessage = {
      ...content,
      from: judgement.from,
      sender: judgement.sender,
      sentAt: clock().toISOString(),
      isFromDraft: true,
    }
    request.facts.accepted = deliver(message, visit.address, { kind: 'draft', id }, simulation)
    return { status: 202, json: null }
  }

  const search = (request: FastifyRequest<FolderPath>, visit: Visit): Answer | GraphError => {
    const reading = readMessageSearch(queryOf(request))
    if (reading.kind === 'refused') return reading.error
    const { query } = reading
    const { extendedPropertySearch } = settings.current
    if (query.filter?.by === 'property' && extendedPropertySearch === 'error') return SEARCH_REFUSED
    const name = request.params.folder
    const folder = name === undefined ? undefined : findFolder(visit.address, name)
    if (name !== undefined && folder === undefined) return FOLDER_NOT_FOUND
    const fits = (item: MailboxItem): boolean =>
      (folder === undefined || item.folder === folder) && isVisible(item, visit.nowMs) && matches(item, query)
    // One more than asked for, to know whether there is a next page.
    const found = findNewest(visit.mailbox, fits, query.skip, query.top + 1)
    const next = found.length > query.top ? nextLink(request, query) : null
    return {
      status: 200,
      json: {
        '@odata.context': `${contextOf(request)}${query.select === null ? '' : `(${query.select.join(',')})`}`,
        value: found.slice(0, query.top).map((item) => messageJson(item, query, visit.idKind, extendedPropertySearch)),
        ...(next !== null && { '@odata.nextLink': next }),
      },
    }
  }

  const matches = ({ message }: MailboxItem, { filter }: MessageSearch): boolean =>
    filter === null ||
    (filter.by === 'internetMessageId' && message.internetMessageId === filter.value) ||
    (filter.by === 'property' && hasProperty(message, filter))

  const hasProperty = (message: StoredMessage, filter: Extract<MessageFilter, { by: 'property' }>): boolean =>
    knownProperties(message, settings.current.extendedPropertySearch).some(
      ({ id, value }) => value.toLowerCase() === filter.value.toLowerCase() && propertyKey(id) === filter.property,
    )

  const nextLink = (request: FastifyRequest, { skip, top }: MessageSearch): string => {
    const next = new URL(request.url, url())
    next.searchParams.set('$skip', String(skip + top))
    return next.href
  }

  const save = ({ address }: Visit, id: string, message: StoredMessage): void =>
    store.commit({ type: 'draft-saved', mailbox: address, id, message })

  const itemOf = ({ address }: Visit, id: string): MailboxItem => {
    const item = store.state.mailboxes.get(address)?.byId.get(id)
    if (item === undefined) throw new Error('A message that was just saved is not there.')
    return item
  }

  const queryOf = (request: FastifyRequest): URLSearchParams => new URL(request.url, url()).searchParams

  const contextOf = ({ caller, params }: FastifyRequest): string =>
    `${url()}/v1.0/$metadata#users('${(params as UserPath).user ?? caller.oid}')/messages`

  const entity = (
    request: FastifyRequest,
    { idKind }: Visit,
    item: MailboxItem,
    shape: { select: readonly string[] | null; expand: ReadonlySet<string> } = { select: null, expand: new Set() },
  ): Record<string, unknown> => ({
    '@odata.context': `${contextOf(request)}${shape.select === null ? '' : `(${shape.select.join(',')})`}/$entity`,
    ...messageJson(item, shape, idKind, settings.current.extendedPropertySearch),
  })

  const ownerOf = ({ addressee }: Visit): { address: string; name: string } => ({
    address: addressee.address,
    name: addressee.kind === 'person' ? addressee.person.displayName : addressee.address,
  })

  /** Lets in who holds one of the permissions and has a mailbox, and writes the answer. */
  const visit = async (
    request: FastifyRequest,
    reply: FastifyReply,
    isPermitted: boolean,
    act: (visit: Visit) => Answer | GraphError,
  ): Promise<FastifyReply> => {
    if (!isPermitted) return sendGraphError(request, reply, ACCESS_DENIED)
    const target = targetOf(request, simulation)
    if (target.kind !== 'mailbox') return sendGraphError(request, reply, targetError(target))
    const address = target.addressee.address.toLowerCase()
    const idKind = wantedIdKind(request.headers['prefer'])
    if (idKind === 'immutable') reply.header('preference-applied', 'IdType="ImmutableId"')
    const answer = act({
      addressee: target.addressee,
      isOwn: target.isOwn,
      address,
      mailbox: store.state.mailboxes.get(address),
      idKind,
      nowMs: clock().getTime(),
    })
    if ('code' in answer) return sendGraphError(request, reply, answer)
    return answer.json === null ? reply.code(answer.status).send() : reply.code(answer.status).send(answer.json)
  }

  /** Somebody else's mailbox takes another permission, besides the right. */
  const may = (request: FastifyRequest, permission: string): boolean => {
    const target = targetOf(request, simulation)
    const isOthers = target.kind === 'mailbox' && !target.isOwn
    return request.caller.scopes.has(isOthers ? `${permission}.Shared` : permission)
  }

  const onItem =
    (
      isPermitted: (request: FastifyRequest) => boolean,
      act: (request: FastifyRequest, visit: Visit, item: MailboxItem) => Answer | GraphError,
    ) =>
    (request: FastifyRequest<MessagePath>, reply: FastifyReply): Promise<FastifyReply> =>
      visit(request, reply, isPermitted(request), (visit) => {
        const lookup = findItem(visit.mailbox, request.params.id, visit.idKind, visit.nowMs)
        if (lookup.kind === 'malformed') return ID_MALFORMED
        return lookup.kind === 'not-found' ? ITEM_NOT_FOUND : act(request, visit, lookup.item)
      })

  const mayRead = (request: FastifyRequest): boolean => may(request, 'Mail.Read') || may(request, 'Mail.ReadWrite')
  const mayWrite = (request: FastifyRequest): boolean => may(request, 'Mail.ReadWrite')
  const maySend = ({ caller }: FastifyRequest): boolean => maySendAtAll(caller)

  const at = (endpoint: Endpoint) => ({
    config: { endpoint },
    onRequest: (request: FastifyRequest, reply: FastifyReply) => enterMailbox(request, reply, simulation),
  })
  const attachments = createAttachmentActions(simulation, contextOf)
  const find = (request: FastifyRequest<FolderPath>, reply: FastifyReply): Promise<FastifyReply> =>
    visit(request, reply, mayRead(request), (visit) => search(request, visit))
  for (const owner of ['/me', '/users/:user']) {
    const one = `${owner}/messages/:id`
    app.post(`${owner}/messages`, at('draft-create'), (request, reply) =>
      visit(request, reply, mayWrite(request), (visit) => create(request, visit)),
    )
    app.get<MessagePath>(one, at('message-get'), onItem(mayRead, read))
    app.patch<MessagePath>(one, at('message-update'), onItem(mayWrite, update))
    app.delete<MessagePath>(one, at('message-delete'), onItem(mayWrite, remove))
    app.post<MessagePath>(`${one}/attachments`, at('draft-attach'), onItem(mayWrite, attachments.attach))
    app.get<MessagePath>(`${one}/attachments`, at('attachment-list'), onItem(mayRead, attachments.list))
    app.post<MessagePath>(
      `${one}/attachments/createUploadSession`,
      at('upload-session-create'),
      onItem(mayWrite, attachments.createSession),
    )
    app.post<MessagePath>(`${one}/send`, at('draft-send'), onItem(maySend, send))
    app.get<FolderPath>(`${owner}/messages`, at('message-search'), find)
    app.get<FolderPath>(`${owner}/mailFolders/:folder/messages`, at('message-search'), find)
  }
}

/** Graph's own order: what came last comes first. */
function findNewest(
  mailbox: Mailbox | undefined,
  fits: (item: MailboxItem) => boolean,
  skip: number,
  limit: number,
): MailboxItem[] {
  const found: MailboxItem[] = []
  let skipped = 0
  for (let at = (mailbox?.items.length ?? 0) - 1; at >= 0 && found.length < limit; at -= 1) {
    const item = mailbox?.items[at]
    if (item === undefined || !fits(item)) continue
    if (skipped < skip) skipped += 1
    else found.push(item)
  }
  return found
}

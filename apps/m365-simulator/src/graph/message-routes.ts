import { randomUUID } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Addressee } from '../directory/directory.ts'
import type { Endpoint } from '../faults/endpoints.ts'
import { readJson } from '../http/body.ts'
import { deliver, newItemId } from '../mail/deliver.ts'
import type { Simulation } from '../simulation.ts'
import type { StoredMessage } from '../state/events.ts'
import { isVisible, type Mailbox, type MailboxItem } from '../state/store.ts'
import { knownProperties, propertyKey } from './extended-properties.ts'
import { findBodyFault, findEmptyBodyFault } from './find-body-fault.ts'
import { ACCESS_DENIED, type GraphError, graphError, sendGraphError } from './graph-error.ts'
import { findItem, type IdKind, itemId, wantedIdKind } from './item-ids.ts'
import { judgeSender, maySendAtAll, targetError } from './judge-sender.ts'
import { enterMailbox, targetOf } from './mailbox-gate.ts'
import { attachmentJson, findFolder, messageJson } from './message-json.ts'
import { type MessageSearch, readMessageSearch, readMessageShape } from './message-query.ts'
import { findRecipientFault, readMessageChange, readNewAttachment, readNewDraft } from './read-message.ts'
import { storeAttachment } from './store-attachment.ts'

interface MessagePath {
  readonly Params: { readonly id: string }
}
interface FolderPath {
  readonly Params: { readonly folder?: string }
}

/** The caller's own mailbox and what the request wants of it. */
interface Visit {
  readonly addressee: Addressee
  /** Lower case. */
  readonly address: string
  readonly mailbox: Mailbox | undefined
  readonly idKind: IdKind
  readonly nowMs: number
}

type Answer =
  | { readonly status: 200 | 201; readonly json: Record<string, unknown> }
  | { readonly status: 202 | 204; readonly json: null }

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
const NOT_A_DRAFT = graphError(400, 'ErrorInvalidPropertyUpdateSentMessage', 'Only a draft can be updated.')
const ALREADY_SENT = graphError(400, 'ErrorInvalidOperation', 'Only a draft can be sent.')

/** `/me/messages`: drafts from creation to sending, and finding what was sent. */
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
      attachments: attachments.map((attachment) => storeAttachment(attachment, store.blobs)),
      createdAt: now,
      sentAt: now,
      submittedBy: request.caller.person.oid,
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

  const attach = (request: FastifyRequest, visit: Visit, item: MailboxItem): Answer | GraphError => {
    const bodyError = findBodyFault(request, settings.current, false)
    if (bodyError !== null) return bodyError
    const reading = readNewAttachment(readJson(request.body))
    if (reading.kind === 'refused') return reading.error
    if (!item.message.isDraft) return NOT_A_DRAFT
    const attachment = storeAttachment(reading.attachment, store.blobs)
    const now = clock().toISOString()
    save(visit, item.id, { ...item.message, attachments: [...item.message.attachments, attachment], sentAt: now })
    const context = `${contextOf(request)}('${itemId(item, visit.idKind)}')/attachments/$entity`
    return {
      status: 201,
      json: { '@odata.context': context, ...attachmentJson(attachment, reading.attachment.content, now) },
    }
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
    const judgement = judgeSender(draft, { addressee: visit.addressee, isOwn: true }, request.caller, simulation)
    if (judgement.kind === 'refused') return judgement.error
    const { isDraft: _, ...content } = draft
    const message: StoredMessage = {
      ...content,
      from: judgement.from,
      sender: judgement.sender,
      sentAt: clock().toISOString(),
      isFromDraft: true,
    }
    deliver(message, visit.address, { kind: 'draft', id }, simulation)
    return { status: 202, json: null }
  }

  const search = (request: FastifyRequest<FolderPath>, visit: Visit): Answer | GraphError => {
    const reading = readMessageSearch(queryOf(request))
    if (reading.kind === 'refused') return reading.error
    const { query } = reading
    const { extendedPropertySearch } = settings.current
    if (query.filter !== null && extendedPropertySearch === 'error') return SEARCH_REFUSED
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

  const contextOf = (request: FastifyRequest): string =>
    `${url()}/v1.0/$metadata#users('${request.caller.person.oid}')/messages`

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
      address,
      mailbox: store.state.mailboxes.get(address),
      idKind,
      nowMs: clock().getTime(),
    })
    if ('code' in answer) return sendGraphError(request, reply, answer)
    return answer.json === null ? reply.code(answer.status).send() : reply.code(answer.status).send(answer.json)
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

  const mayRead = ({ caller: { scopes } }: FastifyRequest): boolean =>
    scopes.has('Mail.Read') || scopes.has('Mail.ReadWrite')
  const mayWrite = ({ caller: { scopes } }: FastifyRequest): boolean => scopes.has('Mail.ReadWrite')
  const maySend = ({ caller }: FastifyRequest): boolean => maySendAtAll(caller)

  const at = (endpoint: Endpoint) => ({
    config: { endpoint },
    onRequest: (request: FastifyRequest, reply: FastifyReply) => enterMailbox(request, reply, simulation),
  })
  app.post('/me/messages', at('draft-create'), (request, reply) =>
    visit(request, reply, mayWrite(request), (visit) => create(request, visit)),
  )
  app.get<MessagePath>('/me/messages/:id', at('message-get'), onItem(mayRead, read))
  app.patch<MessagePath>('/me/messages/:id', at('message-update'), onItem(mayWrite, update))
  app.delete<MessagePath>('/me/messages/:id', at('message-delete'), onItem(mayWrite, remove))
  app.post<MessagePath>('/me/messages/:id/attachments', at('draft-attach'), onItem(mayWrite, attach))
  app.post<MessagePath>('/me/messages/:id/send', at('draft-send'), onItem(maySend, send))

  const find = (request: FastifyRequest<FolderPath>, reply: FastifyReply): Promise<FastifyReply> =>
    visit(request, reply, mayRead(request), (visit) => search(request, visit))
  app.get<FolderPath>('/me/messages', at('message-search'), find)
  app.get<FolderPath>('/me/mailFolders/:folder/messages', at('message-search'), find)
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

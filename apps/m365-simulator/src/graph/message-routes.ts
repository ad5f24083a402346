import type { FastifyInstance, FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify'
import type { Endpoint } from '../faults/scenario.ts'
import { attachmentBlobs, storeAttachment } from '../mail/attachments.ts'
import { deliver } from '../mail/deliver.ts'
import { newItemId, newMessageId } from '../mail/new-ids.ts'
import type { Simulation } from '../simulation/simulation.ts'
import { type MailAddress, propertyKey, type StoredMessage } from '../tenant/message.ts'
import { isVisible, type MailboxItem } from '../tenant/store.ts'
import { createAttachmentActions, requireAcceptableSize } from './attachment-actions.ts'
import { accessDenied, GraphError } from './graph-error.ts'
import { listInbox } from './inbox-delta.ts'
import { findItem, wantedIdKind } from './item-ids.ts'
import { enterMailbox, requireSender, type Visit, visit } from './mailbox-access.ts'
import { expandedProperties, findFolder, knownProperties, messageJson } from './message-json.ts'
import { type MessageFilter, readMessageSearch, readMessageSelection } from './query-options.ts'
import { readMessage, readSendMail, requireRecipients } from './read-message.ts'
import { isMime, type ReadMime, readMime } from './read-mime.ts'
import { readJsonObject, requireEmptyBody } from './request-body.ts'

/** Below `/me` and `/users/{user}`: sending, drafts from creation to sending, and finding what was sent. */
export function messageRoutes(app: FastifyInstance, simulation: Simulation): void {
  const { index, settings, store, clock, url } = simulation

  const keptId = (asked: string | null) =>
    settings.current.jsonMessageId === 'kept' && asked !== null ? asked : newMessageId(index)

  const countingFrom = <From>(from: From): From | null => (settings.current.jsonFrom === 'ignored' ? null : from)

  const sendMail = async (visit: Visit): Promise<typeof NOTHING_DONE | undefined> => {
    const { request, address } = visit
    if (isMime(request)) return sendMime(visit)
    const asked = readSendMail(readJsonObject(request, settings.current))
    const { content, internetMessageId, attachments, saveToSentItems } = asked
    const sizes = attachments.map((attachment) => attachment.content.length)
    requireAcceptableSize(content.body, sizes, settings.current)
    const message: StoredMessage = {
      ...content,
      ...requireSender(countingFrom(asked.from), visit, simulation),
      internetMessageId: keptId(internetMessageId),
      attachments: attachments.map((attachment) => storeAttachment(attachment, simulation)),
      sentAt: clock().toISOString(),
    }
    request.facts.accepted = deliver(message, address, { kind: saveToSentItems ? 'new' : 'none' }, simulation)
    return undefined
  }

  const sendMime = async (visit: Visit): Promise<typeof NOTHING_DONE | undefined> => {
    const mime = await readMime(visit.request, settings.current)
    if (mime === null) return NOTHING_DONE
    requireRecipients(mime.content)
    const message: StoredMessage = { ...storedMime(mime), ...requireSender(mime.from, visit, simulation) }
    visit.request.facts.accepted = deliver(message, visit.address, { kind: 'new' }, simulation)
    return undefined
  }

  const storedMime = ({ content, internetMessageId, attachments, source, kind }: ReadMime) => ({
    ...content,
    internetMessageId: internetMessageId ?? newMessageId(index),
    attachments: attachments.map((attachment) => storeAttachment(attachment, simulation)),
    mime: { sha256: attachmentBlobs(simulation).put(source), kind },
    sentAt: clock().toISOString(),
  })

  const readDraft = async (request: FastifyRequest) => {
    if (isMime(request)) {
      const mime = await readMime(request, settings.current)
      return mime && { from: mime.from, stored: storedMime(mime) }
    }
    const { content, from, internetMessageId, attachments } = readMessage(readJsonObject(request, settings.current))
    const stored = {
      ...content,
      internetMessageId: keptId(internetMessageId),
      attachments: attachments.map((attachment) => storeAttachment(attachment, simulation)),
      sentAt: clock().toISOString(),
    }
    return { from: countingFrom(from), stored }
  }

  const create = async (visit: Visit): Promise<object | typeof NOTHING_DONE> => {
    const { request, address: mailbox } = visit
    const draft = await readDraft(request)
    if (draft === null) return NOTHING_DONE
    const id = newItemId()
    const from = draft.from ?? ownerOf(visit)
    const message: StoredMessage = { ...draft.stored, from, sender: ownerOf(visit), isDraft: true }
    store.commit({ type: 'draft-saved', mailbox, id, message })
    const item = store.state.mailboxes.get(mailbox)?.byId.get(id)
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

  /**
   * Only refuses: from 31 December 2026 on, what a client may change of a draft alone needs another permission once the
   * message is no draft.
   */
  const update = ({ request }: Visit, { message }: MailboxItem): never => {
    const changed = Object.keys(readJsonObject(request, settings.current))
    const isAllowed = message.isDraft || request.caller.scopes.has('Mail-Advanced.ReadWrite')
    if (!isAllowed && changed.some((name) => OF_DRAFTS_ONLY.has(name))) throw accessDenied()
    throw new GraphError(501, 'NotImplemented', 'The simulator changes no message.')
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
      const message = 'The query filter contains one or more invalid nodes.'
      throw new GraphError(400, 'ErrorInvalidUrlQueryFilter', message)
    }
    const { folder: name } = request.params as { readonly folder?: string }
    const folder = name === undefined ? undefined : findFolder(name)
    if (name !== undefined && folder === undefined) {
      throw new GraphError(404, 'ErrorFolderNotFound', 'The specified folder could not be found in the store.')
    }
    const found = findNewest(mailbox?.items ?? [], top, (item) => {
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
    method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
    path: string,
    endpoint: Endpoint,
    status: number,
    act: (request: FastifyRequest) => Act,
  ): void => {
    const handler: RouteHandlerMethod = async (request, reply) => {
      const isImmutable = wantedIdKind(request.headers['prefer']) === 'immutable'
      if (isImmutable) reply.header('preference-applied', 'IdType="ImmutableId"')
      const answer = await act(request)
      return answer === NOTHING_DONE ? reply.code(200).send() : reply.code(status).send(answer)
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
    (request: FastifyRequest): Act => {
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
  route('PATCH', one, 'message-update', 200, onItem(toWrite, update))
  route('DELETE', one, 'message-delete', 204, onItem(toWrite, remove))
  route('POST', `${one}/send`, 'draft-send', 202, onItem(toSend, send))
  route('POST', `${one}/attachments`, 'draft-attach', 201, onItem(toWrite, attachments.attach))
  route('GET', `${one}/attachments`, 'attachment-list', 200, onItem(toRead, attachments.list))
  const createUploadSession = `${one}/attachments/createUploadSession`
  route('POST', createUploadSession, 'upload-session-create', 201, onItem(toWrite, attachments.createSession))
}

/** Microsoft documents of these that they are updatable only if `isDraft` is true. */
const OF_DRAFTS_ONLY: ReadonlySet<string> = new Set([
  'subject',
  'body',
  'from',
  'sender',
  'toRecipients',
  'ccRecipients',
  'bccRecipients',
  'replyTo',
  'internetMessageId',
  'isDeliveryReceiptRequested',
  'isReadReceiptRequested',
])

/** The answer is 200, whatever the endpoint, and nothing was done. */
const NOTHING_DONE = Symbol('nothing done')

type Answer = object | typeof NOTHING_DONE | undefined | void
type Act = Answer | Promise<Answer>

function ownerOf({ addressee }: Visit): MailAddress {
  const { address, displayName } = addressee
  return { address, name: addressee.kind === 'person' ? displayName : address }
}

/** Graph's own order: the newest message comes first. */
function findNewest(
  items: readonly MailboxItem[],
  limit: number,
  matches: (item: MailboxItem) => boolean,
): MailboxItem[] {
  const found: MailboxItem[] = []
  for (let at = items.length - 1; at >= 0 && found.length < limit; at -= 1) {
    const item = items[at]
    if (item !== undefined && matches(item)) found.push(item)
  }
  return found
}

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Settings } from '../faults/settings.ts'
import { answerGraphError, GraphError, readJsonObject, requireAcceptableLength, throttled } from './graph-error.ts'
import type { Visit } from './mailbox-access.ts'
import { attachmentJson, itemId } from './message-json.ts'
import { readAttachmentSelection } from './query-options.ts'
import { readAttachment, readUploadItem } from './read-message.ts'
import { rawBody } from '../http/body.ts'
import { addToDraft, attachmentBlobs, newItemId, storeAttachment } from '../mail/attachments.ts'
import type { Simulation } from '../simulation/simulation.ts'
import type { UploadRange, UploadSession } from '../simulation/upload-sessions.ts'
import type { StoredMessage } from '../tenant/message.ts'
import type { MailboxItem } from '../tenant/store.ts'

/** The limit for a single attachment, whatever a tenant allows. */
const MAX_ATTACHMENT_BYTES = 150 * 1024 * 1024

/** @throws GraphError when the message exceeds the tenant's limit, which counts attachments as base64 */
export function requireAcceptableSize(
  { body, attachments }: Pick<StoredMessage, 'body' | 'attachments'>,
  { messageSizeLimitBytes, messageTooLargeStatus: status }: Settings,
  moreBytes = 0,
): void {
  const sizes = [...attachments.map(({ sizeBytes }) => sizeBytes), moreBytes]
  const encodedBytes = sizes.reduce((sum, sizeBytes) => sum + 4 * Math.ceil(sizeBytes / 3), 0)
  const isTooLarge =
    Buffer.byteLength(body.content) + encodedBytes > (messageSizeLimitBytes ?? Number.POSITIVE_INFINITY)
  if (!isTooLarge && sizes.every((sizeBytes) => sizeBytes <= MAX_ATTACHMENT_BYTES)) return
  throw new GraphError('ErrorMessageSizeExceeded', undefined, { status })
}

/** @throws GraphError when the message was sent already */
function requireDraft({ message }: MailboxItem): void {
  if (!message.isDraft) throw new GraphError('ErrorInvalidPropertyUpdateSentMessage')
}

/** The actions below `/messages/{id}/attachments`; each returns the JSON of its response. */
export function createAttachmentActions(simulation: Simulation) {
  const { settings, store, uploads, registration, clock, url } = simulation

  return {
    attach: (visit: Visit, item: MailboxItem): object => {
      const attachment = readAttachment(readJsonObject(visit.request, settings.current))
      requireDraft(item)
      requireAcceptableSize(item.message, settings.current, attachment.content.length)
      const stored = storeAttachment(attachment, simulation)
      addToDraft(item, stored, simulation)
      return attachmentJson(stored, attachment.content, clock().toISOString())
    },

    list: (visit: Visit, item: MailboxItem): object => {
      const select = readAttachmentSelection(new URL(visit.request.url, url()).searchParams)
      const { attachments, sentAt } = item.message
      const value = attachments.map((attachment) => {
        if (select === null) return attachmentJson(attachment, store.blobs.get(attachment.sha256), sentAt)
        const whole = attachmentJson(attachment, null, sentAt)
        return Object.fromEntries(['@odata.type', 'id', ...select].map((name) => [name, whole[name]]))
      })
      return { value }
    },

    createSession: (visit: Visit, item: MailboxItem): object => {
      const file = readUploadItem(readJsonObject(visit.request, settings.current))
      requireDraft(item)
      const { minSessionBytes, attachmentTooSmallStatus, uploadSessionSeconds } = settings.current
      if (file.sizeBytes < minSessionBytes) {
        const status = attachmentTooSmallStatus
        throw new GraphError('ErrorAttachmentSizeShouldNotBeLessThanMinimumSize', undefined, { status })
      }
      requireAcceptableSize(item.message, settings.current, file.sizeBytes)
      const { addressee } = visit
      const owner = addressee.kind === 'person' ? addressee.person.oid : addressee.address
      const session = uploads.open({
        ...file,
        mailbox: visit.address,
        draftId: item.id,
        owner: `${owner}@${registration.tenantId}`,
        messageId: itemId(item, visit.idKind),
        createdAtMs: visit.nowMs,
        expiresAtMs: visit.nowMs + uploadSessionSeconds * 1000,
      })
      return { uploadUrl: uploadUrl(session, url()), ...sessionJson(session) }
    },
  }
}

/** Another host name than Graph's, as at Microsoft, so that a client which sends its token along is found out. */
export const UPLOAD_HOST = 'localhost'
export const UPLOAD_PREFIX = '/api/gv1.0'
const SHAPES = ['documented', 'pascal', 'dashed'] as const

declare module 'fastify' {
  interface FastifyRequest {
    /** The session whose URL was called, whatever its state; null: none has this URL. */
    upload: UploadSession | null
    uploadRange: UploadRange | null
  }
}

/** `/api/gv1.0`, where upload URLs lead. The URL is the credential here, and an access token for Graph is refused. */
export async function uploadRoutes(app: FastifyInstance, simulation: Simulation): Promise<void> {
  const { store, settings, scenarios, traffic, uploads, clock } = simulation
  app.decorateRequest('upload', null)
  app.decorateRequest('uploadRange', null)
  app.setErrorHandler(answerGraphError)

  app.addHook('onRequest', async (request, reply) => {
    const { facts, headers } = request
    reply.headers({ 'request-id': facts.requestId, 'cache-control': 'private' })
    if (request.hostname.toLowerCase() !== UPLOAD_HOST) throw new GraphError('ResourceNotFound')
    const session = findSession((request.params as { readonly '*': string })['*'])
    if (session !== null) {
      request.upload = session
      facts.mailbox = session.mailbox
      if (request.method === 'PUT') noteRange(request, reply, session)
    }
    if (headers.authorization !== undefined) throw new GraphError('InvalidAudience')
    const { authtoken } = request.query as { readonly authtoken?: unknown }
    if (session !== null && (session.authToken === null || authtoken !== session.authToken)) {
      throw new GraphError('InvalidAuthenticationToken')
    }
  })

  const findSession = (path: string): UploadSession | null => {
    const id = /\/AttachmentSessions\('([\w-]+)'\)$/.exec(path)?.[1] ?? ''
    const session = uploads.find(id, clock().getTime())
    return session !== undefined && uploadPath(session) === path ? session : null
  }

  const noteRange = (request: FastifyRequest, reply: FastifyReply, session: UploadSession): void => {
    const { from = null, to = null } = readContentRange(request) ?? {}
    const range: UploadRange = { from, to, status: null, accepted: false }
    request.uploadRange = range
    session.ranges.push(range)
    reply.raw.once('close', () => {
      range.status = reply.raw.headersSent ? reply.raw.statusCode : null
    })
    const effect = scenarios.take('upload-session', ({ mailbox }) => (mailbox ?? session.mailbox) === session.mailbox)
    if (effect?.change === 'token-expired') session.authToken = null
    if (effect?.change === 'forgotten' && session.state === 'open') uploads.end(session, 'forgotten')
  }

  /** @throws GraphError when the session or its draft no longer exists */
  const requireOpen = (upload: UploadSession | null): { session: UploadSession; item: MailboxItem } => {
    const item = upload === null ? undefined : store.state.mailboxes.get(upload.mailbox)?.get(upload.draftId)
    if (upload?.state === 'open' && item?.message.isDraft) return { session: upload, item }
    throw new GraphError('uploadSessionNotFound')
  }

  app.put('/*', { config: { endpoint: 'upload-range' } }, async (request, reply) => {
    const { session, item } = requireOpen(request.upload)
    const bytes = readRange(request, session)
    requireQuota(session, bytes.length)
    traffic.upload(session.mailbox, bytes.length)
    session.pieces.push(bytes)
    session.receivedBytes += bytes.length
    if (request.uploadRange !== null) request.uploadRange.accepted = true
    if (session.receivedBytes < session.sizeBytes) return progressJson(session)

    const { name, contentType, contentId, isInline, sizeBytes, owner, messageId } = session
    const about = { id: newItemId(), name, contentType, contentId, isInline, sizeBytes }
    const sha256 = attachmentBlobs(simulation).put(Buffer.concat(session.pieces))
    uploads.end(session, 'finished', sha256)
    addToDraft(item, { ...about, sha256 }, simulation)
    const base = 'https://outlook.office.com/api/v2.0'
    const location = `${base}/Users('${owner}')/Messages('${messageId}')/Attachments('${about.id}')`
    return reply.code(201).header('location', location).send()
  })

  const readRange = (request: FastifyRequest, session: UploadSession): Buffer => {
    requireAcceptableLength(request, settings.current)
    const bytes = rawBody(request)
    if (request.headers['content-type']?.toLowerCase() !== 'application/octet-stream') {
      throw new GraphError('UnsupportedMediaType')
    }
    const range = readContentRange(request)
    if (range?.total !== session.sizeBytes || range.to - range.from + 1 !== bytes.length || range.to >= range.total) {
      throw new GraphError('BadRequest', 'The Content-Range header does not match the session and the body.')
    }
    if (range.from !== session.receivedBytes) throw new GraphError('invalidRange')
    return bytes
  }

  const requireQuota = ({ mailbox }: UploadSession, sizeBytes: number): void => {
    const limitBytes = settings.current.uploadBytesPer5Minutes
    const waitMs = limitBytes === null ? 0 : traffic.uploadWaitMs(mailbox, sizeBytes, limitBytes)
    if (waitMs > 0) throw throttled('IncomingBytes', Math.ceil(waitMs / 1000))
  }

  /** The response to a range that is not the last. */
  const progressJson = ({ ranges, expiresAtMs, receivedBytes }: UploadSession): object => {
    const { uploadAnswerCasing: casing } = settings.current
    const shape = casing === 'mixed' ? SHAPES[ranges.length % SHAPES.length] : casing
    const rangesName = shape === 'pascal' ? 'NextExpectedRanges' : 'nextExpectedRanges'
    return {
      ExpirationDateTime: new Date(expiresAtMs).toISOString(),
      [rangesName]: [`${receivedBytes}${shape === 'dashed' ? '-' : ''}`],
    }
  }

  app.get('/*', { config: { endpoint: 'upload-status' } }, async ({ upload }) => {
    if (settings.current.uploadStatus === 'supported') return sessionJson(requireOpen(upload).session)
    throw new GraphError('ErrorMethodNotAllowed', undefined, { headers: { allow: 'PUT, DELETE' } })
  })

  app.delete('/*', { config: { endpoint: 'upload-cancel' } }, async (request, reply) => {
    uploads.end(requireOpen(request.upload).session, 'cancelled')
    return reply.code(204).send()
  })
}

/** @param graphUrl the upload host has the same port */
function uploadUrl(session: UploadSession, graphUrl: string): string {
  const { port } = new URL(graphUrl)
  return `http://${UPLOAD_HOST}:${port}${UPLOAD_PREFIX}/${uploadPath(session)}?authtoken=${session.authToken}`
}

/** What a new session and a request for its status return. */
function sessionJson({ expiresAtMs, receivedBytes }: UploadSession): Record<string, unknown> {
  return {
    expirationDateTime: new Date(expiresAtMs).toISOString(),
    nextExpectedRanges: [`${receivedBytes}-`],
  }
}

function uploadPath({ owner, messageId, id }: UploadSession): string {
  return `users('${owner}')/messages('${messageId}')/AttachmentSessions('${id}')`
}

/** @returns null when the header is missing or malformed, or its range ends before it begins */
function readContentRange({ headers }: FastifyRequest): { from: number; to: number; total: number } | null {
  const match = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(headers['content-range'] ?? '')
  const [from = Number.NaN, to = Number.NaN, total = Number.NaN] = match?.slice(1).map(Number) ?? []
  return from <= to ? { from, to, total } : null
}

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { rawBody } from '../http/body.ts'
import { addToDraft } from '../mail/attachments.ts'
import { newItemId } from '../mail/new-ids.ts'
import type { Simulation } from '../simulation/simulation.ts'
import type { UploadRange, UploadSession } from '../simulation/upload-sessions.ts'
import type { MailboxItem } from '../tenant/store.ts'
import { answerGraphError, badRequest, GraphError } from './graph-error.ts'
import { requireAcceptableLength } from './request-body.ts'

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
    if (request.hostname.toLowerCase() !== UPLOAD_HOST) {
      throw new GraphError(404, 'ResourceNotFound', `Uploads go to ${UPLOAD_HOST}, to the URL of their session.`)
    }
    const session = findSession((request.params as { readonly '*': string })['*'])
    if (session !== null) {
      request.upload = session
      facts.mailbox = session.mailbox
      if (request.method === 'PUT') noteRange(request, reply, session)
    }
    if (headers.authorization !== undefined) {
      throw new GraphError(
        401,
        'InvalidAudience',
        "The audience claim value is invalid for current resource. Audience claim is 'https://graph.microsoft.com', and resource type is 'Exchange'.",
      )
    }
    const { authtoken } = request.query as { readonly authtoken?: unknown }
    if (session !== null && (session.authToken === null || authtoken !== session.authToken)) throw wrongToken()
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
    const item = upload === null ? undefined : store.state.mailboxes.get(upload.mailbox)?.byId.get(upload.draftId)
    if (upload?.state === 'open' && item?.message.isDraft) return { session: upload, item }
    throw new GraphError(404, 'uploadSessionNotFound', 'The upload session was not found.')
  }

  app.put('/*', { config: { endpoint: 'upload-range' } }, async (request, reply) => {
    const { session, item } = requireOpen(request.upload)
    const bytes = readRange(request, session)
    requireQuota(session, bytes.length)
    traffic.upload(session.mailbox, bytes.length)
    session.content.append(bytes)
    session.receivedBytes += bytes.length
    if (request.uploadRange !== null) request.uploadRange.accepted = true
    if (session.receivedBytes < session.sizeBytes) return progressJson(session)

    const { name, contentType, contentId, isInline, sizeBytes, owner, messageId } = session
    const about = { id: newItemId(), name, contentType, contentId, isInline, sizeBytes }
    addToDraft(item, { ...about, sha256: uploads.finish(session) }, simulation)
    const base = 'https://outlook.office.com/api/v2.0'
    const location = `${base}/Users('${owner}')/Messages('${messageId}')/Attachments('${about.id}')`
    return reply.code(201).header('location', location).send()
  })

  const readRange = (request: FastifyRequest, session: UploadSession): Buffer => {
    requireAcceptableLength(request, settings.current)
    const bytes = rawBody(request)
    if (request.headers['content-type']?.toLowerCase() !== 'application/octet-stream') {
      throw new GraphError(415, 'UnsupportedMediaType', 'The Content-Type must be application/octet-stream.')
    }
    const range = readContentRange(request)
    if (range === null) throw badRequest("The Content-Range header must be present, in the form 'bytes 0-9/10'.")
    const { from, to, total } = range
    if (total !== session.sizeBytes) {
      throw badRequest(`The Content-Range header says ${total} bytes, the session ${session.sizeBytes}.`)
    }
    if (to - from + 1 !== bytes.length || to >= total) {
      throw badRequest('The Content-Range header and the length of the body do not match.')
    }
    if (from === session.receivedBytes) return bytes
    const isOverlap = from < session.receivedBytes
    const reason = isOverlap ? 'overlaps with existing data' : 'is out of order: ranges come one after the other'
    throw new GraphError(416, 'invalidRange', `Uploaded fragment ${reason}.`)
  }

  const requireQuota = ({ mailbox }: UploadSession, sizeBytes: number): void => {
    const limitBytes = settings.current.uploadBytesPer5Minutes
    const waitMs = limitBytes === null ? 0 : traffic.uploadWaitMs(mailbox, sizeBytes, limitBytes)
    if (waitMs === 0) return
    const seconds = Math.ceil(waitMs / 1000)
    const message = 'Application is over its IncomingBytes limit.'
    throw new GraphError(429, 'ApplicationThrottled', message, { 'retry-after': String(seconds) })
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
    const message = 'The upload session does not report its status.'
    throw new GraphError(405, 'ErrorMethodNotAllowed', message, { allow: 'PUT, DELETE' })
  })

  app.delete('/*', { config: { endpoint: 'upload-cancel' } }, async (request, reply) => {
    uploads.end(requireOpen(request.upload).session, 'cancelled')
    return reply.code(204).send()
  })
}

/** @param graphUrl the upload host has the same port */
export function uploadUrl(session: UploadSession, graphUrl: string): string {
  const { port } = new URL(graphUrl)
  return `http://${UPLOAD_HOST}:${port}${UPLOAD_PREFIX}/${uploadPath(session)}?authtoken=${session.authToken}`
}

/** What a new session and a request for its status return. */
export function sessionJson({ expiresAtMs, receivedBytes }: UploadSession): Record<string, unknown> {
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

function wrongToken(): GraphError {
  return new GraphError(401, 'InvalidAuthenticationToken', 'The authtoken of the upload URL is not valid.')
}

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { findLengthFault } from '../graph/find-body-fault.ts'
import { type GraphError, graphError, sendGraphError } from '../graph/graph-error.ts'
import { rawBody } from '../http/body.ts'
import { addAttachment } from '../mail/add-attachment.ts'
import { newItemId } from '../mail/deliver.ts'
import type { Simulation } from '../simulation.ts'
import type { MailboxItem } from '../state/store.ts'
import {
  attachmentLocation,
  progressJson,
  sessionJson,
  UPLOAD_HOST,
  UPLOAD_SESSION_CONTEXT,
  uploadPath,
} from './upload-answers.ts'
import type { UploadRange, UploadSession } from './upload-sessions.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose URL was called, whatever state it is in; null: nobody's. */
    upload: UploadSession | null
    uploadRange: UploadRange | null
  }
}

interface UploadPath {
  readonly Params: { readonly '*': string }
}

interface ContentRange {
  readonly from: number
  readonly to: number
  readonly total: number
}

const SESSION_NOT_FOUND = graphError(404, 'uploadSessionNotFound', 'The upload session was not found.')
const WRONG_AUDIENCE = graphError(
  401,
  'InvalidAudience',
  "The audience claim value is invalid for current resource. Audience claim is 'https://graph.microsoft.com', and resource type is 'Exchange'.",
)
const WRONG_TOKEN = graphError(401, 'InvalidAuthenticationToken', 'The authtoken of the upload URL is not valid.')
const OVER_INCOMING_BYTES = graphError(429, 'ApplicationThrottled', 'Application is over its IncomingBytes limit.')
const METHOD_NOT_ALLOWED = graphError(405, 'ErrorMethodNotAllowed', 'The upload session does not tell its status.')
const WRONG_HOST = graphError(404, 'ResourceNotFound', `Uploads go to ${UPLOAD_HOST}, to the URL of their session.`)

/** `/api/gv1.0`: where upload URLs lead. Here the URL is the credential, and a token of Graph's is refused. */
export async function uploadRoutes(app: FastifyInstance, simulation: Simulation): Promise<void> {
  const { store, settings, scenarios, traffic, uploads, clock } = simulation
  app.decorateRequest('upload', null)
  app.decorateRequest('uploadRange', null)

  app.addHook('onRequest', async (request, reply) => {
    reply.headers({ 'request-id': request.facts.requestId, 'cache-control': 'private' })
    if (request.hostname.toLowerCase() !== UPLOAD_HOST) return sendGraphError(request, reply, WRONG_HOST)
    const session = findSession((request.params as UploadPath['Params'])['*'])
    if (session !== undefined) {
      request.upload = session
      request.facts.mailbox = session.mailbox
      if (request.method === 'PUT') expectRange(request, reply, session)
    }
    if (request.headers.authorization !== undefined) return sendGraphError(request, reply, WRONG_AUDIENCE)
    const { authtoken } = request.query as { readonly authtoken?: unknown }
    if (session !== undefined && (session.authToken === null || authtoken !== session.authToken))
      return sendGraphError(request, reply, WRONG_TOKEN)
    return undefined
  })

  const findSession = (path: string): UploadSession | undefined => {
    const id = /\/AttachmentSessions\('([\w-]+)'\)$/.exec(path)?.[1]
    const session = id === undefined ? undefined : uploads.find(id, clock().getTime())
    return session !== undefined && uploadPath(session) === path ? session : undefined
  }

  const expectRange = (request: FastifyRequest, reply: FastifyReply, session: UploadSession): void => {
    const { from = null, to = null } = readContentRange(request.headers['content-range']) ?? {}
    const range: UploadRange = { from, to, status: null, accepted: false }
    request.uploadRange = range
    uploads.note(session, range)
    reply.raw.once('close', () => {
      range.status = reply.raw.headersSent ? reply.raw.statusCode : null
    })
    const effect = scenarios.take(
      (effect) => effect.kind === 'upload-session' && (effect.mailbox ?? session.mailbox) === session.mailbox,
    )
    if (effect?.kind !== 'upload-session') return
    if (effect.change === 'token-expired') session.authToken = null
    else if (session.state === 'open') uploads.end(session, 'forgotten')
  }

  /** What the session is for; null when either is over. */
  const openDraft = (session: UploadSession | null): { session: UploadSession; item: MailboxItem } | null => {
    if (session?.state !== 'open') return null
    const item = store.state.mailboxes.get(session.mailbox)?.byId.get(session.draftId)
    return item?.message.isDraft === true ? { session, item } : null
  }

  app.put<UploadPath>('/*', { config: { endpoint: 'upload-range' } }, async (request, reply) => {
    const open = openDraft(request.upload)
    if (open === null) return sendGraphError(request, reply, SESSION_NOT_FOUND)
    const { session, item } = open
    const reading = readRange(request, session)
    if (reading.kind === 'refused') return sendGraphError(request, reply, reading.error)
    const { bytes } = reading
    const limitBytes = settings.current.uploadBytesPer5Minutes
    const waitUntil = limitBytes === null ? null : traffic.uploadAllowedFrom(session.mailbox, bytes.length, limitBytes)
    if (waitUntil !== null) {
      const seconds = Math.max(1, Math.ceil((waitUntil.getTime() - clock().getTime()) / 1000))
      reply.header('retry-after', String(seconds))
      return sendGraphError(request, reply, OVER_INCOMING_BYTES)
    }

    traffic.upload(session.mailbox, bytes.length)
    session.content.append(bytes)
    session.receivedBytes += bytes.length
    if (request.uploadRange !== null) request.uploadRange.accepted = true
    if (session.receivedBytes < session.sizeBytes)
      return reply.code(200).send(progressJson(session, settings.current.uploadAnswerCasing))

    const { name, contentType, contentId, isInline, sizeBytes } = session
    const about = { id: newItemId(), name, contentType, contentId, isInline, sizeBytes }
    addAttachment(item, { ...about, sha256: uploads.finish(session) }, simulation)
    return reply.code(201).header('location', attachmentLocation(session, about.id)).send()
  })

  const readRange = (request: FastifyRequest, session: UploadSession): RangeReading => {
    if (request.headers['content-length'] === undefined)
      return refuse(411, 'LengthRequired', 'Content-Length is required.')
    const tooLong = findLengthFault(request, settings.current)
    if (tooLong !== null) return { kind: 'refused', error: tooLong }
    const { bytes } = rawBody(request.body)
    if (request.headers['content-type']?.toLowerCase() !== 'application/octet-stream')
      return refuse(415, 'UnsupportedMediaType', 'The Content-Type must be application/octet-stream.')
    const range = readContentRange(request.headers['content-range'])
    if (range === null)
      return refuse(400, 'BadRequest', "The Content-Range header must be present, in the form 'bytes 0-9/10'.")
    const { from, to, total } = range
    if (total !== session.sizeBytes)
      return refuse(
        400,
        'BadRequest',
        `The Content-Range header says ${total} bytes, the session ${session.sizeBytes}.`,
      )
    if (to - from + 1 !== bytes.length || to >= total)
      return refuse(400, 'BadRequest', 'The Content-Range header and the length of the body do not match.')
    if (from < session.receivedBytes)
      return refuse(416, 'invalidRange', 'Uploaded fragment overlaps with existing data.')
    if (from > session.receivedBytes)
      return refuse(416, 'invalidRange', 'Uploaded fragment is out of order: ranges come one after the other.')
    return { kind: 'range', bytes }
  }

  app.get<UploadPath>('/*', { config: { endpoint: 'upload-status' } }, async (request, reply) => {
    if (settings.current.uploadStatus === 'unsupported')
      return sendGraphError(request, reply.header('allow', 'PUT, DELETE'), METHOD_NOT_ALLOWED)
    const open = openDraft(request.upload)
    return open === null
      ? sendGraphError(request, reply, SESSION_NOT_FOUND)
      : { '@odata.context': UPLOAD_SESSION_CONTEXT, ...sessionJson(open.session) }
  })

  app.delete<UploadPath>('/*', { config: { endpoint: 'upload-cancel' } }, async (request, reply) => {
    const open = openDraft(request.upload)
    if (open === null) return sendGraphError(request, reply, SESSION_NOT_FOUND)
    uploads.end(open.session, 'cancelled')
    return reply.code(204).send()
  })
}

/** Refuses the token in the upload URL, here and from now on. */
export function revokeUploadToken(request: FastifyRequest, reply: FastifyReply): void {
  if (request.upload !== null) request.upload.authToken = null
  sendGraphError(request, reply, WRONG_TOKEN)
}

type RangeReading =
  | { readonly kind: 'range'; readonly bytes: Buffer }
  | { readonly kind: 'refused'; readonly error: GraphError }

/** @returns null when it is missing, malformed, or ends before it begins */
function readContentRange(header: string | undefined): ContentRange | null {
  const [, from, to, total] = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(header ?? '') ?? []
  if (from === undefined || to === undefined || total === undefined || Number(to) < Number(from)) return null
  return { from: Number(from), to: Number(to), total: Number(total) }
}

function refuse(status: number, code: string, message: string): RangeReading {
  return { kind: 'refused', error: graphError(status, code, message) }
}

import { randomUUID } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { rawBody, readJson } from '../http/body.ts'
import { deliver, newAttachmentId } from '../mail/deliver.ts'
import { decideSender, findTargetMailbox, isOwnAddress, type TargetMailbox } from '../mail/sender-rights.ts'
import type { Simulation } from '../simulation.ts'
import type { StoredMessage } from '../state/events.ts'
import { authenticate } from './caller.ts'
import { isBase64 } from './check-payload.ts'
import { ACCESS_DENIED, type GraphError, graphError, sendGraphError } from './graph-error.ts'
import { enterMailbox } from './mailbox-gate.ts'
import { readMe } from './me.ts'
import { readSendMail, type Submission } from './read-send-mail.ts'

interface UserPath {
  readonly Params: { readonly user?: string }
}

/** Which server answered; every answer of Graph says so. */
const AGS_DIAGNOSTIC =
  '{"ServerInfo":{"DataCenter":"Simulator","Slice":"E","Ring":"1","ScaleUnit":"000","RoleInstance":"SIM"}}'

const NOT_ENABLED = graphError(
  404,
  'MailboxNotEnabledForRESTAPI',
  'The mailbox is either inactive, soft-deleted, or is hosted on-premise.',
)
const NO_SUCH_MAILBOX = graphError(
  404,
  'ErrorNonExistentMailbox',
  'The SMTP address has no mailbox associated with it.',
)
const SEND_AS_DENIED = graphError(
  403,
  'ErrorSendAsDenied',
  'The user account which was used to submit this request does not have the right to send mail on behalf of the specified sending account. Cannot submit message.',
)

/** `/v1.0`: what a client of Microsoft Graph sees. */
export async function graphRoutes(app: FastifyInstance, simulation: Simulation): Promise<void> {
  const { index, scenarios, settings, store, traffic, url, clock } = simulation
  app.decorateRequest('caller')

  app.addHook('onRequest', async (request, reply) => {
    reply.headers({
      'request-id': request.facts.requestId,
      'client-request-id': request.facts.clientRequestId ?? request.facts.requestId,
      'cache-control': 'private',
      'x-ms-ags-diagnostic': AGS_DIAGNOSTIC,
    })
    if (!(await authenticate(request, reply, simulation))) return reply
    request.facts.details['account'] = request.caller.person.userPrincipalName
    return undefined
  })

  app.get('/me', { config: { endpoint: 'me' } }, async (request, reply) => {
    const { caller } = request
    if (!caller.scopes.has('User.Read')) {
      const error = graphError(403, 'Authorization_RequestDenied', 'Insufficient privileges to complete the operation.')
      return sendGraphError(request, reply, error)
    }
    const answer = readMe(caller.person, new URL(request.url, url()).searchParams, url())
    if (answer.kind === 'refused') return sendGraphError(request, reply, answer.error)
    const effect = scenarios.take((effect) => effect.kind === 'me')
    return effect === null ? answer.user : { ...answer.user, id: randomUUID() }
  })

  const enter = async (request: FastifyRequest<UserPath>, reply: FastifyReply): Promise<FastifyReply | undefined> => {
    const target = targetOf(request)
    const mailbox = target.kind === 'mailbox' ? target.addressee.address.toLowerCase() : null
    request.facts.mailbox = mailbox
    return mailbox !== null && !enterMailbox(request, reply, mailbox, traffic) ? reply : undefined
  }

  const sendMail = async (request: FastifyRequest<UserPath>, reply: FastifyReply): Promise<FastifyReply> => {
    const error = accept(request)
    if (error !== null) return sendGraphError(request, reply, error)
    return reply.code(202).send()
  }

  const targetOf = (request: FastifyRequest<UserPath>): TargetMailbox =>
    findTargetMailbox(request.params.user ?? null, request.caller.person, index, store.state)

  const accept = (request: FastifyRequest<UserPath>): GraphError | null => {
    const { person, scopes } = request.caller
    if (!scopes.has('Mail.Send') && !scopes.has('Mail.Send.Shared')) return ACCESS_DENIED
    const target = targetOf(request)
    if (target.kind === 'not-enabled') return NOT_ENABLED
    if (target.kind === 'no-such-mailbox') return NO_SUCH_MAILBOX
    if (target.kind === 'no-full-access') return ACCESS_DENIED

    const bodyError = findBodyFault(request)
    if (bodyError !== null) return bodyError
    const reading = readSendMail(readJson(request.body))
    if (reading.kind === 'refused') return reading.error
    const { submission } = reading

    const fromAddress = submission.from?.address ?? target.addressee.address
    const isOwn = target.isOwn && isOwnAddress(fromAddress, person, index)
    if (!scopes.has(isOwn ? 'Mail.Send' : 'Mail.Send.Shared')) return ACCESS_DENIED
    const decision = decideSender(submission.from, submission.sender, target.addressee, person, index, store.state)
    if (decision.kind === 'send-as-denied') return SEND_AS_DENIED
    if (decision.kind === 'no-such-mailbox') return NO_SUCH_MAILBOX

    const message = toStored(submission, decision, person.oid)
    deliver(message, submission.saveToSentItems ? target.addressee.address : null, index, store)
    traffic.mailbox(target.addressee.address.toLowerCase()).accepted += 1
    return null
  }

  const findBodyFault = (request: FastifyRequest): GraphError | null => {
    if (request.headers['content-length'] === undefined) {
      return graphError(411, 'LengthRequired', 'Content-Length is required.')
    }
    const { bytes, isTooLarge } = rawBody(request.body)
    if (isTooLarge) {
      return settings.current.requestTooLarge === 'bad-request'
        ? graphError(400, 'BadRequest', 'Maximum request length exceeded.')
        : graphError(413, 'RequestEntityTooLarge', 'The maximum request length supported is 4MB.')
    }
    const mediaType = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase()
    if (mediaType === 'application/json') return null
    if (mediaType !== 'text/plain') {
      return graphError(415, 'UnsupportedMediaType', 'The Content-Type must be application/json or text/plain.')
    }
    return isBase64(bytes.toString('latin1').replaceAll(/\s/g, '')) && bytes.length > 0
      ? graphError(400, 'SimulatorNotSupported', 'The simulator does not read MIME messages. Send JSON.')
      : graphError(400, 'ErrorMimeContentInvalidBase64String', 'Invalid base64 string for MIME content.')
  }

  const toStored = (
    { content, internetMessageId, attachments }: Submission,
    { from, sender }: Pick<StoredMessage, 'from' | 'sender'>,
    oid: string,
  ): StoredMessage => ({
    ...content,
    internetMessageId: internetMessageId ?? `<${randomUUID()}@${index.directory.domains[0]}>`,
    from,
    sender,
    attachments: attachments.map(({ content: bytes, ...about }) => ({
      ...about,
      id: newAttachmentId(),
      sizeBytes: bytes.length,
      sha256: store.blobs.put(bytes),
    })),
    sentAt: clock().toISOString(),
    submittedBy: oid,
  })

  const options = { config: { endpoint: 'sendMail' as const }, onRequest: enter }
  app.post<UserPath>('/me/sendMail', options, sendMail)
  app.post<UserPath>('/users/:user/sendMail', options, sendMail)

  app.all('/*', { config: { endpoint: 'graph-other' } }, async (request, reply) => {
    const segment = request.url.split('?')[0]?.split('/').at(-1) ?? ''
    return sendGraphError(
      request,
      reply,
      graphError(400, 'BadRequest', `Resource not found for the segment '${segment}'.`),
    )
  })
}

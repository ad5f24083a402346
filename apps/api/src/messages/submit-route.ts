import { addressOfMessage, type Message } from '@inforiver-mail/contract/message'
import { submitMessage, type MessageInput } from '@inforiver-mail/contract/message-input'
import type { Scope } from '@inforiver-mail/contract/caller'
import type { FastifyPluginAsync, FastifyRequest, RequestPayload } from 'fastify'
import { refuseEncodedBody } from '../http/json-body.ts'
import { isMultipart } from '../http/read-multipart.ts'
import { NOTHING, validatorOf } from '../http/route.ts'
import { logAccepted, type Accept, type Sender } from './accept-message.ts'
import { createHashingIntake, type Intake } from './attachment-intake.ts'
import type { Owner } from '../queue/actor.ts'
import type { KeyHolder } from '../queue/intake/idempotency.ts'
import type { Messages } from '../queue/queue.ts'
import { MAX_JSON_BYTES, readIdempotencyKey, readRequest, type Check } from './read-request.ts'
import { toSubmission } from './read-submission.ts'
import { keyReused } from './refusals.ts'
import type { Tracing } from '../runtime/tracing.ts'
import { hashSubmission } from './submit.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The service that submits a message, once its key was accepted. */
    sender: Sender | null
    /** Whether its message was still arriving then, so that the key may have been revoked meanwhile. */
    isKeyToBeLookedUpAgain: boolean
  }
}

export interface SubmitOptions {
  readonly requireService: (scope: Scope) => (request: FastifyRequest) => Promise<Sender>
  readonly store: Pick<Messages, 'findKey'>
  readonly find: (owner: Owner, id: string) => Promise<Message>
  readonly accept: Accept
  readonly tracing: Tracing
}

/** Does without `route()`, since a multipart body is read while it arrives. */
export const submitRoute: FastifyPluginAsync<SubmitOptions> = async (app, options) => {
  const { requireService, store, find, accept, tracing } = options
  app.addContentTypeParser('multipart/form-data', async (request: FastifyRequest, body: RequestPayload) => {
    refuseEncodedBody(request)
    return body
  })

  const requireSender = requireService(submitMessage.scope)

  /** Reads a message to its end. @throws {ProblemError} also where the key of the service has been revoked until then */
  async function readArrived(request: FastifyRequest, intake: Intake, check: Check): Promise<MessageInput> {
    const input = await readRequest(request, intake, check)
    if (request.isKeyToBeLookedUpAgain) await requireSender(request)
    return input
  }

  /** Takes a message whose key is not known yet; its key may still be taken meanwhile. */
  async function submitNew(
    request: FastifyRequest,
    sender: Sender,
    key: string | null,
    traceparent: string | null,
  ): Promise<Accepted> {
    const accepted = await accept({
      sender:
        isMultipart(request.headers['content-type']) || request.isKeyToBeLookedUpAgain
          ? withoutSettings(sender)
          : sender,
      memory: request.arrival,
      traceparent,
      log: request.log,
      read: async (intake, check) => ({
        input: await readArrived(request, intake, check),
        mime: null,
        idempotencyKey: key,
        contentHash: null,
      }),
    })
    if (accepted.outcome === 'repeated') return replay(request, sender, accepted.messageId)
    return { message: accepted.message, replayed: false }
  }

  /** Answers a repetition with the first message, even if a new one would be refused now. */
  async function repeat(request: FastifyRequest, owner: Sender, first: KeyHolder): Promise<Accepted> {
    const intake = createHashingIntake()
    const input = await readArrived(request, intake, async () => {})
    if (hashSubmission(toSubmission(input, intake.parts)) !== first.contentHash) throw keyReused()
    return replay(request, owner, first.messageId)
  }

  async function replay(request: FastifyRequest, owner: Sender, id: string): Promise<Accepted> {
    logAccepted(request.log, id, owner, true)
    return { message: await find(owner, id), replayed: true }
  }

  app.decorateRequest('sender', null)
  app.decorateRequest('isKeyToBeLookedUpAgain', false)
  app.route({
    method: submitMessage.method,
    url: submitMessage.path,
    bodyLimit: MAX_JSON_BYTES,
    config: { serves: submitMessage, tooLarge: 'message-too-large' },
    schema: {
      querystring: NOTHING,
      headers: submitMessage.headers,
      body: submitMessage.body,
      response: { [submitMessage.status]: submitMessage.response },
    },
    // The handler validates the message, once it is known whether it came as JSON or in parts.
    validatorCompiler: ({ httpPart }) => (httpPart === 'querystring' ? validatorOf(NOTHING) : () => true),
    // Runs after every onRequest hook, so that the rate limit has counted a stranger who is refused here.
    preParsing: async (request, _reply, payload) => {
      request.sender = await requireSender(request)
      request.isKeyToBeLookedUpAgain = !request.raw.complete
      return payload
    },
    handler: async (request, reply) => {
      const { sender } = request
      if (!sender) throw new Error('The guard did not run.')
      const { tenantId, service } = sender
      const key = readIdempotencyKey(request)
      const first = key === null ? null : await store.findKey({ tenantId, service, key })
      const { message, replayed } = await tracing.submit(
        { traceparent: request.headers['traceparent'], elapsedMs: reply.elapsedTime },
        (traceparent) => (first ? repeat(request, sender, first) : submitNew(request, sender, key, traceparent)),
        (accepted) => accepted.message.id,
      )
      if (replayed) void reply.header('idempotency-replayed', 'true')
      return reply
        .code(submitMessage.status)
        .header('cache-control', 'no-store')
        .header('location', addressOfMessage(message.id))
        .send(message)
    },
  })
}

/** A body may take long to arrive. Its message is held to the settings in force once it has arrived. */
function withoutSettings({ tenantId, service, allowedDomains }: Sender): Sender {
  return { tenantId, service, allowedDomains }
}

interface Accepted {
  readonly message: Message
  /** Whether the key already belonged to this message. */
  readonly replayed: boolean
}

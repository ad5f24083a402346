import { addressOfMessage, type Message } from '@inforiver-mail/contract/message'
import { submitMessage, submitMessages, type MessageInput } from '@inforiver-mail/contract/message-input'
import type { Scope } from '@inforiver-mail/contract/caller'
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest, RequestPayload } from 'fastify'
import type { Accept, Accepted, AttachmentSink, Check, Sender } from '../domain/arriving-message.ts'
import type { SubmitSettings } from '../domain/submit-settings.ts'
import { refuseEncodedBody } from '../http/json-body.ts'
import { isMultipart } from '../http/read-multipart.ts'
import { NOTHING, route, validatorOf } from '../http/route.ts'
import type { Owner } from '../queue/actor.ts'
import type { Messages } from '../queue/queue.ts'
import type { Tracing } from '../runtime/tracing.ts'
import type { AcceptBatch } from './accept-message.ts'
import { createHashingIntake } from './attachment-intake.ts'
import { MAX_JSON_BYTES, readBatch, readIdempotencyKey, readRequest } from './read-request.ts'
import { toSubmission } from './read-submission.ts'
import { keyReused } from './refusals.ts'
import { hashBatch, hashSubmission } from './submit.ts'

/** More than the largest batch of valid messages has. */
const MAX_JSON_VALUES = 250_000

export interface SubmitOptions {
  readonly requireService: (scope: Scope) => (request: FastifyRequest) => Promise<Sender>
  readonly store: Pick<Messages, 'findKey'>
  readonly findAll: (owner: Owner, ids: readonly string[]) => Promise<readonly Message[]>
  readonly readSettings: (tenantId: string) => Promise<SubmitSettings>
  readonly accept: Accept
  readonly acceptBatch: AcceptBatch
  readonly tracing: Tracing
}

/** A request whose Idempotency-Key has not been used yet; it may still be taken meanwhile. */
interface Arrived {
  readonly request: FastifyRequest
  readonly sender: Sender
  /** Whether the whole body had arrived when the key was checked. */
  readonly hadArrived: boolean
  readonly idempotencyKey: string | null
  readonly traceparent: string | null
}

interface Operation {
  readonly endpoint: typeof submitMessage | typeof submitMessages
  readonly maxJsonValues?: number
  readonly accept: (arrived: Arrived) => Promise<Accepted>
  /** Reads and hashes a repetition. It is answered even if its messages would be refused now. */
  readonly hash: (arrived: Arrived) => Promise<string>
  readonly answer: (messages: readonly Message[], reply: FastifyReply) => Message | { items: Message[] }
}

/**
 * Takes one message, or a batch. Their bodies are validated here and not by the route: a multipart body is read while it
 * arrives, and of a batch the first refusal decides the answer, whether it is by the schema or by the policy.
 */
export const submitRoutes: FastifyPluginAsync<SubmitOptions> = async (app, options) => {
  const { store, findAll, readSettings, accept, acceptBatch, tracing } = options
  const requireSender = options.requireService(submitMessage.scope)

  /** Its attachments may take long to arrive. @throws {ProblemError} also where the key has been revoked until then */
  async function readWhole(
    { request, hadArrived }: Arrived,
    sink: AttachmentSink,
    check: Check,
  ): Promise<MessageInput> {
    const input = await readRequest(request, sink, check)
    if (isMultipart(request.headers['content-type']) && !hadArrived) await requireSender(request)
    return input
  }

  function serve(
    among: FastifyInstance,
    { endpoint, maxJsonValues, accept: acceptArrived, hash, answer }: Operation,
  ): void {
    route(
      among,
      endpoint,
      async (request) => ({ sender: await requireSender(request), hadArrived: request.raw.complete }),
      async ({ request, reply, caller: { sender: admitted, hadArrived } }) => {
        // The key may have been revoked, and the settings changed, while JSON arrived. Parts have yet to be read.
        const isUpToDate = hadArrived || isMultipart(request.headers['content-type'])
        const sender = isUpToDate ? admitted : await requireSender(request)
        const { tenantId, service } = sender
        const idempotencyKey = readIdempotencyKey(request)
        const first = idempotencyKey === null ? null : await store.findKey({ tenantId, service, key: idempotencyKey })

        async function take(traceparent: string | null): Promise<Accepted> {
          const arrived = { request, sender, hadArrived, idempotencyKey, traceparent }
          if (!first) return acceptArrived(arrived)
          if ((await hash(arrived)) !== first.contentHash) throw keyReused()
          return { ids: first.messageIds, messages: null }
        }

        const { ids, messages } = await tracing.submit(
          { traceparent: request.headers['traceparent'], elapsedMs: reply.elapsedTime },
          take,
          (accepted) => accepted.ids.join(' '),
        )
        if (messages === null) {
          for (const id of ids) request.log.info({ message: id, service, repeated: true }, 'message accepted')
          void reply.header('idempotency-replayed', 'true')
        }
        return answer(messages ?? (await findAll(sender, ids)), reply)
      },
      {
        bodyLimit: MAX_JSON_BYTES,
        config: { tooLarge: 'message-too-large', ...(maxJsonValues && { maxJsonValues }) },
        validatorCompiler: ({ httpPart }) => (httpPart === 'querystring' ? validatorOf(NOTHING) : () => true),
      },
    )
  }

  await app.register(async (single) => {
    single.addContentTypeParser('multipart/form-data', async (request: FastifyRequest, body: RequestPayload) => {
      refuseEncodedBody(request)
      return body
    })

    serve(single, {
      endpoint: submitMessage,
      accept(arrived) {
        const { request, sender, idempotencyKey, traceparent } = arrived
        return accept({
          sender,
          memory: request.arrival,
          traceparent,
          log: request.log,
          // Parts may take long to arrive, so that their message is held to the settings in force then.
          readSettings: async () =>
            isMultipart(request.headers['content-type']) ? readSettings(sender.tenantId) : sender.settings,
          read: async (sink, check) => ({
            input: await readWhole(arrived, sink, check),
            mime: null,
            idempotencyKey,
            contentHash: null,
          }),
        })
      },
      async hash(arrived) {
        const intake = createHashingIntake()
        const input = await readWhole(arrived, intake, async () => {})
        return hashSubmission(toSubmission(input, intake.parts))
      },
      answer([message], reply) {
        void reply.header('location', addressOfMessage(message?.id ?? ''))
        return message as Message
      },
    })
  })

  serve(app, {
    endpoint: submitMessages,
    maxJsonValues: MAX_JSON_VALUES,
    accept: ({ request, ...arrived }) =>
      acceptBatch({ ...arrived, log: request.log, read: (check) => readBatch(request, check) }),
    hash: async ({ request }) => hashBatch(await readBatch(request, async () => {})),
    answer: (items) => ({ items: [...items] }),
  })
}

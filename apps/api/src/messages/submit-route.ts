import { addressOfMessage, submitMessage, type Message } from '@inforiver-mail/contract/message'
import type { Scope } from '@inforiver-mail/contract/caller'
import type { FastifyPluginAsync, FastifyRequest, RequestPayload } from 'fastify'
import { refuseEncodedBody } from '../http/json-body.ts'
import { NOTHING, validatorOf } from '../http/route.ts'
import { createAdmission, type AdmissionDeps } from './admission.ts'
import { createHashingIntake, createIntake, type IntakeDeps } from './attachment-intake.ts'
import type { Owner } from '../queue/actor.ts'
import type { KeyHolder } from '../queue/idempotency.ts'
import type { Messages } from '../queue/queue.ts'
import { MAX_JSON_BYTES, readIdempotencyKey, readRequest } from './read-request.ts'
import { toSubmission } from './read-submission.ts'
import { arrivedTooSlowly, keyReused, requireNotEmpty, requireNotPast, storageFull } from './refusals.ts'
import type { Tracing } from '../tracing.ts'
import { hashSubmission, type Submit } from './submit.ts'

export interface SubmitOptions {
  readonly requireService: (scope: Scope) => (request: FastifyRequest) => Promise<Owner>
  readonly store: Pick<Messages, 'findKey'>
  readonly find: (owner: Owner, id: string) => Promise<Message>
  readonly submit: Submit
  readonly tracing: Tracing
  readonly onSubmitted: () => void
  readonly intake: IntakeDeps
  readonly admission: AdmissionDeps
  readonly databaseNow: () => Promise<Date>
}

/** Does without `route()`, since a multipart body is read while it arrives. */
export const submitRoute: FastifyPluginAsync<SubmitOptions> = async (app, options) => {
  const { requireService, store, find, submit, tracing, onSubmitted, databaseNow } = options
  app.addContentTypeParser('multipart/form-data', async (request: FastifyRequest, body: RequestPayload) => {
    refuseEncodedBody(request)
    return body
  })

  /** Takes a message whose key is not known yet; of two that arrive at once under one key, `submit` decides which is first. */
  async function accept(
    request: FastifyRequest,
    owner: Sender,
    key: string | null,
    traceparent: string | null,
  ): Promise<Accepted> {
    const admission = createAdmission(options.admission, owner.tenantId)
    const intake = createIntake(options.intake, admission, { ...owner, memory: request.arrival })
    let completed = false
    try {
      const input = await readRequest(request, intake, async ({ from, sendAt }) => {
        if (sendAt !== undefined) requireNotPast(sendAt, await databaseNow())
        await admission.requireSender(from)
      })
      const submission = toSubmission(input, intake.parts)
      requireNotEmpty(submission.content)
      await admission.requireSize(submission.content)
      const submitted = await submit({
        ...owner,
        ...submission,
        receiving: intake.receiving,
        idempotencyKey: key,
        traceparent,
      })
      completed = submitted.outcome === 'stored'
      switch (submitted.outcome) {
        case 'stored':
          onSubmitted()
          logAccepted(request, submitted.message.id, owner, false)
          return { message: submitted.message, replayed: false }
        case 'repeated':
          return await replay(request, owner, submitted.messageId)
        case 'key-reused':
          throw keyReused()
        case 'swept':
          throw arrivedTooSlowly()
        case 'storage-full':
          throw storageFull(submitted)
      }
    } finally {
      // Whatever cannot be deleted now is swept later, so the answer stays the same.
      await intake
        .end(completed)
        .catch((error: unknown) => request.log.warn({ err: error }, 'attachments are left over'))
    }
  }

  /** Answers a repetition with the first message, even if a new one would be refused now. */
  async function repeat(request: FastifyRequest, owner: Sender, first: KeyHolder): Promise<Accepted> {
    const intake = createHashingIntake()
    const input = await readRequest(request, intake, async () => {})
    if (hashSubmission(toSubmission(input, intake.parts)) !== first.contentHash) throw keyReused()
    return replay(request, owner, first.messageId)
  }

  async function replay(request: FastifyRequest, owner: Sender, id: string): Promise<Accepted> {
    logAccepted(request, id, owner, true)
    return { message: await find(owner, id), replayed: true }
  }

  const guards = new WeakMap<FastifyRequest, Owner>()
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
      guards.set(request, await requireService(submitMessage.scope)(request))
      return payload
    },
    handler: async (request, reply) => {
      const owner = guards.get(request)
      if (!owner || owner.service === null) throw new Error('The guard did not run.')
      const sender = { tenantId: owner.tenantId, service: owner.service }
      const key = readIdempotencyKey(request)
      const first = key === null ? null : await store.findKey({ ...sender, key })
      const { message, replayed } = await tracing.submit(
        { traceparent: request.headers['traceparent'], elapsedMs: reply.elapsedTime },
        (traceparent) => (first ? repeat(request, sender, first) : accept(request, sender, key, traceparent)),
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

interface Accepted {
  readonly message: Message
  /** Whether the key belonged to the message before. */
  readonly replayed: boolean
}

interface Sender {
  readonly tenantId: string
  readonly service: string
}

function logAccepted(request: FastifyRequest, message: string, { service }: Sender, repeated: boolean): void {
  request.log.info({ message, service, repeated }, 'message accepted')
}

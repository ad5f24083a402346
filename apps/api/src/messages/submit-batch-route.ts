import type { Message } from '@inforiver-mail/contract/message'
import { submitMessages } from '@inforiver-mail/contract/message-input'
import type { FastifyPluginAsync } from 'fastify'
import { NOTHING, validatorOf } from '../http/route.ts'
import type { Owner } from '../queue/actor.ts'
import type { AcceptBatch } from './accept-batch.ts'
import { logAccepted, type Sender } from './accept-message.ts'
import { readBatch } from './read-batch.ts'
import { MAX_JSON_BYTES, readIdempotencyKey } from './read-request.ts'
import { keyReused } from './refusals.ts'
import { hashBatch } from './submit-batch.ts'
import type { SubmitOptions } from './submit-route.ts'

/** More than the largest batch of valid messages has. */
const MAX_JSON_VALUES = 250_000

export interface SubmitBatchOptions extends Pick<SubmitOptions, 'requireService' | 'store' | 'tracing'> {
  readonly findAll: (owner: Owner, ids: readonly string[]) => Promise<Message[]>
  readonly acceptBatch: AcceptBatch
}

interface Accepted {
  readonly items: readonly Message[]
  readonly replayed: boolean
}

/** Does not use `route()`: the first refusal decides the answer, whether it is by the schema or by the policy. */
export const submitBatchRoute: FastifyPluginAsync<SubmitBatchOptions> = async (app, options) => {
  const { requireService, store, findAll, acceptBatch, tracing } = options
  const requireSender = requireService(submitMessages.scope)
  const senders = new WeakMap<object, { readonly sender: Sender; readonly hadArrived: boolean }>()
  app.route({
    method: submitMessages.method,
    url: submitMessages.path,
    bodyLimit: MAX_JSON_BYTES,
    config: { serves: submitMessages, tooLarge: 'message-too-large', maxJsonValues: MAX_JSON_VALUES },
    schema: {
      querystring: NOTHING,
      headers: submitMessages.headers,
      body: submitMessages.body,
      response: { [submitMessages.status]: submitMessages.response },
    },
    validatorCompiler: ({ httpPart }) => (httpPart === 'querystring' ? validatorOf(NOTHING) : () => true),
    preParsing: async (request, _reply, payload) => {
      senders.set(request, { sender: await requireSender(request), hadArrived: request.raw.complete })
      return payload
    },
    handler: async (request, reply) => {
      const admitted = senders.get(request)
      if (!admitted) throw new Error('The guard did not run.')
      // The key may have been revoked, and the settings changed, while the rest arrived.
      const sender = admitted.hadArrived ? admitted.sender : await requireSender(request)
      const { tenantId, service } = sender
      const key = readIdempotencyKey(request)
      const first = key === null ? null : await store.findKey({ tenantId, service, key })

      const replay = async (ids: readonly string[]): Promise<Accepted> => {
        for (const id of ids) logAccepted(request.log, id, sender, true)
        return { items: await findAll(sender, ids), replayed: true }
      }
      const take = async (traceparent: string | null): Promise<Accepted> => {
        const batch = await readBatch(request)
        if (first) {
          // A repetition is answered even if the messages would be refused now.
          if (hashBatch(batch.submissions()) !== first.contentHash) throw keyReused()
          return replay(first.messageIds)
        }
        const accepted = await acceptBatch({ sender, batch, idempotencyKey: key, traceparent, log: request.log })
        return accepted.outcome === 'repeated'
          ? replay(accepted.messageIds)
          : { items: accepted.messages, replayed: false }
      }

      const { items, replayed } = await tracing.submit(
        { traceparent: request.headers['traceparent'], elapsedMs: reply.elapsedTime },
        take,
        (accepted) => accepted.items.map(({ id }) => id).join(' '),
      )
      if (replayed) void reply.header('idempotency-replayed', 'true')
      return reply.code(submitMessages.status).header('cache-control', 'no-store').send({ items })
    },
  })
}

import multipart from '@fastify/multipart'
import { sameAddress } from '@inforiver-mail/contract/email-address'
import {
  cancelMessage,
  listMessages,
  readMessage,
  readUsage,
  retryMessage,
  sendTestMessage,
  submitMessage,
  type Message,
} from '@inforiver-mail/contract/message'
import type { Scope } from '@inforiver-mail/contract/service-key'
import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import { ProblemError } from '../http/problem.ts'
import { route } from '../http/route.ts'
import type { SignedIn } from '../http/session.ts'
import { parseCursor, writeCursor } from './cursor.ts'
import type { MessageStore, Owner } from './message-store.ts'
import { MAX_JSON_BYTES, readIdempotencyKey, readRequest } from './read-request.ts'
import { toContent } from './read-submission.ts'
import type { Submit } from './submit.ts'
import { toUsage, type UsageLimits } from './usage.ts'
import type { MailboxState } from './usage-store.ts'
import { testMessage } from './test-message.ts'

type Guard<Caller> = (request: FastifyRequest) => Promise<Caller>

interface Options {
  readonly requireAdmin: Guard<SignedIn>
  readonly requireService: (scope: Scope) => Guard<Owner>
  readonly requireServiceOrAdmin: (scope: Scope) => Guard<Owner>
  readonly store: MessageStore
  readonly usageStore: { read(tenantId: string, now: Date): Promise<MailboxState> }
  readonly limits: UsageLimits
  readonly submit: Submit
  readonly onSubmitted: () => void
  /** The address mail leaves from now; null while none is configured. */
  readonly configuredSender: (tenantId: string) => Promise<string | null>
  readonly clock: () => Date
}

const SERVICE_OF_THE_PAGE = 'tenant-settings'

export const messageRoutes: FastifyPluginAsync<Options> = async (app, options) => {
  const { requireAdmin, requireServiceOrAdmin, store, submit, onSubmitted, configuredSender, clock } = options
  await app.register(multipart)

  async function find(owner: Owner, id: string): Promise<Message> {
    const message = await store.find(owner, id, await configuredSender(owner.tenantId))
    if (!message) throw new ProblemError('not-found', 'There is no such message.')
    return message
  }

  async function refuseOtherSender(tenantId: string, from: string): Promise<void> {
    const sender = await configuredSender(tenantId)
    if (sender !== null && sameAddress(from, sender)) return
    throw new ProblemError(
      'sender-not-allowed',
      sender === null
        ? 'No sender is configured yet. Leave from out: the message leaves from the sender that is configured when it is sent.'
        : `Messages leave from ${sender} only. Leave from out, or use replyTo for answers to another address.`,
    )
  }

  // Not through route(): the message may be a part of a multipart body, which is read while it arrives.
  const guards = new WeakMap<FastifyRequest, Owner>()
  app.route({
    method: submitMessage.method,
    url: submitMessage.path,
    bodyLimit: MAX_JSON_BYTES,
    config: { tooLarge: 'message-too-large' },
    schema: { body: submitMessage.body, response: { [submitMessage.status]: submitMessage.response } },
    validatorCompiler: () => () => true, // validated below, once it is known whether it came as JSON or in parts
    onRequest: async (request) => {
      guards.set(request, await options.requireService('messages:send')(request))
    },
    handler: async (request, reply) => {
      const owner = guards.get(request)
      if (!owner) throw new Error('The guard did not run.')
      const { tenantId, service } = owner
      const idempotencyKey = readIdempotencyKey(request)
      const { input, parts } = await readRequest(request)
      if (input.from !== undefined) await refuseOtherSender(tenantId, input.from)
      const submitted = await submit({
        tenantId,
        service: service ?? SERVICE_OF_THE_PAGE,
        content: toContent(input, parts),
        reference: input.reference ?? null,
        sendAt: input.sendAt === undefined ? null : new Date(input.sendAt),
        onUnknownOutcome: input.onUnknownOutcome,
        idempotencyKey,
      })
      if (submitted.outcome === 'key-reused') {
        throw new ProblemError(
          'idempotency-key-reused',
          'This Idempotency-Key was used within the last 24 hours for a message with other content. Use a new key for a new message.',
        )
      }
      const message = submitted.outcome === 'stored' ? submitted.message : await find(owner, submitted.messageId)
      if (submitted.outcome === 'stored') onSubmitted()
      request.log.info({ message: message.id, service, repeated: submitted.outcome === 'repeated' }, 'message accepted')
      return reply.code(submitMessage.status).header('cache-control', 'no-store').send(message)
    },
  })

  route(app, readMessage, requireServiceOrAdmin('messages:read'), async ({ caller, params: { id } }) =>
    find(caller, id),
  )

  route(
    app,
    listMessages,
    requireServiceOrAdmin('messages:read'),
    async ({ caller, query: { status, cursor, limit } }) => {
      const after = cursor === undefined ? undefined : parseCursor(cursor)
      const listing = { ...(status && { status }), ...(after && { after }), limit: limit + 1 }
      const found = await store.list(caller, listing, await configuredSender(caller.tenantId))
      const items = found.slice(0, limit)
      const last = items.at(-1)
      return { items, nextCursor: found.length > limit && last ? writeCursor(last) : null }
    },
  )

  route(app, cancelMessage, requireServiceOrAdmin('messages:send'), async ({ caller, params: { id } }) => {
    const { status } = await find(caller, id)
    if (await store.cancel(caller, id, clock())) return find(caller, id)
    throw new ProblemError(
      'message-not-cancellable',
      status === 'sending' || status === 'queued'
        ? 'The message is on its way to Microsoft, or may have been sent already.'
        : `The message is ${status}.`,
    )
  })

  route(app, retryMessage, requireServiceOrAdmin('messages:send'), async ({ caller, params: { id } }) => {
    const { status } = await find(caller, id)
    if (await store.retry(caller, id, clock())) return find(caller, id)
    throw new ProblemError(
      'message-not-retryable',
      status === 'failed'
        ? 'The content of the message is deleted by now: submit it again.'
        : `Only a failed message can be retried; this one is ${status}.`,
    )
  })

  route(app, readUsage, requireServiceOrAdmin('settings:read'), async ({ caller: { tenantId } }) => {
    const now = clock()
    return toUsage(await options.usageStore.read(tenantId, now), options.limits, now)
  })

  route(app, sendTestMessage, requireAdmin, async ({ request, caller: admin, body }) => {
    const { tenantId } = admin
    const sender = await configuredSender(tenantId)
    if (sender === null)
      throw new ProblemError('not-configured', 'No mailbox is connected yet. Enable one first, then send a test mail.')
    const to = body.to === undefined ? { address: admin.email, name: admin.name } : { address: body.to }
    const content = testMessage({ to, sender, askedBy: admin.name, at: clock() })
    const submitted = await submit({ tenantId, service: SERVICE_OF_THE_PAGE, content })
    if (submitted.outcome !== 'stored') throw new Error('A test message has no idempotency key.')
    onSubmitted()
    request.log.info({ message: submitted.message.id }, 'test message accepted')
    return { messageId: submitted.message.id }
  })
}

import { EmailAddress } from '@inforiver-mail/contract/email-address'
import {
  addressOfMessage,
  cancelMessage,
  readMessage,
  retryMessage,
  type Message,
  type MessageStatus,
} from '@inforiver-mail/contract/message'
import { sendTestMessage } from '@inforiver-mail/contract/message-input'
import { readUsage, sendNow } from '@inforiver-mail/contract/usage'
import type { Scope } from '@inforiver-mail/contract/caller'
import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import type { MessageContent } from '@inforiver-mail/m365/message-content'
import type { Timers } from '../runtime/clock.ts'
import { escapeHtml } from '../http/html.ts'
import { refuseFaults, refuseInput } from '../http/input-faults.ts'
import { ProblemError, type Said, say } from '../http/problem.ts'
import { route } from '../http/route.ts'
import type { SignedIn } from '../http/session.ts'
import type { Places } from '../memory/shares.ts'
import { afterCommit } from '../domain/outage.ts'
import type { Actor, Owner } from '../queue/actor.ts'
import type { MailboxLimits } from '../queue/mailbox/limits.ts'
import type { Messages } from '../queue/queue.ts'
import type { Submit } from './submit.ts'
import { findRoutes, type Audit } from './find-routes.ts'
import { submitRoutes, type SubmitOptions } from './submit-routes.ts'
import { refuseRecipient, requireAllowedRecipients, storageFull } from './refusals.ts'
import { toUsage } from './usage.ts'

type Guard<Caller> = (request: FastifyRequest) => Promise<Caller>

/** Who may call what. */
export interface MessageGuards extends Pick<SubmitOptions, 'requireService'> {
  readonly requireAdmin: Guard<SignedIn>
  readonly requireServiceOrAdmin: (scope: Scope) => Guard<Actor>
}

interface Options extends Omit<SubmitOptions, 'findAll'>, MessageGuards {
  readonly store: Messages
  readonly limits: MailboxLimits
  /** The most that a tenant may store. */
  readonly storageBytes: number
  readonly submit: Submit
  readonly onSubmitted: () => void
  readonly clock: () => Date
  readonly timers: Timers
  /** The clock that the end of a message is judged by. */
  readonly databaseNow: () => Promise<Date>
  readonly exportPlaces: Places
  readonly audit: Audit
}

export const messageRoutes: FastifyPluginAsync<Options> = async (app, options) => {
  const { requireAdmin, requireServiceOrAdmin, store, submit, onSubmitted, clock } = options

  async function senderAddress(tenantId: string): Promise<string | null> {
    return (await options.readSettings(tenantId)).sender?.fromEmail ?? null
  }

  async function allowedNow(tenantId: string): Promise<readonly string[]> {
    return (await options.readSettings(tenantId)).recipientsPolicy.allowedDomains
  }

  async function find(owner: Owner, id: string): Promise<Message> {
    const message = await store.find(owner, id, await senderAddress(owner.tenantId))
    if (!message) throw new ProblemError('not-found', 'There is no such message.')
    return message
  }

  /** @throws {ProblemError} unless all of them are there */
  async function findAll(owner: Owner, ids: readonly string[]): Promise<Message[]> {
    const messages = await store.findAll(owner, ids, await senderAddress(owner.tenantId))
    if (messages.length === ids.length) return messages
    throw new ProblemError(
      'not-found',
      ids.length === 1 ? 'There is no such message.' : 'Some of the messages are deleted by now.',
    )
  }

  await app.register(submitRoutes, { ...options, findAll })

  route(app, readMessage, requireServiceOrAdmin(readMessage.scope), async ({ caller, params: { id } }) =>
    find(caller, id),
  )

  await app.register(findRoutes, { ...options, senderAddress, allowedNow })

  route(app, cancelMessage, requireServiceOrAdmin(cancelMessage.scope), async ({ request, caller, params: { id } }) => {
    await find(caller, id)
    if (await store.cancel(caller, id, clock())) {
      request.log.info({ message: id, by: nameOf(caller) }, 'message cancelled')
      return afterCommit(() => find(caller, id))
    }
    const { status } = await find(caller, id) // somebody else may have been faster
    throw new ProblemError('message-not-cancellable', notCancellable(status))
  })

  route(app, retryMessage, requireServiceOrAdmin(retryMessage.scope), async ({ request, caller, params: { id } }) => {
    const { status: before, to, cc, bcc } = await find(caller, id)
    // Of a message of 1.0.0 only `to` is known.
    const recipients = { to, cc: cc ?? [], bcc: bcc ?? [] }
    if (before === 'failed')
      requireAllowedRecipients(recipients, { ofInstallation: await allowedNow(caller.tenantId), ofKey: [] })
    if (await store.retry(caller, id, clock())) {
      request.log.info({ message: id, by: nameOf(caller) }, 'message retried')
      return afterCommit(() => find(caller, id))
    }
    const { status, expiresAt } = await find(caller, id) // somebody else may have been faster
    throw new ProblemError('message-not-retryable', notRetryable(status, expiresAt, await options.databaseNow()))
  })

  route(app, readUsage, requireServiceOrAdmin(readUsage.scope), async ({ caller: { tenantId } }) => {
    return toUsage(await store.readMailbox(tenantId), options.limits, options.storageBytes)
  })

  route(app, sendNow, requireAdmin, async ({ request, caller: { tenantId, userId } }) => {
    await store.sendNow(tenantId, userId)
    request.log.info('pause of the mailbox ended')
    return afterCommit(async () => toUsage(await store.readMailbox(tenantId), options.limits, options.storageBytes))
  })

  route(app, sendTestMessage, requireAdmin, async ({ request, reply, caller: admin, body }) => {
    const { tenantId } = admin
    const { sender, recipientsPolicy } = await options.readSettings(tenantId)
    if (sender === null)
      throw new ProblemError('not-configured', 'No mailbox is connected yet. Enable one first, then send a test mail.')
    const to = body.to === undefined ? { address: admin.email, name: admin.name } : { address: body.to }
    // The sign-in name of an admin without a mailbox need not be a mail address.
    const { error } = EmailAddress.safeParse(to.address)
    if (error) throw refuseInput(error.issues.map(({ message }) => ({ path: 'to', message })))
    const refusal = refuseRecipient(to.address, { ofInstallation: recipientsPolicy.allowedDomains, ofKey: [] })
    if (refusal !== null) throw refuseFaults('recipient-not-allowed', [{ path: 'to', message: refusal }])
    const content = testMail({ to, sender: sender.fromEmail, askedBy: admin.name, at: clock() })
    const submitted = await submit({
      tenantId,
      service: null,
      submissions: [
        { content, reference: null, sendAt: null, priority: 'normal', expiresAt: null, onUnknownOutcome: 'retry' },
      ],
      receiving: null,
      idempotency: null,
      traceparent: null,
    })
    if (submitted.outcome === 'storage-full') throw storageFull(submitted)
    if (submitted.outcome !== 'stored') throw new Error('A test message has no idempotency key.')
    onSubmitted()
    const messageId = submitted.messages[0]?.id ?? ''
    await afterCommit(() =>
      options.audit({
        tenantId,
        actor: admin.userId,
        action: 'test-message-sent',
        outcome: 'done',
        details: { message: messageId },
      }),
    )
    request.log.info({ message: messageId }, 'test message accepted')
    void reply.header('location', addressOfMessage(messageId))
    return { messageId }
  })
}

/** The mail behind *Send test mail*, which is delivered like any other message. */
function testMail({
  to,
  sender,
  askedBy,
  at,
}: {
  to: Message['to'][number]
  sender: string
  askedBy: string
  at: Date
}): MessageContent {
  const lines = [
    `${askedBy} asked Inforiver to send this test mail from ${sender}.`,
    'It arrived, so reports, alerts and invitations will arrive as well.',
    `Sent on ${at.toISOString()}.`,
  ]
  return {
    to: [to],
    cc: [],
    bcc: [],
    replyTo: [],
    subject: 'Test mail from Inforiver',
    html: `<!doctype html><html><body>${lines.map((line) => `<p>${escapeHtml(line)}</p>`).join('')}</body></html>`,
    text: null,
    attachments: [],
    headers: {},
    importance: 'normal',
    saveToSentItems: true,
  }
}

/** Names the service, or the person by id, for the log. */
function nameOf({ service, userId }: Actor): string | null {
  return service ?? userId
}

function notRetryable(status: MessageStatus, expiresAt: string | null, now: Date): Said {
  if (status !== 'failed') return say('not-failed', { status })
  if (expiresAt !== null && Date.parse(expiresAt) <= now.getTime()) return say('has-expired')
  return say('content-deleted')
}

function notCancellable(status: MessageStatus): Said {
  if (status === 'sending' || status === 'queued') return say('on-its-way')
  // A held message can be cancelled unless it is in doubt.
  if (status === 'held') return say('in-doubt')
  return say('has-ended', { status })
}

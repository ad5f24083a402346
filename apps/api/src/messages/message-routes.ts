import { readMessage, sendTestMessage } from '@inforiver-mail/contract/message'
import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import { ProblemError } from '../http/problem.ts'
import { route } from '../http/route.ts'
import type { SignedIn } from '../http/session.ts'
import type { MessageStore } from './message-store.ts'
import type { Submit } from './submit.ts'
import { testMessage } from './test-message.ts'

interface Options {
  readonly requireAdmin: (request: FastifyRequest) => Promise<SignedIn>
  readonly store: MessageStore
  readonly submit: Submit
  /** The address mail leaves from now; null while none is configured. */
  readonly configuredSender: (tenantId: string) => Promise<string | null>
  readonly clock: () => Date
}

export const messageRoutes: FastifyPluginAsync<Options> = async (
  app,
  { requireAdmin, store, submit, configuredSender, clock },
) => {
  route(app, sendTestMessage, requireAdmin, async ({ request, caller: admin, body }) => {
    const sender = await configuredSender(admin.tenantId)
    if (sender === null)
      throw new ProblemError('not-configured', 'No mailbox is connected yet. Enable one first, then send a test mail.')
    const to = body.to === undefined ? { address: admin.email, name: admin.name } : { address: body.to }
    const messageId = await submit(
      admin.tenantId,
      'tenant-settings',
      testMessage({ to, sender, askedBy: admin.name, at: clock() }),
    )
    request.log.info({ message: messageId }, 'test message submitted')
    return { messageId }
  })

  route(app, readMessage, requireAdmin, async ({ caller: { tenantId }, params: { id } }) => {
    const message = await store.find(tenantId, id, await configuredSender(tenantId))
    if (!message) throw new ProblemError('not-found', 'There is no such message.')
    return message
  })
}

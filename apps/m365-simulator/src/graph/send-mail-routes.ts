import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { storeAttachment } from '../mail/attachments.ts'
import { deliver, newMessageId } from '../mail/deliver.ts'
import type { Simulation } from '../simulation/simulation.ts'
import { enterMailbox, requireSender, visitToSend } from './mailbox-access.ts'
import { requireAcceptableSize } from './message-size.ts'
import { readSendMail } from './read-message.ts'
import { readJsonObject } from './request-body.ts'

/** `/me/sendMail` and `/users/{user}/sendMail`. */
export function sendMailRoutes(app: FastifyInstance, simulation: Simulation): void {
  const { index, settings, clock } = simulation

  const sendMail = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const visit = visitToSend(request, simulation)
    const submission = readSendMail(readJsonObject(request, settings.current, { mime: true }))
    const { content, attachments, internetMessageId, saveToSentItems } = submission
    const sizes = attachments.map((attachment) => attachment.content.length)
    requireAcceptableSize(content.body, sizes, settings.current)
    const message = {
      ...content,
      ...requireSender(submission, visit, simulation),
      internetMessageId: internetMessageId ?? newMessageId(index),
      attachments: attachments.map((attachment) => storeAttachment(attachment, simulation)),
      sentAt: clock().toISOString(),
      submittedBy: request.caller.oid,
    }
    request.facts.accepted = deliver(message, visit.address, { kind: saveToSentItems ? 'new' : 'none' }, simulation)
    return reply.code(202).send()
  }

  const options = {
    config: { endpoint: 'sendMail' as const },
    onRequest: (request: FastifyRequest, reply: FastifyReply) => enterMailbox(request, reply, simulation),
  }
  app.post('/me/sendMail', options, sendMail)
  app.post('/users/:user/sendMail', options, sendMail)
}

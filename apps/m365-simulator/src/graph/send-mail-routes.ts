import { randomUUID } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { readJson } from '../http/body.ts'
import { deliver } from '../mail/deliver.ts'
import type { Simulation } from '../simulation.ts'
import { findBodyFault } from './find-body-fault.ts'
import { ACCESS_DENIED, type GraphError, sendGraphError } from './graph-error.ts'
import { judgeSender, maySendAtAll, targetError } from './judge-sender.ts'
import { enterMailbox, targetOf } from './mailbox-gate.ts'
import { findMessageSizeFault } from './message-size.ts'
import { readSendMail } from './read-message.ts'
import { attachmentBlobs, storeAttachment } from './store-attachment.ts'

/** `/me/sendMail` and `/users/{user}/sendMail`. */
export function sendMailRoutes(app: FastifyInstance, simulation: Simulation): void {
  const { index, settings, clock } = simulation

  const accept = (request: FastifyRequest): GraphError | null => {
    const { caller } = request
    if (!maySendAtAll(caller)) return ACCESS_DENIED
    const target = targetOf(request, simulation)
    if (target.kind !== 'mailbox') return targetError(target)
    const bodyError = findBodyFault(request, settings.current, true)
    if (bodyError !== null) return bodyError
    const reading = readSendMail(readJson(request.body))
    if (reading.kind === 'refused') return reading.error
    const { submission } = reading
    const sizes = submission.attachments.map(({ content }) => content.length)
    const sizeError = findMessageSizeFault(submission.content.body, sizes, settings.current)
    if (sizeError !== null) return sizeError
    const judgement = judgeSender(submission, target, caller, simulation)
    if (judgement.kind === 'refused') return judgement.error

    const mailbox = target.addressee.address.toLowerCase()
    const blobs = attachmentBlobs(simulation)
    const message = {
      ...submission.content,
      internetMessageId: submission.internetMessageId ?? `<${randomUUID()}@${index.directory.domains[0]}>`,
      from: judgement.from,
      sender: judgement.sender,
      attachments: submission.attachments.map((attachment) => storeAttachment(attachment, blobs)),
      sentAt: clock().toISOString(),
      submittedBy: caller.oid,
    }
    const sentCopy = { kind: submission.saveToSentItems ? ('new' as const) : ('none' as const) }
    request.facts.accepted = deliver(message, mailbox, sentCopy, simulation)
    return null
  }

  const options = {
    config: { endpoint: 'sendMail' as const },
    onRequest: (request: FastifyRequest, reply: FastifyReply) => enterMailbox(request, reply, simulation),
  }
  const sendMail = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const error = accept(request)
    return error === null ? reply.code(202).send() : sendGraphError(request, reply, error)
  }
  app.post('/me/sendMail', options, sendMail)
  app.post('/users/:user/sendMail', options, sendMail)
}

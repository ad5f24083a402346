import type { FastifyPluginAsync } from 'fastify'
import { Counter, type Registry } from 'prom-client'
import type { Runtime } from '../runtime/clock.ts'
import type { ContentKeys } from '../vault/content-keys.ts'
import { appendAuditEvent } from '../database/audit-log.ts'
import type { Database } from '../database/database.ts'
import type { Places } from '../memory/shares.ts'
import type { MailboxLimits } from '../queue/mailbox/limits.ts'
import type { Messages, Receiving } from '../queue/queue.ts'
import type { Tracing } from '../runtime/tracing.ts'
import { createAcceptBatch } from './accept-batch.ts'
import { createAccept } from './accept-message.ts'
import { createAdmission, type AdmissionDeps, type Admitted } from './admission.ts'
import { messageRoutes, type MessageGuards } from './message-routes.ts'
import { createSubmitBatch } from './submit-batch.ts'
import { createSealing, createSubmit } from './submit.ts'

/** Wires submitting, finding, cancelling and retrying. */
export function composeMessages(
  deps: Runtime & {
    database: Pick<Database, 'prisma'>
    store: Messages
    receiving: Receiving
    readSettings: AdmissionDeps['readSettings']
    contentKeys: ContentKeys
    limits: MailboxLimits
    /** The most that a tenant may store. */
    storageBytes: number
    exportPlaces: Places
    registry: Registry
    tracing: Tracing
    databaseNow: () => Promise<Date>
  },
) {
  const { database, store, receiving, readSettings, registry, clock, databaseNow } = deps
  const seal = createSealing(deps)
  const submit = createSubmit({ ...deps, seal })
  const submitted = new Counter({
    name: 'inforiver_mail_submitted_total',
    help: 'Messages accepted.',
    registers: [registry],
  })
  const onSubmitted = () => submitted.inc()
  const admission = { store, readSettings }
  const accepting = { admission, databaseNow, onSubmitted }
  const accept = createAccept({ ...accepting, submit, intake: { ...deps, store: receiving } })
  const acceptBatch = createAcceptBatch({
    ...accepting,
    submitBatch: createSubmitBatch({ ...deps, seal }),
  })

  return {
    /** Takes a message while it arrives, by whichever protocol. */
    accept,
    /** @throws {ProblemError} `recipient-not-allowed` */
    requireRecipient: (sender: Admitted, address: string) =>
      createAdmission(admission, sender).requireRecipients({ to: [{ address }], cc: [], bcc: [] }),
    routes:
      (guards: MessageGuards): FastifyPluginAsync =>
      async (app) => {
        await app.register(messageRoutes, {
          ...deps,
          ...guards,
          submit,
          accept,
          acceptBatch,
          onSubmitted,
          auditExport: ({ actor: { tenantId, userId, service }, filter }) =>
            appendAuditEvent(database.prisma, {
              tenantId,
              at: clock(),
              actor: userId,
              action: 'messages-exported',
              outcome: 'begun',
              details: { filter, ...(service !== null && { name: service }) },
            }),
          auditTestMessage: ({ tenantId, actor, messageId: message }) =>
            appendAuditEvent(database.prisma, {
              tenantId,
              at: clock(),
              actor,
              action: 'test-message-sent',
              outcome: 'done',
              details: { message },
            }),
        })
      },
  }
}

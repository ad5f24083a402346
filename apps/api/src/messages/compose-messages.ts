import type { FastifyPluginAsync } from 'fastify'
import { Counter, type Registry } from 'prom-client'
import type { RandomBytes } from '@inforiver-mail/m365/random'
import type { Timers } from '../runtime/clock.ts'
import type { ContentKeys } from '../vault/content-keys.ts'
import { appendAuditEvent } from '../database/audit-log.ts'
import type { Database } from '../database/database.ts'
import type { NewId } from '../runtime/ids.ts'
import type { Places } from '../memory/shares.ts'
import type { MailboxLimits } from '../queue/mailbox/limits.ts'
import type { Messages, Receiving } from '../queue/queue.ts'
import type { Tracing } from '../runtime/tracing.ts'
import { createAcceptBatch } from './accept-batch.ts'
import { createAccept, type Accept } from './accept-message.ts'
import { createAdmission, type AdmissionDeps, type Admitted } from './admission.ts'
import { messageRoutes, type MessageGuards } from './message-routes.ts'
import { createSubmitBatch } from './submit-batch.ts'
import { createSealing, createSubmit } from './submit.ts'

export interface MessagesFeature {
  /** Takes a message while it arrives, by whichever protocol. */
  readonly accept: Accept
  /** @throws {ProblemError} `recipient-not-allowed` */
  requireRecipient(this: void, sender: Admitted, address: string): Promise<void>
  routes(guards: MessageGuards): FastifyPluginAsync
}

/** Wires submitting, finding, cancelling and retrying. */
export function composeMessages({
  database,
  store,
  receiving,
  readSettings,
  contentKeys,
  limits,
  storageBytes,
  exportPlaces,
  registry,
  tracing,
  clock,
  timers,
  databaseNow,
  random,
  newId,
}: {
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
  clock: () => Date
  timers: Timers
  databaseNow: () => Promise<Date>
  random: RandomBytes
  newId: NewId
}): MessagesFeature {
  const seal = createSealing({ contentKeys, random })
  const submit = createSubmit({ store, contentKeys, seal, newId })
  const submitted = new Counter({
    name: 'inforiver_mail_submitted_total',
    help: 'Messages accepted.',
    registers: [registry],
  })
  const onSubmitted = () => submitted.inc()
  const admission = { store, readSettings }
  const accepting = { admission, databaseNow, onSubmitted }
  const accept = createAccept({ ...accepting, submit, intake: { store: receiving, contentKeys, random, newId } })
  const acceptBatch = createAcceptBatch({
    ...accepting,
    submitBatch: createSubmitBatch({ store, contentKeys, seal, newId }),
  })

  return {
    accept,
    requireRecipient: (sender, address) =>
      createAdmission(admission, sender).requireRecipients({ to: [{ address }], cc: [], bcc: [] }),
    routes: (guards) => async (app) => {
      await app.register(messageRoutes, {
        ...guards,
        store,
        limits,
        storageBytes,
        exportPlaces,
        submit,
        accept,
        acceptBatch,
        readSettings,
        tracing,
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
        clock,
        timers,
        databaseNow,
      })
    },
  }
}

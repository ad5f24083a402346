import type { FastifyPluginAsync } from 'fastify'
import { Counter, type Registry } from 'prom-client'
import type { Runtime } from '../runtime/clock.ts'
import type { ContentKeys } from '../vault/content-keys.ts'
import { appendAuditEvent } from '../database/audit-log.ts'
import type { Database } from '../database/database.ts'
import type { Sender } from '../domain/arriving-message.ts'
import type { SubmitSettings } from '../domain/submit-settings.ts'
import type { Places } from '../memory/shares.ts'
import type { MailboxLimits } from '../queue/mailbox/limits.ts'
import type { Messages, Receiving } from '../queue/queue.ts'
import type { Tracing } from '../runtime/tracing.ts'
import { createAccept } from './accept-message.ts'
import { messageRoutes, type MessageGuards } from './message-routes.ts'
import { requireAllowedRecipients } from './refusals.ts'
import { createSubmit } from './submit.ts'

/** Wires submitting, finding, cancelling and retrying. */
export function composeMessages(
  deps: Runtime & {
    database: Pick<Database, 'prisma'>
    store: Messages
    receiving: Receiving
    readSettings: (tenantId: string) => Promise<SubmitSettings>
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
  const { database, receiving, registry, clock } = deps
  const submit = createSubmit(deps)
  const submitted = new Counter({
    name: 'inforiver_mail_submitted_total',
    help: 'Messages accepted.',
    registers: [registry],
  })
  const onSubmitted = () => submitted.inc()
  const accepting = createAccept({ ...deps, submit, intake: { ...deps, store: receiving }, onSubmitted })

  return {
    /** Takes a message while it arrives, by whichever protocol. */
    accept: accepting.accept,
    /** @throws {ProblemError} `recipient-not-allowed` */
    requireRecipient: ({ settings, allowedDomains }: Sender, address: string): void =>
      requireAllowedRecipients(
        { to: [{ address }], cc: [], bcc: [] },
        { ofInstallation: settings.recipientsPolicy.allowedDomains, ofKey: allowedDomains },
      ),
    routes:
      (guards: MessageGuards): FastifyPluginAsync =>
      async (app) => {
        await app.register(messageRoutes, {
          ...deps,
          ...guards,
          submit,
          ...accepting,
          onSubmitted,
          audit: (event) => appendAuditEvent(database.prisma, { ...event, at: clock() }),
        })
      },
  }
}

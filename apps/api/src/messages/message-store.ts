import type { HeldBecause, Message, MessageProblem, MessageStatus, Recipient } from '@inforiver-mail/contract/message'
import type { Sealed } from '@inforiver-mail/m365/token-vault'
import type { PrismaClient } from '../database/generated/client.ts'

/** The channel on which the workers listen. */
const CHANNEL = 'inforiver_mail_messages'

export interface NewMessage {
  readonly id: string
  readonly tenantId: string
  readonly service: string
  readonly to: readonly Recipient[]
  readonly subject: string
  readonly reference: string | null
  readonly createdAt: Date
  readonly contentKeySealed: Sealed
  readonly content: Buffer
}

export interface MessageStore {
  /** Queues it in one transaction, and wakes the workers when that commits. */
  submit(message: NewMessage): Promise<void>
  /** As others see it; `configuredSender` is where it would leave from now. */
  find(tenantId: string, id: string, configuredSender: string | null): Promise<Message | null>
}

export function createMessageStore(prisma: PrismaClient): MessageStore {
  return {
    async submit({ to, content, ...message }) {
      await prisma.$transaction([
        prisma.message.create({
          data: {
            ...message,
            to: to.map((recipient) => ({ ...recipient })),
            content: new Uint8Array(content),
            status: 'queued',
            nextAttemptAt: message.createdAt,
          },
        }),
        prisma.$executeRaw`SELECT pg_notify(${CHANNEL}, '')`,
      ])
    },

    async find(tenantId, id, configuredSender) {
      const row = await prisma.message.findUnique({
        where: { id, tenantId },
        omit: { content: true, contentKeySealed: true },
        include: { attempts: { orderBy: { id: 'asc' } } },
      })
      if (!row) return null
      return {
        id: row.id,
        status: row.status as MessageStatus,
        from: row.fromEmail ?? configuredSender,
        to: row.to as unknown as Recipient[],
        subject: row.subject,
        reference: row.reference,
        createdAt: row.createdAt.toISOString(),
        sendAt: row.sendAt?.toISOString() ?? null,
        nextAttemptAt: row.nextAttemptAt?.toISOString() ?? null,
        sentAt: row.sentAt?.toISOString() ?? null,
        attempts: row.attempts.map(({ at, outcome, code, detail }) => ({
          at: at.toISOString(),
          outcome: outcome as Message['attempts'][number]['outcome'],
          code,
          detail,
        })),
        heldBecause: row.heldBecause as HeldBecause | null,
        possibleDuplicate: row.possibleDuplicate,
        progress: null,
        problem: row.problem as MessageProblem | null,
      }
    },
  }
}

import {
  MAX_REPLAYED_EVENTS,
  MAX_REPLAYS,
  MAX_WEBHOOKS,
  type Webhook,
  type WebhookAttempt,
  type WebhookSubject,
} from '@inforiver-mail/contract/webhook'
import type { Sealed } from '@inforiver-mail/m365/token-vault'
import { appendAuditEvent, type AuditEvent } from '../database/audit-log.ts'
import type { Prisma, PrismaClient, Webhook as WebhookRow, WebhookStream } from '../database/generated/client.ts'
import { lockTenant } from '../database/transaction.ts'
import type { NewId } from '../runtime/ids.ts'
import { positionOf, type EventFilter, type Events } from '../queue/records/events.ts'
import { readWebhookAttempt, readWebhookTypes } from '../domain/stored-values.ts'
import { eventTypesOf, type WebhookTarget } from './webhook-sender.ts'

/** How many events are looked at to say how many a webhook still gets, or a replay will send. */
const LOOKED_AT_TO_TELL = 20_000
const LOOKED_AT_TO_REPLAY = Number.POSITIVE_INFINITY

/** What a webhook is sent. */
export interface WebhookContents {
  /** Null: every alert, and no event. */
  readonly types: readonly WebhookSubject[] | null
  /** Null: events of every service. */
  readonly services: readonly string[] | null
  /** The position of the event that its events follow; null if it is sent none. */
  readonly startsAt: number | null
}

export function createWebhookStore(prisma: PrismaClient, events: Pick<Events, 'count'>, newId: NewId) {
  return {
    /** `waiting` has the deliveries, and up to 10,000 events that a webhook still gets for the first time. */
    async list(tenantId: string): Promise<Webhook[]> {
      const rows = await prisma.webhook.findMany({
        where: { tenantId },
        include: { streams: true, _count: { select: { deliveries: true } } },
        orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
        take: MAX_WEBHOOKS,
      })
      return Promise.all(
        rows.map(async ({ streams, _count: { deliveries }, ...row }) => ({
          id: row.id,
          url: row.url,
          types: typesOf(row),
          services: servicesOf(row),
          createdAt: row.createdAt.toISOString(),
          waiting: deliveries + (await countWaiting(row, streams)),
          lastAttempt: readWebhookAttempt(row.lastAttempt),
        })),
      )
    },

    async find(tenantId: string, id: string): Promise<WebhookTarget | null> {
      const row = await prisma.webhook.findUnique({ where: { id, tenantId } })
      return row && { id, tenantId, url: row.url, secretSealed: row.secretSealed as Sealed }
    },

    /** Returns when it was created, by the clock of the database; null when the tenant has as many as it may have. */
    async create(
      { id, tenantId, url, secretSealed }: WebhookTarget,
      { types, services, startsAt }: WebhookContents,
      actor: string,
      now: Date,
    ): Promise<Date | null> {
      return prisma.$transaction(async (transaction) => {
        // Two admins at once must not exceed the limit.
        await lockTenant(transaction, tenantId)
        if ((await transaction.webhook.count({ where: { tenantId } })) >= MAX_WEBHOOKS) return null
        const { createdAt } = await transaction.webhook.create({
          data: {
            id,
            tenantId,
            url,
            secretSealed,
            ...(types && { types: [...types] }),
            ...(services && { services: [...services] }),
            ...(startsAt !== null && { streams: { create: { id: newId('stream'), position: BigInt(startsAt) } } }),
          },
        })
        const details = {
          ...(types && { types: types.join(', ') }),
          ...(services && { services: services.join(', ') }),
        }
        await audit(transaction, { id, tenantId, url }, { action: 'webhook-created', at: now, actor, details })
        return createdAt
      })
    },

    /** Returns false when there is none of this id. */
    async remove(tenantId: string, id: string, actor: string, now: Date): Promise<boolean> {
      return prisma.$transaction(async (transaction) => {
        await lockTenant(transaction, tenantId)
        const row = await transaction.webhook.findUnique({ where: { id, tenantId } })
        if (!row) return false
        await transaction.webhook.delete({ where: { id } })
        await audit(transaction, row, { action: 'webhook-removed', at: now, actor })
        return true
      })
    },

    /** Records the outcome of a test that an admin asked for. */
    async recordTest(webhook: WebhookTarget, actor: string, attempt: WebhookAttempt): Promise<void> {
      await prisma.$transaction(async (transaction) => {
        await transaction.webhook.updateMany({ where: { id: webhook.id }, data: { lastAttempt: { ...attempt } } })
        const { at, outcome } = attempt
        await audit(transaction, webhook, { action: 'webhook-tested', at: new Date(at), actor, outcome })
      })
    },

    /** Starts a replay, and returns how many events it sends. Returns `too-many` when too many are under way. */
    async replay(
      tenantId: string,
      id: string,
      since: Date,
      actor: string,
      now: Date,
    ): Promise<{ readonly count: number } | 'not-found' | 'too-many'> {
      const webhook = await prisma.webhook.findUnique({ where: { id, tenantId } })
      if (!webhook) return 'not-found'
      const filter = filterOf(webhook, since, null)
      const position = Math.max(0, positionOf(since))
      const limits = { atMost: MAX_REPLAYED_EVENTS, lookedAt: LOOKED_AT_TO_REPLAY }
      const { count, last } =
        filter.types.length === 0 ? { count: 0, last: null } : await events.count(tenantId, position, filter, limits)
      return prisma.$transaction(async (transaction) => {
        await lockTenant(transaction, tenantId)
        if ((await transaction.webhook.count({ where: { id } })) === 0) return 'not-found'
        const replays = await transaction.webhookStream.count({ where: { webhookId: id, endsAt: { not: null } } })
        if (replays >= MAX_REPLAYS) return 'too-many'
        if (last !== null) {
          const stream = { id: newId('stream'), webhookId: id, position: BigInt(position), endsAt: BigInt(last), since }
          await transaction.webhookStream.create({ data: stream })
        }
        const details = { since: since.toISOString(), count }
        await audit(transaction, webhook, { action: 'webhook-replayed', at: now, actor, details })
        return { count }
      })
    },
  }

  async function countWaiting(webhook: WebhookRow, streams: readonly WebhookStream[]): Promise<number> {
    let waiting = 0
    for (const { position, since, endsAt } of streams) {
      const limits = { atMost: MAX_REPLAYED_EVENTS - waiting, lookedAt: LOOKED_AT_TO_TELL }
      waiting += (await events.count(webhook.tenantId, Number(position), filterOf(webhook, since, endsAt), limits))
        .count
    }
    return waiting
  }
}

/** Of the address the audit log has the host only: the rest is often a secret. */
async function audit(
  transaction: Prisma.TransactionClient,
  { id, tenantId, url }: Pick<WebhookRow, 'id' | 'tenantId' | 'url'>,
  { outcome = 'done', details, ...event }: Omit<AuditEvent, 'tenantId' | 'outcome'> & { readonly outcome?: string },
): Promise<void> {
  const about = { webhook: id, host: new URL(url).host, ...details }
  await appendAuditEvent(transaction, { tenantId, ...event, outcome, details: about })
}

// PostgreSQL's null of an array is an empty one here, which no webhook has.

function typesOf({ types }: WebhookRow): WebhookSubject[] {
  return readWebhookTypes(types.length === 0 ? null : types)
}

function servicesOf({ services }: WebhookRow): string[] | null {
  return services.length === 0 ? null : services
}

function filterOf(webhook: WebhookRow, since: Date | null, endsAt: bigint | null): EventFilter {
  return {
    types: eventTypesOf(typesOf(webhook)),
    services: servicesOf(webhook),
    since,
    endsAt: endsAt === null ? null : Number(endsAt),
  }
}

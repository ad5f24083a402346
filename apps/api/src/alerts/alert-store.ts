import { AlertType } from '@inforiver-mail/contract/notice'
import type { Webhook, WebhookAttempt, WebhookSubject } from '@inforiver-mail/contract/webhook'
import { MAX_WEBHOOKS } from '@inforiver-mail/contract/webhook'
import type { Sealed } from '@inforiver-mail/m365/token-vault'
import type pg from 'pg'
import type { Alert, AlertFacts } from '../alert.ts'
import { appendAlert, dismissAlerts } from '../database/alert-log.ts'
import { appendAuditEvent } from '../database/audit-log.ts'
import type { Prisma, PrismaClient } from '../database/generated/client.ts'
import { lockTenant } from '../database/tenant-lock.ts'
import type { StalledQueue } from '../queue/stalled.ts'
import { readAlertType, readWebhookAttempt, readWebhookTypes, storedAlertType } from '../stored-values.ts'
import type { NewId } from '../ids.ts'
import {
  CLAIM,
  CREATE_WEBHOOK,
  DISMISS,
  LIST_NOTICES,
  LIST_WEBHOOKS,
  PUBLISH,
  DISMISS_STALLED,
  LIST_STALLED,
  RAISE_STALLED,
  SETTLE,
  SWEEP,
} from './alert.sql.ts'
import { addStream } from './event-stream-store.ts'
import { toTarget, type TargetRow, type WebhookTarget } from './webhook-target.ts'

const PUBLISH_BATCH = 100

export interface RaisedAlert {
  readonly id: string
  readonly at: Date
  readonly alert: Alert
  /** The type that a newer version stored, if this one does not know it: the alert has the nearest known one. */
  readonly newer?: string | null
  /** The number of messages it is about. */
  readonly count: number
}

/** What a webhook is sent. */
export interface WebhookContents {
  /** Null: every alert, and no event. */
  readonly types: readonly WebhookSubject[] | null
  /** Null: events of every service. */
  readonly services: readonly string[] | null
  /** The position of the event that its events follow; null if it is sent none. */
  readonly startsAt: number | null
}

/** One attempt to deliver one alert to one webhook. */
export interface ClaimedDelivery {
  readonly webhook: WebhookTarget
  readonly raised: RaisedAlert
  /** Includes this one. */
  readonly attempts: number
}

/** What can be said of the storage. */
type StorageAlert = Extract<Alert, { type: `storage.${string}` }>

export interface AlertStore {
  listWebhooks(tenantId: string): Promise<Webhook[]>
  findWebhook(tenantId: string, id: string): Promise<WebhookTarget | null>
  /** Returns when it was created, by the clock of the database; null when the tenant has as many as it may have. */
  createWebhook(webhook: WebhookTarget, sent: WebhookContents, actor: string, now: Date): Promise<Date | null>
  /** Returns false when there is none of this id. */
  removeWebhook(tenantId: string, id: string, actor: string, now: Date): Promise<boolean>
  /** Records the outcome of a test that an admin asked for. */
  recordTest(webhook: WebhookTarget, actor: string, attempt: WebhookAttempt): Promise<void>

  /** Creates a delivery to each webhook for every alert that is due; returns how many alerts. */
  publish(): Promise<number>
  /** Claims due deliveries for a minute, at most one for each webhook and none for those in `except`. */
  claim(options: { limit: number; except: readonly string[] }): Promise<ClaimedDelivery[]>
  /** Writes the outcome of a claimed attempt. `againInMs` is null when the alert is delivered or given up. */
  settle(delivery: ClaimedDelivery, attempt: WebhookAttempt, againInMs: number | null): Promise<void>

  /** Returns the newest alert of each subject that nobody has dismissed, in any order. */
  listNotices(tenantId: string): Promise<RaisedAlert[]>
  /** Returns false when there is none of this id. */
  dismiss(tenantId: string, id: string, actor: string, now: Date): Promise<boolean>

  /** Raises `queue.stalled` once each time that a queue stands still. */
  raiseStalled(queues: readonly StalledQueue[], now: Date): Promise<void>
  /** Returns one notice of a stalled queue for each tenant, and when it was raised. */
  listStalled(): Promise<{ tenantId: string; since: Date }[]>
  /** Dismisses those notices, since messages leave again. */
  dismissStalled(tenantIds: readonly string[], now: Date): Promise<void>
  /** Whether the newest alert about the storage says that it is nearly full, also where somebody has dismissed it. */
  isStorageNearlyFull(tenantId: string): Promise<boolean>
  /** Raises an alert about the storage in place of those before it, unless the newest is of the same type. */
  raiseStorage(alert: StorageAlert & { tenantId: string }, now: Date): Promise<void>
  /** Raises `secret.expiring` once for each expiry date and `threshold` in days. */
  raiseSecretExpiring(
    expiry: AlertFacts['secret.expiring'] & { tenantId: string; threshold: number },
    now: Date,
  ): Promise<void>
  /** Deletes alerts after 30 days, with their deliveries. */
  sweep(): Promise<void>
}

export function createAlertStore(prisma: PrismaClient, pool: pg.Pool, newId: NewId): AlertStore {
  return {
    async listWebhooks(tenantId) {
      const { rows } = await pool.query<WebhookRow>(LIST_WEBHOOKS, [tenantId, MAX_WEBHOOKS])
      return rows.map(({ id, url, types, services, created_at: createdAt, last_attempt: lastAttempt, waiting }) => ({
        id,
        url,
        types: readWebhookTypes(types),
        services,
        createdAt: createdAt.toISOString(),
        waiting,
        lastAttempt: readWebhookAttempt(lastAttempt),
      }))
    },

    async findWebhook(tenantId, id) {
      const row = await prisma.webhook.findUnique({ where: { id, tenantId } })
      return row && { id, tenantId, url: row.url, secretSealed: row.secretSealed as Sealed }
    },

    async createWebhook({ id, tenantId, url, secretSealed }, { types, services, startsAt }, actor, now) {
      return prisma.$transaction(async (transaction) => {
        // Two admins at once must not exceed the limit.
        await lockTenant(transaction, tenantId)
        if ((await transaction.webhook.count({ where: { tenantId } })) >= MAX_WEBHOOKS) return null
        const [created] = await transaction.$queryRawUnsafe<{ createdAt: Date }[]>(
          CREATE_WEBHOOK,
          id,
          tenantId,
          url,
          secretSealed,
          types,
          services,
        )
        if (!created) throw new Error('The database did not return the webhook.')
        if (startsAt !== null) await addStream(transaction, { id: newId('stream'), webhookId: id, position: startsAt })
        await appendAuditEvent(transaction, {
          tenantId,
          at: now,
          actor,
          action: 'webhook-created',
          outcome: 'done',
          details: {
            webhook: id,
            host: new URL(url).host, // the rest of the URL is often a secret
            ...(types && { types: types.join(', ') }),
            ...(services && { services: services.join(', ') }),
          },
        })
        return created.createdAt
      })
    },

    async removeWebhook(tenantId, id, actor, now) {
      return prisma.$transaction(async (transaction) => {
        const [removed] = await transaction.$queryRaw<{ url: string }[]>`
          DELETE FROM webhooks WHERE id = ${id} AND tenant_id = ${tenantId} RETURNING url`
        if (!removed) return false
        await appendAuditEvent(transaction, {
          tenantId,
          at: now,
          actor,
          action: 'webhook-removed',
          outcome: 'done',
          details: { webhook: id, host: new URL(removed.url).host },
        })
        return true
      })
    },

    async recordTest({ id, tenantId, url }, actor, attempt) {
      await prisma.$transaction(async (transaction) => {
        await transaction.webhook.updateMany({ where: { id }, data: { lastAttempt: { ...attempt } } })
        await appendAuditEvent(transaction, {
          tenantId,
          at: new Date(attempt.at),
          actor,
          action: 'webhook-tested',
          outcome: attempt.outcome,
          details: { webhook: id, host: new URL(url).host },
        })
      })
    },

    async publish() {
      const { rowCount } = await pool.query(PUBLISH, [PUBLISH_BATCH])
      return rowCount ?? 0
    },

    async claim({ limit, except }) {
      const { rows } = await pool.query<ClaimedRow>(CLAIM, [limit, except, AlertType.options.map(storedAlertType)])
      return rows.map((row) => ({ webhook: toTarget(row), raised: toRaisedAlert(row), attempts: row.attempts }))
    },

    async settle({ webhook, raised, attempts }, attempt, againInMs) {
      await pool.query(SETTLE, [webhook.id, raised.id, attempts, againInMs, attempt.outcome, JSON.stringify(attempt)])
    },

    async listNotices(tenantId) {
      const { rows } = await pool.query<AlertRow>(LIST_NOTICES, [tenantId])
      return rows.map(toRaisedAlert)
    },

    async dismiss(tenantId, id, actor, now) {
      return prisma.$transaction(async (transaction) => {
        const dismissed = await transaction.$queryRawUnsafe<{ type: string; fresh: boolean }[]>(
          DISMISS,
          tenantId,
          id,
          now,
        )
        const [{ type, fresh } = { type: null, fresh: false }] = dismissed
        if (type === null) return false
        if (fresh) {
          await appendAuditEvent(transaction, {
            tenantId,
            at: now,
            actor,
            action: 'notice-dismissed',
            outcome: 'done',
            details: { notice: id, what: readAlertType(type).type },
          })
        }
        return true
      })
    },

    async raiseStalled(queues, now) {
      const raised = queues.map((queue) => ({ id: newId('alert'), ...queue }))
      if (raised.length > 0) await pool.query(RAISE_STALLED, [JSON.stringify(raised), now])
    },

    async listStalled() {
      return (await pool.query<{ tenantId: string; since: Date }>(LIST_STALLED)).rows
    },

    async dismissStalled(tenantIds, now) {
      if (tenantIds.length > 0) await pool.query(DISMISS_STALLED, [tenantIds, now])
    },

    async raiseSecretExpiring({ tenantId, threshold, ...facts }, now) {
      const dedupeKey = `secret.expiring ${facts.kind} ${facts.expiresAt} ${threshold}`
      await appendAlert(prisma, { id: newId('alert'), type: 'secret.expiring', facts, tenantId, at: now, dedupeKey })
    },

    async isStorageNearlyFull(tenantId) {
      return (await lastStorageAlert(prisma, tenantId)) === 'storage.nearly-full'
    },

    async raiseStorage({ tenantId, ...alert }, now) {
      await prisma.$transaction(async (transaction) => {
        await lockTenant(transaction, tenantId)
        if ((await lastStorageAlert(transaction, tenantId)) === alert.type) return
        await dismissAlerts(transaction, tenantId, 'storage', now)
        await appendAlert(transaction, { id: newId('alert'), ...alert, tenantId, at: now })
      })
    },

    async sweep() {
      await pool.query(SWEEP)
    },
  }
}

/** The type of the newest alert about the storage, dismissed or not. */
async function lastStorageAlert(
  client: Pick<Prisma.TransactionClient, 'alertEvent'>,
  tenantId: string,
): Promise<string | null> {
  const last = await client.alertEvent.findFirst({
    where: { tenantId, type: { startsWith: 'storage.' } },
    orderBy: [{ at: 'desc' }, { id: 'desc' }],
    select: { type: true },
  })
  return last?.type ?? null
}

interface WebhookRow {
  readonly id: string
  readonly url: string
  readonly types: readonly string[] | null
  readonly services: string[] | null
  readonly created_at: Date
  readonly last_attempt: unknown
  readonly waiting: number
}

interface AlertRow {
  readonly id: string
  readonly type: string
  readonly at: Date
  readonly facts: object
  readonly count: number
}

interface ClaimedRow extends AlertRow, TargetRow {
  readonly attempts: number
}

function toRaisedAlert({ id, type: stored, at, facts, count }: AlertRow): RaisedAlert {
  const { type, newer } = readAlertType(stored)
  return { id, at, alert: { type, facts } as Alert, newer, count }
}

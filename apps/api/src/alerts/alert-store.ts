import type { Webhook, WebhookAttempt } from '@inforiver-mail/contract/webhook'
import { MAX_WEBHOOKS } from '@inforiver-mail/contract/webhook'
import type { Sealed } from '@inforiver-mail/m365/token-vault'
import type pg from 'pg'
import type { Alert, AlertFacts } from '../alert.ts'
import { appendAlert } from '../database/alert-log.ts'
import { appendAuditEvent } from '../database/audit-log.ts'
import type { PrismaClient } from '../database/generated/client.ts'
import type { StalledQueue } from '../queue/stalled.ts'
import {
  CLAIM,
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

/** A delivery that has not come back by then was broken off: it is tried again. */
const CLAIM_MS = 60_000
const PUBLISHED_AT_ONCE = 100
const KEPT_MS = 30 * 24 * 60 * 60_000

export interface RaisedAlert {
  readonly id: string
  readonly at: Date
  readonly alert: Alert
  /** How many messages it is about. */
  readonly count: number
}

/** Where requests go and how they are signed. */
export interface WebhookTarget {
  readonly id: string
  readonly tenantId: string
  readonly url: string
  readonly secretSealed: Sealed
}

/** One attempt to tell one webhook of one alert. */
export interface ClaimedDelivery {
  readonly webhook: WebhookTarget
  readonly raised: RaisedAlert
  /** This one included. */
  readonly attempts: number
}

export interface AlertStore {
  listWebhooks(tenantId: string): Promise<Webhook[]>
  findWebhook(tenantId: string, id: string): Promise<WebhookTarget | null>
  /** False when the tenant has as many as it may have. */
  createWebhook(webhook: WebhookTarget, actor: string, now: Date): Promise<boolean>
  /** False when there is none of this id. */
  removeWebhook(tenantId: string, id: string, actor: string, now: Date): Promise<boolean>
  /** Of a test that somebody asked for. */
  noteTest(webhook: WebhookTarget, actor: string, attempt: WebhookAttempt): Promise<void>

  /** Makes a delivery to each webhook of every alert whose time has come; returns how many alerts. */
  publish(now: Date): Promise<number>
  /** What is due, of each webhook one, of some none. No other process claims it for a minute. */
  claim(now: Date, options: { limit: number; except: readonly string[] }): Promise<ClaimedDelivery[]>
  /** `nextAttemptAt` is null when it is delivered or given up. */
  settle(delivery: ClaimedDelivery, attempt: WebhookAttempt, nextAttemptAt: Date | null): Promise<void>

  /** The newest alert of each subject that nobody has dismissed, newest first. */
  listNotices(tenantId: string): Promise<RaisedAlert[]>
  /** False when there is none of this id. */
  dismiss(tenantId: string, id: string, actor: string, now: Date): Promise<boolean>

  /** Raises `queue.stalled`, once for each time that a queue stands still. */
  raiseStalled(queues: readonly StalledQueue[], now: Date): Promise<void>
  /** The notices of queues that stood still, and since when: of each tenant one. */
  listStalled(): Promise<{ tenantId: string; since: Date }[]>
  /** Takes those notices away: messages leave again. */
  dismissStalled(tenantIds: readonly string[], now: Date): Promise<void>
  /** Raises `secret.expiring`, once for each expiry date and `threshold` in days. */
  raiseSecretExpiring(
    expiry: AlertFacts['secret.expiring'] & { tenantId: string; threshold: number },
    now: Date,
  ): Promise<void>
  /** Deletes alerts after 30 days, with their deliveries. */
  sweep(now: Date): Promise<void>
}

export function createAlertStore(prisma: PrismaClient, pool: pg.Pool): AlertStore {
  return {
    async listWebhooks(tenantId) {
      const { rows } = await pool.query<WebhookRow>(LIST_WEBHOOKS, [tenantId, MAX_WEBHOOKS])
      return rows.map(({ id, url, created_at: createdAt, last_attempt: lastAttempt, waiting }) => ({
        id,
        url,
        createdAt: createdAt.toISOString(),
        waiting,
        lastAttempt,
      }))
    },

    async findWebhook(tenantId, id) {
      const row = await prisma.webhook.findUnique({ where: { id, tenantId } })
      return row && { id, tenantId, url: row.url, secretSealed: row.secretSealed as Sealed }
    },

    async createWebhook({ id, tenantId, url, secretSealed }, actor, now) {
      return prisma.$transaction(async (transaction) => {
        // Two admins at once must not make one too many.
        await transaction.$queryRaw`SELECT 1 FROM tenants WHERE id = ${tenantId} FOR UPDATE`
        if ((await transaction.webhook.count({ where: { tenantId } })) >= MAX_WEBHOOKS) return false
        await transaction.webhook.create({ data: { id, tenantId, url, secretSealed, createdAt: now } })
        await appendAuditEvent(transaction, {
          tenantId,
          at: now,
          actor,
          action: 'webhook-created',
          outcome: 'done',
          details: { webhook: id, host: new URL(url).host }, // the rest of an address is often a secret
        })
        return true
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

    async noteTest({ id, tenantId, url }, actor, attempt) {
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

    async publish(now) {
      const { rowCount } = await pool.query(PUBLISH, [now, PUBLISHED_AT_ONCE])
      return rowCount ?? 0
    },

    async claim(now, { limit, except }) {
      const until = new Date(now.getTime() + CLAIM_MS)
      const { rows } = await pool.query<ClaimedRow>(CLAIM, [now, limit, until, except])
      return rows.map(({ webhook_id: id, url, secret_sealed: secretSealed, attempts, ...row }) => ({
        webhook: { id, tenantId: row.tenant_id, url, secretSealed },
        raised: toRaisedAlert(row),
        attempts,
      }))
    },

    async settle({ webhook, raised, attempts }, attempt, nextAttemptAt) {
      await pool.query(SETTLE, [
        webhook.id,
        raised.id,
        attempts,
        nextAttemptAt,
        attempt.outcome,
        JSON.stringify(attempt),
      ])
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
            details: { notice: id, what: type },
          })
        }
        return true
      })
    },

    async raiseStalled(queues, now) {
      if (queues.length > 0) await pool.query(RAISE_STALLED, [JSON.stringify(queues), now])
    },

    async listStalled() {
      return (await pool.query<{ tenantId: string; since: Date }>(LIST_STALLED)).rows
    },

    async dismissStalled(tenantIds, now) {
      if (tenantIds.length > 0) await pool.query(DISMISS_STALLED, [tenantIds, now])
    },

    async raiseSecretExpiring({ tenantId, threshold, ...facts }, now) {
      const dedupeKey = `secret.expiring ${facts.kind} ${facts.expiresAt} ${threshold}`
      await appendAlert(prisma, { type: 'secret.expiring', facts, tenantId, at: now, dedupeKey })
    },

    async sweep(now) {
      await pool.query(SWEEP, [new Date(now.getTime() - KEPT_MS)])
    },
  }
}

interface WebhookRow {
  readonly id: string
  readonly url: string
  readonly created_at: Date
  readonly last_attempt: WebhookAttempt | null
  readonly waiting: number
}

interface AlertRow {
  readonly id: string
  readonly type: string
  readonly at: Date
  readonly facts: object
  readonly count: number
}

interface ClaimedRow extends AlertRow {
  readonly webhook_id: string
  readonly tenant_id: string
  readonly url: string
  readonly secret_sealed: Sealed
  readonly attempts: number
}

function toRaisedAlert({ id, type, at, facts, count }: AlertRow): RaisedAlert {
  return { id, at, alert: { type, facts } as Alert, count }
}

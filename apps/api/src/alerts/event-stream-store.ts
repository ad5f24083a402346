import { MessageEventType } from '@inforiver-mail/contract/message-event'
import {
  MAX_REPLAYED_EVENTS,
  MAX_REPLAYS,
  type WebhookAttempt,
  type WebhookSubject,
} from '@inforiver-mail/contract/webhook'
import type pg from 'pg'
import { appendAuditEvent } from '../database/audit-log.ts'
import type { Prisma, PrismaClient } from '../database/generated/client.ts'
import type { NewId } from '../ids.ts'
import { positionOf, type EventFilter, type Events } from '../queue/events.ts'
import { readWebhookTypes } from '../stored-values.ts'
import {
  ADD_STREAM,
  CLAIM_RETRIES,
  CLAIM_STREAM,
  END_STREAM,
  LIST_DUE,
  LIST_STREAMS,
  MOVE_STREAM,
  SETTLE_RETRIES,
  SETTLE_STREAM,
} from './event-stream.sql.ts'
import { toTarget, type TargetRow, type WebhookTarget } from './webhook-target.ts'

/** How many events are looked at to say how many a webhook still gets, or a replay will send. */
const LOOKED_AT_TO_TELL = 20_000
const LOOKED_AT_TO_REPLAY = Number.POSITIVE_INFINITY

/** Events on their way to a webhook. */
export interface EventStream {
  readonly id: string
  readonly webhook: WebhookTarget
  /** Everything up to here was tried. */
  readonly position: number
  readonly filter: EventFilter
  /** How often in a row all requests failed. */
  readonly failures: number
}

/** What came of the events that a stream sent. */
export interface StreamSettlement {
  /** The last event that was tried. */
  readonly position: number
  readonly failures: number
  /** The time until more is sent. */
  readonly waitMs: number
  readonly attempt: WebhookAttempt | null
  readonly retries: readonly { readonly position: number; readonly waitMs: number }[]
}

/** Events that did not arrive at a webhook and are tried again now. */
export interface ClaimedRetries {
  readonly webhook: WebhookTarget
  /** `attempts` includes this one. */
  readonly events: readonly { readonly position: number; readonly attempts: number }[]
}

export interface EventStreamStore {
  /** Returns streams that may send something, in a shuffled order. */
  listDue(options: { limit: number; except: readonly string[] }): Promise<EventStream[]>
  /** Leases a stream for a minute. Returns false if another process sends its events, or has. */
  claim(stream: EventStream, lease: string): Promise<boolean>
  /** Changes nothing when the lease was lost. */
  settle(stream: EventStream, lease: string, settlement: StreamSettlement): Promise<void>
  /** Moves a stream on past events that it leaves out. */
  move(stream: EventStream, position: number): Promise<void>
  /** Ends a replay. */
  end(stream: EventStream): Promise<void>
  claimRetries(options: { webhooks: number; each: number; except: readonly string[] }): Promise<ClaimedRetries[]>
  /** `waitMs` is null for an event that arrived or is given up. */
  settleRetries(
    webhook: WebhookTarget,
    outcomes: readonly { readonly position: number; readonly attempts: number; readonly waitMs: number | null }[],
    attempt: WebhookAttempt | null,
  ): Promise<void>
  /** Counts the events that each webhook of a tenant still gets for the first time, up to 10,000. */
  countWaiting(
    tenantId: string,
    webhooks: readonly {
      readonly id: string
      readonly types: readonly WebhookSubject[]
      readonly services: string[] | null
    }[],
  ): Promise<ReadonlyMap<string, number>>
  /** Starts a replay, and returns how many events it sends. Returns `too-many` when too many are under way. */
  replay(
    tenantId: string,
    id: string,
    since: Date,
    actor: string,
    now: Date,
  ): Promise<{ readonly count: number } | 'not-found' | 'too-many'>
}

/** Adds a stream to a webhook: from a position on for ever, or as a replay. */
export async function addStream(
  transaction: Prisma.TransactionClient,
  {
    id,
    webhookId,
    position,
    replay,
  }: { id: string; webhookId: string; position: number; replay?: { endsAt: number; since: Date } },
): Promise<void> {
  const values = [id, webhookId, BigInt(position), replay ? BigInt(replay.endsAt) : null, replay?.since ?? null]
  await transaction.$executeRawUnsafe(ADD_STREAM, ...values)
}

/** The types of a webhook that are events. */
export function eventTypesOf(types: readonly WebhookSubject[]): MessageEventType[] {
  return MessageEventType.options.filter((type) => types.includes(type))
}

interface StreamRow extends TargetRow {
  readonly id: string
  readonly position: string
  readonly ends_at: string | null
  readonly since: Date | null
  readonly failures: number
  readonly types: string[] | null
  readonly services: string[] | null
}

export function createEventStreamStore(
  prisma: PrismaClient,
  pool: pg.Pool,
  events: Events,
  newId: NewId,
): EventStreamStore {
  return {
    async listDue({ limit, except }) {
      const { rows } = await pool.query<StreamRow>(LIST_DUE, [except, limit])
      return rows.map(toStream)
    },

    async claim({ id, position }, lease) {
      const { rowCount } = await pool.query(CLAIM_STREAM, [id, position, lease])
      return rowCount === 1
    },

    async settle({ id }, lease, { position, failures, waitMs, attempt, retries }) {
      await pool.query(SETTLE_STREAM, [
        id,
        lease,
        position,
        failures,
        waitMs,
        attempt && JSON.stringify(attempt),
        retries.map((retry) => retry.position),
        retries.map((retry) => retry.waitMs),
      ])
    },

    async move({ id, position }, to) {
      await pool.query(MOVE_STREAM, [id, position, to])
    },

    async end({ id, position }) {
      await pool.query(END_STREAM, [id, position])
    },

    async claimRetries({ webhooks, each, except }) {
      const { rows } = await pool.query<TargetRow & { position: string; attempts: number }>(CLAIM_RETRIES, [
        except,
        webhooks,
        each,
      ])
      return [...Map.groupBy(rows, (row) => row.webhook_id).values()].flatMap((claimed) => {
        const [first] = claimed
        if (!first) return []
        const toEvent = ({ position, attempts }: (typeof claimed)[number]) => ({ position: Number(position), attempts })
        return [{ webhook: toTarget(first), events: claimed.map(toEvent) }]
      })
    },

    async settleRetries({ id }, outcomes, attempt) {
      await pool.query(SETTLE_RETRIES, [
        id,
        outcomes.map(({ position }) => position),
        outcomes.map(({ attempts }) => attempts),
        outcomes.map(({ waitMs }) => waitMs),
        attempt && JSON.stringify(attempt),
      ])
    },

    async countWaiting(tenantId, webhooks) {
      const counts = new Map<string, number>()
      const { rows } = await pool.query<Pick<StreamRow, 'webhook_id' | 'position' | 'ends_at' | 'since'>>(
        LIST_STREAMS,
        [tenantId],
      )
      for (const { webhook_id: id, position, ends_at: endsAt, since } of rows) {
        const webhook = webhooks.find((each) => each.id === id)
        if (!webhook) continue
        const filter = filterOf(webhook.types, webhook.services, since, endsAt)
        const limits = { atMost: MAX_REPLAYED_EVENTS - (counts.get(id) ?? 0), lookedAt: LOOKED_AT_TO_TELL }
        const { count } = await events.count(tenantId, Number(position), filter, limits)
        counts.set(id, (counts.get(id) ?? 0) + count)
      }
      return counts
    },

    async replay(tenantId, id, since, actor, now) {
      const webhook = await prisma.webhook.findUnique({ where: { id, tenantId } })
      if (!webhook) return 'not-found'
      // PostgreSQL's null of an array is an empty one here, which no webhook has.
      const types = readWebhookTypes(webhook.types.length === 0 ? null : webhook.types)
      const services = webhook.services.length === 0 ? null : webhook.services
      const filter = filterOf(types, services, since, null)
      const position = Math.max(0, positionOf(since))
      const limits = { atMost: MAX_REPLAYED_EVENTS, lookedAt: LOOKED_AT_TO_REPLAY }
      const { count, last } =
        filter.types.length === 0 ? { count: 0, last: null } : await events.count(tenantId, position, filter, limits)
      return prisma.$transaction(async (transaction) => {
        const locked = await transaction.$queryRaw<unknown[]>`SELECT 1 FROM webhooks WHERE id = ${id} FOR UPDATE`
        if (locked.length === 0) return 'not-found'
        const replays = await transaction.webhookStream.count({ where: { webhookId: id, endsAt: { not: null } } })
        if (replays >= MAX_REPLAYS) return 'too-many'
        if (last !== null)
          await addStream(transaction, {
            id: newId('stream'),
            webhookId: id,
            position,
            replay: { endsAt: last, since },
          })
        await appendAuditEvent(transaction, {
          tenantId,
          at: now,
          actor,
          action: 'webhook-replayed',
          outcome: 'done',
          details: { webhook: id, host: new URL(webhook.url).host, since: since.toISOString(), count },
        })
        return { count }
      })
    },
  }
}

function filterOf(
  types: readonly WebhookSubject[],
  services: readonly string[] | null,
  since: Date | null,
  endsAt: string | null,
): EventFilter {
  return { types: eventTypesOf(types), services, since, endsAt: endsAt === null ? null : Number(endsAt) }
}

function toStream(row: StreamRow): EventStream {
  const { id, position, failures, types, services, since, ends_at: endsAt } = row
  const filter = filterOf(readWebhookTypes(types), services, since, endsAt)
  return { id, webhook: toTarget(row), position: Number(position), filter, failures }
}

import { AlertType } from '@inforiver-mail/contract/notice'
import type { WebhookAttempt } from '@inforiver-mail/contract/webhook'
import type { Sealed } from '@inforiver-mail/m365/token-vault'
import type pg from 'pg'
import type { Alert } from '../domain/alert.ts'
import type { EventFilter } from '../queue/records/events.ts'
import { readAlertType, readWebhookTypes, storedAlertType } from '../domain/stored-values.ts'
import {
  CLAIM,
  CLAIM_STREAM,
  END_STREAM,
  LIST_NOTICES,
  LIST_STREAMS,
  MOVE_STREAM,
  PUBLISH,
  SETTLE,
  SETTLE_STREAM,
} from './outbox.sql.ts'
import { eventTypesOf, type WebhookTarget } from './webhook-attempt.ts'

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

/** One attempt to deliver an alert, or an event that did not arrive before, to a webhook. */
export interface ClaimedDelivery {
  readonly id: string
  readonly webhook: WebhookTarget
  /** An alert, or the position of an event. */
  readonly what: RaisedAlert | number
  /** Includes this one. */
  readonly attempts: number
}

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

export type OutboxStore = ReturnType<typeof createOutboxStore>

export function createOutboxStore(pool: pg.Pool) {
  return {
    /** Creates a delivery to each webhook for every alert that is due; returns how many alerts. */
    async publish(): Promise<number> {
      const { rowCount } = await pool.query(PUBLISH, [PUBLISH_BATCH])
      return rowCount ?? 0
    },

    /** Claims due deliveries for a minute, at most one for each webhook and none for those in `except`. */
    async claim({ limit, except }: { limit: number; except: readonly string[] }): Promise<ClaimedDelivery[]> {
      const known = AlertType.options.map(storedAlertType)
      const { rows } = await pool.query<DeliveryRow>(CLAIM, [except, limit, known])
      return rows.map((row) => ({
        id: row.delivery,
        webhook: toTarget(row),
        what: row.position === null ? toRaisedAlert(row) : Number(row.position),
        attempts: row.attempts,
      }))
    },

    /**
     * Writes the outcome of a claimed attempt, null where there was nothing to send. `againInMs` is null when it is delivered or
     * given up.
     */
    async settle(
      { id, attempts }: ClaimedDelivery,
      attempt: WebhookAttempt | null,
      againInMs: number | null,
    ): Promise<void> {
      await pool.query(SETTLE, [id, attempts, againInMs, attempt && JSON.stringify(attempt)])
    },

    /** Returns streams that may send something, in a shuffled order. */
    async listStreams({ limit, except }: { limit: number; except: readonly string[] }): Promise<EventStream[]> {
      const { rows } = await pool.query<StreamRow>(LIST_STREAMS, [except, limit])
      return rows.map(toStream)
    },

    /** Leases a stream for a minute. Returns false if another process sends its events, or has. */
    async claimStream({ id, position }: EventStream, lease: string): Promise<boolean> {
      const { rowCount } = await pool.query(CLAIM_STREAM, [id, position, lease])
      return rowCount === 1
    },

    /** Changes nothing when the lease was lost. */
    async settleStream(
      { id }: EventStream,
      lease: string,
      { position, failures, waitMs, attempt, retries }: StreamSettlement,
    ): Promise<void> {
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

    /** Moves a stream on past events that it leaves out. */
    async moveStream({ id, position }: EventStream, to: number): Promise<void> {
      await pool.query(MOVE_STREAM, [id, position, to])
    },

    /** Ends a replay. */
    async endStream({ id, position }: EventStream): Promise<void> {
      await pool.query(END_STREAM, [id, position])
    },

    /** Returns the newest alert of each subject that nobody has dismissed, in any order. */
    async listNotices(tenantId: string): Promise<RaisedAlert[]> {
      const { rows } = await pool.query<AlertRow>(LIST_NOTICES, [tenantId])
      return rows.map(toRaisedAlert)
    },
  }
}

/** The columns of a webhook in the row of what is sent to it. */
interface TargetRow {
  readonly webhook_id: string
  readonly tenant_id: string
  readonly url: string
  readonly secret_sealed: Sealed
}

interface AlertRow {
  readonly id: string
  readonly type: string
  readonly at: Date
  readonly facts: object
  readonly count: number
}

/** The columns of the alert are null where there is a position. */
interface DeliveryRow extends TargetRow, AlertRow {
  readonly delivery: string
  readonly attempts: number
  readonly position: string | null
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

function toTarget(row: TargetRow): WebhookTarget {
  return { id: row.webhook_id, tenantId: row.tenant_id, url: row.url, secretSealed: row.secret_sealed }
}

function toRaisedAlert({ id, type: stored, at, facts, count }: AlertRow): RaisedAlert {
  const { type, newer } = readAlertType(stored)
  return { id, at, alert: { type, facts } as Alert, newer, count }
}

function toStream(row: StreamRow): EventStream {
  const { id, position, failures, types, services, since, ends_at: endsAt } = row
  const filter = {
    types: eventTypesOf(readWebhookTypes(types)),
    services,
    since,
    endsAt: endsAt === null ? null : Number(endsAt),
  }
  return { id, webhook: toTarget(row), position: Number(position), filter, failures }
}

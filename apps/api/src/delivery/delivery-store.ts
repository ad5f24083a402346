import type { Sealed } from '@inforiver-mail/m365/token-vault'
import pg from 'pg'
import { createBatcher } from '../database/batcher.ts'
import { MESSAGES_CHANNEL } from '../database/channels.ts'
import {
  CLAIM,
  GIVE_BACK,
  RECOVER_ABANDONED,
  RELEASE_HELD,
  RELEASE_SCHEDULED,
  RENEW,
  STORE_DRAFT,
} from './claim.sql.ts'
import type { DeliveryState, Settlement } from './delivery-state.ts'
import { SETTLE } from './settle.sql.ts'

const LISTEN_AGAIN_MS = 1_000
const SETTLEMENTS_PER_BATCH = 200
const MOVED_AT_ONCE = 1_000 // as the statements say

/** Per mailbox, over all processes; 0 stands for no limit. */
export interface MailboxLimits {
  readonly concurrency: number
  readonly messagesPerMinute: number
  readonly recipientsPerDay: number
}

/** A message in the hands of one worker, until its lease runs out. */
export interface LeasedMessage extends DeliveryState {
  readonly id: string
  readonly tenantId: string
  readonly leaseOwner: string
  readonly recipients: number
  readonly saveToSentItems: boolean
  readonly draftId: string | null
  readonly createdAt: Date
  readonly contentKeySealed: Sealed
  readonly content: Buffer
  /** Differs as soon as the tenant's settings or tokens do. */
  readonly settingsStamp: string
}

export interface Settled {
  readonly message: LeasedMessage
  readonly settlement: Settlement
  /** The sender it left from; null when it was not tried. */
  readonly fromEmail: string | null
}

export interface DeliveryStore {
  /** Leases what is due and within the mailboxes' limits. */
  claim(lease: { owner: string; until: Date; now: Date; limit: number }): Promise<LeasedMessage[]>
  /** Puts back what a claim leased whose answer did not arrive. */
  giveBack(owner: string): Promise<void>
  /** The ids of those whose lease is still held. */
  renew(messages: readonly LeasedMessage[], until: Date): Promise<Set<string>>
  /** False when the lease was lost. */
  storeDraft(message: LeasedMessage, draftId: string): Promise<boolean>
  /** Writes the outcome if the lease is still held, and returns false otherwise. */
  settle(settled: Settled): Promise<boolean>
  /** Puts back what dead workers held, and what may go now; `more`: there is more than one statement moves. */
  recover(now: Date): Promise<{ abandoned: readonly string[]; moved: boolean; more: boolean }>
  /** Calls back when a message may be due; reconnects by itself until stopped. */
  listen(wake: () => void): { stop(): Promise<void> }
}

export function createDeliveryStore(
  pool: pg.Pool,
  connectionString: string,
  limits: MailboxLimits,
  clock: () => Date,
): DeliveryStore {
  return {
    async claim({ owner, until, now, limit }) {
      const { concurrency, messagesPerMinute, recipientsPerDay } = limits
      const values = [now, limit, concurrency, messagesPerMinute, recipientsPerDay, owner, until]
      const { rows } = await pool.query<ClaimedRow>({ name: 'claim', text: CLAIM, values })
      return rows.map((row) => toLeasedMessage(row, owner))
    },

    async giveBack(owner) {
      await pool.query(GIVE_BACK, [owner])
    },

    async renew(messages, until) {
      const values = [messages.map(({ id }) => id), messages.map(({ leaseOwner }) => leaseOwner), until]
      const { rows } = await pool.query<{ id: string }>(RENEW, values)
      return new Set(rows.map(({ id }) => id))
    },

    async storeDraft({ id, leaseOwner }, draftId) {
      const { rowCount } = await pool.query(STORE_DRAFT, [id, leaseOwner, draftId])
      return rowCount === 1
    },

    settle: createBatcher((batch: readonly Settled[]) => settleBatch(pool, batch, clock()), {
      maxItems: SETTLEMENTS_PER_BATCH,
    }),

    async recover(now) {
      const { rows } = await pool.query<{ id: string }>(RECOVER_ABANDONED, [now])
      const scheduled = await pool.query(RELEASE_SCHEDULED, [now])
      const held = await pool.query(RELEASE_HELD, [now])
      const moved = [rows.length, scheduled.rowCount ?? 0, held.rowCount ?? 0]
      return {
        abandoned: rows.map(({ id }) => id),
        moved: moved.some((count) => count > 0),
        more: moved.includes(MOVED_AT_ONCE),
      }
    },

    listen: (wake) => listen(connectionString, wake),
  }
}

interface ClaimedRow {
  readonly id: string
  readonly tenant_id: string
  readonly recipients: number
  readonly attempt_count: number
  readonly trying_ms: string
  readonly lookups: number | null
  readonly possible_duplicate: boolean
  readonly on_unknown_outcome: 'retry' | 'stop'
  readonly save_to_sent_items: boolean
  readonly draft_id: string | null
  readonly created_at: Date
  readonly content_key_sealed: Sealed
  readonly content: Buffer
  readonly settings_stamp: string
}

function toLeasedMessage(row: ClaimedRow, leaseOwner: string): LeasedMessage {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    leaseOwner,
    recipients: row.recipients,
    attemptCount: row.attempt_count,
    tryingMs: Number(row.trying_ms),
    lookups: row.lookups,
    possibleDuplicate: row.possible_duplicate,
    onUnknownOutcome: row.on_unknown_outcome,
    saveToSentItems: row.save_to_sent_items,
    draftId: row.draft_id,
    createdAt: row.created_at,
    contentKeySealed: row.content_key_sealed,
    content: row.content,
    settingsStamp: row.settings_stamp,
  }
}

async function settleBatch(pool: pg.Pool, batch: readonly Settled[], now: Date): Promise<boolean[]> {
  const column = <T>(value: (settled: Settled) => T): T[] => batch.map(value)
  const { rows } = await pool.query<{ id: string }>({
    name: 'settle',
    text: SETTLE,
    values: [
      now,
      column(({ message }) => message.id),
      column(({ message }) => message.leaseOwner),
      column(({ settlement }) => settlement.status),
      column(({ settlement }) => settlement.nextAttemptAt),
      column(({ settlement }) => settlement.heldBecause),
      column(({ settlement }) => settlement.lookups),
      column(({ settlement }) => settlement.possibleDuplicate),
      column(({ settlement }) => settlement.tryingMs),
      column(({ settlement }) => settlement.problem && JSON.stringify(settlement.problem)),
      column(({ fromEmail }) => fromEmail),
      column(({ settlement }) => settlement.attempt?.outcome ?? null),
      column(({ settlement }) => settlement.attempt?.code ?? null),
      column(({ settlement }) => settlement.attempt?.detail ?? null),
      column(({ settlement }) => settlement.charged),
      column(({ settlement }) => settlement.pauseMailboxUntil),
    ],
  })
  const written = new Set(rows.map(({ id }) => id))
  return batch.map(({ message }) => written.has(message.id))
}

function listen(connectionString: string, wake: () => void): { stop(): Promise<void> } {
  let stopped = false
  let client: pg.Client | null = null
  let timer: NodeJS.Timeout | undefined
  const again = () => {
    client = null
    if (!stopped) timer = setTimeout(() => void connect(), LISTEN_AGAIN_MS)
  }
  const connect = async () => {
    const next = new pg.Client({ connectionString, keepAlive: true })
    next.on('error', () => {})
    next.once('end', again)
    next.on('notification', wake)
    try {
      await next.connect()
      await next.query(`LISTEN ${MESSAGES_CHANNEL}`)
      client = next
      wake() // for what came while nobody listened
    } catch {
      await next.end().catch(() => {})
    }
  }
  void connect()
  return {
    async stop() {
      stopped = true
      clearTimeout(timer)
      await client?.end()
    },
  }
}

import type { Sealed } from '@inforiver-mail/m365/token-vault'
import pg from 'pg'
import { createBatcher } from '../database/batcher.ts'
import { MESSAGES_CHANNEL } from '../database/channels.ts'
import { readChunks } from '../database/message-chunks.ts'
import { inTransaction } from '../database/transaction.ts'
import {
  AWAIT_CLAIMS,
  CLAIM,
  CLEAR,
  FINISH_UPLOAD,
  GIVE_BACK,
  LEAVE_DRAFT,
  LOCK_MAILBOXES,
  READ_CONTENT,
  RENEW,
  STORE_DRAFT,
  STORE_UPLOAD,
} from './claim.sql.ts'
import type { DeliveryState, Settlement } from './delivery-state.ts'
import { RECOVER_ABANDONED, RELEASE_HELD, RELEASE_SCHEDULED } from './recover.sql.ts'
import { SETTLE } from './settle.sql.ts'

const LISTEN_AGAIN_MS = 1_000
const CONNECT_TIMEOUT_MS = 5_000
const SETTLEMENTS_PER_BATCH = 200
const CLEARED_PER_BATCH = 200
/** At most this long after a worker died, its messages go on elsewhere. */
export const LEASE_MS = 45_000
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
  /** The sender it was tried with; null before that. */
  readonly fromEmail: string | null
  readonly draftId: string | null
  /** The Message-ID of its draft; null where that is not known. */
  readonly internetMessageId: string | null
  readonly createdAt: Date
  readonly contentKeySealed: Sealed
  /** Null when it is large: read it when there is room for it. */
  readonly content: Buffer | null
  /** Of all attachments. */
  readonly attachmentBytes: number
  /** Whether the attachments are stored in chunks. */
  readonly chunked: boolean
  /** With the attachments; 0 for a small message. */
  readonly storedBytes: number
  /** Its draft is being filled: it is certain that it was not sent. */
  readonly uploading: boolean
  readonly upload: Upload
  /** Differs as soon as the tenant's settings or tokens do. */
  readonly settingsStamp: string
  /** The version of the settings under which the claim cleared it to be sent at once; null where it did not. */
  readonly clearedVersion: number | null
}

export interface StoredDraft {
  /** Null when there is none any more. */
  readonly draftId: string | null
  readonly internetMessageId: string | null
  readonly from: string | null
  /** Attachments follow. */
  readonly uploading: boolean
}

/** How far the draft of a message is filled. */
export interface Upload {
  /** How many attachments are on it. */
  readonly attached: number
  /** The upload session of the next one; null when there is none. */
  readonly session: { readonly urlSealed: Sealed; readonly expiresAt: Date | null } | null
  /** Where its next range begins. */
  readonly position: number
}

export interface Settled {
  readonly message: LeasedMessage
  readonly settlement: Settlement
  /** The sender it left from; null when it was not tried. */
  readonly fromEmail: string | null
  /** For how many ms the outcome has been known. */
  readonly ageMs: () => number
}

/** Leases, schedules and limits follow the clock of the database. */
export interface DeliveryStore {
  /** Leases what is due and within the mailboxes' limits, for `LEASE_MS`. */
  claim(owner: string, limit: number): Promise<LeasedMessage[]>
  /** Puts back what a claim leased whose answer did not arrive. */
  giveBack(owner: string): Promise<void>
  /** The ids of those whose lease is still held, for another `LEASE_MS`. */
  renew(messages: readonly LeasedMessage[]): Promise<Set<string>>
  /**
   * Whether a request to the mailbox may begin: false when the lease was lost, or the settings are no longer of this
   * version, as for the next three. `sends`: the message may be sent by it. `inDoubt`: it may have been sent before.
   */
  clear(message: LeasedMessage, settingsVersion: number, sends: boolean, inDoubt?: boolean): Promise<boolean>
  /** The draft that was made in vain is deleted then. */
  storeDraft(message: LeasedMessage, settingsVersion: number, draft: StoredDraft): Promise<boolean>
  storeUpload(message: LeasedMessage, settingsVersion: number, upload: Upload, uploadedBytes: number): Promise<boolean>
  /** From here on the message may be sent. */
  finishUpload(message: LeasedMessage, settingsVersion: number): Promise<boolean>
  readContent(message: LeasedMessage): Promise<Buffer>
  /** The sealed chunks `from` to before `to` of an attachment, one after the other in the same buffer. */
  readChunks(
    message: LeasedMessage,
    part: number,
    chunks: { from: number; to: number },
    onChunk: (sealed: Buffer) => void,
  ): Promise<void>
  /** Writes the outcome unless a later attempt has begun, and returns false then. */
  settle(settled: Settled): Promise<boolean>
  /** Puts back what dead workers held, and what may go now; `more`: there is more than one statement moves. */
  recover(): Promise<{ abandoned: readonly string[]; moved: boolean; more: boolean }>
  /** Calls back when a message may be due; reconnects by itself until stopped. */
  listen(wake: () => void): { stop(): Promise<void> }
}

export function createDeliveryStore(
  pool: pg.Pool,
  connectionString: string,
  { concurrency, messagesPerMinute, recipientsPerDay }: MailboxLimits,
): DeliveryStore {
  const clearOne = createBatcher((batch: readonly Clearance[]) => clearBatch(pool, batch), {
    maxItems: CLEARED_PER_BATCH,
  })
  return {
    async claim(owner, limit) {
      return inTransaction(pool, async (client) => {
        const { rows: mailboxes } = await client.query<{ id: string }>({
          name: 'lock-mailboxes',
          text: LOCK_MAILBOXES,
          values: [limit],
        })
        if (mailboxes.length === 0) return []
        const tenants = mailboxes.map(({ id }) => id)
        const values = [tenants, limit, concurrency, messagesPerMinute, recipientsPerDay, owner, LEASE_MS]
        const { rows } = await client.query<ClaimedRow>({ name: 'claim', text: CLAIM, values })
        return rows.map((row) => toLeasedMessage(row, owner))
      })
    },

    async giveBack(owner) {
      await inTransaction(pool, async (client) => {
        await client.query(AWAIT_CLAIMS)
        await client.query(GIVE_BACK, [owner])
      })
    },

    async renew(messages) {
      const values = [messages.map(({ id }) => id), messages.map(({ leaseOwner }) => leaseOwner), LEASE_MS]
      const { rows } = await pool.query<{ id: string }>(RENEW, values)
      return new Set(rows.map(({ id }) => id))
    },

    clear(message, settingsVersion, sends, inDoubt = false) {
      return clearOne({ message, settingsVersion, sends, inDoubt })
    },

    async storeDraft(message, settingsVersion, { draftId, internetMessageId, from, uploading }) {
      const values = [...fenceOf(message, settingsVersion), draftId, uploading, from, internetMessageId]
      const { rowCount } = await pool.query(STORE_DRAFT, values)
      if (rowCount !== 1 && draftId !== null) await pool.query(LEAVE_DRAFT, [message.id, message.leaseOwner, draftId])
      return rowCount === 1
    },

    async storeUpload(message, settingsVersion, { attached, session, position }, uploadedBytes) {
      const values = [attached, session?.urlSealed ?? null, session?.expiresAt ?? null, position, uploadedBytes]
      const { rowCount } = await pool.query(STORE_UPLOAD, [...fenceOf(message, settingsVersion), ...values])
      return rowCount === 1
    },

    async finishUpload(message, settingsVersion) {
      const { rowCount } = await pool.query(FINISH_UPLOAD, fenceOf(message, settingsVersion))
      return rowCount === 1
    },

    async readContent({ id }) {
      const { rows } = await pool.query<{ content: Buffer | null }>(READ_CONTENT, [id])
      const content = rows[0]?.content
      if (!content) throw new Error(`The content of ${id} is gone.`)
      return content
    },

    readChunks: ({ id }, part, chunks, onChunk) => readChunks(pool, { messageId: id, part }, chunks, onChunk),

    settle: createBatcher((batch: readonly Settled[]) => settleBatch(pool, batch), {
      maxItems: SETTLEMENTS_PER_BATCH,
    }),

    async recover() {
      const { rows } = await pool.query<{ id: string }>(RECOVER_ABANDONED)
      const scheduled = await pool.query(RELEASE_SCHEDULED)
      const held = await pool.query(RELEASE_HELD)
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

interface Clearance {
  readonly message: LeasedMessage
  readonly settingsVersion: number
  readonly sends: boolean
  readonly inDoubt: boolean
}

async function clearBatch(pool: pg.Pool, batch: readonly Clearance[]): Promise<boolean[]> {
  const { rows } = await pool.query<{ id: string; lease_owner: string }>({
    name: 'clear',
    text: CLEAR,
    values: [
      batch.map(({ message }) => message.id),
      batch.map(({ message }) => message.leaseOwner),
      batch.map(({ message }) => message.tenantId),
      batch.map(({ settingsVersion }) => settingsVersion),
      batch.map(({ sends }) => sends),
      batch.map(({ inDoubt }) => inDoubt),
    ],
  })
  // An earlier holder may ask for the same message in the same moment.
  const holders = new Map(rows.map(({ id, lease_owner: holder }) => [id, holder]))
  return batch.map(({ message }) => holders.get(message.id) === message.leaseOwner)
}

/** $1 to $4 of the statements that write while a message is under way. */
function fenceOf({ id, leaseOwner, tenantId }: LeasedMessage, settingsVersion: number): unknown[] {
  return [id, leaseOwner, tenantId, settingsVersion]
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
  readonly from_email: string | null
  readonly draft_id: string | null
  readonly internet_message_id: string | null
  readonly created_at: Date
  readonly content_key_sealed: Sealed
  readonly content: Buffer | null
  readonly attachment_bytes: string
  readonly chunked: boolean
  readonly stored_bytes: string
  readonly uploading: boolean
  readonly upload_attached: number
  readonly upload_url_sealed: Sealed | null
  readonly upload_expires_at: Date | null
  readonly upload_position: string
  readonly settings_stamp: string
  readonly cleared_version: number | null
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
    fromEmail: row.from_email,
    draftId: row.draft_id,
    internetMessageId: row.internet_message_id,
    createdAt: row.created_at,
    contentKeySealed: row.content_key_sealed,
    content: row.content,
    attachmentBytes: Number(row.attachment_bytes),
    chunked: row.chunked,
    storedBytes: Number(row.stored_bytes),
    uploading: row.uploading,
    upload: {
      attached: row.upload_attached,
      session: row.upload_url_sealed && { urlSealed: row.upload_url_sealed, expiresAt: row.upload_expires_at },
      position: Number(row.upload_position),
    },
    settingsStamp: row.settings_stamp,
    clearedVersion: row.cleared_version,
  }
}

/**
 * Two outcomes of one message, of an attempt that comes late and of whoever looks for it, are written one after the
 * other: a statement would write one of them, and take the other for written.
 */
async function settleBatch(pool: pg.Pool, batch: readonly Settled[]): Promise<boolean[]> {
  const outcomes = [...Map.groupBy(batch, ({ message }) => message.id).values()]
  const written = new Set<Settled>()
  for (let nth = 0; outcomes.some((each) => nth < each.length); nth++) {
    const round = outcomes.flatMap((each) => each[nth] ?? [])
    const ids = await settleOneOfEach(pool, round)
    for (const settled of round) if (ids.has(settled.message.id)) written.add(settled)
  }
  return batch.map((settled) => written.has(settled))
}

async function settleOneOfEach(pool: pg.Pool, batch: readonly Settled[]): Promise<ReadonlySet<string>> {
  const column = <T>(value: (settled: Settled) => T): T[] => batch.map(value)
  const { rows } = await pool.query<{ id: string }>({
    name: 'settle',
    text: SETTLE,
    values: [
      column(({ message }) => message.id),
      column(({ message }) => message.leaseOwner),
      column(({ settlement }) => settlement.status),
      column(({ settlement }) => settlement.waitMs),
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
      column(({ settlement }) => settlement.pauseMailboxMs),
      column(({ ageMs }) => Math.round(ageMs())),
    ],
  })
  return new Set(rows.map(({ id }) => id))
}

function listen(connectionString: string, wake: () => void): { stop(): Promise<void> } {
  let stopped = false
  let client: pg.Client | null = null
  let timer: NodeJS.Timeout | undefined
  const again = () => {
    client = null
    if (stopped) return
    timer = setTimeout(() => {
      connecting = connect()
    }, LISTEN_AGAIN_MS)
  }
  const connect = async () => {
    const next = new pg.Client({ connectionString, connectionTimeoutMillis: CONNECT_TIMEOUT_MS, keepAlive: true })
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
  let connecting = connect()
  return {
    async stop() {
      stopped = true
      clearTimeout(timer)
      await connecting // one that is being made would stay
      await client?.end()
    },
  }
}

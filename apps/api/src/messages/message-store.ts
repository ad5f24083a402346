import type { HeldBecause, Message, MessageProblem, MessageStatus, Recipient } from '@inforiver-mail/contract/message'
import type { Sealed } from '@inforiver-mail/m365/token-vault'
import type pg from 'pg'
import { appendAuditEvent } from '../database/audit-log.ts'
import { createBatcher } from '../database/batcher.ts'
import { MESSAGES_CHANNEL } from '../database/channels.ts'
import { Prisma, type PrismaClient } from '../database/generated/client.ts'
import { inTransaction } from '../database/transaction.ts'
import type { Place } from '../http/list-cursor.ts'
import { CANCEL } from './cancel.sql.ts'
import {
  DISCARD_RECEIVING,
  FORGET_OLD_KEYS,
  INSERT_MESSAGES,
  LOCK_RECEIVING,
  READ_KEYS,
  TAKE_KEYS,
} from './submit.sql.ts'

const SUBMITS_PER_BATCH = 100
const BYTES_PER_BATCH = 16 * 1024 * 1024
const LOOK_UPS_PER_BATCH = 500
const KEY_LIVES_MS = 24 * 60 * 60_000
const ATTEMPTS_SHOWN = 50

export interface NewMessage {
  readonly id: string
  readonly tenantId: string
  readonly service: string
  readonly to: readonly Recipient[]
  /** To, cc and bcc together. */
  readonly recipients: number
  readonly subject: string
  readonly reference: string | null
  readonly sendAt: Date | null
  readonly onUnknownOutcome: 'retry' | 'stop'
  readonly saveToSentItems: boolean
  /** All attachments together. */
  readonly attachmentBytes: number
  /** Its attachments are stored in chunks, under a row in the state `receiving`. */
  readonly chunked: boolean
  /** What the bound on stored bytes counts. */
  readonly storedBytes: number
  readonly contentKeySealed: Sealed
  readonly content: Buffer
  readonly idempotency: { readonly key: string; readonly contentHash: string } | null
}

export type Submitted =
  | { readonly outcome: 'stored'; readonly message: Message }
  | { readonly outcome: 'repeated'; readonly messageId: string }
  /** The key stands for a message with other content. */
  | { readonly outcome: 'key-reused' }
  /** Its attachments were deleted before it was complete. */
  | { readonly outcome: 'swept' }

/** Whose messages: of one service, or of the whole tenant when null. */
export interface Owner {
  readonly tenantId: string
  readonly service: string | null
}

/** Who acts: a service, or a person of the tenant. */
export interface Actor extends Owner {
  readonly userId: string | null
}

export interface Listing {
  readonly status?: MessageStatus
  readonly after?: Place
  readonly limit: number
}

/** The message that an idempotency key stands for. */
export interface KeyHolder {
  readonly contentHash: string
  readonly messageId: string
}

/** Unique within a service of a tenant. */
interface KeyName {
  readonly tenantId: string
  readonly service: string
  readonly key: string
}

export interface MessageStore {
  /** Returns when it is on disk: it will not be lost. */
  submit(message: NewMessage): Promise<Submitted>
  /** Null when the key is free, or its message is still being submitted. */
  findKey(name: KeyName): Promise<KeyHolder | null>
  /** `configuredSender` is where a message would leave from now. */
  find(owner: Owner, id: string, configuredSender: string | null): Promise<Message | null>
  list(owner: Owner, listing: Listing, configuredSender: string | null): Promise<Message[]>
  /** False when it is too late, or in doubt whether it was sent. */
  cancel(actor: Actor, id: string, now: Date): Promise<boolean>
  /** False when it has not failed, or its content is gone. */
  retry(actor: Actor, id: string, now: Date): Promise<boolean>
}

export function createMessageStore(prisma: PrismaClient, pool: pg.Pool, clock: () => Date): MessageStore {
  return {
    submit: createBatcher((batch: readonly NewMessage[]) => submitBatch(pool, batch, clock()), {
      maxItems: SUBMITS_PER_BATCH,
      maxBytes: BYTES_PER_BATCH,
      sizeOf: ({ content }) => content.length,
    }),

    findKey: createBatcher(
      async (names: readonly KeyName[]) => {
        const holders = await readKeys(pool, names, clock())
        return names.map((name) => holders.get(textOf(name)) ?? null)
      },
      { maxItems: LOOK_UPS_PER_BATCH },
    ),

    async find(owner, id, configuredSender) {
      const row = await prisma.message.findFirst({ where: { id, ...ownedBy(owner), status: COMPLETE }, ...SHOWN })
      return row && toMessage(row, configuredSender)
    },

    async list(owner, { status, after, limit }, configuredSender) {
      const older = after && {
        OR: [{ createdAt: { lt: after.at } }, { createdAt: after.at, id: { lt: after.id } }],
      }
      const rows = await prisma.message.findMany({
        where: { ...ownedBy(owner), status: status ?? COMPLETE, ...older },
        orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
        take: limit,
        ...SHOWN,
      })
      return rows.map((row) => toMessage(row, configuredSender))
    },

    async cancel(actor, id, now) {
      return prisma.$transaction(async (transaction) => {
        const { tenantId, service } = actor
        const [cancelled] = await transaction.$queryRawUnsafe<ActedOn[]>(CANCEL, id, tenantId, service, now)
        if (!cancelled) return false
        await auditPerson(transaction, actor, 'message-cancelled', { id, ...cancelled }, now)
        return true
      })
    },

    async retry(actor, id, now) {
      return prisma.$transaction(async (transaction) => {
        const retryable = { id, ...ownedBy(actor), status: 'failed', content: { not: null } }
        // What may have been sent already is sent again on somebody's word: it is marked.
        await transaction.message.updateMany({
          where: { ...retryable, problem: { path: ['code'], equals: 'outcome-unknown' } },
          data: { possibleDuplicate: true },
        })
        const [retried] = await transaction.message.updateManyAndReturn({
          where: retryable,
          data: {
            status: 'queued',
            nextAttemptAt: now,
            endedAt: null,
            problem: Prisma.DbNull,
            attemptCount: 0,
            tryingMs: 0,
            lookups: null,
            ...NO_UPLOAD,
          },
          select: { service: true },
        })
        if (!retried) return false
        await transaction.$executeRaw`SELECT pg_notify(${MESSAGES_CHANNEL}, '')`
        await auditPerson(transaction, actor, 'message-retried', { id, ...retried }, now)
        return true
      })
    },
  }
}

interface ActedOn {
  readonly service: string
}

/** Of a service, each message has its own history; what it does with thousands of them would hide what people do. */
async function auditPerson(
  transaction: Prisma.TransactionClient,
  { tenantId, userId }: Actor,
  action: 'message-cancelled' | 'message-retried',
  { id: message, service }: ActedOn & { readonly id: string },
  now: Date,
): Promise<void> {
  if (userId === null) return
  const details = { message, name: service }
  await appendAuditEvent(transaction, { tenantId, at: now, actor: userId, action, outcome: 'done', details })
}

/** It starts from the beginning: its draft is deleted in the mailbox. */
const NO_UPLOAD = {
  draftId: null,
  uploading: false,
  uploadAttached: 0,
  uploadUrlSealed: null,
  uploadExpiresAt: null,
  uploadPosition: 0,
  uploadedBytes: 0,
}

/** Nothing shows a message of which attachments are still arriving. */
const COMPLETE = { not: 'receiving' }

const SHOWN = {
  omit: { content: true, contentKeySealed: true, uploadUrlSealed: true },
  include: { attempts: { orderBy: { id: 'desc' }, take: ATTEMPTS_SHOWN } },
} as const

type ShownRow = Prisma.MessageGetPayload<typeof SHOWN>

function ownedBy({ tenantId, service }: Owner) {
  return service === null ? { tenantId } : { tenantId, service }
}

async function submitBatch(pool: pg.Pool, batch: readonly NewMessage[], now: Date): Promise<Submitted[]> {
  return inTransaction(pool, async (client) => {
    const present = await lockReceived(client, batch)
    const keyed = present.filter(({ idempotency }) => idempotency !== null)
    const first = keyed.length === 0 ? new Set<string>() : await takeKeys(client, keyed, now)
    const fresh = present.filter(({ id, idempotency }) => idempotency === null || first.has(id))
    const inserted = fresh.length > 0 ? await insert(client, fresh, now) : new Map<string, InsertedRow>()
    const repeated = keyed.filter(({ id }) => !first.has(id))
    const holders =
      repeated.length === 0 ? new Map<string, KeyHolder>() : await readKeys(client, repeated.map(keyOf), now)
    const superfluous = repeated.filter(({ chunked }) => chunked)
    if (superfluous.length > 0) await client.query(DISCARD_RECEIVING, [superfluous.map(({ id }) => id)])
    return batch.map((message) =>
      present.includes(message) ? outcomeOf(message, inserted.get(message.id), holders) : { outcome: 'swept' },
    )
  })
}

/** Leaves out those of which the attachments are gone, and keeps the others from being swept until they are complete. */
async function lockReceived(client: pg.PoolClient, batch: readonly NewMessage[]): Promise<readonly NewMessage[]> {
  const chunked = batch.filter((message) => message.chunked)
  if (chunked.length === 0) return batch
  const { rows } = await client.query<{ id: string }>(LOCK_RECEIVING, [chunked.map(({ id }) => id)])
  const locked = new Set(rows.map(({ id }) => id))
  return batch.filter((message) => !message.chunked || locked.has(message.id))
}

async function takeKeys(client: pg.PoolClient, keyed: readonly NewMessage[], now: Date): Promise<Set<string>> {
  const [tenants, services, keys] = keyColumns(keyed.map(keyOf))
  await client.query(FORGET_OLD_KEYS, [tenants, services, keys, oldestKeyAt(now)])
  const hashes = keyed.map(({ idempotency }) => idempotency?.contentHash)
  const { rows } = await client.query<{ message_id: string }>(TAKE_KEYS, [
    tenants,
    services,
    keys,
    hashes,
    keyed.map(({ id }) => id),
    now,
  ])
  return new Set(rows.map((row) => row.message_id))
}

async function readKeys(
  client: Pick<pg.Pool, 'query'>,
  names: readonly KeyName[],
  now: Date,
): Promise<Map<string, KeyHolder>> {
  const { rows } = await client.query<KeyName & KeyHolder>(READ_KEYS, [...keyColumns(names), oldestKeyAt(now)])
  return new Map(rows.map((row) => [textOf(row), row]))
}

function oldestKeyAt(now: Date): Date {
  return new Date(now.getTime() - KEY_LIVES_MS)
}

interface InsertedRow {
  readonly id: string
  readonly status: MessageStatus
  readonly held_because: HeldBecause | null
  readonly next_attempt_at: Date | null
  readonly created_at: Date
  readonly sender: string | null
}

async function insert(
  client: pg.PoolClient,
  messages: readonly NewMessage[],
  now: Date,
): Promise<Map<string, InsertedRow>> {
  const { rows } = await client.query<InsertedRow>({
    name: 'insert-messages',
    text: INSERT_MESSAGES,
    values: toColumns(messages, now),
  })
  await client.query(`NOTIFY ${MESSAGES_CHANNEL}`)
  return new Map(rows.map((row) => [row.id, row]))
}

function outcomeOf(message: NewMessage, inserted: InsertedRow | undefined, holders: Map<string, KeyHolder>): Submitted {
  if (inserted) return { outcome: 'stored', message: freshMessage(message, inserted) }
  const holder = holders.get(textOf(keyOf(message)))
  if (!holder) throw new Error(`The message ${message.id} was neither stored nor a repetition.`)
  if (holder.contentHash !== message.idempotency?.contentHash) return { outcome: 'key-reused' }
  return { outcome: 'repeated', messageId: holder.messageId }
}

function keyOf({ tenantId, service, idempotency }: NewMessage): KeyName {
  return { tenantId, service, key: idempotency?.key ?? '' }
}

function textOf({ tenantId, service, key }: KeyName): string {
  return JSON.stringify([tenantId, service, key])
}

function keyColumns(names: readonly KeyName[]): [string[], string[], string[]] {
  return [names.map(({ tenantId }) => tenantId), names.map(({ service }) => service), names.map(({ key }) => key)]
}

function toColumns(messages: readonly NewMessage[], now: Date): unknown[] {
  const column = <T>(value: (message: NewMessage) => T): T[] => messages.map(value)
  return [
    now,
    column(({ id }) => id),
    column(({ tenantId }) => tenantId),
    column(({ service }) => service),
    column(({ to }) => JSON.stringify(to)),
    column(({ subject }) => subject),
    column(({ reference }) => reference),
    column(({ sendAt }) => sendAt),
    column(({ onUnknownOutcome }) => onUnknownOutcome),
    column(({ saveToSentItems }) => saveToSentItems),
    column(({ recipients }) => recipients),
    column(({ contentKeySealed }) => contentKeySealed),
    column(({ content }) => content),
    column(({ attachmentBytes }) => attachmentBytes),
    column(({ chunked }) => chunked),
    column(({ storedBytes }) => storedBytes),
  ]
}

function freshMessage({ id, to, subject, reference, sendAt }: NewMessage, row: InsertedRow): Message {
  return {
    id,
    status: row.status,
    from: row.sender,
    to: [...to],
    subject,
    reference,
    createdAt: row.created_at.toISOString(),
    sendAt: sendAt?.toISOString() ?? null,
    nextAttemptAt: row.next_attempt_at?.toISOString() ?? null,
    sentAt: null,
    attempts: [],
    heldBecause: row.held_because,
    possibleDuplicate: false,
    progress: null,
    problem: null,
  }
}

function toMessage(row: ShownRow, configuredSender: string | null): Message {
  return {
    id: row.id,
    status: row.status as MessageStatus,
    from: (row.status === 'sent' ? row.fromEmail : null) ?? configuredSender,
    to: row.to as unknown as Recipient[],
    subject: row.subject,
    reference: row.reference,
    createdAt: row.createdAt.toISOString(),
    sendAt: row.sendAt?.toISOString() ?? null,
    nextAttemptAt: row.nextAttemptAt?.toISOString() ?? null,
    sentAt: row.sentAt?.toISOString() ?? null,
    attempts: row.attempts.toReversed().map(({ at, outcome, code, detail }) => ({
      at: at.toISOString(),
      outcome: outcome as Message['attempts'][number]['outcome'],
      code,
      detail,
    })),
    heldBecause: row.heldBecause as HeldBecause | null,
    possibleDuplicate: row.possibleDuplicate,
    progress: row.uploading ? { sentBytes: Number(row.uploadedBytes), totalBytes: Number(row.attachmentBytes) } : null,
    problem: row.problem as MessageProblem | null,
  }
}

import type { HeldBecause, Message, MessageProblem, MessageStatus, Recipient } from '@inforiver-mail/contract/message'
import type { Sealed } from '@inforiver-mail/m365/token-vault'
import type pg from 'pg'
import { appendAuditEvent } from '../database/audit-log.ts'
import { createBatcher } from '../database/batcher.ts'
import { MESSAGES_CHANNEL } from '../database/channels.ts'
import type { Prisma, PrismaClient } from '../database/generated/client.ts'
import { inTransaction } from '../database/transaction.ts'
import type { Place } from '../http/list-cursor.ts'
import { READ_ATTEMPTS } from './attempts.sql.ts'
import { CANCEL, RETRY } from './cancel.sql.ts'
import type { StorageFull } from './storage-full.ts'
import {
  FORGET_OLD_KEYS,
  INSERT_MESSAGES,
  LOCK_RECEIVING,
  LOCK_STORAGE,
  READ_KEYS,
  READ_STORAGE,
  RELEASE_KEYS,
  TAKE_KEYS,
  WITHDRAW_MESSAGES,
} from './submit.sql.ts'
import type { WaitingStore } from './waiting-store.ts'
import type { Waiting } from './waiting.ts'

const SUBMITS_PER_BATCH = 100
const BYTES_PER_BATCH = 16 * 1024 * 1024
const LOOK_UPS_PER_BATCH = 500

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
  /** As the row keeps it. */
  readonly storedBytes: number
  /** Of what stays readable when the content is gone. */
  readonly openBytes: number
  /** By how much the tenant's stored bytes grow: attachments in chunks are counted before. */
  readonly addedBytes: number
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
  | ({ readonly outcome: 'storage-full' } & StorageFull)

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

export function createMessageStore(
  prisma: PrismaClient,
  pool: pg.Pool,
  waiting: WaitingStore,
  { databaseNow, storageBytes }: { databaseNow: () => Promise<Date>; storageBytes: number },
): MessageStore {
  /** With what keeps those that are queued, at this moment. */
  async function toMessages(
    { tenantId }: Owner,
    rows: readonly ShownRow[],
    configuredSender: string | null,
  ): Promise<Message[]> {
    const scheduledUntil = await untilScheduled(rows)
    const queued = rows.filter(({ status }) => status === 'queued')
    const reasons = await waiting.explain(tenantId, queued)
    const attempts = await readAttempts(
      pool,
      rows.map(({ id }) => id),
    )
    return rows.map((row) =>
      toMessage(
        row,
        attempts.get(row.id) ?? [],
        reasons.get(row.id) ?? { because: null, until: scheduledUntil.get(row.id) ?? null },
        configuredSender,
      ),
    )
  }

  /** Of messages that are not queued, only a scheduled one has anything before it. */
  async function untilScheduled(rows: readonly ShownRow[]): Promise<ReadonlyMap<string, Date>> {
    const scheduled = rows.filter(({ status }) => status === 'scheduled')
    if (scheduled.length === 0) return new Map()
    const now = await databaseNow()
    return new Map(
      scheduled.map(({ id, nextAttemptAt }) => [id, nextAttemptAt && nextAttemptAt > now ? nextAttemptAt : now]),
    )
  }

  return {
    submit: createBatcher((batch: readonly NewMessage[]) => submitBatch(pool, batch, storageBytes), {
      maxItems: SUBMITS_PER_BATCH,
      maxBytes: BYTES_PER_BATCH,
      sizeOf: ({ content }) => content.length,
    }),

    findKey: createBatcher(
      async (names: readonly KeyName[]) => {
        const holders = await readKeys(pool, names)
        return names.map((name) => holders.get(textOf(name)) ?? null)
      },
      { maxItems: LOOK_UPS_PER_BATCH },
    ),

    async find(owner, id, configuredSender) {
      const row = await prisma.message.findFirst({ where: { id, ...ownedBy(owner), status: COMPLETE }, ...SHOWN })
      if (!row) return null
      const [message = null] = await toMessages(owner, [row], configuredSender)
      return message
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
      return toMessages(owner, rows, configuredSender)
    },

    async cancel(actor, id, now) {
      return prisma.$transaction(async (transaction) => {
        const { tenantId, service } = actor
        const [cancelled] = await transaction.$queryRawUnsafe<ActedOn[]>(CANCEL, id, tenantId, service)
        if (!cancelled) return false
        await auditPerson(transaction, actor, 'message-cancelled', { id, ...cancelled }, now)
        return true
      })
    },

    async retry(actor, id, now) {
      return prisma.$transaction(async (transaction) => {
        const { tenantId, service } = actor
        const [retried] = await transaction.$queryRawUnsafe<ActedOn[]>(RETRY, id, tenantId, service)
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

/** Nothing shows a message of which attachments are still arriving. */
const COMPLETE = { not: 'receiving' }

const SHOWN = {
  omit: { content: true, contentKeySealed: true, uploadUrlSealed: true },
} as const

type ShownRow = Prisma.MessageGetPayload<typeof SHOWN>

interface AttemptRow {
  readonly messageId: string
  readonly at: Date
  readonly firstAt: Date
  readonly count: number
  readonly outcome: string
  readonly code: string | null
  readonly detail: string
}

async function readAttempts(pool: pg.Pool, ids: readonly string[]): Promise<Map<string, AttemptRow[]>> {
  const { rows } = await pool.query<AttemptRow>(READ_ATTEMPTS, [ids])
  return Map.groupBy(rows, ({ messageId }) => messageId)
}

function ownedBy({ tenantId, service }: Owner) {
  return service === null ? { tenantId } : { tenantId, service }
}

async function submitBatch(pool: pg.Pool, batch: readonly NewMessage[], storageBytes: number): Promise<Submitted[]> {
  return inTransaction(pool, async (client) => {
    const present = await lockReceived(client, batch)
    const keyed = present.filter(({ idempotency }) => idempotency !== null)
    const first = keyed.length === 0 ? new Set<string>() : await takeKeys(client, keyed)
    const fresh = present.filter(({ id, idempotency }) => idempotency === null || first.has(id))
    const { inserted, storedBytes } = fresh.length > 0 ? await insert(client, fresh, storageBytes) : NOTHING_INSERTED
    const repeated = keyed.filter(({ id }) => !first.has(id))
    const holders = repeated.length === 0 ? new Map<string, KeyHolder>() : await readKeys(client, repeated.map(keyOf))
    return batch.map((message) => {
      if (!present.includes(message)) return { outcome: 'swept' }
      return (
        outcomeOf(message, inserted.get(message.id), holders) ?? {
          outcome: 'storage-full',
          storedBytes: storedBytes.get(message.tenantId) ?? 0,
          neededBytes: message.addedBytes,
          storageBytes,
        }
      )
    })
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

async function takeKeys(client: pg.PoolClient, keyed: readonly NewMessage[]): Promise<Set<string>> {
  const [tenants, services, keys] = keyColumns(keyed.map(keyOf))
  await client.query(FORGET_OLD_KEYS, [tenants, services, keys])
  const hashes = keyed.map(({ idempotency }) => idempotency?.contentHash)
  const { rows } = await client.query<{ message_id: string }>(TAKE_KEYS, [
    tenants,
    services,
    keys,
    hashes,
    keyed.map(({ id }) => id),
  ])
  return new Set(rows.map((row) => row.message_id))
}

async function readKeys(client: Pick<pg.Pool, 'query'>, names: readonly KeyName[]): Promise<Map<string, KeyHolder>> {
  const { rows } = await client.query<KeyName & KeyHolder>(READ_KEYS, keyColumns(names))
  return new Map(rows.map((row) => [textOf(row), row]))
}

interface InsertedRow {
  readonly id: string
  readonly status: MessageStatus
  readonly held_because: HeldBecause | null
  readonly next_attempt_at: Date | null
  readonly created_at: Date
  readonly sender: string | null
}

interface Inserted {
  readonly inserted: ReadonlyMap<string, InsertedRow>
  /** What each tenant has stored then. */
  readonly storedBytes: ReadonlyMap<string, number>
}

const NOTHING_INSERTED: Inserted = { inserted: new Map(), storedBytes: new Map() }

/** Leaves out, with its key, what a tenant has no room for. */
async function insert(client: pg.PoolClient, messages: readonly NewMessage[], storageBytes: number): Promise<Inserted> {
  const tenants = [...new Set(messages.map(({ tenantId }) => tenantId))]
  await client.query(`NOTIFY ${MESSAGES_CHANNEL}`)
  if (messages.some(({ chunked }) => chunked)) await client.query(LOCK_STORAGE, [tenants])
  const { rows } = await client.query<InsertedRow>({
    name: 'insert-messages',
    text: INSERT_MESSAGES,
    values: [...toColumns(messages), storageBytes],
  })
  const inserted = new Map(rows.map((row) => [row.id, row]))
  const storedBytes = await readStorage(client, tenants)
  const withdrawn = withdraw(
    messages.filter(({ id }) => inserted.has(id)),
    storedBytes,
    storageBytes,
  )
  for (const { id } of withdrawn) inserted.delete(id)
  if (withdrawn.length > 0) await client.query(WITHDRAW_MESSAGES, [withdrawn.map(({ id }) => id)])
  const keys = messages.filter(({ id, idempotency }) => idempotency !== null && !inserted.has(id)).map(keyOf)
  if (keys.length > 0) await client.query(RELEASE_KEYS, keyColumns(keys))
  return { inserted, storedBytes }
}

/** From here on the tenants' rows are locked, by the insert before it, until the transaction ends. */
async function readStorage(client: pg.PoolClient, tenants: readonly string[]): Promise<Map<string, number>> {
  const { rows } = await client.query<{ tenantId: string; storedBytes: string }>({
    name: 'read-storage',
    text: READ_STORAGE,
    values: [tenants],
  })
  return new Map(rows.map(({ tenantId, storedBytes }) => [tenantId, Number(storedBytes)]))
}

/** The largest messages of tenants that are over the bound, since other processes have stored something meanwhile. */
function withdraw(
  messages: readonly NewMessage[],
  storedBytes: Map<string, number>,
  storageBytes: number,
): NewMessage[] {
  return messages
    .toSorted((one, other) => other.addedBytes - one.addedBytes)
    .filter(({ tenantId, addedBytes }) => {
      const tenantBytes = storedBytes.get(tenantId) ?? 0
      if (tenantBytes <= storageBytes) return false
      storedBytes.set(tenantId, tenantBytes - addedBytes)
      return true
    })
}

/** Null when there is no room for it, or for the message in the same batch that it repeats. */
function outcomeOf(
  message: NewMessage,
  inserted: InsertedRow | undefined,
  holders: Map<string, KeyHolder>,
): Submitted | null {
  if (inserted) return { outcome: 'stored', message: freshMessage(message, inserted) }
  const holder = message.idempotency === null ? undefined : holders.get(textOf(keyOf(message)))
  if (!holder) return null
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

function toColumns(messages: readonly NewMessage[]): unknown[] {
  const column = <T>(value: (message: NewMessage) => T): T[] => messages.map(value)
  return [
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
    column(({ openBytes }) => openBytes),
    column(({ addedBytes }) => addedBytes),
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
    waitingBecause: null,
    sentAt: null,
    attempts: [],
    heldBecause: row.held_because,
    possibleDuplicate: false,
    progress: null,
    problem: null,
  }
}

function toMessage(
  row: ShownRow,
  attempts: readonly AttemptRow[],
  { because, until }: Waiting,
  configuredSender: string | null,
): Message {
  return {
    id: row.id,
    status: row.status as MessageStatus,
    from: (row.status === 'sent' ? row.fromEmail : null) ?? configuredSender,
    to: row.to as unknown as Recipient[],
    subject: row.subject,
    reference: row.reference,
    createdAt: row.createdAt.toISOString(),
    sendAt: row.sendAt?.toISOString() ?? null,
    nextAttemptAt: until?.toISOString() ?? null,
    waitingBecause: because,
    sentAt: row.sentAt?.toISOString() ?? null,
    attempts: attempts.map(({ at, firstAt, count, outcome, code, detail }) => ({
      at: at.toISOString(),
      firstAt: firstAt.toISOString(),
      count,
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

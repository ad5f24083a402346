import type { HeldBecause, Message, MessageProblem, MessageStatus, Recipient } from '@inforiver-mail/contract/message'
import type { Sealed } from '@inforiver-mail/m365/token-vault'
import type pg from 'pg'
import { createBatcher } from '../database/batcher.ts'
import { MESSAGES_CHANNEL } from '../database/channels.ts'
import { Prisma, type PrismaClient } from '../database/generated/client.ts'
import { FORGET_OLD_KEYS, INSERT_MESSAGES, READ_KEYS, TAKE_KEYS } from './submit.sql.ts'

const SUBMITS_PER_BATCH = 100
const BYTES_PER_BATCH = 16 * 1024 * 1024
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
  readonly contentKeySealed: Sealed
  readonly content: Buffer
  readonly idempotency: { readonly key: string; readonly contentHash: string } | null
}

export type Submitted =
  | { readonly outcome: 'stored'; readonly message: Message }
  | { readonly outcome: 'repeated'; readonly messageId: string }
  /** The key stands for a message with other content. */
  | { readonly outcome: 'key-reused' }

/** Whose messages: of one service, or of the whole tenant when null. */
export interface Owner {
  readonly tenantId: string
  readonly service: string | null
}

export interface Listing {
  readonly status?: MessageStatus
  readonly after?: { readonly createdAt: Date; readonly id: string }
  readonly limit: number
}

export interface MessageStore {
  /** Returns when it is on disk: it will not be lost. */
  submit(message: NewMessage): Promise<Submitted>
  /** `configuredSender` is where a message would leave from now. */
  find(owner: Owner, id: string, configuredSender: string | null): Promise<Message | null>
  list(owner: Owner, listing: Listing, configuredSender: string | null): Promise<Message[]>
  /** False when it is too late, or in doubt whether it was sent. */
  cancel(owner: Owner, id: string, now: Date): Promise<boolean>
  /** False when it has not failed, or its content is gone. */
  retry(owner: Owner, id: string, now: Date): Promise<boolean>
}

export function createMessageStore(prisma: PrismaClient, pool: pg.Pool, clock: () => Date): MessageStore {
  return {
    submit: createBatcher((batch: readonly NewMessage[]) => submitBatch(pool, batch, clock()), {
      maxItems: SUBMITS_PER_BATCH,
      maxBytes: BYTES_PER_BATCH,
      sizeOf: ({ content }) => content.length,
    }),

    async find(owner, id, configuredSender) {
      const row = await prisma.message.findFirst({ where: { id, ...ownedBy(owner) }, ...SHOWN })
      return row && toMessage(row, configuredSender)
    },

    async list(owner, { status, after, limit }, configuredSender) {
      const older = after && {
        OR: [{ createdAt: { lt: after.createdAt } }, { createdAt: after.createdAt, id: { lt: after.id } }],
      }
      const rows = await prisma.message.findMany({
        where: { ...ownedBy(owner), ...(status && { status }), ...older },
        orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
        take: limit,
        ...SHOWN,
      })
      return rows.map((row) => toMessage(row, configuredSender))
    },

    async cancel(owner, id, now) {
      const { count } = await prisma.message.updateMany({
        where: { id, ...ownedBy(owner), status: { in: ['scheduled', 'queued', 'held'] }, lookups: null },
        data: {
          status: 'cancelled',
          heldBecause: null,
          nextAttemptAt: null,
          endedAt: now,
          content: null,
          contentKeySealed: null,
        },
      })
      return count === 1
    },

    async retry(owner, id, now) {
      const [, retried] = await prisma.$transaction([
        // What may have been sent already is sent again on somebody's word: it is marked.
        prisma.message.updateMany({
          where: { id, ...ownedBy(owner), status: 'failed', problem: { path: ['code'], equals: 'outcome-unknown' } },
          data: { possibleDuplicate: true },
        }),
        prisma.message.updateMany({
          where: { id, ...ownedBy(owner), status: 'failed', content: { not: null } },
          data: {
            status: 'queued',
            nextAttemptAt: now,
            endedAt: null,
            problem: Prisma.DbNull,
            attemptCount: 0,
            tryingMs: 0,
            lookups: null,
          },
        }),
        prisma.$executeRaw`SELECT pg_notify(${MESSAGES_CHANNEL}, '')`,
      ])
      return retried.count === 1
    },
  }
}

const SHOWN = {
  omit: { content: true, contentKeySealed: true },
  include: { attempts: { orderBy: { id: 'desc' }, take: ATTEMPTS_SHOWN } },
} as const

type ShownRow = Prisma.MessageGetPayload<typeof SHOWN>

function ownedBy({ tenantId, service }: Owner) {
  return service === null ? { tenantId } : { tenantId, service }
}

async function submitBatch(pool: pg.Pool, batch: readonly NewMessage[], now: Date): Promise<Submitted[]> {
  const client = await pool.connect()
  // A connection that breaks emits an error besides failing its statement: with nobody listening it ends the process.
  const ignore = () => {}
  client.on('error', ignore)
  try {
    await client.query('BEGIN')
    const keyed = batch.filter(({ idempotency }) => idempotency !== null)
    const first = keyed.length === 0 ? new Set<string>() : await takeKeys(client, keyed, now)
    const fresh = batch.filter(({ id, idempotency }) => idempotency === null || first.has(id))
    const inserted = fresh.length > 0 ? await insert(client, fresh, now) : new Map<string, InsertedRow>()
    const repeated = keyed.filter(({ id }) => !first.has(id))
    const holders = repeated.length === 0 ? new Map<string, KeyHolder>() : await readKeys(client, repeated)
    await client.query('COMMIT')
    return batch.map((message) => outcomeOf(message, inserted.get(message.id), holders))
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {})
    throw error
  } finally {
    client.release()
    client.off('error', ignore)
  }
}

interface KeyHolder {
  readonly content_hash: string
  readonly message_id: string
}

async function takeKeys(client: pg.PoolClient, keyed: readonly NewMessage[], now: Date): Promise<Set<string>> {
  const [tenants, services, keys] = keyColumns(keyed)
  await client.query(FORGET_OLD_KEYS, [tenants, services, keys, new Date(now.getTime() - KEY_LIVES_MS)])
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

async function readKeys(client: pg.PoolClient, repeated: readonly NewMessage[]): Promise<Map<string, KeyHolder>> {
  const { rows } = await client.query<KeyHolder & { tenant_id: string; service: string; key: string }>(
    READ_KEYS,
    keyColumns(repeated),
  )
  return new Map(rows.map((row) => [keyName(row.tenant_id, row.service, row.key), row]))
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
  const { tenantId, service, idempotency } = message
  const holder = idempotency && holders.get(keyName(tenantId, service, idempotency.key))
  if (!holder) throw new Error(`The message ${message.id} was neither stored nor a repetition.`)
  if (holder.content_hash !== idempotency.contentHash) return { outcome: 'key-reused' }
  return { outcome: 'repeated', messageId: holder.message_id }
}

function keyName(tenantId: string, service: string, key: string): string {
  return JSON.stringify([tenantId, service, key])
}

function keyColumns(messages: readonly NewMessage[]): [string[], string[], (string | undefined)[]] {
  return [
    messages.map(({ tenantId }) => tenantId),
    messages.map(({ service }) => service),
    messages.map(({ idempotency }) => idempotency?.key),
  ]
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
    progress: null,
    problem: row.problem as MessageProblem | null,
  }
}

import { setTimeout as delay } from 'node:timers/promises'
import type { Recipient } from '@inforiver-mail/contract/message'
import type pg from 'pg'
import { isAway } from '../database/is-unavailable.ts'
import { inTransaction } from '../database/transaction.ts'
import { BLOCK_MESSAGES, encodePositions } from './search-postings.ts'
import { indexedGrams } from './search-text.ts'
import { totalsOf } from './totals.ts'
import { createTurns, inTurn, type Turns } from './turns.ts'
import { WALK_IN_ORDER } from './walk-in-order.ts'

// Builds the search index in the background, in blocks of 2,048 messages. What is not in a block yet is read by every
// search, so nothing depends on how far the index has come.
//
// The end of a block is sealed first, while the tenant's totals are locked, and the block is built afterwards without
// that lock. A message that is stored behind the sealed end is noted in search_late by a trigger, and is put into a later
// block. Where there are very many, as after somebody has filled the table out of order, they make blocks of their own.

/** Tenants that are indexed in one step. */
const TENANTS_AT_ONCE = 10
/** A block is built in steps that take one or two milliseconds, here or in the database. */
const MESSAGES_PER_READ = 128
const GRAMS_PER_STEP = 4_000
const GRAMS_PER_INSERT = 250
/** The time that submits and deliveries have between two steps. A block in one go delays one in a hundred submits. */
const PAUSE_MS = 2

/** $1 and $2 whose turn it is, $3 messages of a block */
const TENANTS_BEHIND = `
SELECT t.tenant_id FROM mailbox_totals t WHERE t.unindexed >= $3 ORDER BY ${inTurn('t.tenant_id', 'text')} LIMIT ${TENANTS_AT_ONCE}`

/** $1 tenant */
const BEGIN_PROGRESS = `
INSERT INTO search_progress (tenant_id, sealed_at, sealed_id, indexed_at, indexed_id) VALUES ($1, '-infinity', '', '-infinity', '')
ON CONFLICT DO NOTHING`

/** $1 tenant */
const LOCK_PROGRESS = `
SELECT sealed_at::text, sealed_id, indexed_at::text, indexed_id FROM search_progress WHERE tenant_id = $1 FOR UPDATE SKIP LOCKED`

/** Waits for submits that are under way, and lets none begin. $1 tenant */
const LOCK_TOTALS = `${totalsOf('$1', '1')} FOR UPDATE`

/**
 * Seals what makes a block together with the late messages, if there is enough. $1 tenant, $2 messages of a block,
 * $3 and $4 what is sealed, $5 late messages
 */
const SEAL = `
UPDATE search_progress p SET sealed_at = last.created_at, sealed_id = last.id
  FROM (SELECT m.created_at, m.id FROM messages m
         WHERE m.tenant_id = $1 AND (m.created_at, m.id) > ($3::timestamptz, $4::text)
         ORDER BY m.created_at, m.id
        OFFSET $2 - 1 - $5 LIMIT 1) AS last
 WHERE p.tenant_id = $1`

/** $1 tenant, $2 at most */
const COUNT_LATE = `SELECT count(*)::int AS count FROM (SELECT FROM search_late WHERE tenant_id = $1 LIMIT $2) AS late`

/** Counts again, after messages were deleted before they were indexed. Parameters as above, without the late ones. */
const RECOUNT = `
UPDATE mailbox_totals SET unindexed = LEAST($2 - 1,
         (SELECT count(*) FROM messages m WHERE m.tenant_id = $1 AND (m.created_at, m.id) > ($3::timestamptz, $4::text))
       + (SELECT count(*) FROM search_late WHERE tenant_id = $1))
 WHERE tenant_id = $1`

/** Of a block, most reports have come by then: review-blocks.ts. */
const REVIEWED_AFTER = `interval '1 hour'`

const TEXTS = `m.id, m.service, m.created_at, m.subject, m.reference, m."to" || coalesce(m.cc, '[]') || coalesce(m.bcc, '[]') AS recipients`

/** $1 tenant, $2 and $3 what is indexed, $4 and $5 what is sealed */
const OPEN_SEALED = `
DECLARE sealed NO SCROLL CURSOR FOR
SELECT ${TEXTS} FROM messages m
 WHERE m.tenant_id = $1 AND (m.created_at, m.id) > ($2::timestamptz, $3::text) AND (m.created_at, m.id) <= ($4::timestamptz, $5::text)
   AND (SELECT true FROM search_late l WHERE l.message_id = m.id) IS NOT TRUE
 ORDER BY m.created_at`

const READ_SEALED = `FETCH ${MESSAGES_PER_READ} FROM sealed`

/** $1 tenant, $2 at most */
const READ_LATE = `
SELECT ${TEXTS} FROM (SELECT message_id FROM search_late WHERE tenant_id = $1 ORDER BY created_at DESC LIMIT $2) AS l
 CROSS JOIN LATERAL (SELECT * FROM messages WHERE id = l.message_id OFFSET 0) AS m`

const INSERT_BLOCK = `
INSERT INTO search_blocks (tenant_id, first_at, last_at, messages, message_ids, review_at)
VALUES ($1, $2, $3::timestamptz, $4, $5, $3::timestamptz + ${REVIEWED_AFTER}) RETURNING id`

const INSERT_GRAMS = `
INSERT INTO search_grams (block_id, gram, positions) SELECT $1, * FROM unnest($2::int[], $3::bytea[])`

const END_BLOCK = `
WITH late AS (DELETE FROM search_late WHERE message_id = ANY ($2)),
     indexed AS (UPDATE search_progress SET indexed_at = sealed_at, indexed_id = sealed_id WHERE tenant_id = $1)
UPDATE mailbox_totals SET unindexed = greatest(0, unindexed - cardinality($2::text[])) WHERE tenant_id = $1`

interface Progress {
  readonly sealed_at: string
  readonly sealed_id: string
  readonly indexed_at: string
  readonly indexed_id: string
}

interface TextRow {
  readonly id: string
  readonly service: string
  readonly created_at: Date
  readonly subject: string
  readonly reference: string | null
  readonly recipients: readonly Recipient[]
}

/**
 * Indexes the next block of some tenants that have enough for one. It may be cut off anywhere, and run in several
 * processes at once: each tenant is indexed by one of them.
 *
 * @param blockMessages at most `BLOCK_MESSAGES`; fewer in tests
 * @returns whether something was indexed, so that there may be more
 * @throws what kept a tenant from being indexed, once the others were
 */
export async function indexMessages(
  pool: pg.Pool,
  blockMessages = BLOCK_MESSAGES,
  turns: Turns = createTurns(),
): Promise<boolean> {
  const { rows } = await pool.query<{ tenant_id: string }>(TENANTS_BEHIND, [
    turns.last,
    [...turns.failed],
    blockMessages,
  ])
  let indexed = false
  const failures: unknown[] = []
  for (const { tenant_id: tenantId } of rows) {
    if (indexed && turns.failed.has(tenantId)) break // it comes last, and the others may have more
    turns.last = tenantId
    try {
      indexed = (await indexBlock(pool, tenantId, blockMessages)) || indexed
      turns.failed.delete(tenantId)
    } catch (error) {
      if (isAway(error)) throw error
      turns.failed.add(tenantId)
      failures.push(error)
    }
  }
  if (failures.length > 0) throw failures[0]
  return indexed
}

async function indexBlock(pool: pg.Pool, tenantId: string, blockMessages: number): Promise<boolean> {
  const isSealed = await inTransaction(pool, (client) => seal(client, tenantId, blockMessages))
  return isSealed && inTransaction(pool, (client) => build(client, tenantId, blockMessages))
}

/** Returns false when another process is at it, or there is not enough for a block. */
async function seal(client: pg.PoolClient, tenantId: string, blockMessages: number): Promise<boolean> {
  await client.query(BEGIN_PROGRESS, [tenantId])
  const progress = await client.query<Progress>(LOCK_PROGRESS, [tenantId])
  const [row] = progress.rows
  if (!row) return false
  if (isSealed(row)) return true // whoever sealed it was interrupted
  await client.query(WALK_IN_ORDER)
  await client.query(LOCK_TOTALS, [tenantId])
  const late = await client.query<{ count: number }>(COUNT_LATE, [tenantId, blockMessages])
  const lateCount = late.rows[0]?.count ?? 0
  if (lateCount === blockMessages) return true
  const values = [tenantId, blockMessages, row.sealed_at, row.sealed_id]
  const { rowCount } = await client.query(SEAL, [...values, lateCount])
  if (rowCount === 1) return true
  await client.query(RECOUNT, values)
  return false
}

/** Returns false when another process is at it. */
async function build(client: pg.PoolClient, tenantId: string, blockMessages: number): Promise<boolean> {
  const progress = await client.query<Progress>(LOCK_PROGRESS, [tenantId])
  const [row] = progress.rows
  if (!row) return false
  await client.query(WALK_IN_ORDER)
  const between = [row.indexed_at, row.indexed_id, row.sealed_at, row.sealed_id]
  await client.query(OPEN_SEALED, [tenantId, ...between])
  const sealed = await readSealed(client)
  const { rows: late } = await client.query<TextRow>(READ_LATE, [tenantId, Math.max(0, blockMessages - sealed.length)])
  if (!isSealed(row) && late.length < blockMessages) return false
  const messages = [...sealed, ...late].toSorted(
    (a, b) => a.created_at.getTime() - b.created_at.getTime() || (a.id < b.id ? -1 : 1),
  )
  const [first] = messages
  const last = messages.at(-1)
  if (first && last) {
    const ids = Buffer.concat(messages.map(({ id }) => bytesOfId(id)))
    const range = [first.created_at, last.created_at, messages.length, ids]
    const block = await client.query<{ id: string }>(INSERT_BLOCK, [tenantId, ...range])
    const positionsOf = await positionsByGram(messages)
    const grams = Uint32Array.from(positionsOf.keys()).toSorted()
    for (let from = 0; from < grams.length; from += GRAMS_PER_INSERT) {
      const inserted = [...grams.subarray(from, from + GRAMS_PER_INSERT)]
      const positions = inserted.map((gram) => encodePositions(positionsOf.get(gram) ?? []))
      await client.query(INSERT_GRAMS, [block.rows[0]?.id, inserted, positions])
      await delay(PAUSE_MS)
    }
  }
  await client.query(END_BLOCK, [tenantId, messages.map(({ id }) => id)])
  return true
}

async function readSealed(client: pg.PoolClient): Promise<TextRow[]> {
  const sealed: TextRow[] = []
  for (;;) {
    const { rows } = await client.query<TextRow>(READ_SEALED)
    sealed.push(...rows)
    if (rows.length < MESSAGES_PER_READ) return sealed
    await delay(PAUSE_MS)
  }
}

function isSealed({ sealed_id: sealed, indexed_id: indexed }: Progress): boolean {
  return sealed !== indexed
}

async function positionsByGram(messages: readonly TextRow[]): Promise<Map<number, number[]>> {
  const positions = new Map<number, number[]>()
  let sincePause = 0
  for (const [position, { subject, reference, recipients, service }] of messages.entries()) {
    const grams = indexedGrams({ subject, reference, recipients }, service)
    sincePause += grams.size
    if (sincePause >= GRAMS_PER_STEP) {
      await delay(PAUSE_MS)
      sincePause = 0
    }
    for (const gram of grams) {
      const listed = positions.get(gram)
      if (listed) listed.push(position)
      else positions.set(gram, [position])
    }
  }
  return positions
}

/** The 128 bits of an id, as `idAt` reads them. */
function bytesOfId(id: string): Buffer {
  return Buffer.from(id.slice('msg_'.length), 'hex')
}

/** SQL for the id of a message at a position of a block. */
export function idAt(block: string, position: string): string {
  return `'msg_' || encode(substr(${block}.message_ids, 16 * ${position} + 1, 16), 'hex')`
}

/** Deletes blocks whose messages are all deleted. $1 last submitted before, $2 at most */
const DROP_EMPTY_BLOCKS = `
WITH empty AS MATERIALIZED (
  SELECT b.id FROM search_blocks b
   WHERE b.last_at < $1
     AND (SELECT true FROM messages m WHERE m.tenant_id = b.tenant_id AND m.created_at BETWEEN b.first_at AND b.last_at LIMIT 1) IS NOT TRUE
   LIMIT $2 FOR UPDATE SKIP LOCKED
), grams AS (
  DELETE FROM search_grams WHERE block_id = ANY (ARRAY(SELECT id FROM empty))
)
DELETE FROM search_blocks WHERE id = ANY (ARRAY(SELECT id FROM empty))`
const BLOCKS_AT_ONCE = 20

/** Deletes what the index holds of messages that retention has deleted. */
export async function forgetIndexed(pool: pg.Pool, submittedBefore: Date): Promise<void> {
  for (;;) {
    const { rowCount } = await pool.query(DROP_EMPTY_BLOCKS, [submittedBefore, BLOCKS_AT_ONCE])
    if ((rowCount ?? 0) < BLOCKS_AT_ONCE) return
  }
}

import type { Recipient } from '@inforiver-mail/contract/message'
import type { MessageEventType } from '@inforiver-mail/contract/message-event'
import type pg from 'pg'
import { inTransaction } from '../../database/transaction.ts'
import { readDelivery, readDeliverySource } from '../../domain/stored-values.ts'
import {
  dueEvent,
  mergeOutcome,
  NO_OUTCOME,
  type FinalDelivery,
  type OutcomeReport,
  type RecipientOutcome,
} from './merge-outcome.ts'
import { countAndTell } from '../counters.ts'
import { addCounts } from '../records/event-counts.ts'

// What became of messages for their recipients, by reports of Microsoft. A recipient has a row once something is known:
//
//  ──a row of the message trace, or a bounce──▶ delivered, spam, expanded, failed or quarantined
//  delivered ──a certain bounce──▶ failed
//  one that is only likely ──a certain one──▶ that
//
// merge-outcome.ts decides what a report changes, and which event follows. Until something is known a recipient is pending or
// unknown, which delivery-reports.ts tells on reading. Reports come from the two pollers of delivery-reports/: awaited-reports.ts
// says which messages the trace is asked for, report-inboxes.ts which inbox is read and how far, and sent-messages.ts finds the
// message that a report is about. One that changes nothing costs a read. Whoever changes a recipient holds its row, and writes
// its event in the same transaction, so that a report that comes twice, or to two processes, counts once.

const REPORTS_AT_ONCE = 500
const AWAITED_AT_ONCE = 500

/** A message that reports are about. */
interface ReportedMessage {
  readonly id: string
  readonly service: string
  readonly possibleDuplicate: boolean
  /** The addresses as they were submitted, and how often each is among them, by the address in lower case. */
  readonly addresses: ReadonlyMap<string, { readonly address: string; readonly places: number }>
}

/** $1 tenant, $2 ids */
const READ_MESSAGES = `
SELECT m.id, m.service, m.possible_duplicate AS "possibleDuplicate", m."to", m.cc, m.bcc
  FROM messages m WHERE m.id = ANY ($2) AND m.tenant_id || '' = $1`

const COLUMNS = `
o.message_id AS "messageId", o.address, o.delivery, o.code, o.detail, o.at, o.source, o.certain, o.note, o.events, o.code_awaited_until AS "codeAwaitedUntil"`

/** $1 message ids */
const READ = `SELECT ${COLUMNS} FROM recipient_outcomes o WHERE o.message_id = ANY ($1)`

/** $1 tenant, $2 message ids, $3 places as JSON */
const PREPARE = `
INSERT INTO recipient_outcomes (message_id, address, tenant_id, places, learned_at)
SELECT m.id, p.address, $1, p.places, mail_now()
  FROM jsonb_to_recordset($3::jsonb) AS p("messageId" text, address text, places int) JOIN messages m ON m.id = p."messageId"
 WHERE m.id = ANY ($2)
 ORDER BY m.id, p.address
ON CONFLICT DO NOTHING`

/** $1 message ids, $2 places as JSON */
const LOCK = `
SELECT ${COLUMNS}, mail_now() AS now FROM recipient_outcomes o
 WHERE o.message_id = ANY ($1)
   AND (o.message_id, o.address) IN (SELECT * FROM jsonb_to_recordset($2::jsonb) AS p("messageId" text, address text))
 ORDER BY o.message_id, o.address FOR UPDATE`

/** Counts those that have bounced by this. $1 tenant, $2 outcomes as JSON, $3 message ids */
const WRITE = `
WITH written AS (
  UPDATE recipient_outcomes o
     SET submitted_at = coalesce(o.submitted_at, (SELECT m.created_at FROM messages m WHERE m.id = o.message_id)), delivery = r.delivery,
         code = r.code, detail = r.detail, at = r.at, source = r.source, certain = r.certain, note = r.note,
         events = r.events, code_awaited_until = r."codeAwaitedUntil", learned_at = mail_now()
    FROM jsonb_to_recordset($2::jsonb) AS r("messageId" text, address text, delivery text, code text, detail text, at timestamptz, source text,
         certain boolean, note text, events text[], "codeAwaitedUntil" timestamptz, "hasBounced" boolean)
   WHERE o.message_id = ANY ($3) AND o.message_id = r."messageId" AND o.address = r.address
  RETURNING o.at, o.places, r."hasBounced" AS has_bounced
)${addCounts(`
SELECT 'bounced', date_bin('1 hour', coalesce(at, mail_now()), 'epoch'), sum(places) FROM written WHERE has_bounced GROUP BY 2`)}`

/**
 * Keeps messages of which everything is known out of the index of the others, which only lists read. Two transactions that
 * change different recipients of a message do not see each other, and leave it there. No partial index fits the second condition.
 *
 * $1 message ids
 */
const NOTE_REPORTED = `
WITH known AS MATERIALIZED (
  SELECT m.id FROM messages m
   WHERE m.id = ANY ($1) AND coalesce(m.reported, false) = false
     AND m.recipients <= (SELECT sum(o.places) FROM recipient_outcomes o WHERE o.message_id = m.id AND o.delivery IS NOT NULL)
   ORDER BY m.id FOR NO KEY UPDATE
)
UPDATE messages SET reported = true WHERE id = ANY (ARRAY(SELECT known.id FROM known))`

/** $1 tenant, $2 events as JSON */
const WRITE_EVENTS = `
WITH ${countAndTell(
  [],
  [
    `
SELECT $1::text, e."messageId", e.service, e."possibleDuplicate", e.at, e.type, e.recipient, e.code, e.detail
  FROM jsonb_to_recordset($2::jsonb) AS e(at timestamptz, "possibleDuplicate" boolean, "messageId" text, service text, type text, recipient text, code text, detail text)`,
  ],
)}
SELECT FROM counted`

/** Recipients whose code has not come in time. $1 at most */
const OVERDUE = `
SELECT o.tenant_id AS "tenantId", o.message_id AS "messageId", o.address FROM recipient_outcomes o
 WHERE o.code_awaited_until <= mail_now() ORDER BY o.code_awaited_until LIMIT $1`

interface OutcomeRow extends Omit<RecipientOutcome, 'delivery' | 'source'>, Place {
  readonly delivery: string | null
  readonly source: string | null
}

/**
 * Applies reports about recipients of a tenant's messages, and writes the events that follow. What changes nothing costs
 * a read. Reports about one recipient count in their order. Returns how many recipients changed.
 */
export async function applyReports(
  pool: pg.Pool,
  tenantId: string,
  reports: readonly OutcomeReport[],
): Promise<number> {
  let changed = 0
  for (let next = 0; next < reports.length; next += REPORTS_AT_ONCE)
    changed += await applySome(pool, tenantId, reports.slice(next, next + REPORTS_AT_ONCE))
  return changed
}

async function applySome(pool: pg.Pool, tenantId: string, reports: readonly OutcomeReport[]): Promise<number> {
  const ids = [...new Set(reports.map(({ messageId }) => messageId))]
  const messages = await readMessages(pool, tenantId, ids)
  const reported = Map.groupBy(
    reports.filter(({ messageId, recipient }) => messages.get(messageId)?.addresses.has(recipient.toLowerCase())),
    ({ messageId, recipient }) => keyOf(messageId, recipient.toLowerCase()),
  )
  const known = await readOutcomes(pool, ids)
  const now = new Date(0) // whether a report changes anything does not depend on the time
  const places = [...reported].flatMap(([key, some]) => {
    const current = known.get(key) ?? NO_OUTCOME
    const [first] = some
    if (!first || mergeAll(current, some, now) === current) return []
    const { messageId } = first
    const address = first.recipient.toLowerCase()
    return [{ messageId, address, places: messages.get(messageId)?.addresses.get(address)?.places ?? 1 }]
  })
  if (places.length === 0) return 0
  return inTransaction(pool, async (client) => {
    await client.query(PREPARE, [tenantId, idsOf(places), JSON.stringify(places)])
    return change(client, tenantId, places, messages, (key, current, at) =>
      mergeAll(current, reported.get(key) ?? [], at),
    )
  })
}

function mergeAll(current: RecipientOutcome, reports: readonly OutcomeReport[], now: Date): RecipientOutcome {
  return reports.reduce((outcome, report) => mergeOutcome(outcome, report, now), current)
}

/** Writes the events of failed deliveries whose code has not come in time. Returns whether there may be more. */
export async function writeOverdueEvents(pool: pg.Pool): Promise<boolean> {
  const { rows } = await pool.query<Place & { readonly tenantId: string }>(OVERDUE, [AWAITED_AT_ONCE])
  for (const [tenantId, places] of Map.groupBy(rows, (row) => row.tenantId)) {
    const messages = await readMessages(pool, tenantId, idsOf(places))
    await inTransaction(pool, (client) =>
      change(client, tenantId, places, messages, (_key, current, now) =>
        current.codeAwaitedUntil !== null && current.codeAwaitedUntil <= now
          ? { ...current, codeAwaitedUntil: null }
          : current,
      ),
    )
  }
  return rows.length === AWAITED_AT_ONCE
}

/** A recipient of a message. */
interface Place {
  readonly messageId: string
  /** In lower case. */
  readonly address: string
}

function idsOf(places: readonly Place[]): string[] {
  return places.map(({ messageId }) => messageId)
}

/** Changes recipients under their locks, and writes their events. */
async function change(
  client: pg.PoolClient,
  tenantId: string,
  places: readonly Place[],
  messages: ReadonlyMap<string, ReportedMessage>,
  next: (key: string, current: RecipientOutcome, now: Date) => RecipientOutcome,
): Promise<number> {
  const ids = idsOf(places)
  const { rows } = await client.query<OutcomeRow & { readonly now: Date }>(LOCK, [ids, JSON.stringify(places)])
  const changes = rows.flatMap((row) => {
    const { messageId, address, now } = row
    const before = toOutcome(row)
    const merged = next(keyOf(messageId, address), before, now)
    const event = dueEvent(merged, now)
    const after = event === null ? merged : { ...merged, events: [...merged.events, event], codeAwaitedUntil: null }
    const hasBounced = after.delivery === 'failed' && before.delivery !== 'failed'
    return after === before ? [] : [{ messageId, address, after, event, hasBounced }]
  })
  if (changes.length === 0) return 0
  const written = changes.map(({ after, event: _event, ...place }) => ({ ...place, ...after }))
  await client.query(WRITE, [tenantId, JSON.stringify(written), ids])
  await client.query(NOTE_REPORTED, [idsOf(changes)])
  const events = changes.flatMap(({ messageId, address, after, event }) => {
    const message = messages.get(messageId)
    return event === null || !message ? [] : [toEvent(message, address, after, event)]
  })
  if (events.length > 0) await client.query(WRITE_EVENTS, [tenantId, JSON.stringify(events)])
  return changes.length
}

function toEvent(
  { id, service, possibleDuplicate, addresses }: ReportedMessage,
  address: string,
  { delivery, code, detail, at }: RecipientOutcome,
  type: MessageEventType,
) {
  return {
    messageId: id,
    service,
    possibleDuplicate,
    type,
    recipient: addresses.get(address)?.address ?? address,
    code,
    detail: delivery === 'spam' ? 'spam' : detail,
    at,
  }
}

async function readMessages(
  pool: pg.Pool,
  tenantId: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, ReportedMessage>> {
  const { rows } = await pool.query<Omit<ReportedMessage, 'addresses'> & KeptRecipients>(READ_MESSAGES, [tenantId, ids])
  return new Map(
    rows.map((row) => {
      const { id, service, possibleDuplicate } = row
      return [id, { id, service, possibleDuplicate, addresses: countAddresses(recipientsOf(row)) }]
    }),
  )
}

/** The recipients of a message. Null, as is bcc, where they were not kept. */
export interface KeptRecipients {
  readonly to: readonly Recipient[]
  readonly cc: readonly Recipient[] | null
  readonly bcc: readonly Recipient[] | null
}

export function recipientsOf({ to, cc, bcc }: KeptRecipients): Recipient[] {
  return [...to, ...(cc ?? []), ...(bcc ?? [])]
}

function countAddresses(recipients: readonly Recipient[]): ReportedMessage['addresses'] {
  const counted = new Map<string, { address: string; places: number }>()
  for (const { address } of recipients) {
    const key = address.toLowerCase()
    const known = counted.get(key)
    counted.set(key, { address: known?.address ?? address, places: (known?.places ?? 0) + 1 })
  }
  return counted
}

/** Reads what is known of the recipients of messages, by `keyOf`. */
export async function readOutcomes(
  pool: pg.Pool,
  messageIds: readonly string[],
): Promise<ReadonlyMap<string, RecipientOutcome>> {
  const { rows } = await pool.query<OutcomeRow>(READ, [messageIds])
  return new Map(rows.map((row) => [keyOf(row.messageId, row.address), toOutcome(row)]))
}

/** What a row of the message trace reported that was matched without a Message-ID. */
export interface ReportedRow {
  readonly address: string
  readonly subject: string
  readonly at: Date
}

/** $1 tenant, $2 states of delivery, $3 from, $4 to */
const READ_LIKELY = `
SELECT o.address, m.subject, o.at
  FROM recipient_outcomes o CROSS JOIN LATERAL (SELECT subject FROM messages WHERE id = o.message_id OFFSET 0) AS m
 WHERE o.tenant_id = $1 AND o.delivery = ANY ($2) AND o.at BETWEEN $3 AND $4 AND o.source = 'trace' AND NOT o.certain`

/** Reads the uncertain outcomes that rows of the message trace told from a time, both ends included. */
export async function readLikely(
  pool: pg.Pool,
  tenantId: string,
  from: Date,
  to: Date,
): Promise<readonly ReportedRow[]> {
  const final: readonly FinalDelivery[] = ['delivered', 'expanded', 'failed', 'quarantined', 'spam']
  const { rows } = await pool.query<ReportedRow>(READ_LIKELY, [tenantId, final, from, to])
  return rows
}

/** $1 tenant, $2 from, $3 to */
const READ_BOUNCED = `
SELECT DISTINCT o.message_id AS id FROM recipient_outcomes o
 WHERE o.tenant_id = $1 AND o.delivery = 'failed' AND o.at BETWEEN $2 AND $3 AND o.source = 'bounce' LIMIT 2000`

/** Reads the ids of messages with a recipient that bounced within a time. */
export async function readBounced(pool: pg.Pool, tenantId: string, from: Date, to: Date): Promise<readonly string[]> {
  const { rows } = await pool.query<{ id: string }>(READ_BOUNCED, [tenantId, from, to])
  return rows.map(({ id }) => id)
}

/** @param address in lower case */
export function keyOf(messageId: string, address: string): string {
  return `${messageId} ${address}`
}

function toOutcome({
  code,
  detail,
  at,
  certain,
  note,
  events,
  codeAwaitedUntil,
  ...row
}: OutcomeRow): RecipientOutcome {
  const [delivery, source] = [readDelivery(row.delivery), readDeliverySource(row.source)]
  return { delivery, code, detail, at, source, certain, note, events, codeAwaitedUntil }
}

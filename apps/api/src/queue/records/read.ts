import type { Attachment, Message, MessageStatus, MessageSummary, Recipient } from '@inforiver-mail/contract/message'
import { MAX_ATTACHMENTS_IN_ONE_REQUEST_BYTES } from '@inforiver-mail/m365/size-plan'
import type pg from 'pg'
import type { Prisma } from '../../database/generated/client.ts'
import type { ListPosition } from '../../domain/list-position.ts'
import {
  readAttachments,
  readAttemptOutcome,
  readHeldBecause,
  readMessageProblem,
  readMessageStatus,
  readPriority,
  readRecipients,
  readValues,
} from '../../domain/stored-values.ts'
import type { Owner } from '../actor.ts'
import { ACCEPTED, historyOf, MOST_ATTEMPTS, type StoredAttempt } from '../attempts.ts'
import { awaitsReports, countDeliveries, reportRecipients } from '../reports/delivery-reports.ts'
import type { Total } from './find-count.ts'
import { withHeld, type Match } from './find-filter.ts'
import type { StoredFilter } from './find-source.ts'
import { wayBack, type PageStart } from './find-page.ts'
import { createFinder, type Finder } from './find.ts'
import type { Departures, Waiting } from './departures.ts'
import { readOutcomes } from '../reports/recipient-outcomes.ts'
import { countersOf } from '../counters.ts'

// What is on record, as it is read. Nothing here moves a message from one state to another.
//
// A message is a row of `messages`, and as long as it has not ended one of `message_queue` too. The view `message_states`
// joins both and is where the state of a message is read. One whose attachments are still arriving has neither row, and is
// not visible.
//
// A list is read in two steps. The finder (find.ts) finds the ids of a page by an index of what the filter asks for;
// find-source.ts says as SQL which rows these are, find-filter.ts what they still have to meet, find-page.ts where a page
// begins and ends, find-count.ts how many there are. Then this file reads the messages of the page, and compares them with the filter
// once more, since some have changed meanwhile. Texts are searched in `message_texts`: search-text.ts folds them,
// search-index.ts writes them and their index in the background.
//
// Beside lists, the room answers:
//
// - why a message waits and when it leaves, from the rules of the sender itself: departures.ts
// - what happened, in order: events.ts; and how often, by the hour, counted after them: event-counts.ts
// - whether mail goes out, and what keeps it: mail-facts.ts, stalled.ts; how much waits: depth.ts
// - what failed, bounced or is in quarantine within a day: failures.ts
// - how much is left of Microsoft's limit of external recipients: sending-limits.ts
//
// A planner whose statistics are old may take a million rows for none. So each statement here reads by conditions and an
// order that one index alone fits, and read-planned.ts sets what PostgreSQL may do for the statements where that is not
// enough. rows-read.test.ts counts the rows under four kinds of statistics.

export interface Listing {
  readonly filter: StoredFilter
  /** Where the page begins; without it, at the newest. */
  readonly start: PageStart | null
  readonly limit: number
  /** Gives up when it aborts. */
  readonly signal: AbortSignal
}

export interface ListedMessages extends Total {
  /** Newest first. */
  readonly items: readonly MessageSummary[]
  /** Where the next page of newer and of older messages begins; null when there are none. */
  readonly newer: ListPosition | null
  readonly older: ListPosition | null
}

const COLUMNS = `
m.id, m.status, m.service, m.from_email, m."to", m.subject, m.reference, m.created_at, m.send_at, m.next_attempt_at, m.sent_at, m.ended_at, m.held_because,
m.possible_duplicate, m.problem, m.recipients, m.attachment_bytes, m.upload_bytes, m.is_large, m.uploading,
m.cc, m.bcc, m.attachments, m.priority, m.expires_at, m.read_receipt, m.delivery_receipt,
coalesce((SELECT d.uploaded_bytes FROM message_drafts d WHERE d.message_id = m.id), 0) AS uploaded_bytes,
greatest(m.next_attempt_at, mail_now()) AS not_before, ${awaitsReports('m')} AS is_awaited, ${historyOf('m')} AS attempts`

/** $1 ids, $2 tenant, $3 service, or null for any */
const FIND = `
SELECT ${COLUMNS}
  FROM unnest($1::text[]) AS r(id) CROSS JOIN LATERAL (SELECT * FROM message_states WHERE id = r.id OFFSET 0) AS m
 WHERE m.tenant_id = $2 AND ($3::text IS NULL OR m.service = $3)`

/** Messages of a page that still meet the filter. $1 tenant, $2 ids */
const listOf = (state: readonly string[]): string => `
SELECT ${COLUMNS}
  FROM unnest($2::text[]) AS r(id) CROSS JOIN LATERAL (SELECT * FROM message_states WHERE id = r.id OFFSET 0) AS m
 WHERE ${['m.tenant_id = $1', ...state].join(' AND ')} ORDER BY m.created_at DESC, m.id DESC`

/** Reads messages as the API shows them. `configuredSender` is the address that an unsent message would be sent from now. */
export function createReading(pool: pg.Pool, departures: Departures) {
  /** Returns those that there are, in the order of `ids`. */
  async function findAll(owner: Owner, ids: readonly string[], configuredSender: string | null): Promise<Message[]> {
    const { rows } = await pool.query<StoredRow>({
      name: 'find-messages',
      text: FIND,
      values: [ids, owner.tenantId, owner.service],
    })
    const found = await toMessages(departures, owner, rows, configuredSender)
    const outcomes = await readOutcomes(pool, ids)
    const byId = new Map(
      found.map(({ message, row }) => {
        const known = { id: row.id, outcomes, isAwaited: row.is_awaited }
        return [message.id, Object.assign(message, { recipients: reportRecipients(message, known) })]
      }),
    )
    return ids.flatMap((id) => byId.get(id) ?? [])
  }

  async function show(
    owner: Owner,
    matches: readonly Match[],
    finder: Finder,
    configuredSender: string | null,
  ): Promise<MessageSummary[]> {
    if (matches.length === 0) return []
    const ids = matches.map(({ id }) => id)
    const { rows } = await pool.query<StoredRow>(...finder.recheck(listOf, owner.tenantId, ids))
    const listed = await toMessages(departures, owner, rows, configuredSender)
    const outcomes = await readOutcomes(
      pool,
      rows.map(({ id }) => id),
    )
    return listed.map(({ message, row }) => {
      const known = { id: row.id, outcomes, isAwaited: row.is_awaited }
      return Object.assign(message, { delivery: countDeliveries(message, row.recipients, known) })
    })
  }

  return {
    findAll,

    async find(owner: Owner, id: string, configuredSender: string | null): Promise<Message | null> {
      const [message = null] = await findAll(owner, [id], configuredSender)
      return message
    },

    /**
     * Returns a page of what a filter selects.
     *
     * @throws {SearchTooLong} when the page is not there when `signal` aborts
     */
    async list(
      owner: Owner,
      { filter, start, limit, signal }: Listing,
      configuredSender: string | null,
    ): Promise<ListedMessages> {
      const finder = createFinder(pool, owner, await withHeld(pool, owner.tenantId, filter))
      const { matches, hasNewer, hasOlder, total, totalIsEstimate } = await finder.page(start, limit, signal)
      return {
        items: await show(owner, matches, finder, configuredSender),
        newer: hasNewer ? (matches[0] ?? (start && wayBack(start))) : null,
        older: hasOlder ? (matches.at(-1) ?? (start && wayBack(start))) : null,
        total,
        totalIsEstimate,
      }
    },

    /** Yields all messages that a filter selects, newest first, in pages of at most `atOnce`. */
    async *walk(
      owner: Owner,
      filter: StoredFilter,
      { atOnce, configuredSender }: { atOnce: number; configuredSender: string | null },
    ): AsyncGenerator<readonly MessageSummary[]> {
      const finder = createFinder(pool, owner, await withHeld(pool, owner.tenantId, filter))
      for await (const matches of finder.all(atOnce))
        for (let next = 0; next < matches.length; next += atOnce)
          yield await show(owner, matches.slice(next, next + atOnce), finder, configuredSender)
    },
  }
}

/** $1 tenant */
const COUNT_ACTIVE = countersOf('$1', 'queued + sending + scheduled + held AS count')

/** Counts the messages of a tenant that have not ended. */
export async function countActive(
  reader: Pick<Prisma.TransactionClient, '$queryRawUnsafe'>,
  tenantId: string,
): Promise<number> {
  const [row] = await reader.$queryRawUnsafe<{ count: number }[]>(COUNT_ACTIVE, tenantId)
  return row?.count ?? 0
}

interface StoredRow {
  readonly id: string
  readonly status: string
  readonly service: string
  readonly from_email: string | null
  readonly to: Recipient[]
  /** Null, as are bcc and attachments, where the release before stored the message. */
  readonly cc: Recipient[] | null
  readonly bcc: Recipient[] | null
  readonly attachments: Attachment[] | null
  readonly priority: string
  readonly expires_at: Date | null
  readonly read_receipt: boolean
  readonly delivery_receipt: boolean
  readonly subject: string
  readonly reference: string | null
  readonly created_at: Date
  readonly send_at: Date | null
  readonly next_attempt_at: Date | null
  readonly sent_at: Date | null
  readonly ended_at: Date | null
  readonly held_because: string | null
  readonly possible_duplicate: boolean
  readonly problem: unknown
  readonly recipients: number
  readonly attachment_bytes: string
  readonly upload_bytes: string
  readonly is_large: boolean
  readonly uploading: boolean
  readonly uploaded_bytes: string
  readonly not_before: Date
  readonly is_awaited: boolean
  readonly attempts: readonly StoredAttempt[]
}

/** What a message answers, alone as in a list. */
type MessageBase = Omit<Message, 'recipients'>

type ShownRow = StoredRow & { readonly status: MessageStatus }

/**
 * Adds to each message, if it is queued, the reason why it waits. `configuredSender` is the address that
 * an unsent message would be sent from now.
 */
async function toMessages(
  departures: Departures,
  { tenantId }: Owner,
  stored: readonly StoredRow[],
  configuredSender: string | null,
): Promise<{ readonly message: MessageBase; readonly row: StoredRow }[]> {
  if (stored.length === 0) return []
  const rows = stored.map((row) => ({ ...row, status: readMessageStatus(row.status, row.ended_at !== null) }))
  const queued = rows.filter(({ status }) => status === 'queued')
  const reasons = await departures.explain(
    tenantId,
    queued.map((row) => ({
      id: row.id,
      nextAttemptAt: row.next_attempt_at,
      priority: readPriority(row.priority),
      isLarge: row.is_large,
      isUploaded: row.uploading || Number(row.attachment_bytes) > MAX_ATTACHMENTS_IN_ONE_REQUEST_BYTES,
      uploadBytes: Number(row.upload_bytes),
    })),
  )
  return rows.map((row) => ({
    message: toMessage(row, reasons.get(row.id) ?? waitingOf(row), configuredSender),
    row,
  }))
}

/** For a message that is not queued: only a scheduled one has a next attempt. */
function waitingOf({ status, not_before: notBefore }: ShownRow): Waiting {
  return { because: null, until: status === 'scheduled' ? notBefore : null }
}

function toMessage(row: ShownRow, { because, until }: Waiting, configuredSender: string | null): MessageBase {
  return {
    id: row.id,
    status: row.status,
    service: row.service,
    from: (row.status === 'sent' ? row.from_email : null) ?? configuredSender,
    to: readRecipients(row.to),
    cc: row.cc && readRecipients(row.cc),
    bcc: row.bcc && readRecipients(row.bcc),
    subject: row.subject,
    reference: row.reference,
    createdAt: row.created_at.toISOString(),
    sendAt: row.send_at?.toISOString() ?? null,
    priority: readPriority(row.priority),
    expiresAt: row.expires_at?.toISOString() ?? null,
    requestReadReceipt: row.read_receipt,
    requestDeliveryReceipt: row.delivery_receipt,
    attachments: row.attachments && readAttachments(row.attachments),
    nextAttemptAt: until?.toISOString() ?? null,
    waitingBecause: because,
    sentAt: row.sent_at?.toISOString() ?? null,
    attempts: toHistory(row),
    heldBecause: readHeldBecause(row.held_because),
    possibleDuplicate: row.possible_duplicate,
    progress: row.uploading
      ? { sentBytes: Number(row.uploaded_bytes), totalBytes: Number(row.attachment_bytes) }
      : null,
    problem: readMessageProblem(row.problem),
  }
}

/** Derives the attempt that was accepted, which is stored only when it says more than that Microsoft accepted it. */
function toHistory({ sent_at: sentAt, attempts }: ShownRow): Message['attempts'] {
  const history = attempts.map(({ at, firstAt, count, outcome, code, detail, facts }) => ({
    at: new Date(at).toISOString(),
    firstAt: new Date(firstAt).toISOString(),
    count,
    outcome: readAttemptOutcome(outcome),
    code,
    values: readValues(facts),
    detail,
  }))
  if (sentAt === null || history.some(({ outcome }) => outcome === 'sent')) return history
  const at = sentAt.toISOString()
  return [
    ...history,
    {
      at,
      firstAt: at,
      count: 1,
      outcome: 'sent' as const,
      code: null,
      values: ACCEPTED.values,
      detail: ACCEPTED.detail,
    },
  ].slice(-MOST_ATTEMPTS)
}

import type { Delivery, DeliverySource } from '@inforiver-mail/contract/message'
import { ownMessageId } from '@inforiver-mail/m365/mime-message'
import type pg from 'pg'
import { comparableAddress } from '../../domain/compare-addresses.ts'
import { keyOf, readOutcomes, recipientsOf, type KeptRecipients } from './recipient-outcomes.ts'

// Finds the messages that reports are about.

/** A message that reports are about. It may not have ended: Microsoft can have it before its outcome is known here. */
export interface ReportableMessage {
  readonly id: string
  /** Its Message-ID (RFC 5322), with the angle brackets. */
  readonly internetMessageId: string
  /** The sender that it left from, or was tried with. */
  readonly fromEmail: string
  readonly subject: string
  readonly sentAt: Date | null
  readonly recipients: readonly ReportableRecipient[]
}

export interface ReportableRecipient {
  readonly address: string
  /** Null while nothing is known. */
  readonly delivery: Delivery | null
  readonly code: string | null
  readonly certain: boolean
  /** What told it. */
  readonly source: DeliverySource | null
}

const COLUMNS = `m.id, m.internet_message_id, m.from_email, m.subject, m.sent_at, m."to", m.cc, m.bcc`
const QUEUED_FROM = `(SELECT q.from_email FROM message_queue q WHERE q.message_id = m.id) AS queued_from`

/** Microsoft has never had a message that it refused. */
const WAS_REFUSED = `m.outcome IS NOT DISTINCT FROM 'failed' AND m.problem ->> 'code' IS DISTINCT FROM 'outcome-unknown'`

/**
 * A message that has not ended has its sender in the queue, and the Message-ID of its draft with the draft; one that is retried
 * may still have that of the attempt before. Nothing is reported of a message that was refused, and it stands in the way of none that was sent with the same Message-ID.
 * $1 tenant, $2 ids, $3 Message-IDs
 */
const FIND = `
SELECT ${COLUMNS}, ${QUEUED_FROM}, (SELECT d.internet_message_id FROM message_drafts d WHERE d.message_id = m.id) AS draft_id
  FROM messages m
 WHERE m.tenant_id || '' = $1 AND m.id = ANY ($2)
 UNION ALL
SELECT ${COLUMNS}, ${QUEUED_FROM}, NULL FROM messages m WHERE m.tenant_id = $1 AND m.internet_message_id = ANY ($3) AND NOT (${WAS_REFUSED})
 UNION ALL
SELECT ${COLUMNS}, ${QUEUED_FROM}, d.internet_message_id
  FROM message_drafts d CROSS JOIN LATERAL (SELECT * FROM messages WHERE id = d.message_id OFFSET 0) AS m
 WHERE d.tenant_id = $1 AND d.internet_message_id = ANY ($3)`

interface MessageRow extends KeptRecipients {
  readonly id: string
  readonly internet_message_id: string | null
  readonly from_email: string | null
  readonly subject: string
  readonly sent_at: Date | null
  readonly queued_from?: string | null
  readonly draft_id?: string | null
}

const OWN_MESSAGE_ID = /^<(msg_[0-9a-f]{32})@[^<>@\s]+>$/

/**
 * Finds messages of a tenant by their Message-IDs, as they were handed to Microsoft or given by it, with the angle
 * brackets. Several can have one: mail that came as MIME brings its own.
 *
 * @param internetMessageIds at most some thousand
 */
export async function findByMessageIds(
  pool: pg.Pool,
  tenantId: string,
  internetMessageIds: readonly string[],
): Promise<readonly ReportableMessage[]> {
  const asked = new Set(internetMessageIds)
  if (asked.size === 0) return []
  const ids = [...asked].flatMap((id) => OWN_MESSAGE_ID.exec(id)?.[1] ?? [])
  const { rows } = await pool.query<MessageRow>(FIND, [tenantId, ids, [...asked]])
  const found = await toReportable(pool, [...new Map(rows.map((row) => [row.id, row])).values()])
  return found.filter(({ internetMessageId }) => asked.has(internetMessageId))
}

const MOST_SHARERS = 100

/** One that has not ended has the Message-ID with its draft. $1 tenant, $2 Message-ID, $3 id */
const SHARERS = `
SELECT m."to", m.cc, m.bcc FROM messages m
 WHERE m.tenant_id = $1 AND m.internet_message_id = $2 AND m.id || '' <> $3 AND NOT (${WAS_REFUSED})
 UNION ALL
SELECT m."to", m.cc, m.bcc
  FROM message_drafts d CROSS JOIN LATERAL (SELECT * FROM messages WHERE id = d.message_id OFFSET 0) AS m
 WHERE d.tenant_id = $1 AND d.internet_message_id = $2 AND d.message_id <> $3
 LIMIT ${MOST_SHARERS}`

/**
 * Whether another message of the tenant may have been sent with this Message-ID: to anybody, or to one of these addresses.
 */
export async function sharesMessageId(
  pool: pg.Pool,
  { id, tenantId }: { readonly id: string; readonly tenantId: string },
  internetMessageId: string,
  addresses: readonly string[] | null,
): Promise<boolean> {
  const { rows } = await pool.query<KeptRecipients>(SHARERS, [tenantId, internetMessageId, id])
  if (addresses === null || rows.length === MOST_SHARERS) return rows.length > 0
  const sought = new Set(addresses.map(comparableAddress))
  return rows.flatMap(recipientsOf).some(({ address }) => sought.has(comparableAddress(address)))
}

/** $1 tenant, $2 ids */
const FIND_IDS = `SELECT ${COLUMNS}, ${QUEUED_FROM} FROM messages m WHERE m.id = ANY ($2) AND m.tenant_id || '' = $1`

/** Reads messages that were sent, or tried. @param ids at most some thousand */
export async function findSent(
  pool: pg.Pool,
  tenantId: string,
  ids: readonly string[],
): Promise<readonly ReportableMessage[]> {
  if (ids.length === 0) return []
  const { rows } = await pool.query<MessageRow>(FIND_IDS, [tenantId, ids])
  return toReportable(pool, rows)
}

async function toReportable(pool: pg.Pool, rows: readonly MessageRow[]): Promise<readonly ReportableMessage[]> {
  const outcomes = await readOutcomes(
    pool,
    rows.map(({ id }) => id),
  )
  return rows.flatMap((row) => {
    const fromEmail = row.from_email ?? row.queued_from ?? null
    if (fromEmail === null) return [] // nothing was tried
    const recipients = recipientsOf(row).map(({ address }) => {
      const known = outcomes.get(keyOf(row.id, address.toLowerCase()))
      return {
        address,
        delivery: known?.delivery ?? null,
        code: known?.code ?? null,
        certain: known?.certain ?? true,
        source: known?.source ?? null,
      }
    })
    const internetMessageId = row.draft_id ?? row.internet_message_id ?? ownMessageId(row.id, fromEmail)
    return [{ id: row.id, internetMessageId, fromEmail, subject: row.subject, sentAt: row.sent_at, recipients }]
  })
}

import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import { idAt } from './search-index.ts'
import { encodePositions } from './search-postings.ts'

// Notes in the background, for each block of the search index, of which of its messages something is still unknown. Nothing
// takes back that a message was sent, or what was reported of a recipient, so what a review left out stays out: a list of
// messages of which nothing is known looks only at what the last review left in.
//
// A block is reviewed when most reports about it have come, and again when none is awaited any more. Until then, all of its
// messages are looked at.

/** Reports are awaited for a day. */
export const LAST_REVIEW_AFTER = `interval '25 hours'`
/** While messages of a block wait, or can be retried. */
const AGAIN_AFTER = `interval '1 day'`
/** As for blocks that are built: a step takes one or two milliseconds. */
const MESSAGES_PER_READ = 256
const PAUSE_MS = 2

/** Of a tenant without any report, nothing has to be read to know that nothing is known. */
const NEXT_BLOCK = `
SELECT b.id::text, b.messages, EXISTS (SELECT FROM recipient_outcomes o WHERE o.tenant_id = b.tenant_id OFFSET 0) AS has_reports
  FROM search_blocks b WHERE b.review_at <= mail_now() ORDER BY b.review_at LIMIT 1`

/** What a block still has to say of a message. $1 block, $2 positions from, $3 to */
const REVIEW = `
SELECT b.position, m.outcome IS NOT DISTINCT FROM 'sent' OR u.is_final IS NOT TRUE AS may_be_sent,
       m.outcome IS NULL OR m.sent_at > mail_now() - ${LAST_REVIEW_AFTER} OR m.outcome <> 'sent' AND u.is_final IS NOT TRUE AS is_open
  FROM (SELECT each.position, ${idAt('each', 'each.position')} AS id
          FROM (SELECT whole.message_ids, generate_series($2::int, $3::int) AS position
                  FROM (SELECT message_ids || '' AS message_ids FROM search_blocks WHERE id = $1 OFFSET 0) AS whole OFFSET 0) AS each OFFSET 0) AS b
 CROSS JOIN LATERAL (SELECT id, outcome, sent_at, recipients FROM messages WHERE id = b.id OFFSET 0) AS m
 CROSS JOIN LATERAL (
   SELECT CASE WHEN m.outcome = 'sent'
               THEN (SELECT sum(o.places) FROM recipient_outcomes o WHERE o.message_id = m.id AND o.delivery IS NOT NULL) END AS places OFFSET 0) AS known
 CROSS JOIN LATERAL (
   SELECT CASE WHEN m.outcome <> 'sent'
               THEN (SELECT NOT has_content AND attempt_id IS NULL FROM unsent_messages WHERE message_id = m.id) END AS is_final OFFSET 0) AS u
 WHERE m.outcome IS DISTINCT FROM 'sent' OR coalesce(known.places, 0) < m.recipients`

/** $1 block, $2 positions of what is not sent and known, $3 of those that are sent or may be, $4 whether more can change */
const END_REVIEW = `
UPDATE search_blocks
   SET unreported = $2, unreported_sent = $3,
       review_at = CASE WHEN mail_now() < last_at + ${LAST_REVIEW_AFTER} THEN last_at + ${LAST_REVIEW_AFTER} WHEN $4 THEN mail_now() + ${AGAIN_AFTER} END
 WHERE id = $1`

/** After reports have come late, others mostly do too. $1 tenant, $2 when the messages were submitted */
const REVIEW_AGAIN = `
UPDATE search_blocks SET review_at = mail_now() + interval '1 hour'
 WHERE id = ANY (ARRAY(
   SELECT b.id FROM search_blocks b
    WHERE b.review_at IS NULL AND b.id = ANY (ARRAY(
      SELECT (SELECT id FROM search_blocks WHERE tenant_id = $1 AND last_at >= m.submitted_at ORDER BY last_at LIMIT 1)
        FROM unnest($2::timestamptz[]) AS m(submitted_at)))
    FOR UPDATE SKIP LOCKED))`

/**
 * Has blocks reviewed again, about messages of which something was reported after their last review. Without it, lists would
 * go on looking at these messages.
 */
export async function reviewAgain(pool: pg.Pool, tenantId: string, submittedAt: readonly Date[]): Promise<void> {
  if (submittedAt.length > 0) await pool.query(REVIEW_AGAIN, [tenantId, submittedAt])
}

interface Reviewed {
  readonly position: number
  readonly may_be_sent: boolean
  readonly is_open: boolean
}

/**
 * Reviews the block whose review is due longest. Where another process does the same, both come to what is true. Returns
 * whether there was one, so that there may be more.
 */
export async function reviewBlock(pool: pg.Pool): Promise<boolean> {
  const { rows } = await pool.query<{ id: string; messages: number; has_reports: boolean }>(NEXT_BLOCK)
  const [block] = rows
  if (!block) return false
  if (!block.has_reports) {
    await pool.query(END_REVIEW, [block.id, null, null, false])
    return true
  }
  const left: Reviewed[] = []
  for (let from = 0; from < block.messages; from += MESSAGES_PER_READ) {
    const to = Math.min(from + MESSAGES_PER_READ, block.messages) - 1
    const reviewed = await pool.query<Reviewed>(REVIEW, [block.id, from, to])
    left.push(...reviewed.rows)
    await delay(PAUSE_MS)
  }
  const positions = (some: readonly Reviewed[]) =>
    encodePositions(some.map(({ position }) => position).toSorted((a, b) => a - b))
  await pool.query(END_REVIEW, [
    block.id,
    positions(left),
    positions(left.filter((each) => each.may_be_sent)),
    left.some((each) => each.is_open),
  ])
  return true
}

import type { AttemptOutcome, HeldBecause, MessageProblem } from '@inforiver-mail/contract/message'
import type { Sealed } from '@inforiver-mail/m365/token-vault'
import pg from 'pg'

/** The channel on which a submit wakes the workers. */
const CHANNEL = 'inforiver_mail_messages'
const LISTEN_AGAIN_MS = 1_000

/** A message in the hands of one worker, until its lease runs out. */
export interface LeasedMessage {
  readonly id: string
  readonly tenantId: string
  readonly leaseOwner: string
  readonly contentKeySealed: Sealed
  readonly content: Buffer
}

export type Outcome =
  | { readonly status: 'sent'; readonly fromEmail: string; readonly attempt: Attempt }
  | {
      readonly status: 'failed'
      readonly fromEmail: string | null
      readonly attempt: Attempt
      readonly problem: MessageProblem
    }
  | { readonly status: 'held'; readonly because: HeldBecause }

export interface Attempt {
  readonly outcome: AttemptOutcome
  readonly code: string | null
  readonly detail: string
}

export interface DeliveryStore {
  /** Leases what is due to `leaseOwner`; no other process sees it until `leaseUntil`. */
  claim(lease: { leaseOwner: string; leaseUntil: Date; now: Date; limit: number }): Promise<LeasedMessage[]>
  /** False when the lease was lost. */
  renew(message: LeasedMessage, leaseUntil: Date): Promise<boolean>
  /** Writes the outcome if the lease is still held, and false otherwise. */
  finish(message: LeasedMessage, outcome: Outcome, now: Date): Promise<boolean>
  /** Ends what a dead worker held: it may have been sent. */
  failAbandoned(problem: MessageProblem, now: Date): Promise<string[]>
  /** Calls back when a message may be due; reconnects by itself until stopped. */
  listen(wake: () => void): { stop(): Promise<void> }
}

export function createDeliveryStore(pool: pg.Pool, connectionString: string): DeliveryStore {
  return {
    async claim({ leaseOwner, leaseUntil, now, limit }) {
      const { rows } = await pool.query<{ id: string; tenant_id: string; content_key_sealed: Sealed; content: Buffer }>(
        `UPDATE messages SET status = 'sending', lease_owner = $1, lease_until = $2
          WHERE id IN (SELECT id FROM messages WHERE status = 'queued' AND next_attempt_at <= $3
                        ORDER BY next_attempt_at LIMIT $4 FOR UPDATE SKIP LOCKED)
          RETURNING id, tenant_id, content_key_sealed, content`,
        [leaseOwner, leaseUntil, now, limit],
      )
      return rows.map((row) => ({
        id: row.id,
        tenantId: row.tenant_id,
        leaseOwner,
        contentKeySealed: row.content_key_sealed,
        content: row.content,
      }))
    },

    async renew({ id, leaseOwner }, leaseUntil) {
      const { rowCount } = await pool.query(
        `UPDATE messages SET lease_until = $3 WHERE id = $1 AND lease_owner = $2 AND status = 'sending'`,
        [id, leaseOwner, leaseUntil],
      )
      return rowCount === 1
    },

    async finish({ id, leaseOwner }, outcome, now) {
      const [statement, values] = finishStatement(outcome, now)
      const { rowCount } = await pool.query(statement, [id, leaseOwner, ...values])
      return rowCount === 1
    },

    async failAbandoned(problem, now) {
      const { rows } = await pool.query<{ id: string }>(
        `WITH abandoned AS (
           UPDATE messages SET status = 'failed', problem = $2, lease_owner = NULL, lease_until = NULL, next_attempt_at = NULL
            WHERE status = 'sending' AND lease_until < $1 RETURNING id, tenant_id)
         INSERT INTO message_attempts (tenant_id, message_id, at, outcome, detail)
         SELECT tenant_id, id, $1, 'unknown', $3 FROM abandoned RETURNING message_id AS id`,
        [now, JSON.stringify(problem), problem.detail],
      )
      return rows.map(({ id }) => id)
    },

    listen(wake) {
      return listen(connectionString, wake)
    },
  }
}

/** `$1` and `$2` are the message and the lease owner; the attempt is recorded only if the lease still held. */
function finishStatement(outcome: Outcome, now: Date): [string, unknown[]] {
  if (outcome.status === 'held') {
    return [
      `UPDATE messages SET status = 'held', held_because = $3, lease_owner = NULL, lease_until = NULL, next_attempt_at = NULL
        WHERE id = $1 AND lease_owner = $2 AND status = 'sending'`,
      [outcome.because],
    ]
  }
  const { attempt, fromEmail } = outcome
  const common = [now, attempt.outcome, attempt.code, attempt.detail, fromEmail]
  const record = `INSERT INTO message_attempts (tenant_id, message_id, at, outcome, code, detail)
                  SELECT tenant_id, id, $3::timestamptz, $4, $5, $6 FROM finished`
  if (outcome.status === 'sent') {
    // What was delivered is not kept.
    return [
      `WITH finished AS (
         UPDATE messages SET status = 'sent', sent_at = $3, from_email = $7, problem = NULL, content = NULL, content_key_sealed = NULL,
                lease_owner = NULL, lease_until = NULL, next_attempt_at = NULL
          WHERE id = $1 AND lease_owner = $2 AND status = 'sending' RETURNING id, tenant_id) ${record}`,
      common,
    ]
  }
  return [
    `WITH finished AS (
       UPDATE messages SET status = 'failed', from_email = $7, problem = $8, lease_owner = NULL, lease_until = NULL, next_attempt_at = NULL
        WHERE id = $1 AND lease_owner = $2 AND status = 'sending' RETURNING id, tenant_id) ${record}`,
    [...common, JSON.stringify(outcome.problem)],
  ]
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
      await next.query(`LISTEN ${CHANNEL}`)
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

import type { SettingsProblem } from '@inforiver-mail/contract/consent-problem'
import type pg from 'pg'
import type { Prisma } from '../../database/generated/client.ts'
import { STANDS_FOR_MS, type GatewayTrouble } from './interceptions.ts'
import {
  isTokenProblem,
  TOKENS_REFUSED_AT_MOST,
  type Hold,
  type MailboxRefusals,
  type MessageRefusals,
  type TokenTrouble,
} from './refusals.ts'

// What the row of a mailbox knows of refusals: `refused` and `refusal_round` for the rule, `hold` while Microsoft takes no
// mail, `probe_at` and `probe_id` for the message that is tried meanwhile. What follows from a hold is done by
// tend-mailboxes.ts.

/** A hold begins with a message that was refused a moment ago. */
export const PROBE_EVERY = `interval '15 minutes'`

/** SQL for whether a row of message_queue is known to go by draft: some turn out to once a worker has them. */
export function isKnownByDraft(row: string): string {
  return `(${row}.has_draft OR ${row}.size = 'large' OR coalesce(${row}.route = 'draft', false))`
}

/** $1 tenant */
const LOCK_SETTINGS = `SELECT version FROM tenant_settings WHERE tenant_id = $1 AND status = 'connected' FOR SHARE`

/** $1 id, $2 mark */
const LOCK_MESSAGE = `
SELECT refused_alone AS alone, refusal_round AS round, wire_version AS "wireVersion"
  FROM message_queue WHERE message_id = $1 AND (mark_id = $2 OR attempt_id = $2)
   FOR UPDATE`

/** $1 tenant */
const ENSURE = `INSERT INTO mailboxes (tenant_id) VALUES ($1) ON CONFLICT DO NOTHING`

/** $1 tenant */
const LOCK = `SELECT refused, refusal_round AS round, hold, token_refused AS token, gateway, coalesce(no_access_until > mail_now(), false) AS "isPaused", mail_now() AS now
  FROM mailboxes WHERE tenant_id = $1 FOR NO KEY UPDATE`

/** $1 tenant, $2 refused, $3 hold, $4 token, $5 gateway */
const WRITE = `
UPDATE mailboxes
   SET token_refused = $4, gateway = $5, refused = nullif($2::jsonb, '{}'), hold = $3, probe_at = CASE WHEN $3::jsonb IS NULL THEN NULL ELSE coalesce(probe_at, mail_now() + ${PROBE_EVERY}) END
 WHERE tenant_id = $1`

export interface LockedRefusals {
  readonly mailbox: MailboxRefusals
  readonly token: TokenTrouble | null
  readonly gateway: GatewayTrouble | null
  /** Whether the mailbox pauses for want of access, or of an answer of Microsoft. */
  readonly isPaused: boolean
  readonly message: MessageRefusals
  /** The version of the settings; null while no mailbox is connected. */
  readonly version: number | null
  /** The version that the message was sent with; null where no request that can send was begun, or the mark is gone. */
  readonly wireVersion: number | null
  readonly now: Date
}

/** Locks what a refusal is judged by; null where another attempt of the message has begun. */
export async function lockRefusals(
  client: pg.PoolClient,
  { id, tenantId, markId }: { readonly id: string; readonly tenantId: string; readonly markId: string },
): Promise<LockedRefusals | null> {
  // In this order, as everywhere: a change of the settings locks messages afterwards.
  const settings = await client.query<{ version: number }>(LOCK_SETTINGS, [tenantId])
  const messages = await client.query<MessageRefusals & { wireVersion: number | null }>(LOCK_MESSAGE, [id, markId])
  const [found] = messages.rows
  if (!found) return null
  const { wireVersion, ...message } = found
  await client.query(ENSURE, [tenantId])
  const mailboxes = await client.query<Row>(LOCK, [tenantId])
  const [row] = mailboxes.rows
  if (!row) throw new Error('A mailbox that is there was not found.')
  const { refused, round, hold, ...others } = row
  const version = settings.rows[0]?.version ?? null
  return { ...others, mailbox: { refused: refused ?? {}, round, hold }, message, version, wireVersion }
}

interface Row extends Pick<LockedRefusals, 'token' | 'gateway' | 'isPaused' | 'now'> {
  readonly refused: MailboxRefusals['refused'] | null
  readonly round: number
  readonly hold: Hold | null
}

export async function writeRefusals(
  client: pg.PoolClient,
  tenantId: string,
  {
    refused,
    hold,
    token,
    gateway,
  }: Pick<MailboxRefusals, 'refused' | 'hold'> & Pick<LockedRefusals, 'token' | 'gateway'>,
): Promise<void> {
  await client.query(WRITE, [tenantId, refused, hold, token, gateway])
}

/**
 * SQL for whether a message that is settled as sent has left now. One that was found may have left before its mailbox refused
 * others, but for the one that was tried since. The history records an attempt only where a message was found.
 */
export function hasLeft(settled: string): string {
  return `(${settled}.outcome IS NULL OR ${settled}.message_id = (SELECT b.probe_id FROM mailboxes b WHERE b.tenant_id = ${settled}.tenant_id))`
}

/** SQL for whether a message that leaves changes what a row of mailboxes knows of refusals. By draft, it changes anything. */
export function endsRefusal(mailbox: string, byDraft: string): string {
  return `(${mailbox}.token_refused IS NOT NULL OR ${mailbox}.gateway IS NOT NULL OR ${mailbox}.hold IS NOT NULL AND (${byDraft} OR ${mailbox}.hold ->> 'route' = 'send')
           OR ${mailbox}.refused IS NOT NULL AND (${byDraft} OR ${mailbox}.hold IS NULL OR ${mailbox}.refused ?| '{send,gateway}'))`
}

/**
 * SQL that sets what a row of mailboxes knows of refusals after something has left. A message that left in one request says
 * nothing of those that go by draft.
 */
export function afterLeaving(mailbox: string, left: string, byDraft: string): string {
  const once = (changed: string, column: string) => `CASE WHEN ${left} THEN ${changed} ELSE ${mailbox}.${column} END`
  const refused = `CASE WHEN ${byDraft} THEN NULL ELSE nullif(${mailbox}.refused - '{send,gateway}'::text[], '{}') END`
  const hold = `CASE WHEN ${byDraft} OR ${mailbox}.hold ->> 'route' = 'send' THEN NULL ELSE ${mailbox}.hold END`
  return `token_refused = ${once('NULL', 'token_refused')}, refused = ${once(refused, 'refused')}, hold = ${once(hold, 'hold')},
        refusal_round = ${once(`${mailbox}.refusal_round + (${mailbox}.refused IS NOT NULL)::int`, 'refusal_round')}`
}

/** SQL for the end of the pauses for want of access, once Microsoft answers or takes a token. Those of Entra are kept elsewhere. */
export function accessPauseAfter(
  mailbox: string,
  { answered, left, paused }: Record<'answered' | 'left' | 'paused', string>,
): string {
  return `no_access_until = CASE WHEN ${answered} AND ${mailbox}.gateway IS NOT NULL OR ${left} AND ${mailbox}.token_refused IS NOT NULL THEN ${paused}
                                ELSE greatest(${mailbox}.no_access_until, ${paused}) END,
        gateway = CASE WHEN ${answered} THEN NULL ELSE ${mailbox}.gateway END`
}

/** SQL for whether another alert tells that nothing leaves a mailbox, or is about to. */
export function isToldOf(mailbox: string): string {
  return `coalesce(${mailbox}.hold ->> 'route' = 'send' OR (${mailbox}.token_refused ->> 'times')::int > ${TOKENS_REFUSED_AT_MOST}
                   OR ${isIntercepted(mailbox)}, false)`
}

/** SQL for whether something still answers in Microsoft's place, as far as is known; null where nothing ever has. */
export function isIntercepted(mailbox: string): string {
  return `(${mailbox}.gateway ->> 'at')::timestamptz BETWEEN mail_now() - interval '${STANDS_FOR_MS} milliseconds' AND mail_now()`
}

/** What answers in Microsoft's place has nothing to do with a connection. */
const TOLD_OF_GATEWAY = `ARRAY(SELECT alert FROM unnest(told) AS alert WHERE alert LIKE 'microsoft.%')`

/** $1 tenant, $2 whether nobody is told that mail leaves again, $3 whether Microsoft has answered */
const END = `
UPDATE mailboxes SET refused = NULL, hold = NULL, token_refused = NULL, probe_at = NULL, probe_id = NULL, told = CASE WHEN $2 THEN ${TOLD_OF_GATEWAY} ELSE told END,
       gateway = CASE WHEN $3 THEN NULL ELSE gateway END
 WHERE tenant_id = $1`

/**
 * Ends what is known of refusals, since the connection they are about has ended or was proved to work.
 *
 * @param tells whether a hold that was told of is told to be over
 * @param isProved whether it was proved to work, so that Microsoft answers
 */
export async function endRefusals(
  transaction: Prisma.TransactionClient,
  tenantId: string,
  { tells, isProved = false }: { readonly tells: boolean; readonly isProved?: boolean },
): Promise<void> {
  await transaction.$executeRawUnsafe(END, tenantId, !tells, isProved)
}

/** $1 tenant */
const TELL_AGAIN = `UPDATE mailboxes SET told = ${TOLD_OF_GATEWAY} WHERE tenant_id = $1`

/** Has the alert about a hold raised once more, since another one about the mailbox was raised and is over. */
export async function tellOfHoldAgain(transaction: Prisma.TransactionClient, tenantId: string): Promise<void> {
  await transaction.$executeRawUnsafe(TELL_AGAIN, tenantId)
}

/** $1 tenant */
const READ = `SELECT hold, token_refused AS token FROM mailboxes WHERE tenant_id = $1`

type Reader = Pick<Prisma.TransactionClient, '$queryRawUnsafe'>

async function read(reader: Reader, tenantId: string): Promise<{ hold: Hold | null; token: TokenTrouble | null }> {
  const [row] = await reader.$queryRawUnsafe<{ hold: Hold | null; token: TokenTrouble | null }[]>(READ, tenantId)
  return row ?? { hold: null, token: null }
}

/** Reads why Microsoft takes no mail; null while it does. */
export async function readHold(reader: Reader, tenantId: string): Promise<Hold | null> {
  return (await read(reader, tenantId)).hold
}

/** Reads what is wrong with the mailbox, or with its tokens; null while nothing is. */
export async function readMailboxProblem(reader: Reader, tenantId: string): Promise<SettingsProblem | null> {
  const { hold, token } = await read(reader, tenantId)
  return holdProblem(hold) ?? tokenProblem(token)
}

export function holdProblem(hold: Hold | null): SettingsProblem | null {
  if (!hold) return null
  const { route: _, ...problem } = hold
  return { ...problem, code: 'mailbox-refused' }
}

export function tokenProblem(token: TokenTrouble | null): SettingsProblem | null {
  if (!isTokenProblem(token)) return null
  const { times: _, ...problem } = token
  return { ...problem, code: 'token-refused' }
}

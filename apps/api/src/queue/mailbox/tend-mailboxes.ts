import type { Prisma, PrismaClient } from '../../database/generated/client.ts'
import type { Alert } from '../../domain/alert.ts'
import { appendAlert, dismissAlerts } from '../../database/alert-log.ts'
import { appendAuditEvent } from '../../database/audit-log.ts'
import type { NewId } from '../../runtime/ids.ts'
import { isInTime } from '../columns.ts'
import { isStanding, isTold, type GatewayTrouble } from './interceptions.ts'
import { isKnownByDraft, PROBE_EVERY } from './mailbox-refusals.ts'
import { isTokenProblem, keyOf, type Hold, type TokenTrouble } from './refusals.ts'
import { countAndTell, heldEvents, MOVED_COLUMNS, queueRows, countersOf } from '../counters.ts'
import { wakeWorkers } from '../owner/wake.ts'

// What is known of a mailbox, and what follows for its messages.
//
//  it sends ──Microsoft asks, a limit of Microsoft is used up, there is no access,
//             or something answers in Microsoft's place──▶ it pauses ──until a time──▶ it sends     pause.ts, quota-pause.ts
//           ──two messages are refused in the same way──▶ it is held ──one that is tried leaves──▶ it sends
//
// During a pause its messages stay queued, and none is marked. During a hold they are held: refusals.ts and interceptions.ts
// decide, mailbox-refusals.ts reads and writes what they decide by, and this file moves the messages:
//
//  queued ──its mailbox is held──▶ held ──to learn whether Microsoft takes mail again──▶ queued
//
// limits.ts has the limit of uploaded bytes, and the sizes that Microsoft was seen to refuse. All of it is in the row of
// mailboxes, whose owner and epoch are those of ../owner/.
//
// Workers look at the mailboxes that refuse mail every two seconds. What they do follows from what the row says at that
// moment, so that nothing is missed where a process ends in between.

const HELD_AT_ONCE = 1_000

const FIND = `SELECT tenant_id AS id FROM mailboxes WHERE hold IS NOT NULL OR token_refused IS NOT NULL OR gateway IS NOT NULL OR cardinality(told) > 0`

/** Another message is tried at once where the last one turned out to go by another route, and so was not. $1 tenant */
const LOCK = `
SELECT m.hold, m.token_refused AS token, m.gateway, m.told, (SELECT queued + sending > 0 FROM (${countersOf('m.tenant_id')}) AS t) AS "isWaiting", mail_now() AS now, s.from_email AS "fromEmail",
       m.probe_at <= mail_now() OR coalesce(q.state = 'held' AND q.route <> m.hold ->> 'route' AND m.refused #>> '{draft,messageId}' IS DISTINCT FROM m.probe_id, false) AS "probeIsDue",
       coalesce(q.state = 'queued' AND q.doubt = 'none', false) AS "isProbing"
  FROM mailboxes m JOIN tenant_settings s ON s.tenant_id = m.tenant_id LEFT JOIN message_queue q ON q.message_id = m.probe_id
 WHERE m.tenant_id = $1 FOR NO KEY UPDATE OF m`

/**
 * Holds what would only be refused. What is in doubt is looked for first, and a worker finds out what else goes by draft.
 *
 * $1 tenant, $2 route
 */
const HOLD = `
WITH held AS (
  UPDATE message_queue q SET state = 'held', held_because = 'mailbox-refused', due_at = NULL
   WHERE q.message_id = ANY (ARRAY(
     SELECT waiting.message_id FROM message_queue waiting
      WHERE waiting.tenant_id = $1 AND waiting.state = 'queued' AND waiting.mark_id IS NULL AND waiting.doubt = 'none'
        AND ($2 = 'send' OR waiting.route = 'draft')
        AND waiting.message_id IS DISTINCT FROM (SELECT probe_id FROM mailboxes WHERE tenant_id = $1)
      LIMIT ${HELD_AT_ONCE} FOR UPDATE SKIP LOCKED))
  RETURNING ${MOVED_COLUMNS}
), ${countAndTell([queueRows('-', 'held', { state: `'queued'` }), queueRows('+', 'held')], [heldEvents('held q')])}
SELECT FROM counted`

/** The first held message of those that `which` names. $1 tenant */
const firstHeld = (which: string) => `
  SELECT q.message_id FROM message_queue q
   WHERE q.tenant_id = $1 AND q.state = 'held' AND q.held_because = 'mailbox-refused' AND q.doubt = 'none' AND ${isInTime('q')} AND ${which}
   ORDER BY q.priority, q.waits_since, q.message_id LIMIT 1 FOR UPDATE SKIP LOCKED`

/**
 * Queues the first held message that goes by the refused route, as far as is known before a worker had it; where none does,
 * the first of all: whether it leaves decides as well.
 *
 * $1 tenant, $2 route
 */
const PROBE = `
WITH refused_way AS MATERIALIZED (${firstHeld(`($2 = 'draft' OR NOT ${isKnownByDraft('q')})`)}
), any_way AS MATERIALIZED (${firstHeld('NOT EXISTS (SELECT FROM refused_way)')}
), queued AS (
  UPDATE message_queue q SET state = 'queued', held_because = NULL, due_at = mail_now() WHERE q.message_id = ANY (ARRAY(SELECT message_id FROM refused_way UNION ALL SELECT message_id FROM any_way))
  RETURNING ${MOVED_COLUMNS}
), ${countAndTell([queueRows('-', 'queued', { state: `'held'` }), queueRows('+', 'queued')], [heldEvents('queued q')])}
UPDATE mailboxes m SET probe_id = q.message_id, probe_at = mail_now() + ${PROBE_EVERY}
  FROM queued q WHERE m.tenant_id = $1 AND (SELECT count(*) FROM counted) >= 0`

/** $1 tenant, $2 the alerts that were told of */
const WRITE_TOLD = `UPDATE mailboxes SET told = $2 WHERE tenant_id = $1`

const UNREACHABLE = 'microsoft.unreachable'

type MailboxAlert = Extract<Alert, { type: keyof typeof ACTIONS | 'mailbox.recovered' | `microsoft.${string}` }>

interface Row {
  readonly hold: Hold | null
  readonly token: TokenTrouble | null
  readonly gateway: GatewayTrouble | null
  /** Whether a message is due, or is being sent. */
  readonly isWaiting: boolean | null
  readonly told: readonly string[]
  readonly now: Date
  readonly fromEmail: string | null
  readonly probeIsDue: boolean
  readonly isProbing: boolean
}

/** What an alert told of a mailbox. */
export interface MailboxNews {
  readonly tenantId: string
  readonly type: MailboxAlert['type']
  readonly microsoftCode: string | undefined
}

export interface TendedMailboxes {
  /** Whether messages may leave that could not before. */
  readonly isQueued: boolean
  /** How many messages are held now that were not. */
  readonly held: number
  readonly news: readonly MailboxNews[]
}

export async function tendMailboxes(prisma: PrismaClient, newId: NewId): Promise<TendedMailboxes> {
  const tended: TendedMailboxes[] = []
  for (const { id } of await prisma.$queryRawUnsafe<{ id: string }[]>(FIND))
    tended.push(await prisma.$transaction((transaction) => tendMailbox(transaction, newId, id)))
  return {
    isQueued: tended.some(({ isQueued }) => isQueued),
    held: tended.reduce((sum, { held }) => sum + held, 0),
    news: tended.flatMap(({ news }) => news),
  }
}

/** The action in the audit log that tells of each problem, beside the alert. */
const ACTIONS = { 'mailbox.refused': 'mailbox-refused', 'mailbox.token-refused': 'token-refused' } as const

async function tendMailbox(
  transaction: Prisma.TransactionClient,
  newId: NewId,
  tenantId: string,
): Promise<TendedMailboxes> {
  const [row] = await transaction.$queryRawUnsafe<Row[]>(LOCK, tenantId)
  if (!row) return { isQueued: false, held: 0, news: [] }
  const { hold, token, gateway, isWaiting, now } = row
  const fromEmail = row.fromEmail ?? ''
  const news: MailboxNews[] = []
  let { told } = row
  await tellOfProblems()
  await tellOfGateway()
  if (hold === null) return { isQueued: false, held: 0, news }
  const held = await transaction.$executeRawUnsafe(HOLD, tenantId, hold.route)
  const isProbed =
    row.probeIsDue && !row.isProbing && (await transaction.$executeRawUnsafe(PROBE, tenantId, hold.route)) > 0
  if (isProbed) await wakeWorkers(transaction)
  return { isQueued: isProbed, held, news }

  /**
   * Tells of a problem once when it begins, and again when it has become another one; and once when none is left. One that
   * another has ended beside is told again, since only one alert about a mailbox is shown.
   */
  async function tellOfProblems(): Promise<void> {
    const standing = [
      ...(hold ? [{ type: 'mailbox.refused', problem: hold, key: `mailbox.refused ${keyOf(hold)}` } as const] : []),
      ...(isTokenProblem(token)
        ? [{ type: 'mailbox.token-refused', problem: token, key: 'mailbox.token-refused' } as const]
        : []),
    ]
    const before = told.filter((each) => each.startsWith('mailbox.'))
    const begun = standing.filter(({ key }) => !before.includes(key))
    if (begun.length === 0 && standing.length === before.length) return
    const event = { tenantId, at: now, actor: null }
    await dismissAlerts(transaction, tenantId, 'mailbox', now)
    for (const { type, problem } of begun.length > 0 ? begun : standing) {
      const { title, detail, action: remedy, values, correlationId } = problem
      const outcome = String(values['microsoftCode'] ?? 'refused')
      await tell({ type, facts: { fromEmail, title, detail, action: remedy, values, correlationId } }, outcome)
      await appendAuditEvent(transaction, { ...event, action: ACTIONS[type], outcome, details: { correlationId } })
    }
    if (standing.length === 0) {
      await tell({ type: 'mailbox.recovered', facts: { fromEmail } })
      await appendAuditEvent(transaction, { ...event, action: 'mailbox-accepted', outcome: 'done' })
    }
    await remember([...standing.map(({ key }) => key), ...told.filter((each) => !each.startsWith('mailbox.'))])
  }

  /**
   * Tells, once it has lasted, that something answers in Microsoft's place while messages wait, and that it is over once Microsoft
   * has answered. Where nobody is shown to it any more, since nothing waits, the alert ends without a word: it may still be there.
   */
  async function tellOfGateway(): Promise<void> {
    if (told.includes(UNREACHABLE)) {
      if (gateway !== null && (isWaiting === true || isStanding(gateway, now))) return
      await dismissAlerts(transaction, tenantId, 'microsoft', now)
      if (gateway === null) await tell({ type: 'microsoft.recovered', facts: {} })
      await remember(told.filter((each) => each !== UNREACHABLE))
    } else if (isStanding(gateway, now) && isTold(gateway, now) && isWaiting === true) {
      const { pauses: _, at: __, forEntra: ___, ...facts } = gateway
      await dismissAlerts(transaction, tenantId, 'microsoft', now)
      await tell({ type: UNREACHABLE, facts })
      await remember([...told, UNREACHABLE])
    }
  }

  async function tell(alert: MailboxAlert, microsoftCode?: string): Promise<void> {
    await appendAlert(transaction, { id: newId('alert'), tenantId, at: now, ...alert })
    news.push({ tenantId, type: alert.type, microsoftCode })
  }

  async function remember(alerts: readonly string[]): Promise<void> {
    told = alerts
    await transaction.$executeRawUnsafe(WRITE_TOLD, tenantId, alerts)
  }
}

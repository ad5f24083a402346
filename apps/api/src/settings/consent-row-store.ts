import type { AuditDetails } from '@inforiver-mail/contract/audit'
import type { ConsentProblem, ConsentProblemCode } from '@inforiver-mail/contract/consent-problem'
import type { ConsentPurpose, ConsentStatus } from '@inforiver-mail/contract/office365-smtp'
import { worded } from '@inforiver-mail/m365/explanation'
import type { Sealed } from '@inforiver-mail/m365/token-vault'
import { appendAuditEvent, type AuditEvent } from '../database/audit-log.ts'
import type { Prisma } from '../database/generated/client.ts'
import type { Consent as ConsentRow } from '../database/generated/client.ts'
import type { ReportSource } from './settings-state.ts'
import { readConsentProblem, readConsentPurpose, readConsentStatus } from '../domain/stored-values.ts'

// Rows of `consents`, and how they end. A change of the settings ends consents too, in its own transaction: the stores
// of consents and of settings build on this file and begin the transactions; it begins none.

const PROOF_LEASE_MS = 15_000

const INTERRUPTED = {
  code: 'consent-interrupted' satisfies ConsentProblemCode,
  ...worded({
    title: 'consent-interrupted.title',
    detail: ['consent-interrupted.detail'],
    action: ['consent-interrupted.remedy'],
  }),
  correlationId: null,
}

export interface ConsentRecord {
  readonly id: string
  readonly tenantId: string
  readonly userId: string
  readonly sessionIdHash: string
  readonly purpose: ConsentPurpose
  readonly status: ConsentStatus
  readonly fromEmail: string
  readonly largeAttachments: boolean
  readonly requestedPermissions: readonly string[]
  readonly settingsVersion: number
  readonly stateHash: string
  readonly secretsSealed: Sealed | null
  readonly createdAt: Date
  readonly expiresAt: Date
  /** When its answer was taken: `state` counts once. */
  readonly returnedAt: Date | null
  readonly problem: ConsentProblem | null
  readonly missingPermission: string | null
  readonly claimsChallenge: string | null
  /**
   * The sources of delivery reports that it is to switch on, each as how often that had been switched off when it began;
   * null where it is not asked for.
   */
  readonly asksBounces: number | null
  readonly asksTrace: number | null
  /** How many messages were with Microsoft under the settings that it replaced; null until it has completed. */
  readonly requestsOnTheWire: number | null
  /** The sign-in name of the person who answered at Microsoft; null where Microsoft vouches for none. */
  readonly account: string | null
}

/** What a consent failed for lack of; the next one asks for it. */
export interface Missing {
  readonly missingPermission: string | null
  /** JSON. */
  readonly claimsChallenge: string | null
}

/** Whether a consent was ended; one that had ended before keeps its status. */
export type Ending<Ended = unknown> =
  | ({ readonly ended: true } & Ended)
  | { readonly ended: false; readonly status: ConsentStatus }

/** Matches consents that can still complete: unanswered and not expired, or with a grant that is being proved. */
export function openAt(now: Date) {
  return {
    status: 'pending',
    OR: [{ expiresAt: { gt: now } }, { proofUntil: { not: null } }],
  } satisfies Prisma.ConsentWhereInput
}

/** Matches the other pending ones. */
export function expiredAt(now: Date) {
  return { status: 'pending', proofUntil: null, expiresAt: { lte: now } } satisfies Prisma.ConsentWhereInput
}

/** Reads a status that accounts for a pending consent whose time is up. */
export async function readStatus(transaction: Prisma.TransactionClient, id: string, now: Date): Promise<ConsentStatus> {
  return (await readPending(transaction, id, now)).status
}

/** Reads whether a consent is still pending, and keeps it so, and the version of the settings that it has to meet. */
export async function readPending(
  transaction: Prisma.TransactionClient,
  id: string,
  now: Date,
): Promise<Pick<ConsentRecord, 'status' | 'settingsVersion' | 'asksBounces' | 'asksTrace'>> {
  await transaction.$queryRaw`SELECT 1 FROM consents WHERE id = ${id} FOR UPDATE`
  return toConsent(await transaction.consent.findUniqueOrThrow({ where: { id } }), now)
}

/** Keeps open consents valid over a change of the settings that does not concern them, from `version` to the next. */
export async function carryPending(
  transaction: Prisma.TransactionClient,
  tenantId: string,
  version: number,
  now: Date,
): Promise<void> {
  await transaction.consent.updateMany({
    where: { tenantId, settingsVersion: version, ...openAt(now) },
    data: { settingsVersion: { increment: 1 } },
  })
}

/** Whether the sender is the one that was connected last, even if a reset followed. */
export async function wasLastConnected(
  transaction: Prisma.TransactionClient,
  { tenantId, fromEmail }: Pick<ConsentRecord, 'tenantId' | 'fromEmail'>,
): Promise<boolean> {
  const last = await transaction.consent.findFirst({
    where: { tenantId, status: 'completed' },
    orderBy: { endedAt: 'desc' },
    select: { fromEmail: true },
  })
  return last?.fromEmail.toLowerCase() === fromEmail.toLowerCase()
}

/** What the audit log adds to the end of a consent. `actor` defaults to the person who started it. */
interface AuditedEnding {
  readonly actor?: string
  readonly details?: AuditDetails
}

/** Ends the matching consents that are still open, deletes their secrets, and returns how many there were. */
export async function endConsents(
  transaction: Prisma.TransactionClient,
  where: { id: string } | { tenantId: string; except?: string },
  ending: {
    status: ConsentStatus
    problem?: Prisma.InputJsonObject
    requestsOnTheWire?: number
    account?: string | null
  } & Partial<Missing>,
  now: Date,
  audited: AuditedEnding = {},
): Promise<number> {
  const which = 'id' in where ? { id: where.id } : { tenantId: where.tenantId, ...exceptOf(where) }
  const ended = await transaction.consent.updateManyAndReturn({
    where: { ...which, ...openAt(now) },
    data: { ...ending, endedAt: now, secretsSealed: null },
  })
  await appendAuditEvent(transaction, ...ended.map((consent) => consentEnded(consent, now, audited)))
  return ended.length
}

function exceptOf({ except }: { except?: string }) {
  return except === undefined ? {} : { id: { not: except } }
}

/** Microsoft's next page of a consent that has several. */
export interface NextLeg {
  readonly source: ReportSource
  readonly requestedPermissions: readonly string[]
  readonly stateHash: string
  readonly secretsSealed: Sealed
  readonly expiresAt: Date
}

/** Lets a consent whose answer was taken wait for the answer to its next page, under another `state`. */
export async function continueConsent(
  transaction: Prisma.TransactionClient,
  id: string,
  next: Omit<NextLeg, 'source'> & { readonly settingsVersion: number },
  now: Date,
): Promise<ConsentRecord> {
  const row = await transaction.consent.update({
    where: { id },
    data: {
      requestedPermissions: [...next.requestedPermissions],
      stateHash: next.stateHash,
      secretsSealed: next.secretsSealed,
      expiresAt: next.expiresAt,
      settingsVersion: next.settingsVersion,
      returnedAt: null,
      proofUntil: null,
    },
  })
  return toConsent(row, now)
}

/** Has a process prove the grant of a consent for as long as it renews this, by the clock of the database. */
export async function leaseProof(client: Pick<Prisma.TransactionClient, '$executeRaw'>, id: string): Promise<void> {
  await client.$executeRaw`
    UPDATE consents SET proof_until = mail_now() + ${PROOF_LEASE_MS} * interval '1 millisecond'
     WHERE id = ${id} AND status = 'pending' AND returned_at IS NOT NULL`
}

/**
 * Ends a consent whose proof was cut off: one that the process at hand gives up, or those that nobody has proved any more
 * since their lease ended.
 */
export async function endInterrupted(
  transaction: Prisma.TransactionClient,
  which: { readonly id: string } | 'without-lease',
  now: Date,
): Promise<void> {
  const ids =
    which === 'without-lease'
      ? await transaction.$queryRaw<{ id: string }[]>`
          SELECT id FROM consents WHERE status = 'pending' AND proof_until <= mail_now() FOR UPDATE SKIP LOCKED`
      : [which]
  for (const { id } of ids) await endConsents(transaction, { id }, { status: 'failed', problem: INTERRUPTED }, now)
}

/** Shows a completed consent as pending for this long, by the clock of the database. */
export async function delayCompletion(transaction: Prisma.TransactionClient, id: string, ms: number): Promise<void> {
  await transaction.$executeRaw`
    UPDATE consents SET settles_at = mail_now() + ${ms} * interval '1 millisecond' WHERE id = ${id}`
}

export function toConsent(row: ConsentRow, now: Date): ConsentRecord {
  const { settlesAt: _, proofUntil, ...record } = row
  const status = row.status === 'pending' && proofUntil === null && row.expiresAt <= now ? 'expired' : row.status
  return {
    ...record,
    purpose: readConsentPurpose(row.purpose),
    status: readConsentStatus(status, row.endedAt !== null),
    secretsSealed: row.secretsSealed as Sealed | null,
    problem: readConsentProblem(row.problem),
  }
}

export function consentEnded(
  row: ConsentRow,
  at: Date,
  { actor = row.userId, details }: AuditedEnding = {},
): AuditEvent {
  const { status, problem } = toConsent(row, at)
  const about = aboutConsent(row, at)
  return {
    ...about,
    actor,
    action: 'consent-ended',
    outcome: problem?.code ?? status,
    details: { ...about.details, ...details, ...(problem && { correlationId: problem.correlationId }) },
  }
}

export function aboutConsent(
  consent: Pick<ConsentRecord, 'id' | 'tenantId' | 'userId' | 'fromEmail' | 'largeAttachments'> & { purpose: string },
  at: Date,
) {
  const { id, tenantId, userId, purpose, fromEmail, largeAttachments } = consent
  return { tenantId, at, actor: userId, details: { consent: id, purpose, fromEmail, largeAttachments } }
}

import type { AuditDetails } from '@inforiver-mail/contract/audit'
import type { ConsentProblem, ConsentProblemCode } from '@inforiver-mail/contract/consent-problem'
import type { ConsentPurpose, ConsentStatus } from '@inforiver-mail/contract/office365-smtp'
import { worded } from '@inforiver-mail/m365/explanation'
import type { Sealed } from '@inforiver-mail/m365/token-vault'
import { appendAuditEvent, type AuditEvent } from '../database/audit-log.ts'
import type { Consent as ConsentRow, Prisma, PrismaClient } from '../database/generated/client.ts'
import { readConsentProblem, readConsentPurpose, readConsentStatus } from '../domain/stored-values.ts'
import { lockSettings } from './settings-row-store.ts'
import type { ReportSource } from './settings-state.ts'

// Consents, and how they end. A change of the settings ends consents too, in its own transaction: the stores of settings and
// of reports call the functions below the store, which begin no transaction.

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
const SWEEP_BATCH = 1_000

/** A row of `consents` as the product reads it. */
export interface ConsentRecord extends Readonly<
  Omit<ConsentRow, 'settlesAt' | 'proofUntil' | 'endedAt' | 'problem' | 'requestedPermissions'>
> {
  readonly purpose: ConsentPurpose
  readonly status: ConsentStatus
  readonly requestedPermissions: readonly string[]
  readonly secretsSealed: Sealed | null
  readonly problem: ConsentProblem | null
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

export type NewConsent = Omit<
  ConsentRecord,
  'status' | 'returnedAt' | 'problem' | 'requestsOnTheWire' | 'account' | keyof Missing
>

export interface FailedConsent {
  readonly problem: ConsentProblem
  readonly missing: Missing
  /** The sign-in name of the person who answered at Microsoft; null where Microsoft vouches for none. */
  readonly account: string | null
}

export type TakenReturn =
  | { readonly taken: true; readonly consent: ConsentRecord }
  | { readonly taken: false; readonly because: 'other-session' | 'used' | Exclude<ConsentStatus, 'pending'> }

/** Consents from their start to their end. The settings store completes them, together with the settings they change. */
export type ConsentStore = ReturnType<typeof createConsentStore>

export function createConsentStore(prisma: PrismaClient) {
  return {
    /**
     * Returns the consent, or one that already waits for its answer, for the same change in the same session: a double click
     * asks once.
     */
    async start({ requestedPermissions, ...consent }: NewConsent): Promise<ConsentRecord> {
      return prisma.$transaction(async (transaction) => {
        const { tenantId, sessionIdHash, purpose, fromEmail, largeAttachments, settingsVersion, createdAt } = consent
        const { asksBounces, asksTrace } = consent
        // The lock puts simultaneous requests in an order, whichever process they reach.
        await lockSettings(transaction, tenantId)
        const change = { purpose, fromEmail, largeAttachments, asksBounces, asksTrace }
        const same = { tenantId, sessionIdHash, settingsVersion, ...change }
        const pending = await transaction.consent.findFirst({
          // One whose answer was taken cannot be answered again, and its proof may have been cut off.
          where: { ...same, status: 'pending', returnedAt: null, expiresAt: { gt: createdAt } },
          orderBy: { createdAt: 'desc' },
        })
        if (pending) return toConsent(pending, createdAt)
        const row = await transaction.consent.create({
          data: { ...consent, requestedPermissions: [...requestedPermissions], status: 'pending' },
        })
        await appendAuditEvent(transaction, {
          ...aboutConsent(consent, createdAt),
          action: 'consent-started',
          outcome: 'pending',
        })
        return toConsent(row, createdAt)
      })
    },

    async find(tenantId: string, id: string, now: Date): Promise<ConsentRecord | null> {
      const read = () => prisma.consent.findUnique({ where: { id, tenantId } })
      const row = await readProved(read, now)
      if (row?.settlesAt && (await isAhead(prisma, row.settlesAt))) return toConsent({ ...row, status: 'pending' }, now)
      return row && toConsent(row, now)
    },

    /** Returns the newest. */
    async findPending(tenantId: string, now: Date): Promise<ConsentRecord | null> {
      const where = { tenantId, ...openAt(now) }
      const row = await readProved(() => prisma.consent.findFirst({ where, orderBy: { createdAt: 'desc' } }), now)
      return row && toConsent(row, now)
    },

    /** Returns the permission that a consent for this address failed for, unless one has completed since. */
    async findMissingPermission(tenantId: string, fromEmail: string): Promise<string | null> {
      const address = { equals: fromEmail, mode: 'insensitive' } as const
      const last = await findLast({ tenantId, fromEmail: address }, { missingPermission: { not: null } })
      return last?.missingPermission ?? null
    },

    /** Returns the claims challenge that a consent failed for, unless one has completed since. */
    async findClaimsChallenge(tenantId: string): Promise<string | null> {
      return (await findLast({ tenantId }, { claimsChallenge: { not: null } }))?.claimsChallenge ?? null
    },

    /**
     * Takes Microsoft's answer, which counts once and only in the session that asked; null for an unknown `state`. Its grant
     * is proved under a lease, which has to be renewed.
     */
    async takeReturn(stateHash: string, sessionIdHash: string | null, now: Date): Promise<TakenReturn | null> {
      const taken = await prisma.$transaction(async (transaction) => {
        const [row] = await transaction.consent.updateManyAndReturn({
          where: {
            stateHash,
            sessionIdHash: sessionIdHash ?? '',
            status: 'pending',
            returnedAt: null,
            expiresAt: { gt: now },
          },
          data: { returnedAt: now },
        })
        if (row) await leaseProof(transaction, row.id)
        return row
      })
      // A second read might find it superseded, without its secrets.
      if (taken) return { taken: true, consent: toConsent(taken, now) }
      const row = await prisma.consent.findUnique({ where: { stateHash } })
      if (!row) return null
      const consent = toConsent(row, now)
      if (consent.sessionIdHash !== sessionIdHash) return { taken: false, because: 'other-session' }
      return { taken: false, because: consent.status === 'pending' ? 'used' : consent.status }
    },

    /** Says that this process still proves its grant. */
    renewProof: (id: string): Promise<void> => leaseProof(prisma, id),

    /** Ends it where its proof was given up. */
    async interrupt(id: string, now: Date): Promise<void> {
      await prisma.$transaction((transaction) => endInterrupted(transaction, { id }, now))
    },

    async fail({ id }: ConsentRecord, { problem, missing, account }: FailedConsent, now: Date): Promise<Ending> {
      return prisma.$transaction(async (transaction) => {
        const failure = { status: 'failed', problem: { ...problem }, account, ...missing } as const
        const ended = await endConsents(transaction, { id }, failure, now, { details: { account } })
        if (ended === 1) return { ended: true }
        const { status } = await readPending(transaction, id, now)
        return { ended: false, status }
      })
    },

    async cancel({ id }: ConsentRecord, actor: string, now: Date): Promise<void> {
      await prisma.$transaction((transaction) =>
        endConsents(transaction, { id }, { status: 'cancelled' }, now, { actor }),
      )
    },

    /** Binds the open consents of a session to the one that the same person continues it in. */
    async carry(tenantId: string, { from, to }: { from: string; to: string }, now: Date): Promise<void> {
      await prisma.consent.updateMany({
        where: { tenantId, sessionIdHash: from, ...openAt(now) },
        data: { sessionIdHash: to },
      })
    },

    /** Shows a completed consent as such even if requests under the replaced settings may still be on the wire. */
    async showCompleted(id: string): Promise<void> {
      await prisma.consent.updateMany({ where: { id }, data: { settlesAt: null } })
    },

    /** Ends the consents that have expired, and deletes their secrets. */
    async sweep(now: Date): Promise<void> {
      await prisma.$transaction(async (transaction) => {
        await endInterrupted(transaction, 'without-lease', now)
        const expired = await transaction.consent.updateManyAndReturn({
          where: expiredAt(now),
          data: { status: 'expired', endedAt: now, secretsSealed: null },
          limit: SWEEP_BATCH,
        })
        await appendAuditEvent(transaction, ...expired.map((consent) => consentEnded(consent, now)))
      })
    },
  }

  /** Finds the last one that has completed, or failed like this. */
  function findLast(where: Prisma.ConsentWhereInput, failure: Prisma.ConsentWhereInput): Promise<ConsentRow | null> {
    const orderBy = { createdAt: 'desc' } as const
    return prisma.consent.findFirst({ where: { ...where, OR: [{ status: 'completed' }, failure] }, orderBy })
  }

  /** Reads a consent. If the process that proves it is gone, ends it first, so that the page need not wait for the sweep. */
  async function readProved<Row extends Pick<ConsentRow, 'status' | 'proofUntil'> | null>(
    read: () => Promise<Row>,
    now: Date,
  ): Promise<Row> {
    const row = await read()
    if (row?.status !== 'pending' || row.proofUntil === null || (await isAhead(prisma, row.proofUntil))) return row
    await prisma.$transaction((transaction) => endInterrupted(transaction, 'without-lease', now))
    return read()
  }
}

/** Compares with the clock of the database. */
async function isAhead(prisma: PrismaClient, date: Date): Promise<boolean> {
  const [row] = await prisma.$queryRaw<{ ahead: boolean }[]>`SELECT ${date}::timestamptz > mail_now() AS ahead`
  return row?.ahead ?? false
}

/** Matches consents that can still complete: unanswered and not expired, or with a grant that is being proved. */
function openAt(now: Date) {
  return {
    status: 'pending',
    OR: [{ expiresAt: { gt: now } }, { proofUntil: { not: null } }],
  } satisfies Prisma.ConsentWhereInput
}

/** Matches the other pending ones. */
function expiredAt(now: Date) {
  return { status: 'pending', proofUntil: null, expiresAt: { lte: now } } satisfies Prisma.ConsentWhereInput
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
  where: Pick<Prisma.ConsentWhereInput, 'id' | 'tenantId'>,
  ending: {
    status: ConsentStatus
    problem?: Prisma.InputJsonObject
    requestsOnTheWire?: number
    account?: string | null
  } & Partial<Missing>,
  now: Date,
  audited: AuditedEnding = {},
): Promise<number> {
  const ended = await transaction.consent.updateManyAndReturn({
    where: { ...where, ...openAt(now) },
    data: { ...ending, endedAt: now, secretsSealed: null },
  })
  await appendAuditEvent(transaction, ...ended.map((consent) => consentEnded(consent, now, audited)))
  return ended.length
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
async function leaseProof(client: Pick<Prisma.TransactionClient, '$executeRaw'>, id: string): Promise<void> {
  await client.$executeRaw`
    UPDATE consents SET proof_until = mail_now() + ${PROOF_LEASE_MS} * interval '1 millisecond'
     WHERE id = ${id} AND status = 'pending' AND returned_at IS NOT NULL`
}

/**
 * Ends a consent whose proof was cut off: one that the process at hand gives up, or those that nobody has proved any more
 * since their lease ended.
 */
async function endInterrupted(
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

function toConsent(row: ConsentRow, now: Date): ConsentRecord {
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

function consentEnded(row: ConsentRow, at: Date, { actor = row.userId, details }: AuditedEnding = {}): AuditEvent {
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

function aboutConsent(
  consent: Pick<ConsentRecord, 'id' | 'tenantId' | 'userId' | 'fromEmail' | 'largeAttachments'> & { purpose: string },
  at: Date,
) {
  const { id, tenantId, userId, purpose, fromEmail, largeAttachments } = consent
  return { tenantId, at, actor: userId, details: { consent: id, purpose, fromEmail, largeAttachments } }
}

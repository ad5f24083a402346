import type { ConsentProblem } from '@inforiver-mail/contract/consent-problem'
import type { ConsentStatus } from '@inforiver-mail/contract/office365-smtp'
import { appendAuditEvent } from '../database/audit-log.ts'
import type { Consent as ConsentRow, PrismaClient } from '../database/generated/client.ts'
import {
  aboutConsent,
  consentEnded,
  endConsents,
  endInterrupted,
  expiredAt,
  leaseProof,
  openAt,
  readStatus,
  toConsent,
  type ConsentRecord,
  type Ending,
  type Missing,
} from './consent-row-store.ts'
import { lockSettings } from './settings-row-store.ts'

const SWEEP_BATCH = 1_000

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
      const last = await prisma.consent.findFirst({
        where: {
          tenantId,
          fromEmail: { equals: fromEmail, mode: 'insensitive' },
          OR: [{ status: 'completed' }, { missingPermission: { not: null } }],
        },
        orderBy: { createdAt: 'desc' },
      })
      return last?.missingPermission ?? null
    },

    /** Returns the claims challenge that a consent failed for, unless one has completed since. */
    async findClaimsChallenge(tenantId: string): Promise<string | null> {
      const last = await prisma.consent.findFirst({
        where: { tenantId, OR: [{ status: 'completed' }, { claimsChallenge: { not: null } }] },
        orderBy: { createdAt: 'desc' },
      })
      return last?.claimsChallenge ?? null
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
        return ended === 1 ? { ended: true } : { ended: false, status: await readStatus(transaction, id, now) }
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

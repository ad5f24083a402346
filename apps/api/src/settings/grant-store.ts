import type { ReportsProblem } from '@inforiver-mail/contract/consent-problem'
import type { PrismaClient } from '../database/generated/client.ts'
import { Prisma } from '../database/generated/client.ts'
import type { TenantSettings as SettingsRow } from '../database/generated/client.ts'
import type { Sealed } from '@inforiver-mail/m365/token-vault'
import { bouncesProblemColumn } from './reports-store.ts'
import { NO_REFRESH, toSettings, type SealedTokens } from './settings-row-store.ts'
import type { VersionedSettings } from './settings-state.ts'

/** Tenants that are found in one look; the next finds the others. */
const FOUND_AT_ONCE = 100
/**
 * No lease or pause is longer. A time further ahead was written before the clock of the database was set back, or before a
 * standby took over whose clock is behind.
 */
const LONGEST_WAIT_MS = 60 * 60_000
const LONGEST_WAIT = Prisma.raw(`interval '${LONGEST_WAIT_MS} milliseconds'`)
/** How often Entra is asked because Graph refuses a token that has not expired. */
const ASKED_EVERY_MS = 60_000
const ASKED_EVERY = Prisma.raw(`interval '${ASKED_EVERY_MS} milliseconds'`)

export interface StoredGrant extends SealedTokens {
  /** Grows with every new set of tokens. */
  readonly grantVersion: number
  /** Whether sent messages were found in the mailbox by our id. */
  readonly searchWorks: boolean
  /** Whether a search for them found nothing; false too while that is not known. */
  readonly searchFails: boolean
  /** How long Entra must not be asked; 0 when it may be. */
  readonly refreshWaitMs: number
  /** How long Entra must not be asked because Graph refuses a token that has not expired; 0 when it may be, or is being asked. */
  readonly refusalWaitMs: number
  /** How often in succession Entra could not answer. */
  readonly refreshFailures: number
}

/** The right to refresh the tokens. Whatever replaces them ends it, so that its holder knows their version. */
export interface RefreshLease {
  readonly tenantId: string
  readonly owner: string
}

/** Microsoft does not grant any more what only bounces need. */
export interface Withdrawal {
  /** What is left. */
  readonly permissions: readonly string[]
  /** Why bounces cannot be read, where they are on; null where the inbox can still be read. */
  readonly problem: ReportsProblem | null
}

export interface UnprovedSearch {
  readonly tenantId: string
  readonly settingsVersion: number
  /** The message that proved the connection. */
  readonly verificationId: string
  readonly connectedAt: Date
}

/** The tokens of each tenant and the right to refresh them. A consent brings them, by the settings store. */
export type GrantStore = ReturnType<typeof createGrantStore>

export function createGrantStore(prisma: PrismaClient) {
  return {
    /** Reads settings and grant of the same moment. */
    async read(tenantId: string): Promise<{ settings: VersionedSettings; grant: StoredGrant | null }> {
      const row = await prisma.tenantSettings.findUnique({ where: { tenantId } })
      return { settings: toSettings(row), grant: row && toGrant(row, await readWaits(prisma, row)) }
    },

    /**
     * Allows one refresh at a time over all processes. False when another process holds the lease, when the tokens are
     * newer already, or when Microsoft's answer to another process forbids it. `recheck` asks even though Microsoft
     * refused the app registration; `refused` because Graph refuses a token that has not expired, once a minute at most;
     * `challenged` because of a claims challenge, at once.
     */
    async takeRefreshLease({
      tenantId,
      grantVersion,
      owner,
      leaseMs,
      recheck = false,
      refused = false,
      challenged = false,
    }: RefreshLease & {
      grantVersion: number
      leaseMs: number
      recheck?: boolean
      refused?: boolean
      challenged?: boolean
    }): Promise<boolean> {
      const taken = await prisma.$executeRaw`
        UPDATE tenant_settings
           SET refresh_lease_owner = ${owner}, refresh_lease_until = mail_now() + ${leaseMs} * interval '1 millisecond',
               refused_asked_at = CASE WHEN ${refused || challenged} THEN mail_now() ELSE refused_asked_at END
         WHERE tenant_id = ${tenantId} AND grant_version = ${grantVersion} AND status = 'connected'
           AND (${recheck} OR problem IS NULL)
           AND (NOT ${refused} OR (refused_asked_at > mail_now() - ${ASKED_EVERY} AND refused_asked_at <= mail_now()) IS NOT TRUE)
           AND (refresh_lease_until > mail_now() AND refresh_lease_until <= mail_now() + ${LONGEST_WAIT}) IS NOT TRUE
           AND (refresh_not_before > mail_now() AND refresh_not_before <= mail_now() + ${LONGEST_WAIT}) IS NOT TRUE`
      return taken === 1
    },

    /**
     * Stores refreshed tokens, with what they lack, and releases the lease; false, and nothing is stored, when the lease
     * was lost meanwhile.
     */
    async saveRefreshed(
      { tenantId, owner }: RefreshLease,
      tokens: SealedTokens,
      withdrawal: Withdrawal | null,
    ): Promise<boolean> {
      return prisma.$transaction(async (transaction) => {
        const { count } = await transaction.tenantSettings.updateMany({
          where: { tenantId, refreshLeaseOwner: owner },
          data: {
            ...tokens,
            ...NO_REFRESH,
            grantVersion: { increment: 1 },
            ...(withdrawal && { grantedPermissions: [...withdrawal.permissions] }),
          },
        })
        if (count === 1 && withdrawal?.problem) {
          const where = { tenantId, bouncesEnabled: true }
          await transaction.tenantSettings.updateMany({ where, data: bouncesProblemColumn(withdrawal.problem) })
        }
        return count === 1
      })
    },

    /** Postpones the next refresh by this long, since Entra could not answer. */
    async postponeRefresh({ tenantId, owner }: RefreshLease, waitMs: number): Promise<void> {
      await prisma.$executeRaw`
        UPDATE tenant_settings
           SET refresh_not_before = mail_now() + ${waitMs} * interval '1 millisecond', refresh_failures = refresh_failures + 1
         WHERE tenant_id = ${tenantId} AND refresh_lease_owner = ${owner}`
    },

    async releaseRefreshLease({ tenantId, owner }: RefreshLease): Promise<void> {
      await prisma.tenantSettings.updateMany({
        where: { tenantId, refreshLeaseOwner: owner },
        data: { refreshLeaseOwner: null, refreshLeaseUntil: null },
      })
    },

    /** Finds working connections that were last refreshed before, the longest unused first. */
    async findIdle(refreshedBefore: Date): Promise<{ tenantId: string; grantVersion: number }[]> {
      return prisma.tenantSettings.findMany({
        select: { tenantId: true, grantVersion: true },
        where: {
          status: 'connected',
          problem: { equals: Prisma.DbNull },
          accessTokenObtainedAt: { lt: refreshedBefore },
        },
        orderBy: { accessTokenObtainedAt: 'asc' },
        take: FOUND_AT_ONCE,
      })
    },

    /** Finds those whose app registration Microsoft refused when it was last asked. */
    async findMisconfigured(): Promise<{ tenantId: string; grantVersion: number }[]> {
      return prisma.tenantSettings.findMany({
        select: { tenantId: true, grantVersion: true },
        where: { status: 'connected', problem: { path: ['code'], equals: 'app-misconfigured' } },
        take: FOUND_AT_ONCE,
      })
    },

    /** Finds connections whose mailbox may be read, where it is not known yet whether a search finds sent messages. */
    async findUnprovedSearches(): Promise<UnprovedSearch[]> {
      const rows = await prisma.tenantSettings.findMany({
        where: { status: 'connected', sentItemsSearch: 'unknown', grantedPermissions: { has: 'Mail.ReadWrite' } },
        take: FOUND_AT_ONCE,
      })
      return rows.flatMap(({ tenantId, version: settingsVersion, verificationId, connectedAt }) =>
        verificationId !== null && connectedAt !== null
          ? [{ tenantId, settingsVersion, verificationId, connectedAt }]
          : [],
      )
    },

    /** Counts only for the connection that this message proved. */
    async saveSentItemsSearch(tenantId: string, verificationId: string, search: 'works' | 'fails'): Promise<void> {
      // The grant's version stays, so that a refresh that is under way still counts.
      await prisma.tenantSettings.updateMany({ where: { tenantId, verificationId }, data: { sentItemsSearch: search } })
    },
  }
}

/** Has Entra asked again at once, where it was not Entra that asked for the wait. */
export async function endRefreshWait(transaction: Prisma.TransactionClient, tenantId: string): Promise<void> {
  await transaction.$executeRaw`UPDATE tenant_settings SET refresh_not_before = NULL WHERE tenant_id = ${tenantId}`
}

type Waits = Pick<StoredGrant, 'refreshWaitMs' | 'refusalWaitMs'>

async function readWaits(
  prisma: PrismaClient,
  { refreshNotBefore, refreshLeaseUntil, refusedAskedAt }: SettingsRow,
): Promise<Waits> {
  if (refreshNotBefore === null && refusedAskedAt === null) return { refreshWaitMs: 0, refusalWaitMs: 0 }
  const [row] = await prisma.$queryRaw<{ now: Date }[]>`SELECT mail_now() AS now`
  /** 0 as well where the end lies further ahead than any wait. */
  const waitMs = (end: Date | null, startMs: number, longestMs: number) => {
    const leftMs = row && end ? end.getTime() + startMs - row.now.getTime() : 0
    return leftMs > longestMs ? 0 : Math.max(leftMs, 0)
  }
  const isAsking = waitMs(refreshLeaseUntil, 0, LONGEST_WAIT_MS) > 0
  return {
    refreshWaitMs: waitMs(refreshNotBefore, 0, LONGEST_WAIT_MS),
    refusalWaitMs: isAsking ? 0 : waitMs(refusedAskedAt, ASKED_EVERY_MS, ASKED_EVERY_MS),
  }
}

function toGrant(row: SettingsRow, waits: Pick<StoredGrant, 'refreshWaitMs' | 'refusalWaitMs'>): StoredGrant | null {
  const { refreshTokenSealed, accessTokenSealed, accessTokenExpiresAt, accessTokenObtainedAt, grantVersion } = row
  if (accessTokenSealed === null || accessTokenExpiresAt === null || accessTokenObtainedAt === null) return null
  return {
    refreshTokenSealed: refreshTokenSealed as Sealed | null,
    accessTokenSealed: accessTokenSealed as Sealed,
    accessTokenExpiresAt,
    accessTokenObtainedAt,
    grantVersion,
    searchWorks: row.sentItemsSearch === 'works',
    searchFails: row.sentItemsSearch === 'fails',
    ...waits,
    refreshFailures: row.refreshFailures,
  }
}

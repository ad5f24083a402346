import type { AuditDetails } from '@inforiver-mail/contract/audit'
import type { ConsentProblem, SettingsProblem } from '@inforiver-mail/contract/consent-problem'
import type { ConsentPurpose, ConsentStatus, MailboxKind } from '@inforiver-mail/contract/office365-smtp'
import type { Sealed } from '@inforiver-mail/m365/token-vault'
import type { Alert } from '../alert.ts'
import { appendAlert, dismissMailboxAlerts } from '../database/alert-log.ts'
import { appendAuditEvent, type AuditEvent } from '../database/audit-log.ts'
import { Prisma, type PrismaClient } from '../database/generated/client.ts'
import type { Consent as ConsentRow, TenantSettings as SettingsRow } from '../database/generated/client.ts'
import { countOnTheWire } from '../queue/clear.ts'
import { regroupHeld } from '../queue/hold.ts'
import { endPause, endWantOfAccess } from '../queue/pause.ts'
import { countActive } from '../queue/read.ts'
import { transition, whyHeld, type Connection, type SettingsEvent, type SettingsState } from './settings-state.ts'

/** Microsoft's page may have been answered in the last second; proving the grant then takes three calls, each with a time limit. */
const PROOF_MS = 4 * 60_000
const SWEEP_BATCH = 1_000
const RECHECK_BATCH = 100
/** Requests on the wire cannot be recalled; a change of the settings waits for them no longer than this. */
export const WIRE_WAIT_MS = 10_000

export interface VersionedSettings {
  readonly version: number
  readonly state: SettingsState
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
  readonly problem: ConsentProblem | null
  readonly missingPermission: string | null
  readonly claimsChallenge: string | null
  /** How many messages were with Microsoft under the settings that it replaced; null until it has completed. */
  readonly requestsOnTheWire: number | null
}

export type NewConsent = Omit<ConsentRecord, 'status' | 'problem' | 'requestsOnTheWire' | keyof Lacking>

/** What a consent failed for: the next one asks for it. */
export interface Lacking {
  readonly missingPermission: string | null
  /** JSON. */
  readonly claimsChallenge: string | null
}

/** A grant that was proved to work. `account`: the sign-in name of whose it is; null when it is the application's. */
export interface ProvedConsent {
  readonly connection: Connection
  readonly account: string | null
}

/** `account`: the sign-in name of who answered at Microsoft; null where Microsoft vouches for none. */
export interface FailedConsent {
  readonly problem: ConsentProblem
  readonly lacking: Lacking
  readonly account: string | null
}

/** The tokens of a grant, sealed for the settings row of its tenant. */
export interface SealedTokens {
  /** Null when the application gets its own tokens. */
  readonly refreshTokenSealed: Sealed | null
  readonly accessTokenSealed: Sealed
  readonly accessTokenExpiresAt: Date
  readonly accessTokenObtainedAt: Date
}

export interface StoredGrant extends SealedTokens {
  /** Grows with every new set of tokens. */
  readonly grantVersion: number
  /** Whether sent messages were found in the mailbox by our id. */
  readonly searchWorks: boolean
  /** Whether they were looked for in vain; false too while that is not known. */
  readonly searchFails: boolean
  /** For so long Entra is not asked; 0 where it may be. */
  readonly refreshWaitMs: number
  /** How often in succession it could not answer. */
  readonly refreshFailures: number
}

/** The right to refresh the tokens of this version. */
export interface RefreshLease {
  readonly tenantId: string
  readonly grantVersion: number
  readonly owner: string
}

export type TakenReturn =
  | { readonly taken: true; readonly consent: ConsentRecord }
  | { readonly taken: false; readonly because: 'other-session' | 'used' | Exclude<ConsentStatus, 'pending'> }

/** False when the consent had ended before, with the status it has. */
export type Ending<Ended = unknown> =
  | ({ readonly ended: true } & Ended)
  | { readonly ended: false; readonly status: ConsentStatus }

/** Messages that were with Microsoft under settings up to this version when those were replaced. */
export interface OnTheWire {
  readonly tenantId: string
  readonly settingsVersion: number
  readonly requests: number
}

export interface SettingsStore {
  read(tenantId: string): Promise<VersionedSettings>
  readGrant(tenantId: string): Promise<{ settings: VersionedSettings; grant: StoredGrant | null }>
  countWaitingMessages(tenantId: string): Promise<number>

  /** The consent, or the one that is pending for the same change in the same session: a double click asks once. */
  startConsent(consent: NewConsent): Promise<ConsentRecord>
  findConsent(tenantId: string, id: string, now: Date): Promise<ConsentRecord | null>
  findPendingConsent(tenantId: string, now: Date): Promise<ConsentRecord | null>
  /** The permission that a consent for this address failed for, unless one has completed since. */
  findMissingPermission(tenantId: string, fromEmail: string): Promise<string | null>
  /** The claims challenge that a consent failed for, unless one has completed since. */
  findClaimsChallenge(tenantId: string): Promise<string | null>
  /** Takes Microsoft's answer, which counts once and in the session that asked; null when `state` is unknown. */
  takeReturn(stateHash: string, sessionIdHash: string | null, now: Date): Promise<TakenReturn | null>
  /** Saves the grant and completes the consent, unless the settings changed since it started or it has ended. */
  completeConsent(
    consent: ConsentRecord,
    proved: ProvedConsent,
    tokens: SealedTokens,
    now: Date,
  ): Promise<Ending<{ onTheWire: OnTheWire }>>
  /** Shows it as completed: nothing that was on the wire is waited for any more. */
  settleConsent(id: string): Promise<void>
  failConsent(consent: ConsentRecord, failed: FailedConsent, now: Date): Promise<Ending>
  cancelConsent(consent: ConsentRecord, actor: string, now: Date): Promise<void>
  /** Ends the consents that have expired, and deletes their secrets. */
  sweep(now: Date): Promise<void>

  reset(tenantId: string, actor: string, now: Date): Promise<OnTheWire>
  /** Whether requests are still under way that began under replaced settings. */
  isOnTheWire(onTheWire: OnTheWire): Promise<boolean>
  /** Applies what was learned from Microsoft while sending; `grantVersion` is the set of tokens it was learned with. */
  applyHealth(tenantId: string, grantVersion: number, event: SettingsEvent, now: Date): Promise<void>

  /** Tenants whose app registration Microsoft refused when it was last asked. */
  findMisconfigured(): Promise<string[]>

  /** Connections that work as far as is known, the longest unused first, and were last refreshed before. */
  findIdleGrants(refreshedBefore: Date): Promise<{ tenantId: string; grantVersion: number; refreshedAt: Date }[]>

  /** Connections whose mailbox may be read, and of which it is not known yet whether sent messages can be found in it. */
  findUnprovedSearches(): Promise<{ tenantId: string; verificationId: string; connectedAt: Date }[]>
  /** Of the connection that this message proved; another one has to be proved anew. */
  saveSentItemsSearch(tenantId: string, verificationId: string, search: 'works' | 'fails'): Promise<void>

  /**
   * One refresh at a time over all processes; false when another holds the lease, when the tokens are newer already, or
   * when what another learned of Microsoft meanwhile forbids it. `recheck`: although the app registration was refused.
   */
  takeRefreshLease(lease: RefreshLease & { leaseMs: number; recheck?: boolean }): Promise<boolean>
  /** Stores refreshed tokens and lets go of the lease; false when the lease was lost meanwhile. */
  saveRefreshed(lease: RefreshLease, tokens: SealedTokens): Promise<boolean>
  /** Entra could not answer. */
  postponeRefresh(lease: RefreshLease, waitMs: number): Promise<void>
  releaseRefreshLease(lease: RefreshLease): Promise<void>
}

export function createSettingsStore(prisma: PrismaClient): SettingsStore {
  return {
    async read(tenantId) {
      return toSettings(await prisma.tenantSettings.findUnique({ where: { tenantId } }))
    },

    async readGrant(tenantId) {
      const row = await prisma.tenantSettings.findUnique({ where: { tenantId } })
      return { settings: toSettings(row), grant: row && toGrant(row, await refreshWaitMs(prisma, row)) }
    },

    async countWaitingMessages(tenantId) {
      return countActive(prisma, tenantId)
    },

    async startConsent({ requestedPermissions, ...consent }) {
      return prisma.$transaction(async (transaction) => {
        const { tenantId, sessionIdHash, purpose, fromEmail, largeAttachments, settingsVersion, createdAt } = consent
        // Two requests at the same moment come one after the other, whichever process they are at.
        await lockSettings(transaction, tenantId)
        const same = { tenantId, sessionIdHash, purpose, fromEmail, largeAttachments, settingsVersion }
        const pending = await transaction.consent.findFirst({
          where: { ...same, ...openAt(createdAt) },
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

    async findConsent(tenantId, id, now) {
      const row = await prisma.consent.findUnique({ where: { id, tenantId } })
      if (row?.settlesAt && (await isAhead(prisma, row.settlesAt))) return toConsent({ ...row, status: 'pending' }, now)
      return row && toConsent(row, now)
    },

    async findPendingConsent(tenantId, now) {
      const row = await prisma.consent.findFirst({
        where: { tenantId, ...openAt(now) },
        orderBy: { createdAt: 'desc' },
      })
      return row && toConsent(row, now)
    },

    async findMissingPermission(tenantId, fromEmail) {
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

    async findClaimsChallenge(tenantId) {
      const last = await prisma.consent.findFirst({
        where: { tenantId, OR: [{ status: 'completed' }, { claimsChallenge: { not: null } }] },
        orderBy: { createdAt: 'desc' },
      })
      return last?.claimsChallenge ?? null
    },

    async takeReturn(stateHash, sessionIdHash, now) {
      const [taken] = await prisma.consent.updateManyAndReturn({
        where: {
          stateHash,
          sessionIdHash: sessionIdHash ?? '',
          status: 'pending',
          returnedAt: null,
          expiresAt: { gt: now },
        },
        data: { returnedAt: now },
      })
      // As it was in that very moment: read again, it might have been superseded, and its secrets be gone.
      if (taken) return { taken: true, consent: toConsent(taken, now) }
      const row = await prisma.consent.findUnique({ where: { stateHash } })
      if (!row) return null
      const consent = toConsent(row, now)
      if (consent.sessionIdHash !== sessionIdHash) return { taken: false, because: 'other-session' }
      return { taken: false, because: consent.status === 'pending' ? 'used' : consent.status }
    },

    async completeConsent(consent, { connection, account }, tokens, now) {
      return prisma.$transaction(async (transaction) => {
        const settings = await lockSettings(transaction, consent.tenantId)
        const { status } = toConsent(await transaction.consent.findUniqueOrThrow({ where: { id: consent.id } }), now)
        if (status !== 'pending') return { ended: false, status }
        if (settings.version !== consent.settingsVersion) {
          await endConsents(transaction, { id: consent.id }, { status: 'superseded' }, now, { details: { account } })
          return { ended: false, status: 'superseded' }
        }
        const { state } = toSettings(settings)
        const next = transition(state, { type: 'consent-completed', connection })
        await transaction.tenantSettings.update({
          where: { tenantId: consent.tenantId },
          data: {
            ...toColumns(next),
            ...tokens,
            version: { increment: 1 },
            grantVersion: { increment: 1 },
            ...NO_REFRESH,
            // The verification message of this consent shows whether sent messages can be found.
            sentItemsSearch: 'unknown',
            verificationId: consent.id,
          },
        })
        await endWantOfAccess(transaction, consent.tenantId)
        if (!(await wasLastConnected(transaction, consent))) {
          // Microsoft paused another mailbox.
          await endPause(transaction, consent.tenantId)
        }
        const details = { account, mailbox: connection.mailbox }
        const onTheWire = await readOnTheWire(transaction, settings)
        const settled = { requestsOnTheWire: onTheWire.requests }
        await endConsents(transaction, { id: consent.id }, { status: 'completed', ...settled }, now, { details })
        if (onTheWire.requests > 0)
          await transaction.$executeRaw`
            UPDATE consents SET settles_at = mail_now() + ${WIRE_WAIT_MS} * interval '1 millisecond' WHERE id = ${consent.id}`
        await endConsents(transaction, { tenantId: consent.tenantId }, { status: 'superseded' }, now)
        await regroupHeld(transaction, consent.tenantId, whyHeld(next))
        await appendHealthAlert(transaction, consent.tenantId, state, next, now)
        return { ended: true, onTheWire }
      })
    },

    async settleConsent(id) {
      await prisma.consent.updateMany({ where: { id }, data: { settlesAt: null } })
    },

    async failConsent({ id }, { problem, lacking, account }, now) {
      return prisma.$transaction(async (transaction) => {
        const failure = { status: 'failed', problem: { ...problem }, ...lacking } as const
        const ended = await endConsents(transaction, { id }, failure, now, { details: { account } })
        if (ended === 1) return { ended: true }
        const { status } = toConsent(await transaction.consent.findUniqueOrThrow({ where: { id } }), now)
        return { ended: false, status }
      })
    },

    async cancelConsent({ id }, actor, now) {
      await prisma.$transaction((transaction) =>
        endConsents(transaction, { id }, { status: 'cancelled' }, now, { actor }),
      )
    },

    async sweep(now) {
      await prisma.$transaction(async (transaction) => {
        const expired = await transaction.consent.updateManyAndReturn({
          where: expiredAt(now),
          data: { status: 'expired', endedAt: now, secretsSealed: null },
          limit: SWEEP_BATCH,
        })
        await appendAuditEvent(transaction, ...expired.map((consent) => consentEnded(consent, now)))
      })
    },

    async reset(tenantId, actor, now) {
      return prisma.$transaction(async (transaction) => {
        const row = await lockSettings(transaction, tenantId)
        const before = toSettings(row).state
        await transaction.tenantSettings.update({
          where: { tenantId },
          data: {
            ...toColumns(transition(before, { type: 'reset' })),
            ...NO_TOKENS,
            version: { increment: 1 },
            grantVersion: { increment: 1 },
          },
        })
        await endWantOfAccess(transaction, tenantId)
        await regroupHeld(transaction, tenantId, whyHeld({ status: 'not-configured' }))
        await endConsents(transaction, { tenantId }, { status: 'superseded' }, now, { actor })
        await dismissMailboxAlerts(transaction, tenantId, now)
        await appendAuditEvent(transaction, {
          tenantId,
          at: now,
          actor,
          action: 'settings-reset',
          outcome: 'done',
          details: { fromEmail: before.status === 'not-configured' ? null : before.connection.fromEmail },
        })
        return readOnTheWire(transaction, row)
      })
    },

    async isOnTheWire(onTheWire) {
      return (await countOnTheWire(prisma, onTheWire.tenantId, onTheWire.settingsVersion)) > 0
    },

    async applyHealth(tenantId, grantVersion, event, now) {
      await prisma.$transaction(async (transaction) => {
        const row = await lockSettings(transaction, tenantId)
        if (row.grantVersion !== grantVersion) return
        const { state } = toSettings(row)
        const next = transition(state, event)
        if (next === state) return
        await transaction.tenantSettings.update({ where: { tenantId }, data: toColumns(next) })
        await regroupHeld(transaction, tenantId, whyHeld(next))
        await appendAuditEvent(transaction, { tenantId, at: now, actor: null, ...healthEvent(event) })
        await appendHealthAlert(transaction, tenantId, state, next, now)
      })
    },

    async findMisconfigured() {
      const rows = await prisma.tenantSettings.findMany({
        where: { status: 'connected', problem: { path: ['code'], equals: 'app-misconfigured' } },
        select: { tenantId: true },
        take: RECHECK_BATCH,
      })
      return rows.map(({ tenantId }) => tenantId)
    },

    async findIdleGrants(refreshedBefore) {
      const rows = await prisma.tenantSettings.findMany({
        where: {
          status: 'connected',
          problem: { equals: Prisma.DbNull },
          accessTokenObtainedAt: { lt: refreshedBefore },
        },
        orderBy: { accessTokenObtainedAt: 'asc' },
        take: RECHECK_BATCH,
      })
      return rows.flatMap(({ tenantId, grantVersion, accessTokenObtainedAt: refreshedAt }) =>
        refreshedAt === null ? [] : [{ tenantId, grantVersion, refreshedAt }],
      )
    },

    async findUnprovedSearches() {
      const rows = await prisma.tenantSettings.findMany({
        where: { status: 'connected', sentItemsSearch: 'unknown', grantedPermissions: { has: 'Mail.ReadWrite' } },
        take: SWEEP_BATCH,
      })
      return rows.flatMap(({ tenantId, verificationId, connectedAt }) =>
        verificationId !== null && connectedAt !== null ? [{ tenantId, verificationId, connectedAt }] : [],
      )
    },

    async saveSentItemsSearch(tenantId, verificationId, search) {
      // The tokens stay the same, and so does their version: a refresh that is under way counts.
      await prisma.tenantSettings.updateMany({ where: { tenantId, verificationId }, data: { sentItemsSearch: search } })
    },

    async takeRefreshLease({ tenantId, grantVersion, owner, leaseMs, recheck = false }) {
      const taken = await prisma.$executeRaw`
        UPDATE tenant_settings
           SET refresh_lease_owner = ${owner}, refresh_lease_until = mail_now() + ${leaseMs} * interval '1 millisecond'
         WHERE tenant_id = ${tenantId} AND grant_version = ${grantVersion} AND status = 'connected'
           AND (${recheck} OR problem IS NULL)
           AND (refresh_lease_until IS NULL OR refresh_lease_until <= mail_now())
           AND (refresh_not_before IS NULL OR refresh_not_before <= mail_now())`
      return taken === 1
    },

    async saveRefreshed({ tenantId, grantVersion, owner }, tokens) {
      const { count } = await prisma.tenantSettings.updateMany({
        where: { tenantId, grantVersion, refreshLeaseOwner: owner },
        data: { ...tokens, ...NO_REFRESH, grantVersion: { increment: 1 } },
      })
      return count === 1
    },

    async postponeRefresh({ tenantId, grantVersion, owner }, waitMs) {
      await prisma.$executeRaw`
        UPDATE tenant_settings
           SET refresh_not_before = mail_now() + ${waitMs} * interval '1 millisecond', refresh_failures = refresh_failures + 1
         WHERE tenant_id = ${tenantId} AND grant_version = ${grantVersion} AND refresh_lease_owner = ${owner}`
    },

    async releaseRefreshLease({ tenantId, owner }) {
      await prisma.tenantSettings.updateMany({
        where: { tenantId, refreshLeaseOwner: owner },
        data: { refreshLeaseOwner: null, refreshLeaseUntil: null },
      })
    },
  }
}

/** None is under way, and none was in vain. */
const NO_REFRESH = {
  refreshLeaseOwner: null,
  refreshLeaseUntil: null,
  refreshNotBefore: null,
  refreshFailures: 0,
} as const

const NO_TOKENS = {
  refreshTokenSealed: null,
  accessTokenSealed: null,
  accessTokenExpiresAt: null,
  accessTokenObtainedAt: null,
  ...NO_REFRESH,
} as const

/** The row of the tenant, made if need be, locked until the transaction ends. */
async function lockSettings(transaction: Prisma.TransactionClient, tenantId: string): Promise<SettingsRow> {
  await transaction.tenantSettings.createMany({ data: [{ tenantId }], skipDuplicates: true })
  await transaction.$queryRaw`SELECT 1 FROM tenant_settings WHERE tenant_id = ${tenantId} FOR UPDATE`
  return transaction.tenantSettings.findUniqueOrThrow({ where: { tenantId } })
}

/** Whether the sender is the one that was connected last, also before a reset. */
async function wasLastConnected(
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

/** Which consents can still complete: those not answered and not expired, and those whose grant is being proved. */
function openAt(now: Date) {
  return {
    status: 'pending',
    OR: [{ returnedAt: null, expiresAt: { gt: now } }, { returnedAt: { gt: proofBegan(now) } }],
  } satisfies Prisma.ConsentWhereInput
}

/** The others. Not written as NOT of the former: to SQL a `returnedAt` that is null is neither earlier nor later. */
function expiredAt(now: Date) {
  return {
    status: 'pending',
    OR: [{ returnedAt: null, expiresAt: { lte: now } }, { returnedAt: { lte: proofBegan(now) } }],
  } satisfies Prisma.ConsentWhereInput
}

/** A proof that began before has taken too long. */
function proofBegan(now: Date): Date {
  return new Date(now.getTime() - PROOF_MS)
}

/** What the audit log says of the ends of consents. `actor`: who did it, if not the one who started the consent. */
interface AuditedEnding {
  readonly actor?: string
  readonly details?: AuditDetails
}

/** Ends those that are still open, and returns how many. */
async function endConsents(
  transaction: Prisma.TransactionClient,
  where: { id: string } | { tenantId: string },
  ending: { status: ConsentStatus; problem?: Prisma.InputJsonObject; requestsOnTheWire?: number } & Partial<Lacking>,
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

type Reader = Pick<PrismaClient, '$queryRaw'>

/** To be asked while the settings are locked: whoever cleared a request under them has written it down by then. */
async function readOnTheWire(
  transaction: Prisma.TransactionClient,
  { tenantId, version: settingsVersion }: SettingsRow,
): Promise<OnTheWire> {
  return { tenantId, settingsVersion, requests: await countOnTheWire(transaction, tenantId, settingsVersion) }
}

/** By the clock of the database. */
async function isAhead(reader: Reader, date: Date): Promise<boolean> {
  const [row] = await reader.$queryRaw<{ ahead: boolean }[]>`SELECT ${date}::timestamptz > mail_now() AS ahead`
  return row?.ahead ?? false
}

async function refreshWaitMs(reader: Reader, { refreshNotBefore }: SettingsRow): Promise<number> {
  if (refreshNotBefore === null) return 0
  const [row] = await reader.$queryRaw<{ wait_ms: number }[]>`
    SELECT greatest(0, ceil(extract(epoch FROM ${refreshNotBefore}::timestamptz - mail_now()) * 1000))::int AS wait_ms`
  return row?.wait_ms ?? 0
}

function toSettings(row: SettingsRow | null): VersionedSettings {
  return { version: row?.version ?? 0, state: row ? toState(row) : { status: 'not-configured' } }
}

function toState(row: SettingsRow): SettingsState {
  const { status, fromEmail, mailbox, connectedAt } = row
  if (status === 'not-configured') return { status }
  if (fromEmail === null || mailbox === null || connectedAt === null)
    throw new Error(`The settings of ${row.tenantId} are incomplete.`)
  const connection = {
    fromEmail,
    mailbox: mailbox as MailboxKind,
    delegate: mailbox === 'application' ? null : toDelegate(row),
    connectedAt,
    permissions: row.grantedPermissions,
    largeAttachments: row.largeAttachments,
  }
  const problem = row.problem as SettingsProblem | null
  if (status === 'reconnect-required' && problem) return { status, connection, problem, claims: row.claimsChallenge }
  return { status: 'connected', connection, problem }
}

function toDelegate(row: SettingsRow) {
  return {
    tenantId: row.delegateTenantId ?? '',
    objectId: row.delegateObjectId ?? '',
    name: row.delegateName ?? '',
    email: row.delegateEmail ?? '',
  }
}

function toColumns(state: SettingsState) {
  const connection = state.status === 'not-configured' ? null : state.connection
  const problem = state.status === 'not-configured' ? null : state.problem
  return {
    status: state.status,
    fromEmail: connection?.fromEmail ?? null,
    mailbox: connection?.mailbox ?? null,
    delegateTenantId: connection?.delegate?.tenantId ?? null,
    delegateObjectId: connection?.delegate?.objectId ?? null,
    delegateName: connection?.delegate?.name ?? null,
    delegateEmail: connection?.delegate?.email ?? null,
    connectedAt: connection?.connectedAt ?? null,
    grantedPermissions: [...(connection?.permissions ?? [])],
    largeAttachments: connection?.largeAttachments ?? false,
    problem: problem ? { ...problem } : Prisma.DbNull,
    claimsChallenge: state.status === 'reconnect-required' ? state.claims : null,
  }
}

function toGrant(row: SettingsRow, refreshWaitMs: number): StoredGrant | null {
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
    refreshWaitMs,
    refreshFailures: row.refreshFailures,
  }
}

function toConsent(row: ConsentRow, now: Date): ConsentRecord {
  const { returnedAt, settlesAt: _, ...record } = row
  const deadline = returnedAt ? new Date(returnedAt.getTime() + PROOF_MS) : row.expiresAt
  const status = row.status === 'pending' && deadline <= now ? 'expired' : row.status
  return {
    ...record,
    purpose: row.purpose as ConsentPurpose,
    status: status as ConsentStatus,
    secretsSealed: row.secretsSealed as Sealed | null,
    problem: row.problem as ConsentProblem | null,
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

function healthEvent(event: SettingsEvent): Pick<AuditEvent, 'action' | 'outcome' | 'details'> {
  if (event.type === 'access-worked') return { action: 'app-recovered', outcome: 'done' }
  if (event.type === 'tokens-refused' || event.type === 'app-misconfigured') {
    const { code, title, correlationId } = event.problem
    return { action: code, outcome: title, details: { correlationId } }
  }
  throw new Error(`${event.type} is not about the health of a connection.`)
}

/** Tells of a connection that stopped working, or works again. What was told before is over either way. */
async function appendHealthAlert(
  transaction: Prisma.TransactionClient,
  tenantId: string,
  before: SettingsState,
  after: SettingsState,
  now: Date,
): Promise<void> {
  await dismissMailboxAlerts(transaction, tenantId, now)
  const alert = healthAlert(before, after)
  if (alert) await appendAlert(transaction, { ...alert, tenantId, at: now })
}

function healthAlert(before: SettingsState, after: SettingsState): Alert | null {
  if (before.status === 'not-configured' || after.status === 'not-configured') return null
  const { fromEmail } = after.connection
  if (!after.problem) return before.problem ? { type: 'mailbox.recovered', facts: { fromEmail } } : null
  const { code, title, detail, action, correlationId } = after.problem
  return { type: `mailbox.${code}`, facts: { fromEmail, title, detail, action, correlationId } }
}

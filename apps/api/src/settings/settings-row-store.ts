import type { Sealed } from '@inforiver-mail/m365/token-vault'
import { Prisma } from '../database/generated/client.ts'
import type { TenantSettings as SettingsRow } from '../database/generated/client.ts'
import {
  readMailboxKind,
  readReportsProblem,
  readSettingsProblem,
  readSettingsStatus,
} from '../domain/stored-values.ts'
import type { DeliveryReportsState, SettingsState, VersionedSettings } from './settings-state.ts'

// The row of `tenant_settings`: it holds a tenant's settings and the grant that its mail is sent with. The stores of
// both build on this file and begin the transactions; it begins none.

/** The tokens of a grant, sealed for the settings row of its tenant. */
export interface SealedTokens {
  /** Null when the application gets its own tokens. */
  readonly refreshTokenSealed: Sealed | null
  readonly accessTokenSealed: Sealed
  readonly accessTokenExpiresAt: Date
  readonly accessTokenObtainedAt: Date
}

/** The columns of a grant whose refresh is neither under way nor postponed. */
export const NO_REFRESH = {
  refreshLeaseOwner: null,
  refreshLeaseUntil: null,
  refreshNotBefore: null,
  refreshFailures: 0,
} as const

/** The columns of a deleted grant. */
export const NO_GRANT = {
  refreshTokenSealed: null,
  accessTokenSealed: null,
  accessTokenExpiresAt: null,
  accessTokenObtainedAt: null,
  refusedAskedAt: null,
  ...NO_REFRESH,
  grantVersion: { increment: 1 },
} as const

/** The columns of a grant that a consent brought. Its verification message shows whether sent messages can be found. */
export function newGrant(tokens: SealedTokens, verificationId: string) {
  return {
    ...tokens,
    refusedAskedAt: null,
    ...NO_REFRESH,
    grantVersion: { increment: 1 },
    sentItemsSearch: 'unknown',
    verificationId,
  } as const
}

/** Returns the row of a tenant, created if need be, locked until the transaction ends. */
export async function lockSettings(transaction: Prisma.TransactionClient, tenantId: string): Promise<SettingsRow> {
  await transaction.tenantSettings.createMany({ data: [{ tenantId }], skipDuplicates: true })
  await lockRow(transaction, tenantId)
  return transaction.tenantSettings.findUniqueOrThrow({ where: { tenantId } })
}

async function lockRow(transaction: Prisma.TransactionClient, tenantId: string): Promise<void> {
  await transaction.$queryRaw`SELECT 1 FROM tenant_settings WHERE tenant_id = ${tenantId} FOR UPDATE`
}

export function toSettings(row: SettingsRow | null): VersionedSettings {
  return {
    version: row?.version ?? 0,
    redirectAllTo: row?.redirectAllTo ?? null,
    reports: toReports(row),
    state: row ? toState(row) : { status: 'not-configured' },
  }
}

function toReports(row: SettingsRow | null): DeliveryReportsState {
  return {
    bounces: {
      enabled: row?.bouncesEnabled ?? false,
      problem: readReportsProblem(row?.bouncesProblem),
      switchedOff: row?.bouncesSwitchedOff ?? 0,
    },
    trace: {
      enabled: row?.traceEnabled ?? false,
      problem: readReportsProblem(row?.traceProblem),
      switchedOff: row?.traceSwitchedOff ?? 0,
    },
  }
}

function toState(row: SettingsRow): SettingsState {
  const { fromEmail, mailbox, connectedAt } = row
  const status = readSettingsStatus(row.status)
  if (status === 'not-configured') return { status }
  if (fromEmail === null || mailbox === null || connectedAt === null) {
    if (status !== row.status) return { status: 'not-configured' }
    throw new Error(`The settings of ${row.tenantId} are incomplete.`)
  }
  const connection = {
    fromEmail,
    mailbox: readMailboxKind(mailbox),
    delegate: mailbox === 'application' ? null : toDelegate(row),
    connectedAt,
    permissions: row.grantedPermissions,
    largeAttachments: row.largeAttachments,
  }
  const problem = readSettingsProblem(row.problem, status)
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

/** The columns of a state; those of the grant and the version are left alone. */
export function toColumns(state: SettingsState) {
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

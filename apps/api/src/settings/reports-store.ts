import type { ConsentProblem, ReportsProblem } from '@inforiver-mail/contract/consent-problem'
import type pg from 'pg'
import { appendAuditEvent } from '../database/audit-log.ts'
import { Prisma, type PrismaClient } from '../database/generated/client.ts'
import {
  continueConsent,
  endConsents,
  readPending,
  type ConsentRecord,
  type Ending,
  type NextLeg,
} from './consent-store.ts'
import { lockSettings, NO_REFRESH, toSettings, type SealedTokens } from './settings-row-store.ts'
import { REPORT_SOURCES, type ReportSource, type VersionedSettings } from './settings-state.ts'

/** What a consent proved of the sources that it asks for. */
export interface ProvedReports {
  readonly sources: readonly ReportSource[]
  /** The sign-in name of the person who answered at Microsoft; null where Microsoft vouches for none. */
  readonly account: string | null
  /** The delegate's new grant, which reads the inbox; null where the application's own access does. */
  readonly grant: { readonly tokens: SealedTokens; readonly permissions: readonly string[] } | null
  /** Why something that was asked for does not work: the consent fails, and what works stays. */
  readonly problem: ConsentProblem | null
  /** Microsoft's next page, where another source is still to be granted. */
  readonly next: NextLeg | null
}

/** Switches sources of delivery reports on and off. Each change, its audit event and its consent are one transaction. */
export type ReportsStore = ReturnType<typeof createReportsStore>

export function createReportsStore(prisma: PrismaClient) {
  return {
    /** Takes effect at once: a proof or a consent under way cannot undo it. */
    async switchOff(tenantId: string, sources: readonly ReportSource[], actor: string, now: Date): Promise<void> {
      await prisma.$transaction(async (transaction) => {
        const { reports } = toSettings(await lockSettings(transaction, tenantId))
        await transaction.tenantSettings.update({
          where: { tenantId },
          data: Object.assign({}, ...sources.map((source) => OFF[source])),
        })
        const pending = await transaction.consent.findMany({ where: { tenantId, status: 'pending' } })
        const fences = currentFences(reports, sources)
        for (const { id, asksBounces, asksTrace } of pending) {
          const asked = asksBounces !== null || asksTrace !== null
          const wanted = asksBounces === fences.bounces || asksTrace === fences.trace
          if (asked && !wanted) await endConsents(transaction, { id }, { status: 'superseded' }, now, { actor })
        }
        const changed = sources.filter((source) => reports[source].enabled)
        await appendSwitched(transaction, { tenantId, actor, sources: changed, enabled: false, at: now })
      })
    },

    /**
     * Switches on what was proved while the settings were `seen`, but for what somebody has switched off since. Returns
     * false, and changes nothing, where the proof was about another connection.
     */
    async switchOn(
      tenantId: string,
      { sources: proved, seen }: { readonly sources: readonly ReportSource[]; readonly seen: VersionedSettings },
      actor: string,
      now: Date,
    ): Promise<boolean> {
      return prisma.$transaction(async (transaction) => {
        const row = await lockSettings(transaction, tenantId)
        const { version, state, reports } = toSettings(row)
        if (version !== seen.version || state.status === 'not-configured') return false
        const sources = stillWanted(proved, reports, seen)
        const reads = sources.includes('bounces') && state.connection.mailbox === 'application'
        await transaction.tenantSettings.update({
          where: { tenantId },
          data: {
            ...switchedOn(sources, reports, now),
            ...(reads && applicationReads(state.connection.permissions, now)),
          },
        })
        const changed = sources.filter((source) => !reports[source].enabled)
        await appendSwitched(transaction, { tenantId, actor, sources: changed, enabled: true, at: now })
        return true
      })
    },

    /** Saves what a consent proved, and ends it unless another page follows: then returns it as it goes on. */
    async completeConsent(
      { id, tenantId, userId }: ConsentRecord,
      { sources, account, grant, problem, next }: ProvedReports,
      now: Date,
    ): Promise<Ending<{ readonly continued: ConsentRecord | null }>> {
      return prisma.$transaction(async (transaction) => {
        const row = await lockSettings(transaction, tenantId)
        const { version, state, reports } = toSettings(row)
        const { status, settingsVersion, ...asks } = await readPending(transaction, id, now)
        if (status !== 'pending') return { ended: false, status }
        if (version !== settingsVersion || state.status === 'not-configured') {
          await endConsents(transaction, { id }, { status: 'superseded' }, now, { details: { account } })
          return { ended: false, status: 'superseded' }
        }
        const isWanted = (source: ReportSource) =>
          (source === 'bounces' ? asks.asksBounces : asks.asksTrace) === reports[source].switchedOff
        const wanted = sources.filter(isWanted)
        const reads = wanted.includes('bounces')
        const isNewGrant = reads && grant !== null
        await transaction.tenantSettings.update({
          where: { tenantId },
          data: {
            ...switchedOn(wanted, reports, now),
            ...(reads && !isNewGrant && applicationReads(state.connection.permissions, now)),
            ...(isNewGrant && {
              grantedPermissions: [...grant.permissions],
              ...grant.tokens,
              ...NO_REFRESH,
              grantVersion: { increment: 1 },
              version: { increment: 1 },
            }),
          },
        })
        const changed = wanted.filter((source) => !reports[source].enabled)
        await appendSwitched(transaction, { tenantId, actor: userId, sources: changed, enabled: true, at: now })
        const goesOn = next !== null && isWanted(next.source)
        const continued = goesOn
          ? await continueConsent(
              transaction,
              id,
              { ...next, settingsVersion: isNewGrant ? version + 1 : version },
              now,
            )
          : null
        if (!continued) {
          await endConsents(transaction, { id }, { ...endingOf(problem, wanted), account }, now, {
            details: { account },
          })
        }
        // A consent that began earlier would bring tokens without the new permission.
        if (isNewGrant) await endConsents(transaction, { tenantId, id: { not: id } }, { status: 'superseded' }, now)
        const isOvertaken = !continued && !problem && wanted.length === 0
        return isOvertaken ? { ended: false, status: 'superseded' } : { ended: true, continued }
      })
    },
  }
}

/** The sources that were not switched off after the settings were `seen`. */
export function stillWanted(
  sources: readonly ReportSource[],
  reports: VersionedSettings['reports'],
  seen: Pick<VersionedSettings, 'reports'>,
): ReportSource[] {
  return sources.filter((source) => reports[source].switchedOff === seen.reports[source].switchedOff)
}

function endingOf(problem: ConsentProblem | null, wanted: readonly ReportSource[]) {
  if (problem) return { status: 'failed', problem: { ...problem } } as const
  return wanted.length > 0
    ? ({ status: 'completed', requestsOnTheWire: 0 } as const)
    : ({ status: 'superseded' } as const)
}

/** What is known of an inbox is kept: switching it off makes it no more readable. */
const OFF = {
  bounces: {
    bouncesEnabled: false,
    bouncesSince: null,
    bouncesSwitchedOff: { increment: 1 },
  },
  trace: { traceEnabled: false, traceSince: null, traceProblem: Prisma.DbNull, traceSwitchedOff: { increment: 1 } },
} as const satisfies Record<ReportSource, Prisma.TenantSettingsUpdateInput>

/** The columns of settings without delivery reports. */
export const NO_REPORTS = { ...OFF.bounces, bouncesProblem: Prisma.DbNull, ...OFF.trace }

function switchedOn(sources: readonly ReportSource[], reports: VersionedSettings['reports'], now: Date) {
  const isNew = (source: ReportSource) => sources.includes(source) && !reports[source].enabled
  return {
    ...(sources.includes('bounces') && { bouncesEnabled: true, bouncesProblem: Prisma.DbNull }),
    ...(isNew('bounces') && { bouncesSince: now }),
    ...(sources.includes('trace') && { traceEnabled: true, traceProblem: Prisma.DbNull }),
    ...(isNew('trace') && { traceSince: now }),
  }
}

/**
 * The application may read the mailbox from now on. Its access token is older than that permission, and Microsoft refuses
 * it for reading and for drafts: the next use asks for another.
 */
function applicationReads(permissions: readonly string[], now: Date) {
  if (permissions.includes('Mail.ReadWrite')) return {}
  return {
    grantedPermissions: [...permissions, 'Mail.ReadWrite'],
    ...NO_REFRESH,
    accessTokenExpiresAt: now,
    grantVersion: { increment: 1 },
  }
}

/** What a consent has to have been started with to be still wanted, once these sources are switched off. */
function currentFences(reports: VersionedSettings['reports'], sources: readonly ReportSource[]) {
  const fence = (source: ReportSource) => reports[source].switchedOff + (sources.includes(source) ? 1 : 0)
  return { bounces: fence('bounces'), trace: fence('trace') }
}

async function appendSwitched(
  transaction: Prisma.TransactionClient,
  change: {
    readonly tenantId: string
    readonly actor: string
    readonly sources: readonly ReportSource[]
    readonly enabled: boolean
    readonly at: Date
  },
): Promise<void> {
  const { tenantId, actor, sources, enabled, at } = change
  if (sources.length === 0) return
  const details = Object.fromEntries(
    REPORT_SOURCES.filter((source) => sources.includes(source)).map((source) => [source, enabled]),
  )
  await appendAuditEvent(transaction, {
    tenantId,
    at,
    actor,
    action: 'delivery-reports-changed',
    outcome: 'done',
    details,
  })
}

/** The column for why the inbox cannot be read; null when it can, or was never tried. */
export function bouncesProblemColumn(problem: ReportsProblem | null) {
  return { bouncesProblem: problem ? { ...problem } : Prisma.DbNull }
}

const tenantsWith = (source: ReportSource): string =>
  `SELECT tenant_id AS id FROM tenant_settings WHERE ${source}_enabled AND status <> 'not-configured'`

/** $1 tenant, $2 problem as JSON without its time, or null */
const noteProblem = (source: ReportSource): string => `
UPDATE tenant_settings
   SET ${source}_problem = $2::jsonb || jsonb_build_object('since', to_char(mail_now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
 WHERE tenant_id = $1 AND ${source}_enabled AND (${source}_problem ->> 'code') IS DISTINCT FROM ($2::jsonb ->> 'code')`

/** The sources that are on, for those who read them. */
export function createReportSourceStore(pool: pg.Pool) {
  return {
    /** The tenants that have switched a source on. */
    async tenantsWith(source: ReportSource): Promise<readonly string[]> {
      const { rows } = await pool.query<{ id: string }>(tenantsWith(source))
      return rows.map(({ id }) => id)
    },
    /**
     * Stores the current problem of a report source, if any. A problem that goes on keeps its time. Does nothing when the
     * source has been switched off meanwhile.
     */
    async noteProblem(
      tenantId: string,
      source: ReportSource,
      problem: Omit<ReportsProblem, 'since'> | null,
    ): Promise<void> {
      await pool.query(noteProblem(source), [tenantId, problem && JSON.stringify(problem)])
    },
  }
}

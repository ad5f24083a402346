import { mayReadInbox } from '@inforiver-mail/contract/permission'
import {
  explainInbox,
  explainLostConnection,
  explainTraceCloud,
  type ReportsExplanation,
} from '@inforiver-mail/m365/explain-reports'
import { ProblemError } from '../http/problem.ts'
import type { SignedIn } from '../http/session.ts'
import type { AccessSource } from './access.ts'
import type { ConsentRecord } from './consent-store.ts'
import type { ProofDeps } from './consent-page.ts'
import type { Consents } from './consents.ts'
import { proveInbox, proveTrace } from './report-proofs.ts'
import { stillWanted, type ReportsStore } from './reports-store.ts'
import {
  REPORT_SOURCES,
  type Connection,
  type ReportSource,
  type SettingsState,
  type VersionedSettings,
} from './settings-state.ts'
import type { SettingsStore } from './settings-store.ts'

const ACCESS_TIMEOUT_MS = 30_000
/** How often the settings may change during a proof until their last change stands. */
const MAX_PROOFS = 3

/** What a source needs to be switched on. `needs-consent`: a consent. */
type Proof =
  | { readonly outcome: 'proved' | 'needs-consent' }
  | { readonly outcome: 'refused'; readonly because: ReportsExplanation }

const PROVED: Proof = { outcome: 'proved' }
const NEEDS_CONSENT: Proof = { outcome: 'needs-consent' }

export type DeliveryReportSwitches = ReturnType<typeof createDeliveryReportSwitches>

/** Switches delivery reports on and off. Switching on is proved by reading the source once, before anything is saved. */
export function createDeliveryReportSwitches(
  deps: ProofDeps & {
    readonly settingsStore: Pick<SettingsStore, 'read'>
    readonly reportsStore: Pick<ReportsStore, 'switchOff' | 'switchOn'>
    readonly consents: Pick<Consents, 'start'>
    readonly accessSource: Pick<AccessSource, 'access'>
    /** Whether Microsoft offers the message trace in this cloud. */
    readonly traceOffered: boolean
  },
) {
  const { settingsStore, reportsStore, consents, accessSource, identity, mailer, traceOffered, clock, timers } = deps
  const { adminCenters } = identity

  return {
    /**
     * Switches on what is `true` once it is proved, and off what is `false`, which alone needs no proof. Returns the consent
     * that the rest needs; null where nothing does.
     *
     * @throws {ProblemError} when a source cannot be switched on: then nothing is changed.
     */
    async change(
      admin: SignedIn,
      wanted: Readonly<Partial<Record<ReportSource, boolean>>>,
    ): Promise<ConsentRecord | null> {
      const { tenantId, userId } = admin
      const off = REPORT_SOURCES.filter((source) => wanted[source] === false)
      const on = REPORT_SOURCES.filter((source) => wanted[source] === true)
      const switched = on.length === 0 ? null : await switchOn(admin, on)
      // Last, because a refusal must leave everything unchanged.
      if (off.length > 0) await reportsStore.switchOff(tenantId, off, userId, clock())
      if (switched === null) return null
      const { reports } = await settingsStore.read(tenantId)
      const sources = stillWanted(switched.needConsent, reports, switched.seen)
      return sources.length === 0 ? null : consents.start(admin, { purpose: 'delivery-reports', sources })
    },
  }

  /**
   * Switches on what is proved, and returns what needs a consent; null where the settings change faster than they are
   * proved.
   */
  async function switchOn(
    { tenantId, userId }: SignedIn,
    on: readonly ReportSource[],
  ): Promise<{ readonly needConsent: readonly ReportSource[]; readonly seen: VersionedSettings } | null> {
    for (let proofs = 0; proofs < MAX_PROOFS; proofs++) {
      const seen = await settingsStore.read(tenantId)
      if (seen.state.status === 'not-configured')
        throw new ProblemError('not-configured', 'No mailbox is connected yet. Connect one first.')
      const found = new Map<ReportSource, Proof>()
      for (const source of on) found.set(source, await prove(source, tenantId, seen.state))
      for (const proof of found.values()) {
        if (proof.outcome === 'refused') throw toProblem(proof.because)
      }
      const withOutcome = (outcome: Proof['outcome']) => on.filter((source) => found.get(source)?.outcome === outcome)
      const sources = withOutcome('proved')
      if (sources.length === 0 || (await reportsStore.switchOn(tenantId, { sources, seen }, userId, clock())))
        return { needConsent: withOutcome('needs-consent'), seen }
    }
    return null
  }

  function prove(source: ReportSource, tenantId: string, state: Connected): Promise<Proof> {
    return source === 'bounces' ? proveBounces(tenantId, state) : proveMessageTrace(tenantId)
  }

  async function proveBounces(tenantId: string, { connection }: Connected): Promise<Proof> {
    if (connection.mailbox === 'application') return proveApplicationInbox(connection)
    const { fromEmail, permissions } = connection
    const delegate = connection.delegate?.email ?? fromEmail
    const subject = { sender: fromEmail, delegate, adminCenters }
    const access = await accessSource.access(tenantId, { signal: timers.deadline(ACCESS_TIMEOUT_MS) })
    if (access.outcome === 'held') return refuse(explainLostConnection(adminCenters))
    const isAllowed = mayReadInbox(connection.mailbox, permissions)
    if (access.outcome === 'unavailable')
      return isAllowed ? refuse(explainInbox({ outcome: 'unavailable' }, subject)) : NEEDS_CONSENT
    const { accessToken } = access
    if (isAllowed) {
      const explanation = await proveInbox({ ...connection, delegate }, { ...deps, accessToken })
      return explanation ? refuse(explanation) : PROVED
    }
    // No permission helps where there is no inbox, as for a group.
    const probe = await mailer.probeInbox({ accessToken, mailbox: { address: fromEmail } })
    return probe.outcome === 'missing' ? refuse(explainInbox(probe, subject)) : NEEDS_CONSENT
  }

  /** Asks with a new token: an approval may have brought the permission since the last one. */
  async function proveApplicationInbox({ fromEmail }: Connection): Promise<Proof> {
    const grant = await identity.applicationToken({ leg: 'application' })
    if (grant.outcome === 'refused') return refuse(explainLostConnection(adminCenters))
    const { accessToken } = grant.tokens
    const probe = await mailer.probeInbox({ accessToken, mailbox: { address: fromEmail } })
    if (probe.outcome === 'read') return PROVED
    const isGranted = grant.grantedPermissions?.includes('Mail.ReadWrite') ?? false
    if (probe.outcome === 'denied' && !isGranted) return NEEDS_CONSENT
    return refuse(explainInbox(probe, { sender: fromEmail, delegate: null, adminCenters }))
  }

  async function proveMessageTrace(tenantId: string): Promise<Proof> {
    if (!traceOffered) return refuse(explainTraceCloud())
    const grant = await identity.applicationToken({ leg: 'application' })
    if (grant.outcome === 'refused') {
      // Entra knows the application, but it has been granted nothing yet.
      if (grant.explanation.kind === 'reconnect-required') return NEEDS_CONSENT
      return refuse({ ...grant.explanation, kind: 'trace-unavailable' })
    }
    const proof = await proveTrace(grant, tenantId, deps)
    return proof.outcome === 'refused' ? refuse(proof.explanation) : { outcome: proof.outcome }
  }
}

type Connected = Exclude<SettingsState, { status: 'not-configured' }>

function refuse(because: ReportsExplanation): Proof {
  return { outcome: 'refused', because }
}

/** The title of a problem follows from its code, and its detail says also what to do. */
function toProblem({ kind, detail, action, values }: ReportsExplanation): ProblemError {
  const { title: _title, detail: said, action: remedy, ...facts } = values
  const sentences = [said, remedy].flatMap((names) => (Array.isArray(names) ? names : []))
  // A missing permission asks for a consent, and is no refusal.
  return new ProblemError(kind === 'permission-missing' ? 'reports-unreadable' : kind, {
    detail: `${detail} ${action}`,
    values: { ...facts, detail: sentences },
  })
}

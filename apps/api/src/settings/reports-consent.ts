import { PERMISSIONS, permissionsFor, TRACE_PERMISSION } from '@inforiver-mail/contract/permission'
import type { Explanation } from '@inforiver-mail/m365/explanation'
import { explainReportsPermission } from '@inforiver-mail/m365/explain-reports'
import { explainOtherAccount } from '@inforiver-mail/m365/explain-refusal'
import { missingPermissions } from '@inforiver-mail/m365/permissions'
import type { GraphMailer } from '@inforiver-mail/m365/graph-mailer'
import type { MessageTrace } from '@inforiver-mail/m365/message-trace'
import type { ApplicationGrant, MicrosoftIdentity } from '@inforiver-mail/m365/microsoft-identity'
import type { Timers } from '../runtime/clock.ts'
import type { NewTokens } from './access.ts'
import type { ConsentRecord } from './consent-store.ts'
import {
  GRANT_DELAYS_MS,
  type ConsentAnswer,
  type ConsentSecrets,
  type ReportsLeg,
  type WaitForGrant,
} from './consent-strategy.ts'
import { readApprovalAnswer, redeemAnswer } from './microsoft-answer.ts'
import { proveInbox, proveTrace, type TakeTraceRequest } from './report-proofs.ts'
import type { Connection, ReportSource } from './settings-state.ts'

export interface ReportsProof {
  /** What was proved to work. */
  readonly sources: readonly ReportSource[]
  readonly account: string | null
  /** The delegate's new tokens, and what they allow. */
  readonly grant: { readonly tokens: NewTokens; readonly permissions: readonly string[] } | null
  /** Why something that was asked for does not work; null where everything does. */
  readonly refusal: Explanation | null
}

type Answer = Pick<ConsentAnswer, 'consent' | 'secrets' | 'parameters'>

/** Asks for what sources of delivery reports need, and proves it by reading them. No message is sent. */
export function createReportsConsent({
  identity,
  mailer,
  trace,
  takeTraceRequest,
  clock,
  timers,
  waitForGrant,
}: {
  identity: MicrosoftIdentity
  mailer: GraphMailer
  trace: MessageTrace
  takeTraceRequest: TakeTraceRequest
  clock: () => Date
  timers: Pick<Timers, 'deadline'>
  waitForGrant: WaitForGrant
}) {
  const { adminCenters } = identity

  return {
    /** The delegate's page comes first. */
    firstLeg: (connection: Connection, sources: readonly ReportSource[]): ReportsLeg =>
      sources.includes('bounces') && connection.mailbox !== 'application' ? 'delegate' : 'application',

    permissionsFor: permissionsForLeg,

    consentUrl(leg: ReportsLeg, { requestedPermissions: scopes }: ConsentRecord, secrets: ConsentSecrets) {
      const { state, nonce, codeChallenge, claims } = secrets
      if (leg === 'application') return Promise.resolve(identity.applicationConsentUrl({ state }))
      return identity.authorizeUrl({ scopes, state, nonce, codeChallenge, prompt: 'select_account', claims })
    },

    prove: (leg: ReportsLeg, answer: Answer, connection: Connection): Promise<ReportsProof> =>
      leg === 'delegate' ? proveDelegate(answer, connection) : proveApplication(answer, connection),
  }

  async function proveDelegate(answer: Answer, connection: Connection): Promise<ReportsProof> {
    const permissions = answer.consent.requestedPermissions
    const redeemed = await redeemAnswer(identity, answer, permissions, (missing, approvalLink) =>
      explainReportsPermission(missing, { approvalLink, isApplication: false, adminCenters }),
    )
    if (redeemed.outcome === 'refused') return refused(redeemed.explanation, redeemed.account)
    const { person, tokens, account } = redeemed
    const { delegate, fromEmail, mailbox } = connection
    // Only a message could show that another person may send from this address.
    if (delegate?.objectId.toLowerCase() !== person.objectId.toLowerCase())
      return refused(explainOtherAccount(person.signInName, delegate?.email ?? fromEmail, adminCenters), account)
    const { accessToken } = tokens
    const subject = { fromEmail, mailbox, permissions, delegate: person.signInName }
    const refusal = await proveInbox(subject, { accessToken, mailer, identity, timers })
    if (refusal) return refused(refusal, account)
    return { sources: ['bounces'], account, grant: { tokens, permissions }, refusal: null }
  }

  async function proveApplication({ consent, secrets, parameters }: Answer, connection: Connection) {
    const refusal = readApprovalAnswer(identity, parameters)
    if (refusal) return refused(refusal, null)
    let open: ReportSource[] = [
      ...(consent.asksBounces !== null && connection.mailbox === 'application' ? ['bounces' as const] : []),
      ...(consent.asksTrace !== null ? ['trace' as const] : []),
    ]
    const proved: ReportSource[] = []
    for (const waitMs of [...GRANT_DELAYS_MS, null]) {
      const grant = await identity.applicationToken({ leg: 'redeem', claims: secrets.claims })
      if (grant.outcome === 'refused') return { ...refused(grant.explanation, null), sources: proved }
      const failures = new Map<ReportSource, Explanation>()
      for (const source of open) {
        const failure = await proveSource(source, grant, consent.tenantId, connection)
        if (failure) failures.set(source, failure)
        else proved.push(source)
      }
      open = [...failures.keys()]
      // A token that cannot be read may lack it as well.
      const granted = grant.grantedPermissions ?? []
      const isLate = (source: ReportSource) => missingPermissions([PERMISSION[source]], granted).length > 0
      if (waitMs === null || !open.some(isLate))
        return { sources: proved, account: null, grant: null, refusal: [...failures.values()][0] ?? null }
      await waitForGrant(waitMs)
    }
    throw new Error('The last attempt always returns.')
  }

  async function proveSource(
    source: ReportSource,
    grant: Extract<ApplicationGrant, { outcome: 'granted' }>,
    tenantId: string,
    { fromEmail }: Connection,
  ): Promise<Explanation | null> {
    if (source === 'trace') {
      const proof = await proveTrace(grant, { tenantId, trace, identity, takeTraceRequest, clock, timers })
      return proof.outcome === 'proved' ? null : proof.explanation
    }
    const subject = { fromEmail, mailbox: 'application', permissions: rolesOf(grant), delegate: null } as const
    return proveInbox(subject, { accessToken: grant.tokens.accessToken, mailer, identity, timers })
  }
}

export type ReportsConsent = ReturnType<typeof createReportsConsent>

/** Of the application. */
const PERMISSION: Readonly<Record<ReportSource, string>> = { bounces: 'Mail.ReadWrite', trace: TRACE_PERMISSION }

/** The permissions that a page asks for. The delegate's includes all that the connection already has. */
function permissionsForLeg(leg: ReportsLeg, connection: Connection, sources: readonly ReportSource[]): string[] {
  if (leg === 'application')
    return sources
      .filter((source) => source === 'trace' || connection.mailbox === 'application')
      .map((source) => PERMISSION[source])
  const ownAddress = connection.mailbox === 'own'
  const inbox = permissionsFor({ ownAddress, largeAttachments: connection.largeAttachments, bounces: true })
  return PERMISSIONS.filter((name) => inbox.includes(name) || connection.permissions.includes(name))
}

/** A token that cannot be read may hold everything: then the request itself shows. */
function rolesOf({ grantedPermissions }: Extract<ApplicationGrant, { outcome: 'granted' }>): readonly string[] {
  return grantedPermissions ?? Object.values(PERMISSION)
}

function refused(refusal: Explanation, account: string | null): ReportsProof {
  return { sources: [], account, grant: null, refusal }
}

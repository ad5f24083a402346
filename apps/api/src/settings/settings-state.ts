import type { ConnectionProblem, ReportsProblem } from '@inforiver-mail/contract/consent-problem'
import type { HeldBecause } from '@inforiver-mail/contract/message'
import type { ConsentPurpose, MailboxKind } from '@inforiver-mail/contract/office365-smtp'
import type { ProblemCode } from '@inforiver-mail/contract/problem'

// not-configured --consent completes--> connected --Microsoft refuses the tokens--> reconnect-required
// reconnect-required --consent completes--> connected; reset leads from anywhere to not-configured.
// A wrong app registration leaves the status as it is: the operator has to fix it, and no consent would help.

/** The sender, whose grant it uses, and what that grant was proved to allow. */
export interface Connection {
  readonly fromEmail: string
  readonly mailbox: MailboxKind
  /** The person whose tokens are used, known by Entra's ids; null when the application uses its own. */
  readonly delegate: {
    readonly tenantId: string
    readonly objectId: string
    readonly name: string
    readonly email: string
  } | null
  readonly connectedAt: Date
  readonly permissions: readonly string[]
  readonly largeAttachments: boolean
}

export type SettingsState =
  | { readonly status: 'not-configured' }
  | { readonly status: 'connected'; readonly connection: Connection; readonly problem: ConnectionProblem | null }
  | {
      readonly status: 'reconnect-required'
      readonly connection: Connection
      readonly problem: ConnectionProblem
      /** The claims challenge of the sign-in that reconnects, such as a second factor: JSON. */
      readonly claims: string | null
    }

/** What tells the outcome of a message that Microsoft has accepted: reports in the inbox, and Exchange's message trace. */
export type ReportSource = 'bounces' | 'trace'
export const REPORT_SOURCES = ['bounces', 'trace'] as const satisfies readonly ReportSource[]

export interface ReportSourceState {
  readonly enabled: boolean
  /** Why it does not answer, while it is on. */
  readonly problem: ReportsProblem | null
  /** How often it was switched off. A consent started before the last time does not switch it on again. */
  readonly switchedOff: number
}

export type DeliveryReportsState = Readonly<Record<ReportSource, ReportSourceState>>

export interface VersionedSettings {
  /** Grows with every consent that completes, every reset and every change of the redirection; 0 before the first. */
  readonly version: number
  /** All mail goes to this address alone, whatever the state; a reset does not end it. */
  readonly redirectAllTo: string | null
  readonly reports: DeliveryReportsState
  readonly state: SettingsState
}

/** What Microsoft's answers show of a connection. */
export type HealthEvent =
  | { readonly type: 'tokens-refused'; readonly problem: ConnectionProblem; readonly claims?: string | undefined }
  | { readonly type: 'app-misconfigured'; readonly problem: ConnectionProblem }
  | { readonly type: 'access-worked' }

export type SettingsEvent =
  | { readonly type: 'consent-completed'; readonly connection: Connection }
  | { readonly type: 'reset' }
  | HealthEvent

export function transition(state: SettingsState, event: SettingsEvent): SettingsState {
  switch (event.type) {
    case 'consent-completed':
      return { status: 'connected', connection: event.connection, problem: null }
    case 'reset':
      return { status: 'not-configured' }
    case 'tokens-refused':
      if (state.status !== 'connected') return state
      return {
        status: 'reconnect-required',
        connection: state.connection,
        problem: event.problem,
        claims: event.claims ?? null,
      }
    case 'app-misconfigured':
      // The first report stands, so that `since` shows how long the trouble has lasted.
      if (state.status !== 'connected' || state.problem) return state
      return { ...state, problem: event.problem }
    case 'access-worked':
      return state.status === 'connected' && state.problem ? { ...state, problem: null } : state
  }
}

/** Why messages are held until an admin acts; null while they are sent. */
export function whyHeld(state: SettingsState): HeldBecause | null {
  return state.status === 'connected' ? (state.problem?.code ?? null) : state.status
}

/** The settings that a consent is to lead to. */
export interface ConsentGoal {
  readonly fromEmail: string
  readonly largeAttachments: boolean
  /** The inbox is to be read. */
  readonly bounces: boolean
}

export type ConsentRequest =
  | {
      readonly purpose: 'configure' | 'update-sender'
      readonly fromEmail: string
      readonly largeAttachments: boolean | undefined
    }
  | { readonly purpose: 'large-attachments'; readonly enabled: boolean }
  | { readonly purpose: 'reconnect' }
  /** The sources that cannot be switched on without a consent. */
  | { readonly purpose: 'delivery-reports'; readonly sources: readonly ReportSource[] }

export type ConsentDecision =
  | { readonly allowed: true; readonly purpose: ConsentPurpose; readonly goal: ConsentGoal }
  | { readonly allowed: false; readonly code: ProblemCode; readonly detail: string }

/** Decides whether a consent may start, and its goal, which includes whatever is enabled already. */
export function decideConsent(
  { state, reports }: Pick<VersionedSettings, 'state' | 'reports'>,
  request: ConsentRequest,
): ConsentDecision {
  const { purpose } = request
  if (purpose === 'configure') {
    if (state.status !== 'not-configured') {
      return refuse(
        'already-configured',
        'A mailbox is connected already. Change its address with Save, or reset it first.',
      )
    }
    return allow({ fromEmail: request.fromEmail, largeAttachments: request.largeAttachments ?? false, bounces: false })
  }
  if (state.status === 'not-configured') {
    return refuse('not-configured', 'No mailbox is connected yet. Enter a From Email Address and enable it first.')
  }
  const { fromEmail, largeAttachments } = state.connection
  const bounces = reports.bounces.enabled
  if (purpose === 'update-sender') {
    if (largeAttachments && request.largeAttachments === false) return refuseToDisable()
    return allow({
      fromEmail: request.fromEmail,
      largeAttachments: largeAttachments || (request.largeAttachments ?? false),
      bounces,
    })
  }
  if (purpose === 'large-attachments') {
    if (!request.enabled) return refuseToDisable()
    if (largeAttachments) return refuse('large-attachments-locked', 'Large file attachments are enabled already.')
    return allow({ fromEmail, largeAttachments: true, bounces })
  }
  return allow({
    fromEmail,
    largeAttachments,
    bounces: bounces || (purpose === 'delivery-reports' && request.sources.includes('bounces')),
  })

  function allow(goal: ConsentGoal): ConsentDecision {
    return { allowed: true, purpose, goal }
  }
}

function refuse(code: ProblemCode, detail: string): ConsentDecision {
  return { allowed: false, code, detail }
}

function refuseToDisable(): ConsentDecision {
  return refuse(
    'large-attachments-locked',
    'Large file attachments can be disabled only by a reset: the permission stays granted until then.',
  )
}

import type { SettingsProblem } from '@inforiver-mail/contract/consent-problem'
import type { HeldBecause } from '@inforiver-mail/contract/message'
import type { ConsentPurpose, MailboxKind } from '@inforiver-mail/contract/office365-smtp'
import type { ProblemCode } from '@inforiver-mail/contract/problem'

// not-configured --consent completes--> connected --Microsoft refuses the tokens--> reconnect-required
// reconnect-required --consent completes--> connected; reset leads from anywhere to not-configured.
// A wrong app registration leaves the state as it is: it is the operator's to mend, and no consent would help.

/** Who sends, with whose grant, and what that grant was proved to allow. */
export interface Connection {
  readonly fromEmail: string
  readonly mailbox: MailboxKind
  /** Whose tokens are used, known by Entra's ids; null when they are the application's own. */
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
  | { readonly status: 'connected'; readonly connection: Connection; readonly problem: SettingsProblem | null }
  | {
      readonly status: 'reconnect-required'
      readonly connection: Connection
      readonly problem: SettingsProblem
      /** What Microsoft wants of the sign-in that connects it again, such as a second factor: JSON. */
      readonly claims: string | null
    }

export type SettingsEvent =
  | { readonly type: 'consent-completed'; readonly connection: Connection }
  | { readonly type: 'tokens-refused'; readonly problem: SettingsProblem; readonly claims?: string | undefined }
  | { readonly type: 'app-misconfigured'; readonly problem: SettingsProblem }
  | { readonly type: 'access-worked' }
  | { readonly type: 'reset' }

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
      // The first report stands: `since` tells how long it has been so.
      if (state.status !== 'connected' || state.problem) return state
      return { ...state, problem: event.problem }
    case 'access-worked':
      return state.status === 'connected' && state.problem ? { ...state, problem: null } : state
  }
}

/** What a message waits for that somebody has to do first; null while messages leave. */
export function whyHeld(state: SettingsState): HeldBecause | null {
  return state.status === 'connected' ? (state.problem?.code ?? null) : state.status
}

/** What a consent is to lead to. */
export interface ConsentGoal {
  readonly fromEmail: string
  readonly largeAttachments: boolean
}

export type ConsentRequest =
  | {
      readonly purpose: 'configure' | 'update-sender'
      readonly fromEmail: string
      readonly largeAttachments: boolean | undefined
    }
  | { readonly purpose: 'large-attachments'; readonly enabled: boolean }
  | { readonly purpose: 'reconnect' }

export type ConsentDecision =
  | { readonly allowed: true; readonly purpose: ConsentPurpose; readonly goal: ConsentGoal }
  | { readonly allowed: false; readonly code: ProblemCode; readonly detail: string }

/** Decides whether a consent may start, and what it leads to. Whatever is enabled already is asked for again. */
export function decideConsent(state: SettingsState, request: ConsentRequest): ConsentDecision {
  const { purpose } = request
  if (purpose === 'configure') {
    if (state.status !== 'not-configured') {
      return refuse(
        'already-configured',
        'A mailbox is connected already. Change its address with Save, or reset it first.',
      )
    }
    return allow({ fromEmail: request.fromEmail, largeAttachments: request.largeAttachments ?? false })
  }
  if (state.status === 'not-configured') {
    return refuse('not-configured', 'No mailbox is connected yet. Enter a From Email Address and enable it first.')
  }
  const { fromEmail, largeAttachments } = state.connection
  if (purpose === 'update-sender') {
    if (largeAttachments && request.largeAttachments === false) return refuseToDisable()
    return allow({
      fromEmail: request.fromEmail,
      largeAttachments: largeAttachments || (request.largeAttachments ?? false),
    })
  }
  if (purpose === 'large-attachments') {
    if (!request.enabled) return refuseToDisable()
    if (largeAttachments) return refuse('large-attachments-locked', 'Large file attachments are enabled already.')
    return allow({ fromEmail, largeAttachments: true })
  }
  return allow({ fromEmail, largeAttachments })

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

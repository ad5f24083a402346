import type { Addressee } from '../directory/directory.ts'
import {
  decideApplicationSender,
  decideSender,
  isOwnAddress,
  type SenderDecision,
  type TargetMailbox,
} from '../mail/sender-rights.ts'
import type { Simulation } from '../simulation.ts'
import type { MailAddress } from '../state/events.ts'
import type { Caller } from './caller.ts'
import { ACCESS_DENIED, type GraphError, graphError } from './graph-error.ts'

interface Asked {
  readonly from: MailAddress | null
  readonly sender: MailAddress | null
}
interface Target {
  readonly addressee: Addressee
  readonly isOwn: boolean
}
type SenderJudgement =
  | { readonly kind: 'may-send'; readonly from: MailAddress; readonly sender: MailAddress }
  | { readonly kind: 'refused'; readonly error: GraphError }

const NOT_ENABLED = graphError(
  404,
  'MailboxNotEnabledForRESTAPI',
  'The mailbox is either inactive, soft-deleted, or is hosted on-premise.',
)
const NO_SUCH_MAILBOX = graphError(
  404,
  'ErrorNonExistentMailbox',
  'The SMTP address has no mailbox associated with it.',
)
const SEND_AS_DENIED = graphError(
  403,
  'ErrorSendAsDenied',
  'The user account which was used to submit this request does not have the right to send mail on behalf of the specified sending account. Cannot submit message.',
)

const KEPT_OUT = graphError(403, 'ErrorAccessDenied', 'Access to OData is disabled.')

/** Why a request does not reach a mailbox. */
export function targetError(target: Exclude<TargetMailbox, { kind: 'mailbox' }>): GraphError {
  switch (target.kind) {
    case 'not-enabled':
      return NOT_ENABLED
    case 'no-such-mailbox':
      return NO_SUCH_MAILBOX
    case 'no-full-access':
      return ACCESS_DENIED
    case 'kept-out':
      return KEPT_OUT
    default:
      return target satisfies never
  }
}

export function maySendAtAll({ scopes }: Caller): boolean {
  return scopes.has('Mail.Send') || scopes.has('Mail.Send.Shared')
}

/** Permissions of the token and rights of the person, at the moment a message is sent. */
export function judgeSender(asked: Asked, target: Target, caller: Caller, simulation: Simulation): SenderJudgement {
  const decision = decide(asked, target, caller, simulation)
  if (decision.kind === 'no-permission') return { kind: 'refused', error: ACCESS_DENIED }
  if (decision.kind === 'send-as-denied') return { kind: 'refused', error: SEND_AS_DENIED }
  if (decision.kind === 'no-such-mailbox') return { kind: 'refused', error: NO_SUCH_MAILBOX }
  return decision
}

function decide(
  { from, sender }: Asked,
  { addressee, isOwn }: Target,
  caller: Caller,
  { index, store }: Simulation,
): SenderDecision | { readonly kind: 'no-permission' } {
  if (caller.kind === 'application') {
    if (!caller.scopes.has('Mail.Send')) return { kind: 'no-permission' }
    return decideApplicationSender(from, sender, addressee, index)
  }
  const isOwnMail = isOwn && isOwnAddress(from?.address ?? addressee.address, caller.person, index)
  if (!caller.scopes.has(isOwnMail ? 'Mail.Send' : 'Mail.Send.Shared')) return { kind: 'no-permission' }
  return decideSender(from, sender, addressee, caller.person, index, store.state)
}

import type { Addressee } from '../directory/directory.ts'
import { decideSender, isOwnAddress, type TargetMailbox } from '../mail/sender-rights.ts'
import type { Simulation } from '../simulation.ts'
import type { MailAddress } from '../state/events.ts'
import type { Caller } from './caller.ts'
import { ACCESS_DENIED, type GraphError, graphError } from './graph-error.ts'

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

/** Why a request does not reach a mailbox. */
export function targetError(target: Exclude<TargetMailbox, { kind: 'mailbox' }>): GraphError {
  if (target.kind === 'not-enabled') return NOT_ENABLED
  return target.kind === 'no-such-mailbox' ? NO_SUCH_MAILBOX : ACCESS_DENIED
}

export function maySendAtAll({ scopes }: Caller): boolean {
  return scopes.has('Mail.Send') || scopes.has('Mail.Send.Shared')
}

/** Permissions of the token and rights of the person, at the moment a message is sent. */
export function judgeSender(
  asked: { readonly from: MailAddress | null; readonly sender: MailAddress | null },
  target: { readonly addressee: Addressee; readonly isOwn: boolean },
  { person, scopes }: Caller,
  { index, store }: Simulation,
): SenderJudgement {
  const fromAddress = asked.from?.address ?? target.addressee.address
  const isOwn = target.isOwn && isOwnAddress(fromAddress, person, index)
  if (!scopes.has(isOwn ? 'Mail.Send' : 'Mail.Send.Shared')) return { kind: 'refused', error: ACCESS_DENIED }
  const decision = decideSender(asked.from, asked.sender, target.addressee, person, index, store.state)
  if (decision.kind === 'send-as-denied') return { kind: 'refused', error: SEND_AS_DENIED }
  if (decision.kind === 'no-such-mailbox') return { kind: 'refused', error: NO_SUCH_MAILBOX }
  return decision
}

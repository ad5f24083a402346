import type { HeldBecause } from '@inforiver-mail/contract/message'
import type { Values } from '@inforiver-mail/contract/values'
import type { Failure } from '@inforiver-mail/m365/classify-failure'
import type { GatewayAnswer } from '@inforiver-mail/m365/gateway-answer'
import type { SendOutcome } from '@inforiver-mail/m365/graph-mailer'
import { worded } from '@inforiver-mail/m365/explanation'
import type { Route } from '../queue/mailbox/refusals.ts'

export type AttemptResult =
  | { readonly type: 'sent'; readonly retryAfter: Date | null }
  /** The message was in doubt, and the mailbox has it. */
  | { readonly type: 'found' }
  /** The message was in doubt, and the mailbox does not show it yet. */
  | { readonly type: 'not-found' }
  /** The message was in doubt, and the message trace shows that it was sent, or does not show it yet. */
  | { readonly type: 'traced' | 'untraced' }
  | { readonly type: 'failure'; readonly failure: Failure; readonly canLookUp: boolean }
  /** The mailbox could not be searched: nothing was sent. */
  | { readonly type: 'lookup-failed'; readonly failure: Failure }
  /** `waitMs`: before then no message of the mailbox gets access; null when that is unknown. */
  | {
      readonly type: 'no-access'
      readonly detail: string
      readonly values?: Values | undefined
      readonly waitMs: number | null
      /** What answered in Microsoft's place. */
      readonly gateway?: GatewayAnswer
      /** Entra itself answered. */
      readonly answered?: true
    }
  | { readonly type: 'held'; readonly because: HeldBecause }
  /** The mailbox's limit of uploaded bytes is used up, or the process ends: nothing was tried, and nothing is wrong. */
  | { readonly type: 'waiting'; readonly waitMs: number }
  /** Another goes on with it, or the settings had changed: nothing was sent. */
  | { readonly type: 'overtaken' }
  /** The message was in doubt, was looked for as far as possible, and its time is over. */
  | { readonly type: 'expired' }
  /** The message was in doubt, cannot be looked for, and asked not to be sent twice. */
  | { readonly type: 'stopped' }

export interface FinishedAttempt {
  readonly result: AttemptResult
  /** The sender that the message left from, or was tried with; null when it was not tried. */
  readonly fromEmail: string | null
  /** The Message-ID that MIME was handed to Microsoft with; null for a message that went as JSON, or was not tried. */
  readonly internetMessageId: string | null
  /** The message was sent, or tried, although an earlier attempt may have sent it. */
  readonly mayDuplicate: boolean
  /** The route that it took, or would have taken; null where it did not come to that. */
  readonly route: Route | null
  /** Some of its attachments reached Microsoft: the backoff starts over. */
  readonly progressed: boolean
  /** No earlier attempt has sent the message: its draft is still a draft. */
  readonly doubtResolved: boolean
}

export const NOTHING_SENT = {
  fromEmail: null,
  internetMessageId: null,
  route: null,
  mayDuplicate: false,
  progressed: false,
  doubtResolved: false,
}

export function sendResult(outcome: SendOutcome, canLookUp: boolean): AttemptResult {
  if (outcome.outcome === 'sent') return { type: 'sent', retryAfter: outcome.retryAfter }
  return { type: 'failure', failure: outcome, canLookUp }
}

/** Until its draft is sent, a message cannot be in doubt: an extra draft sends nothing. */
export function draftFailure(from: Failure): Extract<AttemptResult, { type: 'failure' }> {
  const certain = from.outcome === 'unknown' ? { ...from, outcome: 'unavailable' as const } : from
  return { type: 'failure', failure: certain, canLookUp: true }
}

/** @param sentence says why nothing was sent */
export function unavailable(sentence: string): AttemptResult {
  const { detail, values } = worded({ detail: [sentence] })
  return draftFailure({
    outcome: 'unavailable',
    retryAfter: null,
    microsoftCode: null,
    requestId: null,
    detail,
    values,
  })
}

import type { Failure, Refused } from '@inforiver-mail/m365/classify-failure'
import type { SizeLimit } from '@inforiver-mail/m365/graph-codes'
import type { MessageContent } from '@inforiver-mail/m365/message-content'
import { measureRequests } from '@inforiver-mail/m365/request-sizes'
import { CERTAIN_REQUEST_BYTES } from '@inforiver-mail/contract/message'
import {
  learnLimit,
  NOTHING_KNOWN,
  planDraft,
  planSize,
  type NoRoute,
  type SizePlan,
} from '@inforiver-mail/m365/size-plan'
import type { LeasedMessage } from '../queue/leased-message.ts'
import type { MessageRoute, OpenMessage, TurnParts } from './turn-parts.ts'

/** How a message goes, after what Microsoft's refusals have told. */
export async function chooseRoute(
  { mailboxStore }: Pick<TurnParts, 'mailboxStore'>,
  message: LeasedMessage,
  content: MessageContent,
  fromEmail: string,
): Promise<MessageRoute> {
  const sizes = measureRequests(content, fromEmail)
  // No smaller request is ever refused for its length.
  const isCertain = sizes.sendMail <= CERTAIN_REQUEST_BYTES
  const limits = isCertain ? NOTHING_KNOWN : await mailboxStore.readSizeLimits(message.tenantId)
  // Only Microsoft's answer tells whether the organisation takes it: it may have raised its limit.
  const known = { ...limits, messageBytes: null }
  return { sizes, limits: known, plan: planAgain(message, { sizes, limits: known }), refusal: null }
}

/**
 * After a refusal for the length of a request, or for a file too small for an upload session: what it tells is written
 * down, so that no process asks again, and the message is planned anew. False for any other outcome.
 */
export async function routeAround(
  { mailboxStore }: Pick<TurnParts, 'mailboxStore'>,
  { message, draft, route }: OpenMessage,
  outcome: Failure | { readonly outcome: 'sent' | 'created' | 'attached' | 'gone' },
  /** The limit that it may have met, and the length of the request or the size of the file. */
  { limit, sizeBytes }: { readonly limit: SizeLimit; readonly sizeBytes: number },
): Promise<boolean> {
  if (outcome.outcome !== 'refused' || outcome.limit !== limit) return false
  const learned = learnLimit(limit, sizeBytes)
  if (!learned) return false
  await mailboxStore.learnRequestLimits(message.tenantId, learned)
  route.limits = { ...route.limits, ...learned }
  route.plan = planAgain(draft, route)
  route.refusal = outcome
  return true
}

/** A draft that is being filled is gone on with, whatever is known by now. */
function planAgain(
  { uploading }: { uploading: boolean },
  { sizes, limits }: Pick<MessageRoute, 'sizes' | 'limits'>,
): SizePlan {
  return uploading ? planDraft(sizes, limits) : planSize(sizes, limits)
}

/** No request takes the message: with the answer of Microsoft that said so, where there was one in this turn. */
export function noRoute(plan: NoRoute, refusal: Refused | null): Failure {
  return {
    outcome: 'refused',
    reason: 'message-too-large',
    title: refusal?.title ?? 'The message is too large',
    limit: 'request-length',
    microsoftCode: refusal?.microsoftCode ?? null,
    requestId: refusal?.requestId ?? null,
    detail: describe(plan),
  }
}

/** A refusal for the size names it. */
export function withSize<Outcome extends { readonly outcome: string }>(
  outcome: Outcome,
  what: string,
  bytes: number,
): Outcome {
  if (!isTooLarge(outcome)) return outcome
  return { ...outcome, detail: `${what} has ${bytes} bytes. ${outcome.detail}` }
}

function isTooLarge(outcome: { readonly outcome: string }): outcome is Refused {
  return outcome.outcome === 'refused' && (outcome as Refused).reason === 'message-too-large'
}

function describe(plan: NoRoute): string {
  const { sizeBytes, limitBytes } = plan
  switch (plan.reason) {
    case 'attachment-between':
      return `Attachment ${plan.attachment + 1} has ${sizeBytes} bytes. Encoded, that is too much for one request to Microsoft, which has at most ${limitBytes} bytes, and too little for an upload session.`
    case 'attachment-too-large':
      return `Attachment ${plan.attachment + 1} has ${sizeBytes} bytes; Microsoft takes at most ${limitBytes}.`
    case 'body-too-large':
      return `Without attachments it has ${sizeBytes} bytes; Microsoft takes at most ${limitBytes} in one request.`
    case 'message-too-large':
      return `It has ${sizeBytes} bytes; Microsoft takes at most ${limitBytes}.`
  }
}

import { COUNTED_FROM_BYTES } from '@inforiver-mail/contract/message-input'
import type { Failure, Refused } from '@inforiver-mail/m365/classify-failure'
import type { SizeLimit } from '@inforiver-mail/m365/graph-codes'
import type { MessageContent } from '@inforiver-mail/m365/message-content'
import { boundRequest, measureRequests, type RequestSizes } from '@inforiver-mail/m365/request-sizes'
import {
  learnLimit,
  NOTHING_KNOWN,
  planDraft,
  planSize,
  shorterThan,
  type NoRoute,
  type SizePlan,
} from '@inforiver-mail/m365/size-plan'
import type { MarkedMessage } from '../queue/owner/marked-message.ts'
import type { AttemptDeps, MessageRoute, OpenMessage } from './attempt.ts'
import { worded } from '@inforiver-mail/m365/explanation'
import type { Values } from '@inforiver-mail/contract/values'

/** Plans how a message goes to Microsoft, by the limits learned from earlier refusals. */
export function chooseRoute(
  deps: Pick<AttemptDeps, 'mailboxes' | 'certainRequestBytes'>,
  message: MarkedMessage,
  content: MessageContent,
  fromEmail: string,
): MessageRoute | Promise<MessageRoute> {
  const isShort = boundRequest(message.storedBytes) < Math.min(COUNTED_FROM_BYTES, deps.certainRequestBytes)
  return isShort && !message.uploading
    ? shortRoute(content, fromEmail)
    : measureRoute(deps, message, content, fromEmail)
}

/** The route of a message so short that it meets no limit: it is measured only if somebody asks. */
function shortRoute(content: MessageContent, fromEmail: string): MessageRoute {
  let measured: RequestSizes | null = null
  return {
    isShort: true,
    limits: NOTHING_KNOWN,
    plan: { kind: 'send-mail' },
    refusal: null,
    get sizes() {
      return (measured ??= measureRequests(content, fromEmail))
    },
  }
}

async function measureRoute(
  { mailboxes, certainRequestBytes }: Pick<AttemptDeps, 'mailboxes' | 'certainRequestBytes'>,
  message: MarkedMessage,
  content: MessageContent,
  fromEmail: string,
): Promise<MessageRoute> {
  const sizes = measureRequests(content, fromEmail)
  // No smaller request is ever refused for its length, so nothing has to be read.
  const isCertain = sizes.sendMail <= certainRequestBytes
  const limits = isCertain ? NOTHING_KNOWN : await mailboxes.readSizeLimits(message.tenantId)
  // The organisation may have raised its limit, so only Microsoft's answer counts.
  const known = { ...limits, messageBytes: null }
  return { isShort: false, sizes, limits: known, plan: planFor(message, { sizes, limits: known }), refusal: null }
}

/**
 * Plans the message again after a refusal for the length of a request, or for a file too small for an upload session,
 * and stores what the refusal revealed, so that no process asks again. What a gateway refused reveals nothing of Microsoft.
 *
 * @param limit the limit that the request may have met
 * @param sizeBytes the length of the request, or the size of the file
 * @returns false for any other outcome, which changes nothing
 */
export async function replan(
  { mailboxes, certainRequestBytes }: Pick<AttemptDeps, 'mailboxes' | 'certainRequestBytes'>,
  { message, draft, route, mayFillDraft }: OpenMessage,
  outcome: Failure | { readonly outcome: 'sent' | 'created' | 'attached' | 'gone' },
  { limit, sizeBytes }: { readonly limit: SizeLimit; readonly sizeBytes: number },
): Promise<boolean> {
  if (outcome.outcome === 'intercepted') {
    if (outcome.gateway.status !== 413 || limit !== 'request-length' || !mayFillDraft) return false
    const limits = shorterThan(sizeBytes, route.sizes, route.limits)
    if (limits === null) return false
    route.limits = limits
    route.plan = planFor(draft, route)
    return true
  }
  if (outcome.outcome !== 'refused' || outcome.limit !== limit) return false
  const learned = learnLimit(limit, sizeBytes, certainRequestBytes)
  if (!learned) return false
  await mailboxes.learnSizeLimits(message.tenantId, learned)
  route.limits = { ...route.limits, ...learned }
  route.plan = planFor(draft, route)
  route.refusal = outcome
  return true
}

/** Keeps to a draft that is being filled, whatever has been learned since. */
function planFor(
  { uploading }: { uploading: boolean },
  { sizes, limits }: Pick<MessageRoute, 'sizes' | 'limits'>,
): SizePlan {
  return uploading ? planDraft(sizes, limits) : planSize(sizes, limits)
}

/** Explains that no request takes the message, with the answer of Microsoft that said so where this attempt had one. */
export function noRoute(plan: NoRoute, refusal: Refused | null): Failure {
  const { detail, values } = worded({ ...refusal?.values, ...describe(plan) })
  const title = refusal?.values?.['title'] ?? 'graph.too-large.title'
  return {
    outcome: 'refused',
    reason: 'message-too-large',
    concerns: 'message',
    title: refusal?.title ?? 'The message is too large',
    limit: 'request-length',
    microsoftCode: refusal?.microsoftCode ?? null,
    requestId: refusal?.requestId ?? null,
    detail,
    values: { ...values, title },
  }
}

/** Prefixes the detail of a size refusal with the size. */
export function withSize<Outcome extends { readonly outcome: string }>(
  outcome: Outcome,
  what: 'request' | { readonly attachment: number },
  bytes: number,
): Outcome {
  if (!isTooLarge(outcome)) return outcome
  const attachment = what === 'request' ? null : what.attachment
  const size = what === 'request' ? 'request-size' : 'attachment-size'
  const names = outcome.values?.['detail']
  const { detail, values } = worded({ ...outcome.values, bytes, attachment, detail: [size] })
  return {
    ...outcome,
    detail: `${detail} ${outcome.detail}`,
    ...(Array.isArray(names) && { values: { ...values, detail: [size, ...names] } }),
  }
}

function isTooLarge(outcome: { readonly outcome: string }): outcome is Refused {
  return outcome.outcome === 'refused' && (outcome as Refused).reason === 'message-too-large'
}

function describe({ reason, sizeBytes, limitBytes, ...plan }: NoRoute): Values {
  const attachment = 'attachment' in plan ? plan.attachment + 1 : null
  return { detail: [`size.${reason}`], sizeBytes, limitBytes, attachment }
}

import { MAX_REQUEST_BYTES } from '@inforiver-mail/contract/message'
import type { Failure } from '@inforiver-mail/m365/classify-failure'
import { createContentCipher } from '@inforiver-mail/m365/content-cipher'
import { readContent } from '@inforiver-mail/m365/message-content'
import { encodedMessageBytes } from '@inforiver-mail/m365/request-sizes'
import type { Access } from './access-cache.ts'
import { callOptions, untilAnswered, type Granted } from './call-options.ts'
import { decideDoubt, type TurnResult } from './delivery-state.ts'
import { memoryFor } from '../memory/memory-use.ts'
import type { LeasedMessage } from '../queue/leased-message.ts'
import { createDraftWork, sendByDraft } from './draft-road.ts'
import { createAttachmentReader } from './read-attachment.ts'
import { chooseRoute, noRoute, routeAround, withSize } from './size-routes.ts'
import {
  chargeRequest,
  requireCleared,
  toResult,
  travelsInPieces,
  type OpenMessage,
  type TurnParts,
} from './turn-parts.ts'

/** A claim clears a message to be sent at once; later, it is cleared anew. */
const AT_ONCE_MS = 1_000

export interface Turn {
  readonly result: TurnResult
  readonly fromEmail: string | null
  /** It was sent, or tried, although it may have been sent before. */
  readonly inSpiteOfDoubt: boolean
  /** Some of its attachments have got to Microsoft: trouble after that is the first of its kind. */
  readonly advanced: boolean
  /** It was seen that no earlier attempt has sent it. */
  readonly doubtResolved: boolean
}

/**
 * One turn of a message: what is in doubt is looked for, everything else is sent. Exactly one request that can send
 * goes out in a turn, or two when the first was refused for its token and so did nothing. Throws only when nothing
 * has been sent.
 *
 * @param claimedAt when the claim was asked for, as `elapsedMs` tells it
 */
export async function takeTurn(
  parts: TurnParts,
  message: LeasedMessage,
  claimedAt: number,
  signal: AbortSignal,
): Promise<Turn> {
  const { tenantId, settingsStamp } = message
  const access = await parts.cachedAccess(tenantId, settingsStamp, signal)
  if (access.outcome !== 'granted') return withoutAccess(access)
  const giveBack = await parts.budget.take(contentBytes(message), signal)
  try {
    const open = await openMessage(parts, message, claimedAt, access)
    const first = await turnWith(parts, open, access, signal)
    const refusal = tokenRefusal(first.result)
    if (!refusal) return heldIfLost(parts, message, access, first)
    const claims = refusal.claims ?? undefined
    const fresh = await parts.access(tenantId, { refused: access.grantVersion, claims, signal })
    if (fresh.outcome !== 'granted') return withoutAccess(fresh)
    return heldIfLost(parts, message, fresh, await turnWith(parts, open, fresh, signal))
  } finally {
    giveBack()
  }
}

/** Without a person's rights a refusal is about the whole connection: no other message would fare better. */
async function heldIfLost(
  { lostAccess }: TurnParts,
  { tenantId }: LeasedMessage,
  access: Granted,
  turn: Turn,
): Promise<Turn> {
  const { result } = turn
  if (access.connection.mailbox !== 'application') return turn
  if (result.type !== 'failure' && result.type !== 'lookup-failed') return turn
  const because = await lostAccess(tenantId, { ...access, failure: result.failure })
  return because === null ? turn : { ...turn, result: { type: 'held', because } }
}

async function turnWith(parts: TurnParts, open: OpenMessage, access: Granted, signal: AbortSignal): Promise<Turn> {
  const { message, route, draft } = open
  const { fromEmail, permissions, searchFails } = access.connection
  const canReadMailbox = permissions.includes('Mail.ReadWrite')
  // A message that no request can hold has not been sent before its draft was complete.
  const isCertain = draft.uploading || (draft.draftId === null && route.sizes.sendMail > MAX_REQUEST_BYTES)
  const turn = (result: TurnResult, changes: Partial<Turn> = {}): Turn => ({
    result,
    fromEmail: draft.draftId === null ? fromEmail : (draft.from ?? fromEmail),
    inSpiteOfDoubt: false,
    advanced: draft.advanced,
    doubtResolved: false,
    ...changes,
  })

  const sendInSpiteOfDoubt = async () => {
    open.inSpiteOfDoubt = true
    return turn(await send(parts, open, access, signal), { inSpiteOfDoubt: true })
  }
  open.inSpiteOfDoubt = false
  if (message.doubt.state !== 'in-doubt') return turn(await send(parts, open, access, signal))
  // A doubt about it is one about an earlier request, and was looked into before the draft was made.
  if (isCertain) return sendInSpiteOfDoubt()

  // Without a searchable copy only a draft can be recognised again.
  const canLookUp = canReadMailbox && (draft.draftId !== null || draft.internetMessageId !== null || !searchFails)
  const decision = decideDoubt(message, canLookUp)
  // Looked for, or left, it is still the one that was tried as before.
  const asTried = { fromEmail: message.fromEmail ?? fromEmail }
  if (decision === 'stop') return turn({ type: 'stopped' }, asTried)
  if (decision === 'look-up') {
    const seen = await lookUp(parts, open, access, signal)
    if (seen !== 'unsent') return turn(seen, asTried)
    return turn(await send(parts, open, access, signal), { doubtResolved: true })
  }
  return sendInSpiteOfDoubt()
}

/** `unsent`: its draft is still a draft, so that it is certain that it was not sent. */
async function lookUp(
  { mailer }: TurnParts,
  { message: { id }, draft }: OpenMessage,
  access: Granted,
  signal: AbortSignal,
): Promise<TurnResult | 'unsent'> {
  const options = callOptions(access, signal)
  if (draft.draftId !== null) {
    const read = await mailer.readDraft(draft.draftId, options)
    if (read.outcome === 'draft') return 'unsent'
    if (read.outcome === 'sent') return { type: 'found' }
    if (read.outcome !== 'gone') return { type: 'lookup-failed', failure: read }
  }
  const sought = { messageId: access.connection.searchFails ? null : id, internetMessageId: draft.internetMessageId }
  const found = await mailer.findMessage(sought, 'sentitems', options)
  if (found.outcome === 'found') return { type: 'found' }
  if (found.outcome === 'not-found') return { type: 'not-found' }
  return { type: 'lookup-failed', failure: found }
}

/** What comes of a message for its size alone; null when it may go. */
function whyNotBySize({ route: { plan, refusal } }: OpenMessage, { connection }: Granted): TurnResult | null {
  const { permissions, searchWorks, largeAttachments } = connection
  const canReadMailbox = permissions.includes('Mail.ReadWrite')
  if (plan.road === 'none')
    return { type: 'failure', failure: noRoute(plan, refusal), canLookUp: canReadMailbox && searchWorks }
  if (plan.road === 'draft' && !(largeAttachments && canReadMailbox))
    return { type: 'held', because: 'large-attachments-disabled' }
  return null
}

/** Goes the other way, where the first one is refused for a size that another may carry. */
async function send(parts: TurnParts, open: OpenMessage, access: Granted, signal: AbortSignal): Promise<TurnResult> {
  for (;;) {
    const result = whyNotBySize(open, access) ?? (await sendOneWay(parts, open, access, signal))
    if (result !== 'another-way') return result
  }
}

async function sendOneWay(
  parts: TurnParts,
  open: OpenMessage,
  access: Granted,
  signal: AbortSignal,
): Promise<TurnResult | 'another-way'> {
  const { message, content, route, draft } = open
  const { permissions, searchWorks, fromEmail } = access.connection
  const canReadMailbox = permissions.includes('Mail.ReadWrite')
  const options = callOptions(access, signal)
  // What was looked for in vain may lie among the drafts, and is sent from there rather than a second time.
  const mayBeDraft = message.doubt.state === 'in-doubt' || draft.draftId !== null
  const byDraft = canReadMailbox && (!message.saveToSentItems || !searchWorks || mayBeDraft)
  if (route.plan.road === 'draft' || byDraft) {
    const result = await sendByDraft(parts, open, access, options)
    if (result !== 'another-way') await learnFrom(parts, open, result)
    return result
  }
  const bytes = route.sizes.sendMail
  const waitMs = await chargeRequest(parts, message.tenantId, bytes)
  if (waitMs !== null) return { type: 'waiting', waitMs }
  const attachments = await Promise.all(content.attachments.map((attachment) => open.read.whole(attachment)))
  const outgoing = { ...content, attachments, id: message.id, from: { address: fromEmail } }
  await clearToSend(parts, open, access)
  const outcome = await parts.mailer.send(outgoing, untilAnswered(options, parts.ending()))
  if (await routeAround(parts, open, outcome, { limit: 'request-length', sizeBytes: bytes })) return 'another-way'
  const result = toResult(withSize(outcome, 'The request', bytes), canReadMailbox && searchWorks)
  await learnFrom(parts, open, result)
  return result
}

/** The claim counts for what it leads to at once, with the settings of that moment. */
async function clearToSend(
  { store, elapsedMs }: TurnParts,
  open: OpenMessage,
  { settingsVersion }: Granted,
): Promise<void> {
  const { message, claimedAt, clearedByClaim, inSpiteOfDoubt } = open
  open.clearedByClaim = false
  if (clearedByClaim && elapsedMs() - claimedAt < AT_ONCE_MS) return
  requireCleared(await store.clear(message, settingsVersion, true, inSpiteOfDoubt))
}

/** What Microsoft refused for its size is not asked again for a while. */
async function learnFrom(
  { mailboxStore }: TurnParts,
  { message, route }: OpenMessage,
  result: TurnResult,
): Promise<void> {
  if (result.type !== 'failure' || result.failure.microsoftCode !== 'ErrorMessageSizeExceeded') return
  await mailboxStore.learnSizeLimit(message.tenantId, encodedMessageBytes(route.sizes))
}

async function openMessage(
  parts: TurnParts,
  message: LeasedMessage,
  claimedAt: number,
  access: Granted,
): Promise<OpenMessage> {
  const { store, contentKeys, random } = parts
  const { id, tenantId } = message
  const cipher = createContentCipher(await contentKeys.forStoredMessage(message), random)
  const place = { tenant: tenantId, message: id, part: 'body', chunk: 0, last: true }
  const content = readContent(cipher.open(message.content ?? (await store.readContent(message)), place))
  return {
    message,
    claimedAt,
    clearedByClaim: message.clearedVersion === access.settingsVersion,
    inSpiteOfDoubt: false,
    content,
    route: await chooseRoute(parts, message, content, access.connection.fromEmail),
    read: createAttachmentReader(store, cipher, message),
    draft: createDraftWork(message),
  }
}

/** What a message occupies during its turn, but for files that take their own share. */
function contentBytes(message: LeasedMessage): number {
  return travelsInPieces(message) ? 0 : memoryFor.message(message.storedBytes)
}

function tokenRefusal(result: TurnResult): Extract<Failure, { outcome: 'unauthorized' }> | null {
  if (result.type !== 'failure' && result.type !== 'lookup-failed') return null
  return result.failure.outcome === 'unauthorized' ? result.failure : null
}

function withoutAccess(access: Exclude<Access, { outcome: 'granted' }>): Turn {
  const result: TurnResult =
    access.outcome === 'held'
      ? { type: 'held', because: access.because }
      : { type: 'no-access', detail: access.detail, waitMs: access.waitMs }
  return { result, fromEmail: null, inSpiteOfDoubt: false, advanced: false, doubtResolved: false }
}

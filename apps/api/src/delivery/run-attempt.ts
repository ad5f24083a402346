import { MAX_REQUEST_BYTES } from '@inforiver-mail/contract/message-input'
import type { Failure } from '@inforiver-mail/m365/classify-failure'
import { createContentCipher } from '@inforiver-mail/m365/content-cipher'
import { readContent } from '@inforiver-mail/m365/message-content'
import { redirectMessage } from '@inforiver-mail/m365/redirected-message'
import { encodedMessageBytes } from '@inforiver-mail/m365/request-sizes'
import type { Access, GrantedAccess } from '../domain/mailbox-access.ts'
import { memoryFor, RESERVED_FOR_SMALL_MESSAGES, SMALL_BODY_BYTES } from '../memory/memory-use.ts'
import type { MarkedMessage } from '../queue/owner/marked-message.ts'
import { isHeldBy, type Route } from '../queue/mailbox/refusals.ts'
import {
  callOptions,
  chargeRequest,
  findCopy,
  outgoingOf,
  readsFileByFile,
  requireCleared,
  soughtInSentItems,
  type AttemptDeps,
  type OpenMessage,
} from './attempt.ts'
import { NOTHING_SENT, sendResult, type AttemptResult, type FinishedAttempt } from './attempt-result.ts'
import { chooseRoute, noRoute, replan, withSize } from './choose-route.ts'
import { decideDoubt, mayBeTraced } from './plan-settlement.ts'
import { createAttachmentReader } from './read-attachment.ts'
import { createDraftProgress, sendByDraft } from './send-by-draft.ts'

/** The clearance of a claim is valid this long; later the message is cleared again. */
const CLEARED_FOR_MS = 1_000

/**
 * Looks for a message that is in doubt, and sends any other. An attempt makes exactly one request that can send, or two
 * when the first was refused for its token and so did nothing.
 *
 * @param claimedAt when the claim was asked for, by `elapsedMs`
 * @throws only while nothing has been sent
 */
export async function runAttempt(
  deps: AttemptDeps,
  message: MarkedMessage,
  claimedAt: number,
): Promise<FinishedAttempt> {
  const { tenantId, settingsStamp } = message
  const signal = deps.ending()
  const access = await deps.cachedAccess(tenantId, settingsStamp, signal)
  if (access.outcome !== 'granted') return withoutAccess(access)
  const bytes = memoryOf(message)
  const leaveBytes = message.storedBytes > SMALL_BODY_BYTES ? RESERVED_FOR_SMALL_MESSAGES : 0
  const giveBack = deps.budget.takeAtOnce(bytes, leaveBytes) ?? (await deps.budget.take(bytes, signal, leaveBytes))
  try {
    let open = await openMessage(deps, message, claimedAt, access)
    const first = await lookUpOrSend(deps, open)
    const refusal = tokenRefusal(first.result)
    if (!refusal) return holdIfAccessIsLost(deps, open, first)
    const claims = refusal.claims ?? undefined
    const fresh = await deps.requestAccess(tenantId, { refused: access.grantVersion, claims, signal })
    if (fresh.outcome === 'unavailable' && fresh.askedLately) return first
    if (fresh.outcome !== 'granted') return withoutAccess(fresh)
    // Meanwhile all mail may have been redirected, or no longer be.
    const { draft } = open
    if (fresh.settingsVersion !== access.settingsVersion) open = await openMessage(deps, message, claimedAt, fresh)
    open = { ...open, access: fresh, options: callOptions(fresh, signal), draft }
    return holdIfAccessIsLost(deps, open, await lookUpOrSend(deps, open))
  } finally {
    giveBack()
  }
}

/** With application access a refusal may concern the whole connection, so every message would get it. */
async function holdIfAccessIsLost(
  { reportAccessRefusal }: AttemptDeps,
  { message: { tenantId }, access }: OpenMessage,
  attempt: FinishedAttempt,
): Promise<FinishedAttempt> {
  const { result } = attempt
  if (access.connection.mailbox !== 'application') return attempt
  if (result.type !== 'failure' && result.type !== 'lookup-failed') return attempt
  const because = await reportAccessRefusal(tenantId, { ...access, failure: result.failure })
  return because === null ? attempt : { ...attempt, result: { type: 'held', because } }
}

async function lookUpOrSend(deps: AttemptDeps, open: OpenMessage): Promise<FinishedAttempt> {
  const { message, route, draft, access } = open
  const { fromEmail, permissions, searchFails } = access.connection
  const canReadMailbox = permissions.includes('Mail.ReadWrite')
  const finish = (result: AttemptResult, changes: Partial<FinishedAttempt> = {}): FinishedAttempt => ({
    ...NOTHING_SENT,
    result,
    fromEmail: draft.draftId === null ? fromEmail : (draft.from ?? fromEmail),
    internetMessageId: open.content.mime ? soughtInSentItems(open, fromEmail).internetMessageId : null,
    progressed: draft.progressed,
    route: open.chosenRoute,
    ...changes,
  })
  // The message is still the one that the earlier attempt tried.
  const asTried = { fromEmail: message.fromEmail ?? fromEmail }
  const sendInDoubt = async () => {
    if (message.hasExpired) return finish({ type: 'expired' }, asTried)
    open.mayDuplicate = true
    const result = await send(deps, open)
    return result.type === 'held' ? finish(result, asTried) : finish(result, { mayDuplicate: true })
  }

  open.mayDuplicate = false
  if (message.doubt.state !== 'in-doubt') return finish(await send(deps, open))
  // Too large for one request: it cannot have been sent without a complete draft.
  const isUnsent = draft.uploading || (draft.draftId === null && route.sizes.sendMail > MAX_REQUEST_BYTES)
  // The doubt is about an earlier request, and was looked into before the draft was made.
  if (isUnsent) return sendInDoubt()

  // Without a searchable copy only a draft can be recognised again.
  const isKnown = draft.draftId !== null || draft.internetMessageId !== null || open.content.mime !== undefined
  const canLookUp = canReadMailbox && (isKnown || !searchFails)
  if (!canReadMailbox) {
    const sight = await deps.deliveries.readSight(message)
    if (sight === 'seen') return finish({ type: 'traced' }, asTried)
    if (sight === 'unseen' && mayBeTraced(message.doubt)) return finish({ type: 'untraced' }, asTried)
  }
  const decision = decideDoubt(message, canLookUp)
  if (decision === 'stop') return finish({ type: 'stopped' }, asTried)
  if (decision === 'look-up') {
    const seen = await lookUp(deps, open)
    if (seen !== 'unsent') return finish(seen, asTried)
    if (message.hasExpired) return finish({ type: 'expired' }, { ...asTried, doubtResolved: true })
    return finish(await send(deps, open), { doubtResolved: true })
  }
  return sendInDoubt()
}

/** Returns `unsent` where the draft is still a draft, so that no attempt has sent it. */
async function lookUp(deps: AttemptDeps, open: OpenMessage): Promise<AttemptResult | 'unsent'> {
  const { draft, options } = open
  const { fromEmail, searchFails } = open.access.connection
  if (draft.draftId !== null) {
    const read = await deps.mailer.readDraft(draft.draftId, options)
    if (read.outcome === 'draft') return 'unsent'
    if (read.outcome === 'sent') return { type: 'found' }
    if (read.outcome !== 'gone') return { type: 'lookup-failed', failure: read }
  }
  const sought = soughtInSentItems(open, fromEmail)
  const searched = searchFails ? { ...sought, messageId: null } : sought
  const found = await findCopy(deps, open, searched)
  if (found.outcome === 'found') return { type: 'found' }
  if (found.outcome === 'not-found') return { type: 'not-found' }
  return { type: 'lookup-failed', failure: found }
}

/** Takes another route where a request is refused for a size that another one may carry. */
async function send(deps: AttemptDeps, open: OpenMessage): Promise<AttemptResult> {
  for (;;) {
    const refused = refuseForSize(open)
    if (refused) return refused
    const result = await sendByRoute(deps, open)
    if (result === 'replanned') continue
    if (result.type === 'failure') await learnFrom(deps, open, result.failure)
    return result
  }
}

/** Returns null where the size of the message keeps it from nothing. */
function refuseForSize({ route: { plan, refusal }, mayFillDraft, access }: OpenMessage): AttemptResult | null {
  const { permissions, searchWorks } = access.connection
  const canReadMailbox = permissions.includes('Mail.ReadWrite')
  if (plan.kind === 'none')
    return { type: 'failure', failure: noRoute(plan, refusal), canLookUp: canReadMailbox && searchWorks }
  return plan.kind === 'draft' && !mayFillDraft ? { type: 'held', because: 'large-attachments-disabled' } : null
}

async function sendByRoute(deps: AttemptDeps, open: OpenMessage): Promise<AttemptResult | 'replanned'> {
  const { message, content, route, draft, access, options } = open
  const { permissions, searchWorks, fromEmail } = access.connection
  const canReadMailbox = permissions.includes('Mail.ReadWrite')
  // A message that was looked for in vain may lie among the drafts, and is sent from there rather than a second time.
  const mayBeDraft = message.doubt.state === 'in-doubt' || draft.draftId !== null
  // MIME cannot carry the property by which a message that went in one request is found.
  const isMime = content.mime !== undefined
  const byDraft = canReadMailbox && (isMime || !message.saveToSentItems || !searchWorks || mayBeDraft)
  open.chosenRoute = route.plan.kind === 'draft' || byDraft ? 'draft' : 'send'
  if (isKeptBack(message, open.chosenRoute)) return { type: 'held', because: 'mailbox-refused' }
  if (open.chosenRoute === 'draft') return sendByDraft(deps, open)

  const waitMs = route.isShort ? null : await chargeRequest(deps, message.tenantId, route.sizes.sendMail)
  if (waitMs !== null) return { type: 'waiting', waitMs }
  const attachments =
    content.attachments.length === 0 ? [] : await Promise.all(content.attachments.map((each) => open.read.whole(each)))
  const outgoing = outgoingOf(open, fromEmail, attachments)
  if (!takeClearance(deps, open))
    await requireCleared(deps, () => deps.deliveries.clear(message, access.settingsVersion, true, open.mayDuplicate))
  options.signal.throwIfAborted()
  const outcome = await deps.mailer.send(outgoing, options)
  if (outcome.outcome === 'sent') return sendResult(outcome, true)
  const bytes = route.sizes.sendMail
  if (await replan(deps, open, outcome, { limit: 'request-length', sizeBytes: bytes })) return 'replanned'
  const canLookUp = canReadMailbox ? searchWorks : outcome.outcome === 'unknown' && (await mayBeInTrace(deps, message))
  return sendResult(withSize(outcome, 'request', bytes), canLookUp)
}

/** A mailbox that refused others takes nothing by this route, but for the one message that is tried by it. */
function isKeptBack({ heldRoute, probeRoute }: MarkedMessage, by: Route): boolean {
  return heldRoute !== null && isHeldBy({ route: heldRoute }, by) && probeRoute !== by
}

/**
 * Never throws: the message may have been sent, and that must not be lost. On an error it answers true; the next look asks
 * again.
 */
async function mayBeInTrace({ deliveries }: AttemptDeps, message: MarkedMessage): Promise<boolean> {
  return deliveries.readSight(message).then(
    (sight) => sight !== 'off',
    () => true,
  )
}

/**
 * The claim clears a message for one request that follows it at once, with the settings of that moment. Returns false where
 * it did not, or did so too long ago.
 */
function takeClearance({ elapsedMs }: AttemptDeps, open: OpenMessage): boolean {
  const { claimedAt, clearedByClaim } = open
  open.clearedByClaim = false
  return clearedByClaim && elapsedMs() - claimedAt < CLEARED_FOR_MS
}

/** Remembers a size that the organisation refused, so that it is not asked again for a while. */
async function learnFrom({ mailboxes }: AttemptDeps, { message, route }: OpenMessage, failure: Failure): Promise<void> {
  if (failure.outcome !== 'refused' || failure.microsoftCode !== 'ErrorMessageSizeExceeded') return
  await mailboxes.learnSizeLimits(message.tenantId, { messageBytes: encodedMessageBytes(route.sizes) - 1 })
}

async function openMessage(
  deps: AttemptDeps,
  message: MarkedMessage,
  claimedAt: number,
  access: GrantedAccess,
): Promise<OpenMessage> {
  const { deliveries, contentKeys, random } = deps
  const { id, tenantId } = message
  const cipher = createContentCipher(await contentKeys.forStoredMessage(message), random)
  const place = { tenant: tenantId, message: id, part: 'body', chunk: 0, last: true }
  const submitted = readContent(cipher.open(message.content ?? (await deliveries.readContent(message)), place))
  const { fromEmail, redirectAllTo, largeAttachments, permissions } = access.connection
  const content = redirectAllTo === null ? submitted : redirectMessage(submitted, redirectAllTo)
  return {
    message,
    access,
    options: callOptions(access, deps.ending()),
    claimedAt,
    clearedByClaim: message.clearedVersion === access.settingsVersion,
    mayDuplicate: false,
    chosenRoute: null,
    content,
    isRedirected: redirectAllTo !== null,
    mayFillDraft: largeAttachments && permissions.includes('Mail.ReadWrite'),
    route: await chooseRoute(deps, message, content, fromEmail),
    read: createAttachmentReader(deliveries, cipher, message),
    draft: createDraftProgress(message),
  }
}

/** Bytes of memory for the whole attempt; files that are read one by one take their own. */
function memoryOf(message: MarkedMessage): number {
  return readsFileByFile(message) ? 0 : memoryFor.message(message.storedBytes)
}

function tokenRefusal(result: AttemptResult): Extract<Failure, { outcome: 'unauthorized' }> | null {
  if (result.type !== 'failure' && result.type !== 'lookup-failed') return null
  return result.failure.outcome === 'unauthorized' ? result.failure : null
}

function withoutAccess(access: Exclude<Access, GrantedAccess>): FinishedAttempt {
  if (access.outcome === 'held') return { ...NOTHING_SENT, result: { type: 'held', because: access.because } }
  const { outcome: _, ...why } = access
  return { ...NOTHING_SENT, result: { type: 'no-access', ...why } }
}

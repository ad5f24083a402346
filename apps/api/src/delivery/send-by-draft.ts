import { sameAddress } from '@inforiver-mail/contract/email-address'
import type { FoundMessage, SoughtMessage } from '@inforiver-mail/m365/find-message'
import { isDraftFor } from '@inforiver-mail/m365/redirected-message'
import { isLastAttached } from '@inforiver-mail/m365/upload-calls'
import { addressOfMailbox, isFromDelegate } from '../domain/mailbox-access.ts'
import type { MarkedMessage, Upload } from '../queue/owner/marked-message.ts'
import {
  chargeRequest,
  findCopy,
  outgoingOf,
  requireCleared,
  soughtInSentItems,
  type AttemptDeps,
  type DraftProgress,
  type OpenMessage,
} from './attempt.ts'
import { draftFailure, sendResult, unavailable, type AttemptResult } from './attempt-result.ts'
import { replan, withSize } from './choose-route.ts'
import { decideDoubt } from './plan-settlement.ts'
import { uploadFile, type FileStep } from './upload-file.ts'
import { worded } from '@inforiver-mail/m365/explanation'
import type { Refused } from '@inforiver-mail/m365/classify-failure'
import type { Values } from '@inforiver-mail/contract/values'

// A draft is created, filled and sent. Its immutable id is stored first: it shows whether
// the draft was sent, even where Sent Items cannot be searched, and lets any process continue.
//
// no draft ──created, or found among the drafts──▶ filling ──all files on it──▶ complete ──sent──▶ sent
// filling  ──gone, or not as stored──▶ sent by hand where a copy is found, else no draft: it was not sent
// complete ──gone──▶ in doubt: a copy may appear late

/** One that is gone, one that is found among the drafts and does not fit, and the one that is made in their place. */
const DRAFTS_PER_ATTEMPT = 3
const NO_DRAFT = { draftId: null, internetMessageId: null }
/** Waits up to this long are part of the attempt; longer ones give the message back. */
const WAIT_IN_PLACE_MS = 15_000

export function createDraftProgress(message: MarkedMessage): DraftProgress {
  const { draftId, internetMessageId, fromEmail: from, redirectedTo, uploading, upload } = message
  return { draftId, internetMessageId, from, redirectedTo, uploading, upload, progressed: false, unconfirmed: true }
}

export async function sendByDraft(deps: AttemptDeps, open: OpenMessage): Promise<AttemptResult | 'replanned'> {
  const { mailer } = deps
  const { settingsVersion, connection } = open.access
  const { fromEmail, redirectAllTo } = connection
  const mailbox = addressOfMailbox(connection)
  const { message, draft, route, options } = open
  const { attachments } = open.content
  /** Whether the last statement cleared the draft to be sent. */
  let cleared = false
  /** Whether a stray is expected for the draft that is asked for now, and for no earlier one. */
  let wasStray = false
  await clear(false)
  for (let drafts = 0; drafts < DRAFTS_PER_ATTEMPT; drafts++) {
    const step = await sendOneDraft()
    if (step !== 'again') return step
  }
  return unavailable('draft-changed')

  function clear(sends: boolean): Promise<void> {
    return requireCleared(deps, () => deps.deliveries.clear(message, settingsVersion, sends, open.mayDuplicate))
  }

  async function sendOneDraft(): Promise<NotReady> {
    const ready = draft.draftId === null ? await obtainDraft() : await resumeDraft(draft.draftId)
    if (ready !== 'ready') return ready
    const filled = draft.uploading ? await fillDraft() : 'ready'
    if (filled !== 'ready') return filled
    if (!cleared) await clear(true)
    options.signal.throwIfAborted()
    const sent = await mailer.sendDraft(currentDraft(), options)
    return sent.outcome === 'gone' ? afterGone() : sendResult(sent, true)
  }

  async function obtainDraft(): Promise<Step> {
    // An earlier attempt may have made a draft whose id was never stored: its answer was lost, or its process ended.
    const isFirst = message.attemptCount <= 1 && message.doubt.state !== 'in-doubt'
    if (!isFirst) {
      const found = await mailer.findMessage(soughtInDrafts(), 'drafts', options)
      if (found.outcome === 'found') {
        if (!(await mayTakeUp(found))) return removeFound(found.id)
        await storeDraft({ draftId: found.id, internetMessageId: draft.internetMessageId }, fromEmail)
        return resumeDraft(found.id)
      }
      if (found.outcome !== 'not-found' && found.outcome !== 'refused') return draftFailure(found)
      const byHand = await findSent()
      if (byHand !== null) return byHand
      await clear(false) // the searches may have taken minutes
    }
    const isWhole = isMadeWhole()
    const files = isWhole ? attachments : []
    const bytes = isWhole ? route.sizes.sendMail : route.sizes.createDraft
    const waitMs = await chargeRequest(deps, message.tenantId, bytes)
    if (waitMs !== null) return { type: 'waiting', waitMs }
    const outgoing = outgoingOf(open, fromEmail, await Promise.all(files.map((file) => open.read.whole(file))))
    const { tenantId, id: itemId } = message
    // fence: stray
    wasStray = await deps.mailboxes.mayHaveLeftDraft(tenantId, itemId, mailbox)
    // end
    const created = await mailer.createDraft(outgoing, options)
    const isUnmade = created.outcome !== 'created' && created.outcome !== 'unknown'
    if (isUnmade && wasStray) await deps.mailboxes.endCleanup({ tenantId, itemId, mailbox })
    if (await replan(deps, open, created, { limit: 'request-length', sizeBytes: bytes })) return 'replanned'
    if (created.outcome !== 'created') return draftFailure(withSize(created, 'request', bytes))
    // Before it is stored, from when on the message may have been sent.
    if (isFromDelegate(created.from, connection)) return keepFromDelegate(created)
    await storeDraft(created, fromEmail)
    draft.unconfirmed = false
    return 'ready'
  }

  /** The Message-ID of MIME may be that of another message too, whose draft must not be taken for this one. */
  function soughtInDrafts(): SoughtMessage {
    const isMime = open.content.mime !== undefined
    return { messageId: message.id, internetMessageId: isMime ? null : draft.internetMessageId, asMime: isMime }
  }

  /**
   * Deletes a draft that Exchange would send from the delegate. A draft of JSON shows that no message leaves from the sender,
   * so all of them are held; MIME may be treated so while JSON is not.
   */
  async function keepFromDelegate({ draftId }: { draftId: string }): Promise<NotReady> {
    const deleted = await mailer.deleteDraft(draftId, options)
    if (deleted.outcome === 'sent') return sentByHand(isMadeWhole())
    if (deleted.outcome !== 'deleted' && deleted.outcome !== 'gone') return draftFailure(deleted)
    if (open.content.mime === undefined) {
      await deps.reportIgnoredSender(message.tenantId, open.access)
      return { type: 'held', because: 'reconnect-required' }
    }
    return draftFailure({
      outcome: 'refused',
      reason: 'send-as-denied',
      concerns: 'message',
      ...refusedBy('other-sender', { sender: fromEmail }),
      microsoftCode: null,
      requestId: null,
    })
  }

  /**
   * A draft that was found fits only if it has the same sender and recipients, and was made for the same route: one that
   * is to be filled has no files yet. One that is about to be deleted must not be used.
   */
  async function mayTakeUp(found: FoundMessage): Promise<boolean> {
    const { id, from } = found
    if (from === null || !sameAddress(from, fromEmail) || !isDraftFor(found, open.content, redirectAllTo)) return false
    if (await deps.mailboxes.isToBeDeleted(message.tenantId, id)) return false
    if (route.plan.kind === 'draft' || attachments.length === 0) return true // its files are counted before it is sent
    const listed = await mailer.listAttachments(id, options)
    return listed.outcome === 'listed' && listed.attachments.length === attachments.length
  }

  /** Deletes a draft that was found and does not fit. Nothing was ever done with it, so another one takes its place. */
  async function removeFound(draftId: string): Promise<NotReady> {
    const deleted = await mailer.deleteDraft(draftId, options)
    if (deleted.outcome === 'sent') return sentByHand(isMadeWhole())
    return deleted.outcome === 'deleted' || deleted.outcome === 'gone' ? 'again' : draftFailure(deleted)
  }

  /** Checks that the remote draft, of an earlier attempt or another process, matches what is stored. */
  async function resumeDraft(draftId: string): Promise<Step> {
    if (draft.from !== null && draft.from !== fromEmail) return discardDraft(draftId)
    if (draft.redirectedTo !== redirectAllTo) return discardDraft(draftId)
    if (!draft.uploading) return 'ready'
    const listed = await mailer.listAttachments(draftId, options)
    if (listed.outcome === 'gone') return afterGone()
    if (listed.outcome !== 'listed') return draftFailure(listed)
    const { attached } = draft.upload
    await clear(false)
    if (listed.attachments.length === attached) return 'ready'
    // The next file as well: the answer to the last request was lost.
    const next = attachments.slice(0, attached + 1)
    if (listed.attachments.length !== attached + 1 || !isLastAttached(next, listed.attachments))
      return discardDraft(draftId)
    await store({ attached: attached + 1, session: null, position: 0 })
    return 'ready'
  }

  /** Uploads one file after the other, so that they keep their order and one position says how far the draft is. */
  async function fillDraft(): Promise<Step> {
    while (draft.upload.attached < attachments.length) {
      const step = await uploadFile(deps, open, { charge, store })
      if (step === 'draft-gone') return afterGone()
      if (step === 'replanned') return step
      if (step !== 'attached') return wasRefused(step) ? afterRefusal(step) : step
    }
    // fence: draft-files
    if (draft.unconfirmed) {
      const checked = await checkFiles()
      if (checked !== 'ready') return checked
    }
    // end
    await requireCleared(deps, () => deps.deliveries.finishUpload(message, settingsVersion))
    cleared = true
    draft.uploading = false
    return 'ready'
  }

  /**
   * Looks for a file that is on the draft twice, since a request that was given up may have been carried out afterwards, and
   * for one that is missing, since something in between may have answered in Microsoft's place.
   */
  async function checkFiles(): Promise<Step> {
    const listed = await mailer.listAttachments(currentDraft(), options)
    if (listed.outcome === 'gone') return afterGone()
    if (listed.outcome !== 'listed') return draftFailure(listed)
    if (listed.attachments.length > attachments.length) return discardDraft(currentDraft())
    // The next attempt looks again, and discards the draft if files are still missing.
    if (listed.attachments.length < attachments.length) return unavailable('attachments-not-shown')
    return 'ready'
  }

  async function discardDraft(draftId: string): Promise<NotReady> {
    const deleted = await mailer.deleteDraft(draftId, options)
    if (deleted.outcome === 'sent') return sentByHand()
    if (deleted.outcome === 'gone') return afterGone()
    if (deleted.outcome !== 'deleted') return draftFailure(deleted)
    await storeDraft(NO_DRAFT, null)
    return 'again'
  }

  async function afterGone(): Promise<NotReady> {
    // A complete draft may have been sent, by a request whose answer was lost or by a person, and its copy may be late.
    // The draft of a former sender lies in a mailbox that cannot be read: it was sent only if a request is in doubt.
    const isFormer = draft.from !== null && draft.from !== fromEmail
    const isInDoubt = message.doubt.state !== 'in-doubt' ? !isFormer : decideDoubt(message, true) === 'look-up'
    if (!draft.uploading && isInDoubt) return { type: 'not-found' }
    const byHand = await findSent()
    if (byHand !== null) return byHand
    await storeDraft(NO_DRAFT, null, { leavesFormer: true })
    return 'again'
  }

  /** Looks for the copy of a draft that a person may have sent and moved. Returns null when there is none. */
  async function findSent(): Promise<AttemptResult | null> {
    const sought = soughtInSentItems(open, fromEmail)
    // No request of ours has sent MIME that is not in doubt: a copy without our id is that of another message.
    const isUnsentMime = sought.asMime && message.doubt.state !== 'in-doubt'
    const found = await findCopy(deps, open, isUnsentMime ? { ...sought, internetMessageId: null } : sought)
    if (found.outcome === 'found') return sentByHand()
    return found.outcome === 'not-found' || found.outcome === 'refused' ? null : draftFailure(found)
  }

  /** Distinguishes a real refusal from that of a draft which a person has sent meanwhile. */
  async function afterRefusal(refused: AttemptResult): Promise<AttemptResult> {
    const read = await mailer.readDraft(currentDraft(), options)
    return read.outcome === 'sent' ? sentByHand() : refused
  }

  /** Whether a draft is complete from the start, in place of being filled with files. */
  function isMadeWhole(): boolean {
    return route.plan.kind === 'send-mail'
  }

  function sentByHand(
    // Without a draft the message is in doubt only if it was sent from a complete one.
    wasComplete = !draft.uploading || (draft.draftId === null && message.doubt.state === 'in-doubt'),
  ): AttemptResult {
    const { attached } = draft.upload
    if (wasComplete || attached === attachments.length) return { type: 'found' }
    return draftFailure({
      outcome: 'refused',
      reason: 'draft-gone',
      concerns: 'message',
      ...refusedBy('sent-by-hand', { attached, attachments: attachments.length }),
      microsoftCode: null,
      requestId: null,
    })
  }

  async function charge(bytes: number): Promise<FileStep | null> {
    const stopping = deps.stopping()
    for (;;) {
      if (stopping.aborted) return { type: 'waiting', waitMs: 0 }
      const waitMs = await deps.mailboxes.chargeUpload(message.tenantId, bytes)
      if (waitMs === null) return null
      if (waitMs > WAIT_IN_PLACE_MS) return { type: 'waiting', waitMs }
      const signal = AbortSignal.any([options.signal, stopping])
      await deps.timers.sleep(waitMs, signal).catch(() => options.signal.throwIfAborted())
      await clear(false) // during the wait it may have been cancelled, or the settings changed
    }
  }

  async function store(upload: Upload): Promise<void> {
    const before = attachments.slice(0, upload.attached)
    const uploadedBytes = before.reduce((sum, { sizeBytes }) => sum + sizeBytes, upload.position)
    await requireCleared(deps, () => deps.deliveries.storeUpload(message, settingsVersion, upload, uploadedBytes))
    draft.upload = upload
    draft.progressed = true
  }

  async function storeDraft(
    { draftId, internetMessageId }: Pick<DraftProgress, 'draftId' | 'internetMessageId'>,
    from: string | null,
    { leavesFormer } = { leavesFormer: false },
  ): Promise<void> {
    const redirectedTo = draftId === null ? null : redirectAllTo
    const stored = { draftId, internetMessageId, from, redirectedTo, uploading: route.plan.kind === 'draft' }
    const left = { mailbox, wasStray, leavesFormer }
    await requireCleared(deps, () => deps.deliveries.storeDraft(message, settingsVersion, { ...stored, ...left }))
    wasStray = false
    cleared = !stored.uploading && draftId !== null
    Object.assign(draft, { ...stored, upload: { attached: 0, session: null, position: 0 } })
  }

  function currentDraft(): string {
    if (draft.draftId === null) throw new Error('There is no draft.')
    return draft.draftId
  }
}

function wasRefused(result: AttemptResult): boolean {
  return result.type === 'failure' && result.failure.outcome === 'refused'
}

/** `again`: begin with another draft. `replanned`: the message has to take another route. */
type NotReady = 'again' | 'replanned' | AttemptResult
type Step = 'ready' | NotReady

function refusedBy(name: string, facts: Values): Pick<Refused, 'title' | 'detail' | 'values'> {
  const { title, detail, values } = worded({ title: `${name}.title`, detail: [name], ...facts })
  return { title, detail, values }
}

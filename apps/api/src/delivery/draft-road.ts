import { setTimeout as delay } from 'node:timers/promises'
import { sameAddress } from '@inforiver-mail/contract/email-address'
import type { CallOptions } from '@inforiver-mail/m365/graph-mailer'
import { untilAnswered, type Granted } from './call-options.ts'
import { decideDoubt, type TurnResult } from './delivery-state.ts'
import type { LeasedMessage, Upload } from '../queue/leased-message.ts'
import { routeAround, withSize } from './size-routes.ts'
import {
  chargeRequest,
  draftFailure,
  requireCleared,
  toResult,
  unavailable,
  type DraftWork,
  type OpenMessage,
  type TurnParts,
} from './turn-parts.ts'
import { uploadFile, type FileStep } from './upload-file.ts'

// A draft is created, filled and sent. Its immutable id, stored before anything else is done with it, tells for certain
// whether it was sent, also where a copy cannot be searched for; and any process can go on from it.
//
// no draft --created, or found among the drafts--> filling --all files on it--> complete --sent--> sent
// filling, gone or other than expected--> looked for among what was sent, by hand; else no draft: it was not sent
// complete, gone--> in doubt: a copy appears late

const DRAFTS_PER_TURN = 2
const NO_DRAFT = { draftId: null, internetMessageId: null }
/** A wait this short is not worth giving the message up for. */
const WAIT_IN_PLACE_MS = 15_000

export function createDraftWork(message: LeasedMessage): DraftWork {
  const { draftId, internetMessageId, fromEmail, uploading, upload } = message
  return { draftId, internetMessageId, from: fromEmail, uploading, upload, advanced: false, inQuestion: true }
}

export async function sendByDraft(
  parts: TurnParts,
  open: OpenMessage,
  { settingsVersion, connection: { fromEmail } }: Granted,
  options: CallOptions & { readonly signal: AbortSignal },
): Promise<TurnResult | 'another-way'> {
  const { mailer } = parts
  const { message, draft, route } = open
  const { attachments } = open.content
  /** Whether the last statement has cleared the draft to be sent. */
  let cleared = false
  requireCleared(await clear(false))
  for (let drafts = 0; drafts < DRAFTS_PER_TURN; drafts++) {
    const step = await takeOneDraft()
    if (step !== 'again') return step
  }
  return unavailable('The draft of the message was changed or deleted in the mailbox while it was being made.')

  function clear(sends: boolean): Promise<boolean> {
    return parts.store.clear(message, settingsVersion, sends, open.inSpiteOfDoubt)
  }

  async function takeOneDraft(): Promise<NotReady> {
    const ready = draft.draftId === null ? await obtainDraft() : await resumeDraft(draft.draftId)
    if (ready !== 'ready') return ready
    const filled = draft.uploading ? await fillDraft() : 'ready'
    if (filled !== 'ready') return filled
    if (!cleared) requireCleared(await clear(true))
    const sent = await mailer.sendDraft(currentDraft(), untilAnswered(options, parts.ending()))
    return sent.outcome === 'gone' ? afterGone() : toResult(sent, true)
  }

  async function obtainDraft(): Promise<Step> {
    // A draft of an attempt whose answer was lost, or whose process ended before it could write down the id.
    const isFirst = message.attemptCount <= 1 && message.doubt.state !== 'in-doubt'
    if (!isFirst) {
      const sought = { messageId: message.id, internetMessageId: draft.internetMessageId }
      const found = await mailer.findMessage(sought, 'drafts', options)
      if (found.outcome === 'found') {
        if (!(await mayTakeUp(found))) return removeFound(found.id)
        await storeDraft({ draftId: found.id, internetMessageId: draft.internetMessageId }, fromEmail)
        return resumeDraft(found.id)
      }
      if (found.outcome !== 'not-found' && found.outcome !== 'refused') return draftFailure(found)
      const byHand = await findSent()
      if (byHand !== null) return byHand
      requireCleared(await clear(false)) // the searches may have taken minutes
    }
    const isWhole = route.plan.kind === 'send-mail'
    const files = isWhole ? attachments : []
    const bytes = isWhole ? route.sizes.sendMail : route.sizes.createDraft
    const waitMs = await chargeRequest(parts, message.tenantId, bytes)
    if (waitMs !== null) return { type: 'waiting', waitMs }
    const outgoing = {
      ...open.content,
      attachments: await Promise.all(files.map((file) => open.read.whole(file))),
      id: message.id,
      from: { address: fromEmail },
    }
    const created = await mailer.createDraft(outgoing, options)
    if (created.outcome === 'unknown') await parts.mailboxStore.expectStray(message.tenantId, message.id)
    if (await routeAround(parts, open, created, { limit: 'request-length', sizeBytes: bytes })) return 'another-way'
    if (created.outcome !== 'created') return draftFailure(withSize(created, 'The request', bytes))
    await storeDraft(created, fromEmail)
    draft.inQuestion = false
    return 'ready'
  }

  /**
   * Since it was made the sender may have changed, or the way: one that is to be filled has no files yet. And what is to
   * be deleted may be gone in the next moment.
   */
  async function mayTakeUp({ id, from }: { id: string; from: string | null }): Promise<boolean> {
    if (from === null || !sameAddress(from, fromEmail)) return false
    if (await parts.mailboxStore.isToBeDeleted(message.tenantId, id)) return false
    if (route.plan.kind === 'draft' || attachments.length === 0) return true // files are counted when they are put on it
    const counted = await mailer.countAttachments(id, options)
    return counted.outcome === 'counted' && counted.count === attachments.length
  }

  /** Nothing was ever done with it: another one takes its place. */
  async function removeFound(draftId: string): Promise<NotReady> {
    const deleted = await mailer.deleteDraft(draftId, options)
    if (deleted.outcome === 'sent') return sentByHand()
    return deleted.outcome === 'deleted' || deleted.outcome === 'gone' ? 'again' : draftFailure(deleted)
  }

  /** A draft from an earlier turn, or process: is it what is written down of it? */
  async function resumeDraft(draftId: string): Promise<Step> {
    if (draft.from !== null && draft.from !== fromEmail) return discardDraft(draftId)
    if (!draft.uploading) return 'ready'
    const counted = await mailer.countAttachments(draftId, options)
    if (counted.outcome === 'gone') return afterGone()
    if (counted.outcome !== 'counted') return draftFailure(counted)
    const { attached } = draft.upload
    requireCleared(await clear(false))
    // The answer to its last request was lost.
    if (counted.count === attached + 1) await store({ attached: attached + 1, session: null, position: 0 })
    else if (counted.count !== attached) return discardDraft(draftId)
    return 'ready'
  }

  /** One file after the other: Microsoft keeps their order, and one position says how far it has come. */
  async function fillDraft(): Promise<Step> {
    while (draft.upload.attached < attachments.length) {
      const step = await uploadFile(parts, open, { charge, store, options })
      if (step === 'draft-gone') return afterGone()
      if (step === 'another-way') return step
      if (step !== 'attached') return wasRefused(step) ? afterRefusal(step) : step
    }
    if (draft.inQuestion) {
      const checked = await checkFiles()
      if (checked !== 'ready') return checked
    }
    requireCleared(await parts.store.finishUpload(message, settingsVersion))
    cleared = true
    draft.uploading = false
    return 'ready'
  }

  /** A request that was given up may have been carried out afterwards, and its file be on the draft twice. */
  async function checkFiles(): Promise<Step> {
    const counted = await mailer.countAttachments(currentDraft(), options)
    if (counted.outcome === 'gone') return afterGone()
    if (counted.outcome !== 'counted') return draftFailure(counted)
    if (counted.count > attachments.length) return discardDraft(currentDraft())
    // The next turn looks again, and does not trust the draft if it is still so.
    if (counted.count < attachments.length) return unavailable('The draft does not show all attachments yet.')
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
    // Complete, it may have been sent, and its copy be late: by a call whose answer was lost, or by a person. That of a
    // former sender lies in a mailbox that cannot be seen, and has gone nowhere unless a call of ours is in doubt.
    const isFormer = draft.from !== null && draft.from !== fromEmail
    const isInDoubt = message.doubt.state !== 'in-doubt' ? !isFormer : decideDoubt(message, true) === 'look-up'
    if (!draft.uploading && isInDoubt) return { type: 'not-found' }
    const byHand = await findSent()
    if (byHand !== null) return byHand
    await storeDraft(NO_DRAFT, null)
    return 'again'
  }

  /** A draft that is gone may have been sent by a person, and been moved since. Null when no copy is found. */
  async function findSent(): Promise<TurnResult | null> {
    const sought = { messageId: message.id, internetMessageId: draft.internetMessageId }
    const found = await mailer.findMessage(sought, 'sentitems', options)
    if (found.outcome === 'found') return sentByHand()
    return found.outcome === 'not-found' || found.outcome === 'refused' ? null : draftFailure(found)
  }

  /** Nothing can be put on a message that a person has sent. */
  async function afterRefusal(refused: TurnResult): Promise<TurnResult> {
    const read = await mailer.readDraft(currentDraft(), options)
    return read.outcome === 'sent' ? sentByHand() : refused
  }

  function sentByHand(): TurnResult {
    const { attached } = draft.upload
    // Without a draft, what is in doubt was sent from one that was complete.
    const wasComplete = !draft.uploading || (draft.draftId === null && message.doubt.state === 'in-doubt')
    if (wasComplete || attached === attachments.length) return { type: 'found' }
    return draftFailure({
      outcome: 'refused',
      reason: 'draft-gone',
      title: 'The message was sent from the mailbox before it was complete',
      detail: `Somebody sent its draft by hand, with ${attached} of its ${attachments.length} attachments.`,
      microsoftCode: null,
      requestId: null,
    })
  }

  async function charge(bytes: number): Promise<FileStep | null> {
    const stopping = parts.stopping()
    for (;;) {
      if (stopping.aborted) return { type: 'waiting', waitMs: 0 }
      const waitMs = await parts.mailboxStore.chargeUpload(message.tenantId, bytes)
      if (waitMs === null) return null
      if (waitMs > WAIT_IN_PLACE_MS) return { type: 'waiting', waitMs }
      const signal = AbortSignal.any([options.signal, stopping])
      await delay(waitMs, undefined, { signal }).catch(() => options.signal.throwIfAborted())
      requireCleared(await clear(false)) // the settings may have changed, or the message been cancelled
    }
  }

  async function store(upload: Upload): Promise<void> {
    const before = attachments.slice(0, upload.attached)
    const uploadedBytes = before.reduce((sum, { sizeBytes }) => sum + sizeBytes, upload.position)
    requireCleared(await parts.store.storeUpload(message, settingsVersion, upload, uploadedBytes))
    draft.upload = upload
    draft.advanced = true
  }

  async function storeDraft(
    { draftId, internetMessageId }: Pick<DraftWork, 'draftId' | 'internetMessageId'>,
    from: string | null,
  ): Promise<void> {
    const stored = { draftId, internetMessageId, from, uploading: route.plan.kind === 'draft' }
    requireCleared(await parts.store.storeDraft(message, settingsVersion, stored))
    cleared = !stored.uploading && draftId !== null
    Object.assign(draft, { ...stored, upload: { attached: 0, session: null, position: 0 } })
  }

  function currentDraft(): string {
    if (draft.draftId === null) throw new Error('There is no draft.')
    return draft.draftId
  }
}

function wasRefused(result: TurnResult): boolean {
  return result.type === 'failure' && result.failure.outcome === 'refused'
}

/** `another-way`: the message was planned anew. */
type NotReady = 'again' | 'another-way' | TurnResult
type Step = 'ready' | NotReady

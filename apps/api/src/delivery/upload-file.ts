import { CHUNK_BYTES } from '@inforiver-mail/m365/content-cipher'
import type { Intercepted } from '@inforiver-mail/m365/classify-failure'
import { isLastAttached, type UploadSession } from '@inforiver-mail/m365/upload-calls'
import type { Sealed } from '@inforiver-mail/m365/token-vault'
import { memoryFor, RESERVED_FOR_SMALL_MESSAGES } from '../memory/memory-use.ts'
import type { MarkedMessage, Upload } from '../queue/owner/marked-message.ts'
import { readsFileByFile, type AttemptDeps, type OpenMessage } from './attempt.ts'
import { draftFailure, unavailable, type AttemptResult } from './attempt-result.ts'
import { replan, withSize } from './choose-route.ts'

const SESSIONS_PER_ATTEMPT = 3
/** The size of ranges on a line so slow that whole ones have timed out, and where something in between refused one. */
const SHORT_RANGE_BYTES = 5 * CHUNK_BYTES
const SHORT_AFTER_ATTEMPTS = 3
/** A session that expires sooner is replaced by a new one. */
const SESSION_LEFT_MS = 60_000

/** `attached`: the file is on the draft. `replanned`: it was refused for its size, and takes another route. */
export type FileStep = 'attached' | 'draft-gone' | 'replanned' | AttemptResult

export interface UploadSteps {
  /** Charges bytes to the mailbox's limit of uploads; returns null when they may go. */
  readonly charge: (bytes: number) => Promise<FileStep | null>
  /** Stores how far the draft has come. */
  readonly store: (upload: Upload) => Promise<void>
}

/** Puts the next file on the draft, continuing an upload that was left off. */
export async function uploadFile(
  deps: AttemptDeps,
  open: OpenMessage,
  { charge, store }: UploadSteps,
): Promise<FileStep> {
  const { mailer, budget, mailboxes, vault, clock, rangeBytes: wholeRangeBytes } = deps
  const { draft, message, read, options } = open
  const { signal } = options
  const { attachments } = open.content
  const { draftId, file, number, isWhole, requestBytes } = fileToUpload(open)
  const { sizeBytes: totalBytes } = file
  return isWhole ? attachWhole() : uploadRanges()

  async function attachWhole(): Promise<FileStep> {
    const wait = await charge(requestBytes)
    if (wait) return wait
    const giveBack = await takeFor(budget, message, memoryFor.attachedFile(totalBytes), signal)
    try {
      const attached = await mailer.attachFile(draftId, await read.whole(file), options)
      if (attached.outcome === 'gone') return 'draft-gone'
      if (await replan(deps, open, attached, { limit: 'request-length', sizeBytes: requestBytes })) return 'replanned'
      if (attached.outcome !== 'attached')
        return draftFailure(withSize(attached, { attachment: number + 1 }, totalBytes))
      if (!attached.isConfirmed) draft.unconfirmed = true
      await store({ attached: number + 1, session: null, position: 0 })
      return 'attached'
    } finally {
      giveBack()
    }
  }

  async function uploadRanges(): Promise<FileStep> {
    let refused: Intercepted | null = null
    draft.unconfirmed = true
    for (let sessions = 0; sessions < SESSIONS_PER_ATTEMPT; sessions++) {
      const session = (await resumeSession()) ?? (await startSession())
      if (!('uploadUrl' in session)) return session.step
      const step = await putRanges(session)
      if (typeof step === 'object' && 'outcome' in step) refused = step
      else if (step !== 'session-gone') return step
      const next = await afterSession()
      if (next !== 'again') return next
    }
    return refused ? draftFailure(refused) : unavailable('upload-ended')
  }

  async function resumeSession(): Promise<UploadSession | null> {
    const { session } = draft.upload
    if (!session) return null
    const { urlSealed, expiresAt } = session
    if (expiresAt && expiresAt.getTime() - clock().getTime() < SESSION_LEFT_MS) return null
    return { uploadUrl: await vault.open(urlSealed, urlOwner(message)), expiresAt }
  }

  async function startSession(): Promise<UploadSession | { readonly step: FileStep }> {
    const { filename, contentType, contentId } = file
    const created = await mailer.createUploadSession(
      draftId,
      { filename, contentType, contentId, sizeBytes: totalBytes },
      options,
    )
    if (created.outcome === 'gone') return { step: 'draft-gone' }
    if (
      created.outcome === 'refused' &&
      (await replan(deps, open, created, { limit: 'session-minimum', sizeBytes: totalBytes }))
    )
      return { step: 'replanned' }
    if (created.outcome !== 'created')
      return { step: draftFailure(withSize(created, { attachment: number + 1 }, totalBytes)) }
    const { session } = created
    const urlSealed: Sealed = await vault.seal(session.uploadUrl, urlOwner(message))
    await store({ attached: number, session: { urlSealed, expiresAt: session.expiresAt }, position: 0 })
    await mailboxes.learnUploadOrigin(message.tenantId, new URL(session.uploadUrl).origin)
    return session
  }

  /** Sends range after range. */
  async function putRanges(session: UploadSession): Promise<FileStep | SessionEnd> {
    const isHard = message.attemptCount > SHORT_AFTER_ATTEMPTS || message.refusals > 0
    const rangeBytes = isHard ? Math.min(SHORT_RANGE_BYTES, wholeRangeBytes) : wholeRangeBytes
    let buffer: Buffer | null = null
    let withoutProgress = 0
    while (withoutProgress < SESSIONS_PER_ATTEMPT) {
      const { position } = draft.upload
      const length = Math.min(rangeBytes, totalBytes - position)
      const wait = await charge(length)
      if (wait) return wait
      const giveBack = await takeFor(budget, message, memoryFor.range(length), signal)
      try {
        buffer ??= Buffer.allocUnsafeSlow(rangeBytes)
        const bytes = await read.range(file, position, buffer.subarray(0, length))
        const put = await mailer.putRange(session, { start: position, totalBytes, bytes }, signal)
        const step = await advance(session, put, position, length)
        if (step !== 'next') return step
        withoutProgress = draft.upload.position > position ? 0 : withoutProgress + 1
      } finally {
        giveBack()
      }
    }
    return 'session-gone' // the host takes no range
  }

  async function advance(
    session: UploadSession,
    put: Awaited<ReturnType<typeof mailer.putRange>>,
    position: number,
    length: number,
  ): Promise<FileStep | SessionEnd | 'next'> {
    switch (put.outcome) {
      case 'stored':
        await moveTo(put.nextStart)
        return 'next'
      case 'finished':
        await store({ attached: number + 1, session: null, position: 0 })
        return 'attached'
      case 'session-gone':
      case 'unconfirmed':
        return 'session-gone'
      case 'intercepted':
        return put
      case 'out-of-step': {
        const status = await mailer.readUploadSession(session, signal)
        if (status.outcome === 'open') await moveTo(status.nextStart)
        // Where the host reports no position, the range was stored by an earlier request whose answer was lost.
        else if (status.outcome === 'unsupported' && position + length < totalBytes) await moveTo(position + length)
        else if (status.outcome === 'unsupported' || status.outcome === 'session-gone') return 'session-gone'
        else return draftFailure(status)
        return 'next'
      }
      case 'refused':
        // The answers of the upload host are hardly documented: anything but a size asks for a new session.
        return put.reason === 'message-too-large'
          ? draftFailure(withSize(put, { attachment: number + 1 }, totalBytes))
          : 'session-gone'
      default:
        return draftFailure(put)
    }
  }

  async function moveTo(position: number): Promise<void> {
    await store({ ...draft.upload, attached: number, position })
  }

  /** The file may be attached all the same, where the answer to its last range was lost or not Microsoft's. */
  async function afterSession(): Promise<FileStep | 'again'> {
    const listed = await mailer.listAttachments(draftId, options)
    if (listed.outcome === 'gone') return 'draft-gone'
    if (listed.outcome !== 'listed') return draftFailure(listed)
    const isAttached = isLastAttached(attachments.slice(0, number + 1), listed.attachments)
    await store({ attached: isAttached ? number + 1 : number, session: null, position: 0 })
    return isAttached ? 'attached' : 'again'
  }
}

function fileToUpload({ draft: { draftId, upload }, content, route: { plan, sizes } }: OpenMessage) {
  const { attached: number, session } = upload
  const file = content.attachments[number]
  if (!file || draftId === null || plan.kind !== 'draft') throw new Error('There is no file to upload.')
  const isWhole = plan.attachments[number] === 'attach' && session === null
  return { draftId, file, number, isWhole, requestBytes: sizes.attachments[number]?.attach ?? 0 }
}

/** The session has ended, or something in between refuses it: the draft shows whether the file is attached. */
type SessionEnd = 'session-gone' | Intercepted

/** Takes nothing where the attempt already holds the whole message. */
async function takeFor(
  budget: AttemptDeps['budget'],
  message: MarkedMessage,
  bytes: number,
  signal: AbortSignal,
): Promise<() => void> {
  return budget.take(readsFileByFile(message) ? bytes : 0, signal, RESERVED_FOR_SMALL_MESSAGES)
}

function urlOwner({ tenantId, id }: MarkedMessage) {
  return { tenant: tenantId, record: id, purpose: 'upload-url' }
}

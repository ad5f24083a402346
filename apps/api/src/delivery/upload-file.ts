import { CHUNK_BYTES } from '@inforiver-mail/m365/content-cipher'
import type { CallOptions } from '@inforiver-mail/m365/graph-mailer'
import type { ContentAttachment } from '@inforiver-mail/m365/message-content'
import { RANGE_BYTES, type UploadSession } from '@inforiver-mail/m365/upload-session'
import type { Sealed } from '@inforiver-mail/m365/token-vault'
import type { TurnResult } from './delivery-state.ts'
import { memoryFor } from '../memory/memory-use.ts'
import type { LeasedMessage, Upload } from '../queue/leased-message.ts'
import { routeAround, withSize } from './size-routes.ts'
import { draftFailure, travelsInPieces, unavailable, type OpenMessage, type TurnParts } from './turn-parts.ts'

const SESSIONS_PER_TURN = 3
/** Of a line so slow that whole ranges have timed out. */
const SHORT_RANGE_BYTES = 5 * CHUNK_BYTES
const SHORT_AFTER_ATTEMPTS = 3
/** Until then a session has to last, or a new one is asked for. */
const SESSION_LEFT_MS = 60_000

/** `attached`: the next file is on the draft. `another-way`: it was refused for its size, and planned anew. */
export type FileStep = 'attached' | 'draft-gone' | 'another-way' | TurnResult

export interface UploadContext {
  /** Charges bytes to the mailbox's limit; null when they may go. */
  readonly charge: (bytes: number) => Promise<FileStep | null>
  /** Writes down how far it has come. */
  readonly store: (upload: Upload) => Promise<void>
  readonly options: CallOptions & { readonly signal: AbortSignal }
}

/** Puts the next file on the draft, from where its upload was left off. */
export async function uploadFile(parts: TurnParts, open: OpenMessage, context: UploadContext): Promise<FileStep> {
  const { draft, content } = open
  const { plan, sizes } = open.route
  const { attached, session } = draft.upload
  const file = content.attachments[attached]
  if (!file || draft.draftId === null || plan.road !== 'draft') throw new Error('There is no file to upload.')
  const requestBytes = sizes.attachments[attached]?.attach ?? 0
  const target = { draftId: draft.draftId, file, number: attached, requestBytes }
  return plan.attachments[attached] === 'attach' && session === null
    ? attachWhole(parts, open, target, context)
    : uploadRanges(parts, open, target, context)
}

interface Target {
  readonly draftId: string
  readonly file: ContentAttachment
  readonly number: number
  /** Of the one request that attaches it. */
  readonly requestBytes: number
}

async function attachWhole(
  parts: TurnParts,
  open: OpenMessage,
  { draftId, file, number, requestBytes }: Target,
  { charge, store, options }: UploadContext,
): Promise<FileStep> {
  const { mailer, budget } = parts
  const { read, message } = open
  const wait = await charge(requestBytes)
  if (wait) return wait
  const giveBack = await takeFor(budget, message, memoryFor.attachedFile(file.sizeBytes), options.signal)
  try {
    const attached = await mailer.attachFile(draftId, await read.whole(file), options)
    if (attached.outcome === 'gone') return 'draft-gone'
    // Where it is not known, the next turn counts what is on the draft.
    if (await routeAround(parts, open, attached, { limit: 'request-length', sizeBytes: requestBytes }))
      return 'another-way'
    if (attached.outcome !== 'attached') return draftFailure(withSize(attached, nameOf(number), file.sizeBytes))
    await store({ attached: number + 1, session: null, position: 0 })
    return 'attached'
  } finally {
    giveBack()
  }
}

async function uploadRanges(
  parts: TurnParts,
  open: OpenMessage,
  target: Target,
  context: UploadContext,
): Promise<FileStep> {
  const { draft } = open
  for (let sessions = 0; sessions < SESSIONS_PER_TURN; sessions++) {
    const session = (await resumeSession(parts, open)) ?? (await startSession(parts, open, target, context))
    if (!('uploadUrl' in session)) return session.step
    const step = await putRanges(parts, open, target, session, context)
    if (step !== 'session-gone') return step
    draft.inQuestion = true
    const settled = await afterSession(parts, target, context)
    if (settled !== 'again') return settled
  }
  return unavailable('Microsoft ended the upload session again and again.')
}

async function resumeSession({ vault, clock }: TurnParts, open: OpenMessage): Promise<UploadSession | null> {
  const { session } = open.draft.upload
  if (!session) return null
  const { urlSealed, expiresAt } = session
  if (expiresAt && expiresAt.getTime() - clock().getTime() < SESSION_LEFT_MS) return null
  return { uploadUrl: await vault.open(urlSealed, urlOwner(open.message)), expiresAt }
}

async function startSession(
  parts: TurnParts,
  open: OpenMessage,
  { draftId, file, number }: Target,
  { store, options }: UploadContext,
): Promise<UploadSession | { readonly step: FileStep }> {
  const { mailer, vault } = parts
  const { message } = open
  const { filename, contentType, contentId, sizeBytes } = file
  const created = await mailer.createUploadSession(draftId, { filename, contentType, contentId, sizeBytes }, options)
  if (created.outcome === 'gone') return { step: 'draft-gone' }
  if (
    created.outcome === 'refused' &&
    (await routeAround(parts, open, created, { limit: 'session-minimum', sizeBytes }))
  )
    return { step: 'another-way' }
  if (created.outcome !== 'created') return { step: draftFailure(withSize(created, nameOf(number), sizeBytes)) }
  const { session } = created
  const urlSealed: Sealed = await vault.seal(session.uploadUrl, urlOwner(message))
  await store({ attached: number, session: { urlSealed, expiresAt: session.expiresAt }, position: 0 })
  return session
}

/** While one range travels, the next is read. */
async function putRanges(
  { mailer, budget }: TurnParts,
  open: OpenMessage,
  { file, number }: Target,
  session: UploadSession,
  { charge, store, options }: UploadContext,
): Promise<FileStep | 'session-gone'> {
  const { draft, message, read } = open
  const { signal } = options
  const { sizeBytes: totalBytes } = file
  const rangeBytes = message.attemptCount > SHORT_AFTER_ATTEMPTS ? SHORT_RANGE_BYTES : RANGE_BYTES
  const buffers: Buffer[] = [] // two at most: one travels, one is filled
  let next: ReadAhead | null = null
  let standing = 0
  try {
    while (standing < SESSIONS_PER_TURN) {
      const { position } = draft.upload
      const length = Math.min(rangeBytes, totalBytes - position)
      const wait = await charge(length)
      if (wait) return wait
      if (next && next.start !== position) next = drop(next)
      const range = next ?? readAhead(position, length)
      const { buffer, bytes, giveBack } = await range.read
      next = null
      try {
        const following = position + length
        if (following < totalBytes) next = readAhead(following, Math.min(rangeBytes, totalBytes - following))
        const put = await mailer.putRange(session, { start: position, totalBytes, bytes }, signal)
        const step = await judge(put, position, length)
        if (step !== 'next') return step
        standing = draft.upload.position > position ? 0 : standing + 1
        buffers.push(buffer)
      } finally {
        giveBack()
      }
    }
    return 'session-gone' // it does not move
  } finally {
    if (next) drop(next)
  }

  async function judge(
    put: Awaited<ReturnType<typeof mailer.putRange>>,
    position: number,
    length: number,
  ): Promise<FileStep | 'session-gone' | 'next'> {
    switch (put.outcome) {
      case 'stored':
        await moveTo(put.nextStart)
        return 'next'
      case 'finished':
        await store({ attached: number + 1, session: null, position: 0 })
        return 'attached'
      case 'session-gone':
        return 'session-gone'
      case 'out-of-step': {
        const status = await mailer.readUploadSession(session, signal)
        if (status.outcome === 'open') await moveTo(status.nextStart)
        // It does not say: the range was stored by an earlier try whose answer was lost.
        else if (status.outcome === 'unsupported' && position + length < totalBytes) await moveTo(position + length)
        else if (status.outcome === 'unsupported' || status.outcome === 'session-gone') return 'session-gone'
        else return draftFailure(status)
        return 'next'
      }
      case 'refused':
        // Of what the upload host may say little is documented: anything but a size is answered by a new session.
        return put.reason === 'message-too-large'
          ? draftFailure(withSize(put, nameOf(number), totalBytes))
          : 'session-gone'
      default:
        return draftFailure(put)
    }
  }

  async function moveTo(position: number): Promise<void> {
    await store({ ...draft.upload, attached: number, position })
  }

  function readAhead(start: number, length: number): ReadAhead {
    const reading = takeFor(budget, message, memoryFor.range(length), signal).then(async (giveBack) => {
      try {
        const buffer = buffers.pop() ?? Buffer.allocUnsafeSlow(rangeBytes)
        return { buffer, bytes: await read.range(file, start, buffer.subarray(0, length)), giveBack }
      } catch (error) {
        giveBack()
        throw error
      }
    })
    reading.catch(() => {}) // it may not be awaited
    return { start, read: reading }
  }
}

interface ReadAhead {
  readonly start: number
  /** `bytes` are a part of `buffer`. */
  readonly read: Promise<{ readonly buffer: Buffer; readonly bytes: Buffer; readonly giveBack: () => void }>
}

function drop({ read }: ReadAhead): null {
  void read.then(({ giveBack }) => giveBack()).catch(() => {})
  return null
}

/** The file may be attached, where only the answer to its last range was lost; otherwise it starts again. */
async function afterSession(
  { mailer }: TurnParts,
  { draftId, number }: Target,
  { store, options }: UploadContext,
): Promise<FileStep | 'again'> {
  const counted = await mailer.countAttachments(draftId, options)
  if (counted.outcome === 'gone') return 'draft-gone'
  if (counted.outcome !== 'counted') return draftFailure(counted)
  const isAttached = counted.count === number + 1
  await store({ attached: isAttached ? number + 1 : number, session: null, position: 0 })
  return isAttached ? 'attached' : 'again'
}

/** Where the turn holds all of the message, nothing is taken besides. */
async function takeFor(
  budget: TurnParts['budget'],
  message: LeasedMessage,
  bytes: number,
  signal: AbortSignal,
): Promise<() => void> {
  return budget.take(travelsInPieces(message) ? bytes : 0, signal)
}

function nameOf(number: number): string {
  return `Attachment ${number + 1}`
}

function urlOwner({ tenantId, id }: LeasedMessage) {
  return { tenant: tenantId, record: id, purpose: 'upload-url' }
}

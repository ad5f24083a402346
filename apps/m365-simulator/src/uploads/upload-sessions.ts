import { randomBytes } from 'node:crypto'
import type { GrowingBlob } from '../state/blobs.ts'

/** What an upload session is opened for. */
export interface NewUpload {
  /** Lower case. */
  readonly mailbox: string
  /** As the store knows the draft. */
  readonly draftId: string
  /** What the URLs call the mailbox, and the draft. */
  readonly owner: string
  readonly messageId: string
  readonly name: string
  readonly contentType: string
  readonly contentId: string | null
  readonly isInline: boolean
  readonly sizeBytes: number
  readonly createdAtMs: number
  /** Fixed: ranges do not extend it. */
  readonly expiresAtMs: number
  readonly content: GrowingBlob
}

/** A range that somebody tried to send, as its header says; null where that cannot be read. */
export interface UploadRange {
  readonly from: number | null
  readonly to: number | null
  /** What was answered; null: nothing, or not yet. */
  status: number | null
  /** Whether its bytes became part of the attachment, however that was answered. */
  accepted: boolean
}

type UploadState = 'open' | 'finished' | 'cancelled' | 'expired' | 'forgotten'

export interface UploadSession extends NewUpload {
  /** Grows, and never returns. */
  readonly sequence: number
  readonly id: string
  /** null: none is good any more. */
  authToken: string | null
  state: UploadState
  receivedBytes: number
  /** Once it is finished. */
  sha256: string | null
  readonly ranges: UploadRange[]
  /** Those beyond the number that is kept. */
  rangesNotListed: number
}

/** Sessions of this process; a restart forgets them. */
export interface UploadSessions {
  open(upload: NewUpload): UploadSession
  /** One that is over as well; undefined: never heard of it. */
  find(id: string, nowMs: number): UploadSession | undefined
  /** Returns the SHA-256 of what came. */
  finish(session: UploadSession): string
  /** What came so far is gone. */
  end(session: UploadSession, state: Exclude<UploadState, 'open' | 'finished'>): void
  /** Notes a range that comes in. */
  note(session: UploadSession, range: UploadRange): void
  /** Oldest first. */
  list(afterSequence: number, limit: number, nowMs: number): { readonly items: readonly UploadSession[]; total: number }
  reset(): void
}

/** The oldest go, so that a long run does not fill the memory. */
const MAX_SESSIONS = 5_000
/** 150 MiB in pieces of 256 KiB. */
const MAX_RANGES = 600

export function createUploadSessions(): UploadSessions {
  const sessions = new Map<string, UploadSession>()
  let lastSequence = 0

  const end: UploadSessions['end'] = (session, state) => {
    session.state = state
    session.content.discard()
  }
  const expire = (session: UploadSession, nowMs: number): void => {
    if (session.state === 'open' && session.expiresAtMs <= nowMs) end(session, 'expired')
  }
  const forgetOldest = (): void => {
    const [oldest] = sessions.values()
    if (oldest === undefined) return
    if (oldest.state === 'open') end(oldest, 'forgotten')
    sessions.delete(oldest.id)
  }

  return {
    open(upload) {
      // What nobody finishes must not stay in the way for good.
      for (const session of sessions.values()) expire(session, upload.createdAtMs)
      if (sessions.size >= MAX_SESSIONS) forgetOldest()
      lastSequence += 1
      const session: UploadSession = {
        ...upload,
        sequence: lastSequence,
        id: randomBytes(24).toString('base64url'),
        authToken: randomBytes(48).toString('base64url'),
        state: 'open',
        receivedBytes: 0,
        sha256: null,
        ranges: [],
        rangesNotListed: 0,
      }
      sessions.set(session.id, session)
      return session
    },
    find(id, nowMs) {
      const session = sessions.get(id)
      if (session !== undefined) expire(session, nowMs)
      return session
    },
    finish(session) {
      const sha256 = session.content.finish()
      session.state = 'finished'
      session.sha256 = sha256
      return sha256
    },
    end,
    note(session, range) {
      if (session.ranges.length < MAX_RANGES) session.ranges.push(range)
      else session.rangesNotListed += 1
    },
    list(afterSequence, limit, nowMs) {
      const items = [...sessions.values()].filter(({ sequence }) => sequence > afterSequence)
      for (const session of items) expire(session, nowMs)
      return { items: items.slice(0, limit), total: items.length }
    },
    reset() {
      for (const session of sessions.values()) if (session.state === 'open') end(session, 'forgotten')
      sessions.clear()
    },
  }
}

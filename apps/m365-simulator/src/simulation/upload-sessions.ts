import { randomBytes } from 'node:crypto'
import type { StoredAttachment } from '../tenant/message.ts'

/** A range that a client tried to send. */
export interface UploadRange {
  /** As the header says; null when it cannot be read. */
  readonly from: number | null
  readonly to: number | null
  /** The status of the response; null when there is none, or not yet. */
  status: number | null
  /** Whether its bytes became part of the attachment, however the range was answered. */
  accepted: boolean
}

/** The file that a session is for. */
interface NewUpload extends Omit<StoredAttachment, 'id' | 'sha256'> {
  /** In lower case. */
  readonly mailbox: string
  /** The draft's id in the store. */
  readonly draftId: string
  /** What the upload URL calls the mailbox and the draft. */
  readonly owner: string
  readonly messageId: string
  readonly createdAtMs: number
  /** Ranges do not extend it. */
  readonly expiresAtMs: number
}

export type UploadSession = ReturnType<typeof newSession>

/** @param sequence grows, and is never reused */
function newSession(upload: NewUpload, sequence: number) {
  return {
    ...upload,
    sequence,
    id: randomBytes(24).toString('base64url'),
    /** null: no token is valid any more. */
    authToken: randomBytes(48).toString('base64url') as string | null,
    state: 'open' as 'open' | 'finished' | 'cancelled' | 'expired' | 'forgotten',
    receivedBytes: 0,
    /** What was received, until the session ends. */
    pieces: [] as Buffer[],
    /** Set once the session is finished. */
    sha256: null as string | null,
    ranges: [] as UploadRange[],
  }
}

/** Dropping the oldest sessions keeps a long run from filling the memory. */
const MAX_SESSIONS = 5_000

/** The upload sessions of this process; a restart forgets them. */
export type UploadReport = ReturnType<typeof report>

export function createUploadSessions() {
  const sessions = new Map<string, UploadSession>()
  let lastSequence = 0

  /** Discards what was received so far. @param sha256 of all of it, once the session is finished */
  const end = (session: UploadSession, state: UploadSession['state'], sha256: string | null = null): void => {
    session.state = state
    session.sha256 = sha256
    session.pieces = []
  }
  const expire = (session: UploadSession, nowMs: number): void => {
    if (session.state === 'open' && session.expiresAtMs <= nowMs) end(session, 'expired')
  }
  const forget = (session: UploadSession): void => {
    if (session.state === 'open') end(session, 'forgotten')
    sessions.delete(session.id)
  }

  return {
    open(upload: NewUpload): UploadSession {
      for (const session of sessions.values()) expire(session, upload.createdAtMs)
      const [oldest] = sessions.values()
      if (oldest !== undefined && sessions.size >= MAX_SESSIONS) forget(oldest)
      lastSequence += 1
      const session = newSession(upload, lastSequence)
      sessions.set(session.id, session)
      return session
    },
    /** Also finds a session that has ended. */
    find(id: string, nowMs: number): UploadSession | undefined {
      const session = sessions.get(id)
      if (session !== undefined) expire(session, nowMs)
      return session
    },
    end,
    /** Reports the oldest sessions first. */
    list(afterSequence: number, limit: number, nowMs: number) {
      const items = [...sessions.values()].filter(({ sequence }) => sequence > afterSequence)
      for (const session of items) expire(session, nowMs)
      return { items: items.slice(0, limit).map((session) => report(session)), total: items.length }
    },
    reset(): void {
      for (const session of sessions.values()) forget(session)
    },
  }
}

/** Describes a session for the control API, without its URL. */
function report({ id, authToken: _authToken, pieces: _pieces, owner: _owner, ...session }: UploadSession) {
  return { session: id, ...session }
}

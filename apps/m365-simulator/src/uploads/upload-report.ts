import type { UploadRange, UploadSession } from './upload-sessions.ts'

/** An upload session as the control API tells of it; never its URL. */
export interface UploadReport extends Pick<
  UploadSession,
  | 'sequence'
  | 'mailbox'
  | 'name'
  | 'contentType'
  | 'contentId'
  | 'isInline'
  | 'receivedBytes'
  | 'sha256'
  | 'state'
  | 'rangesNotListed'
> {
  readonly session: string
  readonly size: number
  readonly createdAt: string
  readonly expiresAt: string
  /** In the order in which they came. */
  readonly ranges: readonly UploadRange[]
  readonly finished: boolean
  readonly cancelled: boolean
}

export function uploadReport(upload: UploadSession): UploadReport {
  const { sequence, mailbox, name, contentType, contentId, isInline, receivedBytes, sha256, state, rangesNotListed } =
    upload
  return {
    sequence,
    session: upload.id,
    mailbox,
    name,
    contentType,
    contentId,
    isInline,
    size: upload.sizeBytes,
    createdAt: new Date(upload.createdAtMs).toISOString(),
    expiresAt: new Date(upload.expiresAtMs).toISOString(),
    receivedBytes,
    sha256,
    state,
    finished: state === 'finished',
    cancelled: state === 'cancelled',
    ranges: upload.ranges,
    rangesNotListed,
  }
}

import type { Settings } from '../faults/settings.ts'
import type { UploadSession } from './upload-sessions.ts'

/**
 * Where the ranges go: on another host name than Graph's, as at Microsoft, so that a client which sends its token along
 * is found out.
 *
 * @param graphUrl whose port it shares
 */
export function uploadUrl(session: UploadSession, graphUrl: string): string {
  return `http://${UPLOAD_HOST}:${new URL(graphUrl).port}${UPLOAD_PREFIX}/${uploadPath(session)}?authtoken=${session.authToken}`
}

export const UPLOAD_HOST = 'localhost'
export const UPLOAD_PREFIX = '/api/gv1.0'
export const UPLOAD_SESSION_CONTEXT = 'https://graph.microsoft.com/v1.0/$metadata#microsoft.graph.uploadSession'

export function uploadPath({ owner, messageId, id }: UploadSession): string {
  return `users('${owner}')/messages('${messageId}')/AttachmentSessions('${id}')`
}

/** What a new session and a status answer say of it. */
export function sessionJson({ expiresAtMs, receivedBytes }: UploadSession): Record<string, unknown> {
  return { expirationDateTime: timeText(expiresAtMs), nextExpectedRanges: [`${receivedBytes}-`] }
}

/** What is answered to a range that is not the last. */
export function progressJson(session: UploadSession, casing: Settings['uploadAnswerCasing']): Record<string, unknown> {
  const shape = casing === 'mixed' ? (SHAPES[session.ranges.length % SHAPES.length] ?? 'documented') : casing
  const rangesName = shape === 'pascal' ? 'NextExpectedRanges' : 'nextExpectedRanges'
  return {
    '@odata.context': 'https://outlook.office.com/api/gv1.0/$metadata#Users/Messages/AttachmentSessions/$entity',
    ExpirationDateTime: timeText(session.expiresAtMs),
    [rangesName]: [`${session.receivedBytes}${shape === 'dashed' ? '-' : ''}`],
  }
}

const SHAPES = ['documented', 'pascal', 'dashed'] as const

/** The attachment that an upload has become. */
export function attachmentLocation({ owner, messageId }: UploadSession, attachmentId: string): string {
  return `https://outlook.office.com/api/v2.0/Users('${owner}')/Messages('${messageId}')/Attachments('${attachmentId}')`
}

function timeText(ms: number): string {
  return new Date(ms).toISOString()
}

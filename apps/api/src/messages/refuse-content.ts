import type { MessageContent } from '@inforiver-mail/m365/message-content'
import { refuseInput } from '../http/input-faults.ts'

/** How far behind ours the clock of a service may be that means now. */
const PAST_TOLERANCE_MS = 5 * 60_000

/** A time long past is a mistake rather than a wish to send at once. @throws {ProblemError} */
export function refusePast(sendAt: string, now: Date): void {
  if (Date.parse(sendAt) >= now.getTime() - PAST_TOLERANCE_MS) return
  throw refuseInput([
    { path: 'sendAt', message: 'This is more than 5 minutes ago. Leave sendAt out to send the message at once.' },
  ])
}

/** Known only once all parts have arrived: an attachment alone makes a message. @throws {ProblemError} */
export function refuseEmpty({ subject, html, text, attachments }: MessageContent): void {
  // Where there is html, text is not sent.
  if (subject !== '' || (html ?? text) !== '' || attachments.length > 0) return
  throw refuseInput([{ path: '', message: 'The message is empty: it needs a subject, a body or an attachment.' }])
}

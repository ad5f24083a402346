import type { Usage } from '@inforiver-mail/contract/usage'
import type { Office365SmtpSettings } from '@inforiver-mail/contract/office365-smtp'

/** How mail is sent, as a sentence; null while nothing is configured. */
export function connectionText(settings: Office365SmtpSettings): string | null {
  const { fromEmail, mailbox, connectedAs } = settings
  if (fromEmail === null || mailbox === null) return null
  const blocker = blockerText(settings)
  if (blocker) return `Nothing is sent as ${fromEmail} until ${blocker}.`
  const person = connectedAs?.name || connectedAs?.email || 'the person who gave consent'
  switch (mailbox) {
    case 'own':
      return `Sends as ${fromEmail}, ${person}'s own mailbox.`
    case 'delegated':
      return `Sends as ${fromEmail} with ${person}'s access.`
    case 'application':
      return `Sends as ${fromEmail} with the application's own access.`
  }
}

/**
 * How many messages wait, and for what; null when none do. While sending is blocked, held and scheduled messages count as
 * well; otherwise only `toBeSent`, those that are due.
 */
export function waitingText(settings: Office365SmtpSettings, toBeSent = 0): string | null {
  const blocker = blockerText(settings)
  const messages = blocker ? settings.waitingMessages : toBeSent
  if (messages === 0) return null
  const wait = countText(messages)
  return blocker ? `${wait} and cannot leave until ${blocker}.` : `${wait} to be sent.`
}

/** What happens to mail while a consent is pending; null while there is no mailbox. */
export function meanwhileText(settings: Office365SmtpSettings, changesSender: boolean): string | null {
  const { fromEmail, status } = settings
  if (fromEmail === null) return null
  if (status === 'reconnect-required') return 'Messages stay held until this completes. If it fails, nothing changes.'
  const blocker = blockerText(settings)
  if (blocker) return `Messages stay held until ${blocker}. If this fails, nothing changes.`
  return `Mail keeps leaving from ${fromEmail} ${changesSender ? 'until this completes' : 'meanwhile'}. If it fails, nothing changes.`
}

/** What a reset means for the messages that wait. */
export function resetWaitingText(waitingMessages: number): string {
  if (waitingMessages === 0) {
    return 'No messages wait. Messages submitted after the reset are held until a mailbox is connected again.'
  }
  return `${countText(waitingMessages)} and cannot leave until a mailbox is connected again. None is lost.`
}

/** Warns of requests that were already on the wire when `sender` was replaced or reset; null when there were none. */
export function onTheWireText(requests: number, sender: string): string | null {
  if (requests === 0) return null
  return requests === 1
    ? `1 message was already on its way to Microsoft and could not be recalled: it may have left from ${sender}.`
    : `${requests.toLocaleString('en')} messages were already on their way to Microsoft and could not be recalled: they may have left from ${sender}.`
}

function countText(messages: number): string {
  return messages === 1 ? '1 message waits' : `${messages.toLocaleString('en')} messages wait`
}

/** What must happen before mail is sent, worded to follow "until"; null when nothing blocks it. */
function blockerText({ status, problem }: Office365SmtpSettings): string | null {
  if (status === 'not-configured') return 'a mailbox is connected'
  if (status === 'reconnect-required') return 'the mailbox is reconnected'
  return problem?.code === 'app-misconfigured' ? 'the app registration works again' : null
}

const BYTES_PER_MB = 1024 * 1024

/**
 * Describes what is left of each limit that is switched on; null when none is. The limit of concurrent requests is left
 * out, since it means nothing to an admin.
 */
export function usageText(usage: Usage): string | null {
  const { messagesPerMinute, recipientsPerDay, uploadBytesPer5Minutes } = usage
  const allowances = [
    leftText(messagesPerMinute, 'messages a minute'),
    leftText(recipientsPerDay, 'recipients a day'),
    leftText(inMb(uploadBytesPer5Minutes), 'MB of attachments in 5 minutes'),
  ].filter((allowance) => allowance !== null)
  return allowances.length > 0 ? `Left now: ${allowances.join(', ')}.` : null
}

function leftText(allowance: Usage['messagesPerMinute'], what: string): string | null {
  return allowance && `${allowance.left.toLocaleString('en')} of ${allowance.limit.toLocaleString('en')} ${what}`
}

function inMb(allowance: Usage['uploadBytesPer5Minutes']): Usage['uploadBytesPer5Minutes'] {
  return (
    allowance && {
      limit: Math.floor(allowance.limit / BYTES_PER_MB),
      left: Math.floor(allowance.left / BYTES_PER_MB),
    }
  )
}

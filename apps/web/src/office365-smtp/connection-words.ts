import type { Office365SmtpSettings } from '@inforiver-mail/contract/office365-smtp'

/** How mail leaves, in a sentence; null while nothing is configured. */
export function connectionWords({ status, fromEmail, mailbox, connectedAs }: Office365SmtpSettings): string | null {
  if (fromEmail === null || mailbox === null) return null
  if (status === 'reconnect-required') return `Nothing is sent as ${fromEmail} until the mailbox is reconnected.`
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

/** How many messages wait and for what; null when none do. */
export function waitingWords({ status, waitingMessages }: Office365SmtpSettings): string | null {
  if (waitingMessages === 0) return null
  const messages = countWords(waitingMessages)
  switch (status) {
    case 'not-configured':
      return `${messages} held until a mailbox is connected.`
    case 'reconnect-required':
      return `${messages} held until the mailbox is reconnected.`
    case 'connected':
      return `${messages} waiting to be sent.`
  }
}

/** What a reset does to the messages that wait. */
export function resetWaitingWords(waitingMessages: number): string {
  if (waitingMessages === 0) {
    return 'No messages are waiting. Messages submitted after the reset are held until a mailbox is connected again.'
  }
  return `${countWords(waitingMessages)} waiting and will be held until a mailbox is connected again. None is lost.`
}

function countWords(messages: number): string {
  return messages === 1 ? '1 message is' : `${messages.toLocaleString('en')} messages are`
}

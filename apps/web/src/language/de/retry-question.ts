import type { TranslationOf } from '../catalogue.ts'
import type { retryQuestion as english } from '../en/retry-question.ts'

export const retryQuestion: TranslationOf<typeof english> = {
  'messages.all.ask.retry': '{messages} erneut versuchen?',
  'messages.all.back.retry': 'So lassen',
  'messages.all.consequence.retry':
    'Nachrichten, deren Inhalt noch vorhanden ist, werden wieder eingereiht, sofern sie nicht abgelaufen sind. Eine Nachricht, die vielleicht schon gesendet wurde, kann zweimal ankommen.',
  'messages.all.done.retry':
    '{count, plural, =0 {Keine davon konnte wieder eingereiht werden} one {# Nachricht wird wieder eingereiht} other {# Nachrichten werden wieder eingereiht}}',
  'messages.all.not-retried.expired':
    '{count, plural, one {# Nachricht wird nicht mehr gesendet: Sie ist abgelaufen.} other {# Nachrichten werden nicht mehr gesendet: Sie sind abgelaufen.}}',
  'messages.all.not-retried.withoutContent':
    '{count, plural, one {# Nachricht kann nicht mehr gesendet werden: Ihr Inhalt ist gelöscht, ihr Dienst muss sie erneut einreichen.} other {# Nachrichten können nicht mehr gesendet werden: Ihr Inhalt ist gelöscht, ihre Dienste müssen sie erneut einreichen.}}',
  'messages.all.not-retried.notAllowed':
    '{count, plural, one {# Nachricht wird nicht gesendet: Die Empfängerrichtlinie erlaubt einen Empfänger nicht mehr.} other {# Nachrichten werden nicht gesendet: Die Empfängerrichtlinie erlaubt jeweils einen Empfänger nicht mehr.}}',
  'messages.count': '{count, plural, one {# Nachricht} other {# Nachrichten}}',
  'messages.count-about': 'etwa {count, plural, one {# Nachricht} other {# Nachrichten}}',
  'messages.count-more': 'mehr als {count, plural, one {# Nachricht} other {# Nachrichten}}',
  'messages.counting': 'Wird gezählt …',
  'messages.not-counted': 'Die Nachrichten konnten nicht gezählt werden',
}

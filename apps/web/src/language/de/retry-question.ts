import type { TranslationOf } from '../catalogue.ts'
import type { retryQuestion as english } from '../en/retry-question.ts'

export const retryQuestion: TranslationOf<typeof english> = {
  'messages.all.ask.retry': '{messages} erneut versuchen?',
  'messages.all.back.retry': 'So lassen',
  'messages.all.consequence.retry':
    'Nachrichten, deren Inhalt noch vorhanden ist, werden wieder eingereiht, sofern sie nicht abgelaufen sind. Eine Nachricht, die vielleicht schon gesendet wurde, kann zweimal ankommen.',
  'messages.count': '{count, plural, one {# Nachricht} other {# Nachrichten}}',
  'messages.count-about': 'etwa {count, plural, one {# Nachricht} other {# Nachrichten}}',
  'messages.count-more': 'mehr als {count, plural, one {# Nachricht} other {# Nachrichten}}',
  'messages.counting': 'Wird gezählt …',
  'messages.not-counted': 'Die Nachrichten konnten nicht gezählt werden',
}

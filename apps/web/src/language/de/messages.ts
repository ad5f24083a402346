import type { TranslationOf } from '../catalogue.ts'
import type { messages as english } from '../en/messages.ts'

export const messages: TranslationOf<typeof english> = {
  'messages.title': 'Nachrichten',
}

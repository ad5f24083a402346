import type { TranslationOf } from '../catalogue.ts'
import type { recipients as english } from '../en/recipients.ts'

export const recipients: TranslationOf<typeof english> = {
  'recipients.title': 'Empfänger',
}

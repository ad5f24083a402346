import type { TranslationOf } from '../catalogue.ts'
import type { keys as english } from '../en/keys.ts'

export const keys: TranslationOf<typeof english> = {
  'keys.title': 'Dienstschlüssel',
}

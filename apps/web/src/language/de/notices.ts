import type { TranslationOf } from '../catalogue.ts'
import type { notices as english } from '../en/notices.ts'

export const notices: TranslationOf<typeof english> = {
  'notices.region': 'Hinweise',
}

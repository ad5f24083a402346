import type { TranslationOf } from '../catalogue.ts'
import type { attempts as english } from '../en/attempts.ts'

export const attempts: TranslationOf<typeof english> = {
  'attempts.title': 'Versuche',
}

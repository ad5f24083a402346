import type { TranslationOf } from '../catalogue.ts'
import type { overview as english } from '../en/overview.ts'

export const overview: TranslationOf<typeof english> = {
  'overview.title': 'Übersicht',
}

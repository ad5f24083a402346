import type { TranslationOf } from '../catalogue.ts'
import type { days as english } from '../en/days.ts'

export const days: TranslationOf<typeof english> = {
  'days.backwards': 'Dieser Tag liegt vor dem ersten.',
  'days.from': 'Von',
  'days.to': 'Bis',
}

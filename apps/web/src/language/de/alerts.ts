import type { TranslationOf } from '../catalogue.ts'
import type { alerts as english } from '../en/alerts.ts'

export const alerts: TranslationOf<typeof english> = {
  'alerts.title': 'Warnungen',
}

import type { TranslationOf } from '../catalogue.ts'
import type { checks as english } from '../en/checks.ts'

export const checks: TranslationOf<typeof english> = {
  'checks.title': 'Prüfung der Einrichtung',
}

import type { TranslationOf } from '../catalogue.ts'
import type { settings as english } from '../en/settings.ts'

export const settings: TranslationOf<typeof english> = {
  'settings.title': 'Mandanteneinstellungen',
}

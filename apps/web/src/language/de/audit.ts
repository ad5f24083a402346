import type { TranslationOf } from '../catalogue.ts'
import type { audit as english } from '../en/audit.ts'

export const audit: TranslationOf<typeof english> = {
  'audit.title': 'Überwachungsprotokoll',
}

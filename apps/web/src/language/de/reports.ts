import type { TranslationOf } from '../catalogue.ts'
import type { reports as english } from '../en/reports.ts'

export const reports: TranslationOf<typeof english> = {
  'reports.title': 'Zustellberichte',
}

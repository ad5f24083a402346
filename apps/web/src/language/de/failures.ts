import type { TranslationOf } from '../catalogue.ts'
import type { failures as english } from '../en/failures.ts'

export const failures: TranslationOf<typeof english> = {
  'failures.retry': 'Erneut versuchen',
}

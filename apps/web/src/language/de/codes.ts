import type { TranslationOf } from '../catalogue.ts'
import type { codes as english } from '../en/codes.ts'

export const codes: TranslationOf<typeof english> = {
  'codes.microsoft': 'Code von Microsoft: {code}',
}

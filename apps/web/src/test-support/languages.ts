import { GERMAN } from '@inforiver-mail/contract/language/german'
import { de } from '../language/de.ts'
import { deLater } from '../language/de-later.ts'
import { en } from '../language/en.ts'
import { enLater } from '../language/en-later.ts'
import { createTranslate } from '../language/translate.ts'

/** The page's languages, with all their texts. */
export const english = createTranslate({ language: 'en', locale: 'en-GB', catalogue: { ...en, ...enLater } })
export const german = createTranslate({
  language: 'de',
  locale: 'de-DE',
  catalogue: { ...de, ...deLater, ...GERMAN },
})

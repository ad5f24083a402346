import type { MessageFormatElement } from '@formatjs/icu-messageformat-parser'
import type { en } from './en.ts'
import type { enLater } from './en-later.ts'

export type TextId = keyof typeof en | keyof typeof enLater

/** The texts of one language by id, in ICU's syntax, or parsed from it. */
export type Catalogue = Readonly<Record<string, string | MessageFormatElement[]>>

/** What a file of a translation has to hold: a text for each id of the English one. */
export type TranslationOf<English> = Readonly<Record<keyof English, string>>

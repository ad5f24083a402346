import type { MessageFormatElement } from '@formatjs/icu-messageformat-parser'
import type { en } from './en.ts'
import type { enLater } from './en-later.ts'
import type { LanguageCode } from './languages.ts'

export type TextId = keyof typeof en | keyof typeof enLater

/** The texts of one language by id, in ICU's syntax, or parsed from it. */
export type Catalogue = Readonly<Record<string, string | MessageFormatElement[]>>

/** What a file of a translation has to hold: a text for each id of the English one. */
export type TranslationOf<English> = Readonly<Record<keyof English, string>>

/** The parts of a catalogue: what the first page shows, and the rest. */
export interface CatalogueParts {
  readonly first: () => Promise<Catalogue>
  readonly later: () => Promise<Catalogue>
}

export const CATALOGUES: Readonly<Record<LanguageCode, CatalogueParts>> = {
  en: {
    first: async () => (await import('./en.ts')).en,
    later: async () => (await import('./en-later.ts')).enLater,
  },
  de: {
    first: async () => (await import('./de.ts')).de,
    later: async () => {
      const [{ deLater }, { deServer }] = await Promise.all([import('./de-later.ts'), import('./de-server.ts')])
      return { ...deLater, ...deServer }
    },
  },
  qps: {
    first: async () => (await import('./pseudo.ts')).toPseudo((await import('./en.ts')).en),
    later: async () => (await import('./pseudo.ts')).toPseudo((await import('./en-later.ts')).enLater),
  },
}

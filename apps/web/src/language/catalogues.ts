import type { Catalogue } from './catalogue.ts'
import type { LanguageCode } from './languages.ts'

/** The parts of a catalogue: what the first page shows, and the rest. */
export interface CatalogueParts {
  readonly first: () => Promise<Catalogue>
  readonly later: () => Promise<Catalogue>
}

/** The catalogue of each language, whose parts are loaded when they are asked for. */
export const CATALOGUES: Readonly<Record<LanguageCode, CatalogueParts>> = {
  en: {
    first: async () => (await import('./en.ts')).en,
    later: async () => (await import('./en-later.ts')).enLater,
  },
  de: {
    first: async () => (await import('./de.ts')).de,
    later: async () => {
      const [{ deLater }, { GERMAN }] = await Promise.all([
        import('./de-later.ts'),
        import('@inforiver-mail/contract/language/german'),
      ])
      return { ...deLater, ...GERMAN }
    },
  },
  qps: {
    first: async () => (await import('./pseudo.ts')).toPseudo((await import('./en.ts')).en),
    later: async () => (await import('./pseudo.ts')).toPseudo((await import('./en-later.ts')).enLater),
  },
}

import type { Catalogue } from './catalogue.ts'
import type { CatalogueParts } from './catalogues.ts'
import { chooseLanguage, isLanguage, type LanguageCode, localeOf } from './languages.ts'
import { createTranslate, type Translate } from './translate.ts'

/** Where the choice of a language is remembered in this browser. */
export const LANGUAGE_KEY = 'inforiver-mail.language'

export interface LanguageStore {
  readonly current: () => Translate
  readonly subscribe: (onChange: () => void) => () => void
  /**
   * Loads a language, shows it and remembers it.
   *
   * @throws when it cannot be loaded; the page then stays as it is
   */
  readonly choose: (language: LanguageCode) => Promise<void>
  /** Follows a choice that was made in another tab. */
  readonly follow: (remembered: string | null) => Promise<void>
  /** Loads the texts that the first page does without. The promise is the same until it fails. */
  readonly loadAll: () => Promise<void>
}

interface Deps {
  readonly catalogues: Readonly<Record<LanguageCode, CatalogueParts>>
  readonly storage: Pick<Storage, 'getItem' | 'setItem'>
  /** The browser's languages, the preferred one first. */
  readonly preferred: readonly string[]
}

/** Starts with the first part of the catalogue. */
export async function openLanguageStore({ catalogues, storage, preferred }: Deps): Promise<LanguageStore> {
  const listeners = new Set<() => void>()
  let wanted = chooseLanguage(storage.getItem(LANGUAGE_KEY), preferred)
  let all: Promise<void> | null = null
  let latest = 0
  let current = toTranslate(wanted, await catalogues[wanted].first())

  function toTranslate(language: LanguageCode, catalogue: Catalogue): Translate {
    return createTranslate({ language, locale: localeOf(language, preferred), catalogue })
  }

  async function show(language: LanguageCode): Promise<void> {
    const previous = wanted
    wanted = language
    latest += 1
    const own = latest
    const { first, later } = catalogues[language]
    try {
      const parts = await Promise.all([first(), all === null ? {} : later()])
      // A later choice, or a later wish for all texts, shows what it has loaded instead.
      if (own === latest) current = toTranslate(language, { ...parts[0], ...parts[1] })
    } catch (error) {
      if (own === latest) wanted = previous
      throw error
    }
    for (const onChange of listeners) onChange()
  }

  return {
    current: () => current,
    subscribe(onChange) {
      listeners.add(onChange)
      return () => listeners.delete(onChange)
    },
    async choose(language) {
      await show(language)
      if (wanted === language) storage.setItem(LANGUAGE_KEY, language)
    },
    async follow(remembered) {
      if (remembered !== null && isLanguage(remembered) && remembered !== wanted) await show(remembered)
    },
    loadAll() {
      all ??= Promise.resolve()
        .then(() => show(wanted))
        .catch((error: unknown) => {
          all = null
          throw error
        })
      return all
    },
  }
}

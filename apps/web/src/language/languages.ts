/** The languages of the page, each by its own name, with the direction in which it is written. */
export const LANGUAGES = {
  en: { name: 'English', direction: 'ltr' },
  de: { name: 'Deutsch', direction: 'ltr' },
  // A language for tests, named as by Windows: English between brackets, longer and from right to left.
  qps: { name: 'Pseudo', direction: 'rtl' },
} as const satisfies Record<string, { readonly name: string; readonly direction: 'ltr' | 'rtl' }>

export const OFFERED_LANGUAGES = ['en', 'de'] as const satisfies readonly LanguageCode[]

export type LanguageCode = keyof typeof LANGUAGES

/** Returns the language that was chosen here before, else the first of the browser's that the page has, else English. */
export function chooseLanguage(remembered: string | null, preferred: readonly string[]): LanguageCode {
  if (remembered !== null && isLanguage(remembered)) return remembered
  const codes = preferred.map((locale) => locale.toLowerCase().split('-')[0])
  for (const code of codes) {
    const language = OFFERED_LANGUAGES.find((offered) => offered === code)
    if (language) return language
  }
  return 'en'
}

/** Returns the locale of dates and numbers: the browser's variant of the page's language, such as `en-GB`. */
export function localeOf(language: LanguageCode, preferred: readonly string[]): string {
  return preferred.find((locale) => locale.toLowerCase().split('-')[0] === language && isLocale(locale)) ?? language
}

/** A browser takes some locales from the system, such as `en-US@posix`, with which it then formats nothing. */
function isLocale(locale: string): boolean {
  try {
    return Intl.getCanonicalLocales(locale).length === 1
  } catch {
    return false
  }
}

export function isLanguage(code: string): code is LanguageCode {
  return Object.hasOwn(LANGUAGES, code)
}

/** Shown in place of the page when the texts of its language do not arrive. */
export const CANNOT_LOAD =
  'Inforiver Mail could not be loaded. Reload the page. – Inforiver Mail konnte nicht geladen werden. Laden Sie die Seite neu.'

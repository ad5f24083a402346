/** The languages of the page, each by its own name, with the direction in which it is written. */
export const LANGUAGES = {
  en: { name: 'English', direction: 'ltr' },
  de: { name: 'Deutsch', direction: 'ltr' },
} as const satisfies Record<string, { readonly name: string; readonly direction: 'ltr' | 'rtl' }>

export type LanguageCode = keyof typeof LANGUAGES

/** Returns the language that was chosen here before, else the first of the browser's that the page has, else English. */
export function chooseLanguage(remembered: string | null, preferred: readonly string[]): LanguageCode {
  const codes = [remembered ?? '', ...preferred].map((locale) => locale.toLowerCase().split('-')[0] ?? '')
  return codes.find(isLanguage) ?? 'en'
}

/** Returns the locale of dates and numbers: the browser's variant of the page's language, such as `en-GB`. */
export function localeOf(language: LanguageCode, preferred: readonly string[]): string {
  return preferred.find((locale) => locale.toLowerCase().split('-')[0] === language) ?? language
}

export function isLanguage(code: string): code is LanguageCode {
  return Object.hasOwn(LANGUAGES, code)
}

/** Shown in place of the page when the texts of its language do not arrive. */
export const CANNOT_LOAD =
  'Inforiver Mail could not be loaded. Reload the page. – Inforiver Mail konnte nicht geladen werden. Laden Sie die Seite neu.'

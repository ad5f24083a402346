import { useTranslate } from '../language/language.tsx'
import type { TimeFormat } from '../language/translate.ts'

/**
 * Writes what is chosen in a field for a day or a time as the page writes it: the field itself follows the browser's
 * language. Null where both are the same, or nothing is chosen.
 */
export function useChosenTime(chosen: Date | null, format: TimeFormat): string | null {
  const t = useTranslate()
  const ofBrowser = navigator.language.toLowerCase().split('-')[0]
  if (chosen === null || Number.isNaN(chosen.getTime()) || ofBrowser === t.language) return null
  return t.time(chosen, format)
}

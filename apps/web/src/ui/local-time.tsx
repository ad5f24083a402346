import { useTranslate } from '../language/language.tsx'
import type { TimeFormat } from '../language/translate.ts'

/** Shows a moment in the reader's time zone. */
export function LocalTime({ at, format = 'long' }: { at: string; format?: TimeFormat }) {
  return <time dateTime={at}>{useTranslate().time(at, format)}</time>
}

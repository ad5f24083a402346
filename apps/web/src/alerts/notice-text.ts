import type { Notice } from '@inforiver-mail/contract/notice'
import type { TextValues, Translate } from '../language/translate.ts'

/** How many causes fit into a line. */
const CAUSES = 2

/**
 * A notice in one line, in the page's language; the server's English where the page has no words for it.
 *
 * @param failedByCode what failed within 24 hours and still has, which a notice about failed messages names
 */
export function noticeLine(
  { type, values, title }: Pick<Notice, 'type' | 'values' | 'title'>,
  failedByCode: Readonly<Record<string, number>>,
  t: Translate,
): { readonly text: string; readonly isEnglish: boolean } {
  const texts = Object.entries(values).filter(([, value]) => typeof value === 'string' || typeof value === 'number')
  const worded = t.known(`notices.${type}.title`, Object.fromEntries(texts) as TextValues)
  if (worded === null) return { text: title, isEnglish: true }
  const causes = Object.entries(failedByCode)
    .toSorted(([, one], [, other]) => other - one)
    .slice(0, CAUSES)
    .map(([code, count]) => t('notices.cause', { cause: t.known(`overview.cause.${code}`) ?? code, count }))
  const hasCauses = type === 'messages.failed' && causes.length > 0
  return {
    text: hasCauses ? t('notices.because', { title: worded, causes: causes.join(', ') }) : worded,
    isEnglish: false,
  }
}

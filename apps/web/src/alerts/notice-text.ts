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
  // A type that only a newer version knows comes as the nearest known one.
  const isNewer = values['newer'] !== undefined
  const worded = isNewer ? null : t.known(`notices.${type}.title`, Object.fromEntries(texts) as TextValues)
  const isEnglish = worded === null && t.language !== 'en'
  const causes = causesOf(failedByCode, t)
  if (type !== 'messages.failed' || isNewer || isEnglish || causes === '') return { text: worded ?? title, isEnglish }
  return { text: t('notices.because', { title: worded ?? title, causes }), isEnglish }
}

function causesOf(failedByCode: Readonly<Record<string, number>>, t: Translate): string {
  return Object.entries(failedByCode)
    .toSorted(([, one], [, other]) => other - one)
    .slice(0, CAUSES)
    .map(([code, count]) => t('notices.cause', { cause: t.known(`overview.cause.${code}`) ?? code, count }))
    .join(', ')
}

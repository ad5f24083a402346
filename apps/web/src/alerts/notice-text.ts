import { CAUSE_VALUE, type Notice } from '@inforiver-mail/contract/notice'
import type { TextValues, Translate } from '../language/translate.ts'

/** How many causes fit into a line. */
const CAUSES = 2

/** A notice in one line, in the page's language; the server's English where the page has no words for it. */
export function noticeLine(
  { type, values, title }: Pick<Notice, 'type' | 'values' | 'title'>,
  t: Translate,
): { readonly text: string; readonly isEnglish: boolean } {
  const texts = Object.entries(values).filter(([, value]) => typeof value === 'string' || typeof value === 'number')
  // A type that only a newer version knows comes as the nearest known one.
  const isNewer = values['newer'] !== undefined
  const worded = isNewer ? null : t.known(`notices.${type}.title`, Object.fromEntries(texts) as TextValues)
  const isEnglish = worded === null && t.language !== 'en'
  const causes = causesOf(values, t)
  if (type !== 'messages.failed' || isNewer || isEnglish || causes === '') return { text: worded ?? title, isEnglish }
  return { text: t('notices.because', { title: worded ?? title, causes }), isEnglish }
}

/** The most frequent causes with their counts, and how many failed for others: together as many as the notice counts. */
function causesOf(values: Notice['values'], t: Translate): string {
  const all = Number(values['count'])
  const causes = Object.entries(values).flatMap(([name, count]) =>
    name.startsWith(CAUSE_VALUE) && typeof count === 'number' ? [{ code: name.slice(CAUSE_VALUE.length), count }] : [],
  )
  const named = causes.toSorted((one, other) => other.count - one.count).slice(0, CAUSES)
  const others = all - named.reduce((sum, { count }) => sum + count, 0)
  if (named.length === 0) return ''
  return [
    ...named.map(({ code, count }) => {
      const cause = t.known(`overview.cause.${code}`) ?? code
      return count === all ? cause : t('notices.cause', { cause, count })
    }),
    ...(others > 0 ? [t('notices.other-causes', { count: others })] : []),
  ].join(', ')
}

import type { Translate } from '../language/translate.ts'
import { beginningOf } from '../ui/days.ts'
import { type PageFilter, TEXT_FILTERS } from './message-filter.ts'

/** The filters that a person adds one by one. */
export const FILTER_KINDS = ['status', ...TEXT_FILTERS, 'delivery', 'days', 'possibleDuplicate'] as const
export type FilterKind = (typeof FILTER_KINDS)[number]

/** A filter that is chosen. */
export interface Pill {
  /** Null for one that only a link gives, and that cannot be edited. */
  readonly kind: FilterKind | null
  /** Such as "Status: Failed". */
  readonly text: string
  /** What removes it. */
  readonly cleared: Partial<PageFilter>
}

/** Lists the filters that are chosen, except the search, whose field is always shown. */
export function pillsOf(filter: PageFilter, t: Translate): Pill[] {
  const { status, delivery, possibleDuplicate, failedFrom, fromDay, toDay } = filter
  const pill = (kind: FilterKind, value: string, cleared: Partial<PageFilter>): Pill => ({
    kind,
    text: t('messages.pill', { name: t(`messages.filter.${kind}`), value }),
    cleared,
  })
  return [
    ...(status ? [pill('status', t(`messages.status.${status}`), { status: '' })] : []),
    ...TEXT_FILTERS.filter((name) => filter[name] !== '').map((name) => pill(name, filter[name], { [name]: '' })),
    ...(delivery ? [pill('delivery', t(`messages.delivery.${delivery}`), { delivery: '' })] : []),
    ...(fromDay || toDay ? [pill('days', daysText(filter, t), { fromDay: '', toDay: '' })] : []),
    ...(possibleDuplicate
      ? [{ kind: null, text: t('messages.filter.possibleDuplicate'), cleared: { possibleDuplicate: false } }]
      : []),
    ...(failedFrom
      ? [
          {
            kind: null,
            text: t('messages.failed-since', { at: t.time(failedFrom, 'short') }),
            cleared: { failedFrom: '' },
          },
        ]
      : []),
  ]
}

function daysText({ fromDay, toDay }: PageFilter, t: Translate): string {
  const text = (day: string) => t.time(beginningOf(day), 'day')
  if (toDay === '') return t('messages.days.from', { day: text(fromDay) })
  if (fromDay === '') return t('messages.days.to', { day: text(toDay) })
  return fromDay === toDay ? text(fromDay) : t('messages.days.between', { from: text(fromDay), to: text(toDay) })
}

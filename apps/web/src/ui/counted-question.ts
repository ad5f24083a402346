import type { MessageFilter } from '@inforiver-mail/contract/message-list'
import { useQuery } from '@tanstack/react-query'
import { useLoadError } from '../api/load-error.ts'
import { messageCountQuery } from '../api/queries.ts'
import { useTranslate } from '../language/language.tsx'
import type { NeededRead } from './confirm-dialog.tsx'
import { countText } from './count-text.ts'

interface CountedQuestion {
  readonly title: string
  /** The count: nobody can confirm a question without it. */
  readonly needs: NeededRead
}

/** Counts the messages that a question is about, while it is asked. An older number may have changed, and is not shown. */
export function useCountedQuestion(name: 'retry' | 'cancel', filter: MessageFilter, isAsked = true): CountedQuestion {
  const t = useTranslate()
  const found = useQuery({ ...messageCountQuery(filter), enabled: isAsked })
  const error = useLoadError(found)
  const isPending = found.isFetching || found.isPending
  const needs = { isPending, error: isPending ? null : error, onRetry: () => void found.refetch() }
  if (isPending) return { title: t('messages.counting'), needs }
  if (error !== null || found.data === undefined) return { title: t('messages.not-counted'), needs }
  const messages = countText(found.data.total, found.data.totalIsEstimate, t)
  return { title: t(`messages.all.ask.${name}`, { messages }), needs }
}

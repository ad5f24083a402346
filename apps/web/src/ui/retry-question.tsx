import { MAX_EXACT_TOTAL, type MessageFilter, type RetryAnswer } from '@inforiver-mail/contract/message-list'
import { useTranslate } from '../language/language.tsx'
import { ConfirmDialog, type ConfirmDialogProps, type NeededRead } from './dialogs.tsx'
import { useQuery } from '@tanstack/react-query'
import { messageCountQuery, useLoadError } from '../api/queries.ts'
import type { Translate } from '../language/translate.ts'
import type { ActionOutcome } from './notice.tsx'

interface Props extends Pick<ConfirmDialogProps, 'confirm' | 'action' | 'onConfirm' | 'onClose'> {
  /** The messages that are asked about. */
  filter: MessageFilter
}

/** Asks before messages are retried, since some may have arrived already, and says how many they are. */
export function RetryQuestion({ filter, ...dialog }: Props) {
  const t = useTranslate()
  return (
    <ConfirmDialog
      {...useCountedQuestion('retry', filter)}
      {...dialog}
      back={t('messages.all.back.retry')}
      danger={false}
    >
      <span>{t('messages.all.consequence.retry')}</span>
    </ConfirmDialog>
  )
}

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

/** Where counting ended, and nothing tells how many more there are. */
const COUNTED_UP_TO = MAX_EXACT_TOTAL + 1

/** Such as "1 message", "8,000 messages", "about 12,000 messages" or "more than 10,000 messages". */
export function countText(count: number, isEstimate: boolean, t: Translate): string {
  if (isEstimate && count === COUNTED_UP_TO) return t('messages.count-more', { count: MAX_EXACT_TOTAL })
  return t(isEstimate ? 'messages.count-about' : 'messages.count', { count })
}

/** Says how many messages are retried, and why others are not. */
export function retryOutcome({ count, ...others }: RetryAnswer, t: Translate): ActionOutcome {
  const lines = (['expired', 'withoutContent', 'notAllowed'] as const)
    .filter((reason) => others[reason] > 0)
    .map((reason) => t(`messages.all.not-retried.${reason}`, { count: others[reason] }))
  const isWhole = count > 0 && lines.length === 0
  return { intent: isWhole ? 'success' : 'warning', title: t('messages.all.done.retry', { count }), lines }
}

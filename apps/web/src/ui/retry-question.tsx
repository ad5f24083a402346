import {
  MAX_EXACT_TOTAL,
  type MessageFilter,
  type RetryAnswer,
  retryMessages,
} from '@inforiver-mail/contract/message-list'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { call } from '../api/call.ts'
import { messageCountQuery, MESSAGES, overviewQuery, useLoadError } from '../api/queries.ts'
import { useTranslate } from '../language/language.tsx'
import type { Translate } from '../language/translate.ts'
import { ConfirmDialog, type ConfirmDialogProps, type NeededRead } from './dialogs.tsx'
import type { ActionOutcome } from './notice.tsx'

interface Props extends Pick<ConfirmDialogProps, 'confirm' | 'onClose'> {
  /** The messages that are asked about. */
  filter: MessageFilter
  onRetried: (answer: RetryAnswer) => void
}

/** Asks before messages are retried, since some may have arrived already, and says how many they are. */
export function RetryQuestion({ filter, confirm, onRetried, onClose }: Props) {
  const t = useTranslate()
  const queryClient = useQueryClient()
  const retrying = useMutation({
    mutationFn: () => call(retryMessages, { body: { filter } }),
    onSuccess: (answer) => {
      void queryClient.invalidateQueries(overviewQuery)
      void queryClient.invalidateQueries({ queryKey: MESSAGES })
      onRetried(answer)
    },
  })
  return (
    <ConfirmDialog
      {...useCountedQuestion('retry', filter)}
      confirm={confirm}
      back={t('messages.all.back.retry')}
      danger={false}
      action={retrying}
      onConfirm={() => retrying.mutate()}
      onClose={onClose}
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

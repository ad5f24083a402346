import { cancelMessages, type MessageFilter, retryMessages } from '@inforiver-mail/contract/message-list'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../api/call.ts'
import { MESSAGES } from '../api/queries.ts'
import { useTranslate } from '../language/language.tsx'
import { useCountedQuestion } from '../ui/counted-question.ts'
import type { ActionOutcome } from '../ui/notice.tsx'
import { retryOutcome } from '../ui/retry-outcome.ts'
import { ActionButtons, type MessageAction } from './action-buttons.tsx'

/** Such as 5.1.10: the code of a recipient whom a message that was sent did not reach. */
const REPORTED_CODE = /^[245]\.\d{1,3}\.\d{1,3}$/

/** What can be done to all messages that a filter finds; null where it finds others as well. */
export function actionFor({ status, problem, failedFrom, delivery }: MessageFilter): MessageAction['name'] | null {
  // What has been sent cannot be sent again: its content is gone.
  if (delivery !== undefined || (problem !== undefined && REPORTED_CODE.test(problem))) return null
  switch (status) {
    case 'failed':
      return 'retry'
    case 'scheduled':
    case 'queued':
    case 'held':
      return 'cancel'
    case undefined:
      return problem === undefined && failedFrom === undefined ? null : 'retry'
    default:
      return null
  }
}

/** Retries or cancels all messages that the filter finds, such as a whole cause, where it allows that. */
export function BulkActions({ filter }: { filter: MessageFilter }) {
  const t = useTranslate()
  const queryClient = useQueryClient()
  const [isAsking, setIsAsking] = useState(false)
  const name = actionFor(filter)
  // A problem may also be that of a recipient whose message was sent: only what failed is retried.
  const changed = name === 'retry' ? { ...filter, status: 'failed' as const } : filter
  const { title, needs } = useCountedQuestion(name ?? 'retry', changed, isAsking)
  if (name === null) return null
  const action: MessageAction = {
    name,
    label: t(`messages.all.${name}`),
    question: {
      title,
      needs,
      consequences: <span>{t(`messages.all.consequence.${name}`)}</span>,
      back: t(`messages.all.back.${name}`),
    },
    act: async () => {
      const outcome = name === 'retry' ? await retry() : await cancel()
      void queryClient.invalidateQueries({ queryKey: MESSAGES })
      return outcome
    },
  }
  return <ActionButtons actions={[action]} onAsking={(asked) => setIsAsking(asked !== null)} />

  async function retry(): Promise<ActionOutcome> {
    return retryOutcome(await call(retryMessages, { body: { filter: changed } }), t)
  }

  async function cancel(): Promise<ActionOutcome> {
    const { count } = await call(cancelMessages, { body: { filter: changed } })
    return { intent: count > 0 ? 'success' : 'warning', title: t('messages.all.done.cancel', { count }) }
  }
}

import { cancelMessage, type Message, retryMessage } from '@inforiver-mail/contract/message'
import { useQueryClient } from '@tanstack/react-query'
import { call } from '../api/call.ts'
import { MESSAGES, messageQuery, settingsQuery } from '../api/queries.ts'
import { useTranslate } from '../language/language.tsx'
import type { ActionOutcome } from '../ui/notice.tsx'
import { ActionButtons, type MessageAction } from './action-buttons.tsx'
import { canCancel, canRetry, retryMayDuplicate } from './message-text.ts'

const ENDPOINTS = { cancel: cancelMessage, retry: retryMessage } as const

/** Cancel and Retry of one message, where its status allows them. */
export function MessageActions({ message }: { message: Message }) {
  const t = useTranslate()
  const queryClient = useQueryClient()
  const query = messageQuery(message.id)

  async function act(name: MessageAction['name']): Promise<ActionOutcome> {
    try {
      const changed = await call(ENDPOINTS[name], { params: { id: message.id } })
      // A read that started before must not restore the old state.
      await queryClient.cancelQueries(query)
      queryClient.setQueryData(query.queryKey, changed)
    } catch (error) {
      // The message may have changed meanwhile, which explains the refusal.
      void queryClient.invalidateQueries(query)
      throw error
    }
    void queryClient.invalidateQueries({ queryKey: MESSAGES })
    void queryClient.invalidateQueries(settingsQuery)
    return { intent: 'success', title: t(`messages.done.${name}`) }
  }

  const cancel: MessageAction = {
    name: 'cancel',
    label: t('messages.cancel'),
    question: {
      title: t('messages.ask.cancel'),
      consequences: (
        <>
          <span>{t('messages.consequence.cancel')}</span>
          {message.progress && <span>{t('messages.consequence.draft')}</span>}
        </>
      ),
      back: t('messages.keep'),
    },
    act: () => act('cancel'),
  }
  const retry: MessageAction = {
    name: 'retry',
    label: t('messages.retry'),
    question: retryMayDuplicate(message)
      ? {
          title: t('messages.ask.retry'),
          consequences: <span>{t('messages.consequence.retry')}</span>,
          back: t('messages.leave'),
        }
      : null,
    act: () => act('retry'),
  }
  return <ActionButtons actions={[...(canCancel(message) ? [cancel] : []), ...(canRetry(message) ? [retry] : [])]} />
}

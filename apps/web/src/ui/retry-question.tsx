import type { MessageFilter } from '@inforiver-mail/contract/message-list'
import { useQuery } from '@tanstack/react-query'
import { messageCountQuery } from '../api/queries.ts'
import { useTranslate } from '../language/language.tsx'
import { ConfirmDialog } from './confirm-dialog.tsx'
import { countText } from './count-text.ts'

interface Props {
  /** The messages that are asked about. */
  filter: MessageFilter
  /** The label of the button that was pressed. */
  confirm: string
  pending: boolean
  error: Error | null
  onConfirm: () => void
  onClose: () => void
}

/** Asks before messages are retried, since some may have arrived already, and says how many they are. */
export function RetryQuestion({ filter, confirm, pending, error, onConfirm, onClose }: Props) {
  const t = useTranslate()
  const { data: found, isFetching, error: notCounted } = useQuery(messageCountQuery(filter))
  return (
    <ConfirmDialog
      title={
        found
          ? t('messages.all.ask.retry', { messages: countText(found.total, found.totalIsEstimate, t) })
          : t('messages.counting')
      }
      confirm={confirm}
      back={t('messages.all.back.retry')}
      danger={false}
      pending={pending}
      waiting={isFetching || found === undefined}
      error={error ?? notCounted}
      onConfirm={onConfirm}
      onClose={onClose}
    >
      <span>{t('messages.all.consequence.retry')}</span>
    </ConfirmDialog>
  )
}

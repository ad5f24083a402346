import type { MessageFilter } from '@inforiver-mail/contract/message-list'
import { useTranslate } from '../language/language.tsx'
import { ConfirmDialog } from './confirm-dialog.tsx'
import { useCountedQuestion } from './counted-question.ts'

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
  const { title, needs } = useCountedQuestion('retry', filter)
  return (
    <ConfirmDialog
      title={title}
      confirm={confirm}
      back={t('messages.all.back.retry')}
      danger={false}
      pending={pending}
      needs={needs}
      error={error}
      onConfirm={onConfirm}
      onClose={onClose}
    >
      <span>{t('messages.all.consequence.retry')}</span>
    </ConfirmDialog>
  )
}

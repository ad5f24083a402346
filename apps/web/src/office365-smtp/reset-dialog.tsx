import { reset } from '@inforiver-mail/contract/office365-smtp'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { call } from '../api/call.ts'
import { settingsQuery } from '../api/queries.ts'
import { useTranslate } from '../language/language.tsx'
import { ConfirmDialog, Consequences } from '../ui/confirm-dialog.tsx'
import { resetWaitingText } from './connection-text.ts'

interface Props {
  waitingMessages: number
  onClose: () => void
  /** Called after the reset, with the number of requests that were on the wire at that time. */
  onReset: (requestsOnTheWire: number) => void
}

export function ResetDialog({ waitingMessages, onClose, onReset }: Props) {
  const t = useTranslate()
  const queryClient = useQueryClient()
  const disconnect = useMutation({
    mutationFn: () => call(reset, { body: {} }),
    onSuccess: async ({ requestsOnTheWire, ...settings }) => {
      // A read that started before the reset must not restore the old settings.
      await queryClient.cancelQueries(settingsQuery)
      queryClient.setQueryData(settingsQuery.queryKey, settings)
      void queryClient.invalidateQueries({ queryKey: ['consents'] })
      onReset(requestsOnTheWire)
    },
  })
  return (
    <ConfirmDialog
      title={t('settings.reset.title')}
      confirm={t('settings.reset')}
      danger
      pending={disconnect.isPending}
      error={disconnect.error}
      onConfirm={() => disconnect.mutate()}
      onClose={onClose}
    >
      <Consequences>
        <li>{t('settings.reset.deletes')}</li>
        <li>{resetWaitingText(waitingMessages, t)}</li>
        <li>{t('settings.reset.consents')}</li>
        <li>{t('settings.reset.on-the-wire')}</li>
        <li>{t('settings.reset.entra')}</li>
      </Consequences>
    </ConfirmDialog>
  )
}

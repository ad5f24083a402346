import { reset } from '@inforiver-mail/contract/office365-smtp'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { call } from '../api/call.ts'
import { settingsQuery } from '../api/queries.ts'
import { ConfirmDialog, Consequences } from '../ui/confirm-dialog.tsx'
import { resetWaitingText } from './connection-text.ts'

interface Props {
  waitingMessages: number
  onClose: () => void
  /** Called after the reset, with the number of requests that were on the wire at that time. */
  onReset: (requestsOnTheWire: number) => void
}

export function ResetDialog({ waitingMessages, onClose, onReset }: Props) {
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
      title="Reset Office 365 SMTP?"
      confirm="Reset"
      danger
      pending={disconnect.isPending}
      error={disconnect.error}
      onConfirm={() => disconnect.mutate()}
      onClose={onClose}
    >
      <Consequences>
        <li>The tokens and the settings, the From Email Address included, are deleted here.</li>
        <li>{resetWaitingText(waitingMessages)}</li>
        <li>Pending consent requests are cancelled.</li>
        <li>
          A message that Microsoft is receiving at this moment cannot be recalled: the reset waits for it, ten seconds
          at most.
        </li>
        <li>
          The consent at Microsoft itself remains. An administrator withdraws it in Entra under Enterprise applications
          &gt; Permissions.
        </li>
      </Consequences>
    </ConfirmDialog>
  )
}

import { Button, makeStyles, tokens } from '@fluentui/react-components'
import { reset } from '@inforiver-mail/contract/office365-smtp'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { call } from '../api/call.ts'
import { settingsQuery } from '../api/queries.ts'
import { FailureBar } from '../shell/failure-bar.tsx'
import { Modal } from '../shell/modal.tsx'
import { resetWaitingWords } from './connection-words.ts'

const useStyles = makeStyles({
  list: { margin: 0, paddingLeft: tokens.spacingHorizontalXL, display: 'grid', gap: tokens.spacingVerticalS },
})

interface Props {
  waitingMessages: number
  onClose: () => void
  /** The mailbox is disconnected, and the settings say so. */
  onReset: () => void
}

export function ResetDialog({ waitingMessages, onClose, onReset }: Props) {
  const styles = useStyles()
  const queryClient = useQueryClient()
  const disconnect = useMutation({
    mutationFn: () => call(reset, { body: {} }),
    onSuccess: async (settings) => {
      // A read that set out before the reset must not put the old settings back.
      await queryClient.cancelQueries(settingsQuery)
      queryClient.setQueryData(settingsQuery.queryKey, settings)
      void queryClient.invalidateQueries({ queryKey: ['consents'] })
      onReset()
    },
  })
  return (
    <Modal
      title="Reset Office 365 SMTP?"
      onDismiss={onClose}
      actions={
        <>
          <Button appearance="primary" disabledFocusable={disconnect.isPending} onClick={() => disconnect.mutate()}>
            Reset
          </Button>
          <Button onClick={onClose}>Cancel</Button>
        </>
      }
    >
      <ul className={styles.list}>
        <li>The tokens and the settings, the From Email Address included, are deleted here.</li>
        <li>{resetWaitingWords(waitingMessages)}</li>
        <li>Consents that are still under way no longer count.</li>
        <li>
          The consent at Microsoft itself remains. An administrator withdraws it in Entra under Enterprise applications
          &gt; Permissions.
        </li>
      </ul>
      <div aria-live="assertive">{disconnect.error && <FailureBar error={disconnect.error} />}</div>
    </Modal>
  )
}

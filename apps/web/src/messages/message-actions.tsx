import { Button, makeStyles, tokens } from '@fluentui/react-components'
import { cancelMessage, type Message, retryMessage } from '@inforiver-mail/contract/message'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../api/call.ts'
import { MESSAGE_LISTS, messageQuery, settingsQuery } from '../api/queries.ts'
import { ConfirmDialog } from '../ui/confirm-dialog.tsx'
import { FailureBar } from '../ui/failure-bar.tsx'
import { FocusedNotice } from '../ui/notice.tsx'
import { canCancel, canRetry, retryMayDuplicate } from './message-text.ts'

const useStyles = makeStyles({
  actions: {
    display: 'flex',
    flexDirection: 'column',
    alignItems: 'flex-start',
    gap: tokens.spacingVerticalM,
    ':empty': { display: 'none' },
  },
})

const ACTIONS = {
  cancel: {
    endpoint: cancelMessage,
    button: 'Cancel message',
    question: 'Cancel this message?',
    consequence: 'It is not sent, and cannot be sent later: its service would have to submit it again.',
    back: 'Keep it',
    done: 'The message is cancelled',
  },
  retry: {
    endpoint: retryMessage,
    button: 'Retry',
    question: 'Send this message once more?',
    consequence:
      "Microsoft's answer to an earlier attempt was lost, so the recipients may have the message already. Sent once more, it may arrive twice.",
    back: 'Leave it',
    done: 'The message is queued again',
  },
} as const

type Action = keyof typeof ACTIONS

/** Cancel and Retry, when the status of the message allows them. */
export function MessageActions({ message }: { message: Message }) {
  const styles = useStyles()
  const [asking, setAsking] = useState<Action | null>(null)
  const queryClient = useQueryClient()
  const query = messageQuery(message.id)
  const act = useMutation({
    mutationFn: (action: Action) => call(ACTIONS[action].endpoint, { params: { id: message.id } }),
    onSuccess: async (changed) => {
      // A read that started before must not restore the old state.
      await queryClient.cancelQueries(query)
      queryClient.setQueryData(query.queryKey, changed)
      setAsking(null)
      void queryClient.invalidateQueries({ queryKey: MESSAGE_LISTS })
      void queryClient.invalidateQueries(settingsQuery)
    },
    // The message may have changed meanwhile, which explains the refusal.
    onError: () => void queryClient.invalidateQueries(query),
  })

  function ask(action: Action): void {
    act.reset()
    setAsking(action)
  }

  function retry(): void {
    if (retryMayDuplicate(message)) ask('retry')
    else if (!act.isPending) act.mutate('retry')
  }

  return (
    <div className={styles.actions}>
      {act.isSuccess && <FocusedNotice intent="success" title={ACTIONS[act.variables].done} onDismiss={act.reset} />}
      {act.error && asking === null && <FailureBar error={act.error} onDismiss={act.reset} />}
      {canCancel(message) && <Button onClick={() => ask('cancel')}>{ACTIONS.cancel.button}</Button>}
      {canRetry(message) && (
        <Button disabledFocusable={act.isPending} onClick={retry}>
          {ACTIONS.retry.button}
        </Button>
      )}
      {asking && (
        <ConfirmDialog
          title={ACTIONS[asking].question}
          confirm={ACTIONS[asking].button}
          danger={asking === 'cancel'}
          back={ACTIONS[asking].back}
          pending={act.isPending}
          error={act.error}
          onConfirm={() => act.mutate(asking)}
          onClose={() => setAsking(null)}
        >
          <span>{ACTIONS[asking].consequence}</span>
          {asking === 'cancel' && message.progress && (
            <span>The draft in the mailbox is deleted, with what has been uploaded.</span>
          )}
        </ConfirmDialog>
      )}
    </div>
  )
}

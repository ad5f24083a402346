import { Button, makeStyles, tokens } from '@fluentui/react-components'
import type { MessageStatus } from '@inforiver-mail/contract/message'
import { cancelMessages, type MessageFilter, retryMessages } from '@inforiver-mail/contract/message-list'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../api/call.ts'
import { MESSAGE_LISTS, messageCountQuery } from '../api/queries.ts'
import { ConfirmDialog } from '../ui/confirm-dialog.tsx'
import { FocusedNotice } from '../ui/notice.tsx'
import { countText } from './message-text.ts'

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
  retry: {
    endpoint: retryMessages,
    button: 'Retry all of these',
    question: (count: string) => `Retry ${count}?`,
    consequence:
      'Those whose content is still kept are queued again, unless they have expired. One that may have been sent already can arrive twice.',
    back: 'Leave them',
    done: (count: string) => `${count} will be queued again`,
  },
  cancel: {
    endpoint: cancelMessages,
    button: 'Cancel all of these',
    question: (count: string) => `Cancel ${count}?`,
    consequence: 'They are not sent, and cannot be sent later: their services would have to submit them again.',
    back: 'Keep them',
    done: (count: string) => `${count} will be cancelled`,
  },
} as const

type Action = keyof typeof ACTIONS

const OF_STATUS: Readonly<Partial<Record<MessageStatus, Action>>> = {
  failed: 'retry',
  scheduled: 'cancel',
  queued: 'cancel',
  held: 'cancel',
}

/** Retries or cancels all messages that the filter finds, where its status allows that. */
export function BulkActions({ filter }: { filter: MessageFilter }) {
  const styles = useStyles()
  const [isAsking, setIsAsking] = useState(false)
  const queryClient = useQueryClient()
  const action = filter.status && OF_STATUS[filter.status]
  const found = useQuery({ ...messageCountQuery(filter), enabled: isAsking })
  const act = useMutation({
    mutationFn: (chosen: Action) => call(ACTIONS[chosen].endpoint, { body: { filter } }),
    onSuccess: () => {
      setIsAsking(false)
      void queryClient.invalidateQueries({ queryKey: MESSAGE_LISTS })
    },
  })
  return (
    <div className={styles.actions}>
      {act.isSuccess && (
        <FocusedNotice
          intent="success"
          title={ACTIONS[act.variables].done(countText(act.data.count, false))}
          onDismiss={act.reset}
        />
      )}
      {action && (
        <Button
          onClick={() => {
            act.reset()
            setIsAsking(true)
          }}
        >
          {ACTIONS[action].button}
        </Button>
      )}
      {action && isAsking && (
        <ConfirmDialog
          title={
            found.data ? ACTIONS[action].question(countText(found.data.total, found.data.totalIsEstimate)) : 'Counting…'
          }
          confirm={ACTIONS[action].button}
          back={ACTIONS[action].back}
          danger={action === 'cancel'}
          pending={act.isPending || found.isPending}
          error={act.error ?? found.error}
          onConfirm={() => act.mutate(action)}
          onClose={() => setIsAsking(false)}
        >
          <span>{ACTIONS[action].consequence}</span>
        </ConfirmDialog>
      )}
    </div>
  )
}

import { Button, makeStyles, tokens } from '@fluentui/react-components'
import { useMutation } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { ConfirmDialog, type NeededRead } from '../ui/confirm-dialog.tsx'
import { FailureBar } from '../ui/failure-bar.tsx'
import { type ActionOutcome, OutcomeNotice } from '../ui/notice.tsx'

const useStyles = makeStyles({
  actions: {
    display: 'flex',
    flexDirection: 'column',
    alignItems: 'flex-start',
    gap: tokens.spacingVerticalM,
    ':empty': { display: 'none' },
  },
  buttons: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalM, ':empty': { display: 'none' } },
})

/** Something that can be done to one message or to several. */
export interface MessageAction {
  readonly name: 'retry' | 'cancel'
  /** The label of its button, and of the one that confirms it. */
  readonly label: string
  /** Null to act without a question. */
  readonly question: {
    readonly title: string
    readonly consequences: ReactNode
    readonly back: string
    readonly needs?: NeededRead
  } | null
  readonly act: () => Promise<ActionOutcome>
}

interface Props {
  actions: readonly MessageAction[]
  /** Called when an action asks its question, or null when it is answered. */
  onAsking?: (name: MessageAction['name'] | null) => void
  /** More buttons, beside those of the actions. */
  children?: ReactNode
}

/** Buttons for what can be done to messages, with the question before it and the outcome afterwards. */
export function ActionButtons({ actions, onAsking, children }: Props) {
  const styles = useStyles()
  const [asking, setAsking] = useState<MessageAction['name'] | null>(null)
  const mutation = useMutation({ mutationFn: (action: MessageAction) => action.act(), onSuccess: () => ask(null) })
  const asked = actions.find(({ name }) => name === asking)

  // Another action may take the place of one that asks, as when a message goes on its way. Its question is over then.
  if (asking !== null && asked === undefined) setAsking(null)

  function ask(name: MessageAction['name'] | null): void {
    setAsking(name)
    onAsking?.(name)
  }

  function press(action: MessageAction): void {
    if (mutation.isPending) return
    mutation.reset()
    if (action.question) ask(action.name)
    else mutation.mutate(action)
  }

  return (
    <div className={styles.actions}>
      {mutation.isSuccess && <OutcomeNotice outcome={mutation.data} onDismiss={mutation.reset} />}
      {mutation.error && !asked && <FailureBar error={mutation.error} onDismiss={mutation.reset} />}
      <div className={styles.buttons}>
        {actions.map((action) => (
          <Button key={action.name} disabledFocusable={mutation.isPending} onClick={() => press(action)}>
            {action.label}
          </Button>
        ))}
        {children}
      </div>
      {asked?.question && (
        <ConfirmDialog
          title={asked.question.title}
          confirm={asked.label}
          back={asked.question.back}
          danger={asked.name === 'cancel'}
          pending={mutation.isPending}
          error={mutation.error}
          {...(asked.question.needs && { needs: asked.question.needs })}
          onConfirm={() => mutation.mutate(asked)}
          onClose={() => ask(null)}
        >
          {asked.question.consequences}
        </ConfirmDialog>
      )}
    </div>
  )
}

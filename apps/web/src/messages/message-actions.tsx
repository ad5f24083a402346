import { Button, makeStyles, tokens } from '@fluentui/react-components'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { ConfirmDialog, type NeededRead } from '../ui/dialogs.tsx'
import { type ActionOutcome, FailureBar, OutcomeNotice } from '../ui/notice.tsx'
import { cancelMessage, type Message, type MessageSummary, retryMessage } from '@inforiver-mail/contract/message'
import { call } from '../api/call.ts'
import { messageQuery, MESSAGES, settingsQuery } from '../api/queries.ts'
import { useTranslate } from '../language/language.tsx'
import { canCancel, canRetry, retryMayDuplicate } from './message-text.ts'
import { cancelMessages, type MessageFilter, retryMessages } from '@inforiver-mail/contract/message-list'
import { retryOutcome, useCountedQuestion } from '../ui/retry-question.tsx'
import { CallFailed, failureText } from '../api/failure.ts'
import { MAX_SELECTED, type Selection } from './selection.ts'

const useStyles = makeStyles({
  actions: {
    display: 'flex',
    flexDirection: 'column',
    alignItems: 'flex-start',
    gap: tokens.spacingVerticalM,
    ':empty': { display: 'none' },
  },
  buttons: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalM, ':empty': { display: 'none' } },
  bar: {
    position: 'sticky',
    top: 0,
    zIndex: 3,
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalM}`,
    padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalM}`,
    border: `1px solid ${tokens.colorNeutralStroke1}`,
    borderRadius: tokens.borderRadiusLarge,
    backgroundColor: tokens.colorNeutralBackground1,
    boxShadow: tokens.shadow4,
  },
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
function ActionButtons({ actions, onAsking, children }: Props) {
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
          action={mutation}
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

const REQUESTS_AT_ONCE = 4

interface SelectionBarProps {
  selection: Selection
  onSelection: (selection: Selection) => void
}

/** What can be done to the selected messages. */
export function SelectionBar({ selection, onSelection }: SelectionBarProps) {
  const styles = useStyles()
  const t = useTranslate()
  const queryClient = useQueryClient()
  const selected = [...selection.values()]

  function actionOf(name: MessageAction['name'], messages: readonly MessageSummary[]): MessageAction[] {
    if (messages.length === 0) return []
    const twice = name === 'retry' ? messages.filter(retryMayDuplicate).length : 0
    return [
      {
        name,
        label: t(`messages.selected.${name}`, { count: messages.length }),
        question: {
          title: t(`messages.selected.ask.${name}`, { count: messages.length }),
          consequences: (
            <>
              <span>{t(`messages.all.consequence.${name}`)}</span>
              {twice > 0 && <span>{t('messages.selected.twice', { count: twice })}</span>}
            </>
          ),
          back: t(`messages.all.back.${name}`),
        },
        act: () => changeEach(name, messages),
      },
    ]
  }

  /** Those that fail stay selected. */
  async function changeEach(name: MessageAction['name'], messages: readonly MessageSummary[]): Promise<ActionOutcome> {
    const waiting = [...messages]
    const failed = new Map<string, MessageSummary>()
    const reasons = new Set<string>()
    async function work(): Promise<void> {
      for (let message = waiting.shift(); message; message = waiting.shift()) {
        try {
          await call(ENDPOINTS[name], { params: { id: message.id } })
        } catch (error) {
          if (!(error instanceof CallFailed)) throw error
          failed.set(message.id, message)
          reasons.add(failureText(error, t).title)
        }
      }
    }
    await Promise.all(Array.from({ length: REQUESTS_AT_ONCE }, work))
    onSelection(failed)
    void queryClient.invalidateQueries({ queryKey: MESSAGES })
    return {
      intent: failed.size === 0 ? 'success' : 'warning',
      title: t(`messages.selected.done.${name}`, { count: messages.length - failed.size }),
      lines: failed.size === 0 ? [] : [t('messages.selected.failed', { count: failed.size }), ...reasons],
    }
  }

  return (
    <section aria-label={t('messages.selection')} className={selected.length > 0 ? styles.bar : undefined}>
      {/* Rendered before its first text, which would not be announced otherwise. */}
      <output>
        {selected.length > 0 && t('messages.selected', { count: selected.length })}
        {selected.length === MAX_SELECTED && ` ${t('messages.selected.most', { count: MAX_SELECTED })}`}
      </output>
      <ActionButtons
        actions={[...actionOf('retry', selected.filter(canRetry)), ...actionOf('cancel', selected.filter(canCancel))]}
      >
        {selected.length > 0 && (
          <Button appearance="subtle" onClick={() => onSelection(new Map())}>
            {t('messages.selected.clear')}
          </Button>
        )}
      </ActionButtons>
    </section>
  )
}

import { Button, makeStyles, tokens } from '@fluentui/react-components'
import { cancelMessage, type MessageSummary, retryMessage } from '@inforiver-mail/contract/message'
import { useQueryClient } from '@tanstack/react-query'
import { call } from '../api/call.ts'
import { CallFailed } from '../api/failure.ts'
import { failureText } from '../api/failure-text.ts'
import { MESSAGES } from '../api/queries.ts'
import { useTranslate } from '../language/language.tsx'
import type { ActionOutcome } from '../ui/notice.tsx'
import { ActionButtons, type MessageAction } from './action-buttons.tsx'
import { canCancel, canRetry, retryMayDuplicate } from './message-text.ts'
import { MAX_SELECTED, type Selection } from './selection.ts'

const ENDPOINTS = { cancel: cancelMessage, retry: retryMessage } as const
const REQUESTS_AT_ONCE = 4

const useStyles = makeStyles({
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

interface Props {
  selection: Selection
  onSelection: (selection: Selection) => void
}

/** What can be done to the selected messages. */
export function SelectionBar({ selection, onSelection }: Props) {
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

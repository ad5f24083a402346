import type { RetryAnswer } from '@inforiver-mail/contract/message-list'
import type { Translate } from '../language/translate.ts'
import type { ActionOutcome } from './notice.tsx'

/** Says how many messages are retried, and why others are not. */
export function retryOutcome({ count, ...others }: RetryAnswer, t: Translate): ActionOutcome {
  const lines = (['expired', 'withoutContent', 'notAllowed'] as const)
    .filter((reason) => others[reason] > 0)
    .map((reason) => t(`messages.all.not-retried.${reason}`, { count: others[reason] }))
  const isWhole = count > 0 && lines.length === 0
  return { intent: isWhole ? 'success' : 'warning', title: t('messages.all.done.retry', { count }), lines }
}

import { MAX_EXACT_TOTAL } from '@inforiver-mail/contract/message-list'
import type { Translate } from '../language/translate.ts'

/** Where counting ended, and nothing tells how many more there are. */
const COUNTED_UP_TO = MAX_EXACT_TOTAL + 1

/** Such as "1 message", "8,000 messages", "about 12,000 messages" or "more than 10,000 messages". */
export function countText(count: number, isEstimate: boolean, t: Translate): string {
  if (isEstimate && count === COUNTED_UP_TO) return t('messages.count-more', { count: MAX_EXACT_TOTAL })
  return t(isEstimate ? 'messages.count-about' : 'messages.count', { count })
}

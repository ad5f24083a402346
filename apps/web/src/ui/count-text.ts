import type { Translate } from '../language/translate.ts'

/** Such as "1 message", "12,000 messages" or "about 12,000 messages". */
export function countText(count: number, isEstimate: boolean, t: Translate): string {
  return t(isEstimate ? 'messages.count-about' : 'messages.count', { count })
}
